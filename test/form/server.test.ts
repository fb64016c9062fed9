import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Header, TestForm } from '../support/form.ts';
import { formBody, load, openTestForm, RECORDED, submit, submitHeaders, TOKEN } from '../support/form.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import { accepts, exchange, openSocket, readAll, requestText } from '../support/raw-http.ts';

const REFUSAL = 'Not available.\n';

const HEADER_NAMES = [
  'Cache-Control',
  'Content-Security-Policy',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'Cross-Origin-Opener-Policy',
  'Cross-Origin-Resource-Policy',
  'Referrer-Policy',
];

const opened: TestForm[] = [];

async function open(...settings: Parameters<typeof openTestForm>): Promise<TestForm> {
  const form = await openTestForm(...settings);
  opened.push(form);
  return form;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((form) => form.cancel()));
});

function hostOf(form: TestForm): Header {
  return ['Host', new URL(form.address).host];
}

/** Refused by one constant answer, and the form takes an honest submission all the same. */
async function expectRefused(form: TestForm, answer: RawAnswer, status: number): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.body).toBe(REFUSAL);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'Referrer-Policy': 'same-origin',
    Connection: 'close',
  });
  expect(form.received).toEqual([]);
  expect((await load(form)).status).toBe(200);
  expect((await submit(form)).body).toContain('Stored and recorded');
  expect(form.received.map((each) => each.token)).toEqual([TOKEN]);
}

describe('openForm', () => {
  describe('D14: when the request line or the headers are malformed', () => {
    it.each<[string, number, (form: TestForm) => string]>([
      [
        'two Hosts',
        400,
        (form) => requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form), ['host', 'evil.test']]),
      ],
      ['no Host', 400, (form) => requestText(`GET ${form.path} HTTP/1.1`, [])],
      ['HTTP/1.0', 505, (form) => requestText(`GET ${form.path} HTTP/1.0`, [hostOf(form)])],
      ['the absolute form', 404, (form) => requestText(`GET ${form.address} HTTP/1.1`, [hostOf(form)])],
      [
        'a path that starts with //',
        404,
        (form) => requestText(`GET /${form.path} HTTP/1.1`, [hostOf(form)]),
      ],
      ['a query', 404, (form) => requestText(`GET ${form.path}?a HTTP/1.1`, [hostOf(form)])],
      [
        'a header of 20 kB',
        431,
        (form) => requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form), ['A', 'a'.repeat(20_000)]]),
      ],
      [
        'a bare line feed in a header',
        400,
        (form) => `GET ${form.path} HTTP/1.1\r\nHost: a\r\n b\x00\r\n\r\n`,
      ],
      ['no HTTP at all', 400, () => 'hello\r\n\r\n'],
      ['an HTTP/2 preface', 400, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['CONNECT', 400, (form) => requestText('CONNECT 127.0.0.1:1 HTTP/1.1', [hostOf(form)])],
      ['OPTIONS', 405, (form) => requestText(`OPTIONS ${form.path} HTTP/1.1`, [hostOf(form)])],
      [
        'a body on GET',
        400,
        (form) => requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form), ['Content-Length', '3']], 'abc'),
      ],
    ])('answers %s by %i', async (_what, status, text) => {
      const form = await open([]);
      await expectRefused(form, await exchange(form.port, text(form)), status);
    });
  });

  describe('when something of a submission is wrong', () => {
    const swap = (name: string, value: string) => (headers: readonly Header[]) =>
      headers.map(([each, old]): Header => [each, each === name ? value : old]);
    const drop = (name: string) => (headers: readonly Header[]) => headers.filter(([each]) => each !== name);
    const add = (name: string, value: string) => (headers: readonly Header[]) => [
      ...headers,
      [name, value] as const,
    ];

    it.each<[string, number, (headers: readonly Header[]) => readonly Header[]]>([
      ['CL and TE', 400, add('Transfer-Encoding', 'chunked')],
      [
        'a chunked body',
        411,
        (headers) => add('Transfer-Encoding', 'chunked')(drop('Content-Length')(headers)),
      ],
      ['no length', 411, drop('Content-Length')],
      ['two lengths', 400, add('Content-Length', '5')],
      ['a length of 0', 400, swap('Content-Length', '0')],
      ['Expect: 100-continue', 417, add('Expect', '100-continue')],
      ['another expectation', 417, add('Expect', 'coffee')],
      ['another content type', 415, swap('Content-Type', 'text/plain')],
      ['no Origin', 403, drop('Origin')],
      ['Origin: null', 403, swap('Origin', 'null')],
      ['a cross-site POST', 403, swap('Sec-Fetch-Site', 'cross-site')],
    ])('answers %s by %i', async (_what, status, edit) => {
      const form = await open([]);
      const body = formBody(form);
      const text = requestText(`POST ${form.path} HTTP/1.1`, edit(submitHeaders(form, body)), body);
      await expectRefused(form, await exchange(form.port, text), status);
    });

    it.each<[string, number, Record<string, string | undefined>]>([
      ['another nonce', 403, { nonce: 'A'.repeat(43) }],
      ['no nonce', 400, { nonce: undefined }],
      ['an unknown field', 400, { extra: 'x' }],
      ['an expiration that is not offered', 400, { expiration: '8d' }],
      ['an unchecked that was never offered', 400, { unchecked: 'yes' }],
    ])('answers %s by %i', async (_what, status, fields) => {
      const form = await open([]);
      await expectRefused(form, await submit(form, fields), status);
    });

    it('answers a repeated token by 400', async () => {
      const form = await open([]);
      const body = `${formBody(form)}&token=second`;
      const text = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body);
      await expectRefused(form, await exchange(form.port, text), 400);
    });

    it('D5: answers a body of 1 MB by 413 before it is read', async () => {
      const form = await open([]);
      const headers = swap('Content-Length', '1000000')(submitHeaders(form, ''));
      await expectRefused(
        form,
        await exchange(form.port, requestText(`POST ${form.path} HTTP/1.1`, headers)),
        413,
      );
    });
  });

  describe('when Host is not one of its names', () => {
    it.each(['localhost.evil.test', '0.0.0.0', 'evil.test'])(
      'D13: answers %s by 421, and says why in the terminal, once',
      async (name) => {
        const form = await open([]);
        const text = requestText(`GET ${form.path} HTTP/1.1`, [['Host', `${name}:${form.port}`]]);
        await exchange(form.port, text);
        await expectRefused(form, await exchange(form.port, text), 421);
        expect(form.warnings).toEqual([expect.stringContaining(`"${name}:${form.port}"`)]);
        expect(form.warnings[0]).toContain(`127.0.0.1:${form.port}`);
        expect(form.warnings[0]).toContain('--public-port');
      },
    );

    it('shows a strange Host only cleaned and clipped', async () => {
      const form = await open([]);
      await exchange(form.port, requestText(`GET / HTTP/1.1`, [['Host', `\x1b[31m${'h'.repeat(500)}`]]));
      await exchange(form.port, requestText(`GET / HTTP/1.1`, [['Host', `é${'h'.repeat(500)}`]]));
      expect(form.warnings).toHaveLength(1);
      expect(form.warnings[0]).toMatch(/^[\x20-\x7e…]{1,300}$/);
    });

    it('D19: answers to the published port alone where that is another one', async () => {
      const form = await open([], { publicPort: 8080 });
      expect(form.address).toMatch(/^http:\/\/127\.0\.0\.1:8080\//);
      const at = (host: string) =>
        exchange(form.port, requestText(`GET ${form.path} HTTP/1.1`, [['Host', host]]));
      expect((await at(`127.0.0.1:${form.port}`)).status).toBe(421);
      expect((await at('localhost:8080')).status).toBe(200);
    });

    it.each(['127.0.0.1', 'localhost', '[::1]'])('answers %s by the form', async (name) => {
      const form = await open([]);
      const text = requestText(`GET ${form.path} HTTP/1.1`, [['Host', `${name}:${form.port}`]]);
      expect((await exchange(form.port, text)).body).toContain('K7QX4M');
    });
  });

  describe('D20: when the right address is opened from another site', () => {
    it.each(['same-site', 'cross-site'])(
      'answers a constant page to %s, warns once, and stays open',
      async (site) => {
        const form = await open([]);
        const text = requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form), ['Sec-Fetch-Site', site]]);
        const answer = await exchange(form.port, text);
        expect(answer.status).toBe(403);
        expect(answer.body).toContain('Open this address in a new tab');
        expect(answer.body).not.toMatch(/reseal|cargo|crates|widgets|K7QX4M|nonce/i);
        await exchange(form.port, text);
        expect(form.warnings).toEqual([expect.stringContaining('another page')]);
        expect((await submit(form)).status).toBe(200);
      },
    );
  });

  describe('when it answers anything at all', () => {
    it('carries the same headers', async () => {
      const form = await open([
        () => ({ kind: 'refused', reasons: ['no'], mayStoreUnchecked: false }),
        () => RECORDED,
      ]);
      const answers = [
        await load(form),
        await load(form, 'HEAD'),
        await exchange(form.port, requestText('GET /favicon.ico HTTP/1.1', [hostOf(form)])),
        await exchange(form.port, 'hello\r\n\r\n'),
        await exchange(form.port, requestText('GET / HTTP/1.1', [['A', 'a'.repeat(20_000)]])),
        await submit(form),
        await submit(form),
      ];
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 404, 400, 431, 422, 200]);
      const policies = answers.map((answer) =>
        HEADER_NAMES.map((name) => [name, new Map(answer.headers).get(name)]),
      );
      expect(new Set(policies.map((policy) => JSON.stringify(policy))).size).toBe(1);
      expect(Object.fromEntries(policies[0] ?? [])).toEqual({
        'Cache-Control': 'no-store',
        'Content-Security-Policy': expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
        ),
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Referrer-Policy': 'same-origin',
      });
      const names = new Set(answers.flatMap((answer) => answer.headers.map(([name]) => name)));
      expect([...names].filter((name) => !HEADER_NAMES.includes(name)).sort()).toEqual([
        'Connection',
        'Content-Length',
        'Content-Type',
        'Date',
        'Transfer-Encoding',
      ]);
      expect(
        answers.every((answer) => new Map(answer.headers).get('Content-Type')?.endsWith('; charset=utf-8')),
      ).toBe(true);
    });
  });

  describe('when connections are slow or silent', () => {
    async function silent(form: TestForm, count: number): Promise<Socket[]> {
      return Promise.all(Array.from({ length: count }, () => openSocket(form.port)));
    }

    it('D15: serves an honest tab beside 64 silent ones, and keeps no more than 16', async () => {
      const form = await open([]);
      const sockets = await silent(form, 64);
      const dropped = Promise.all(sockets.slice(0, 48).map((socket) => readAll(socket)));
      expect((await load(form)).status).toBe(200);
      expect((await submit(form)).body).toContain('Stored and recorded');
      expect((await dropped).every((text) => text === '')).toBe(true);
      for (const socket of sockets) socket.destroy();
    });
  });

  describe('when requests are pipelined', () => {
    it('D14: looks at the first one only', async () => {
      const form = await open([]);
      const body = formBody(form);
      const get = requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form)]);
      const post = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body);
      const answer = await exchange(form.port, get + post);
      expect(answer.wire.match(/HTTP\/1\.1 /g)).toHaveLength(1);
      expect(form.received).toEqual([]);
    });
  });

  describe('when there is a great deal of noise', () => {
    it('D17: answers 429 to it after 60, warns once, and an honest tab goes on', async () => {
      const form = await open([]);
      const guess = () => exchange(form.port, requestText('GET /guess HTTP/1.1', [hostOf(form)]));
      const statuses: number[] = [];
      for (let count = 0; count < 80; count++) statuses.push((await guess()).status);
      expect(statuses).toEqual([...Array(60).fill(404), ...Array(20).fill(429)]);
      expect(form.warnings).toEqual([expect.stringContaining('429')]);
      expect((await load(form)).status).toBe(200);
      expect((await submit(form)).status).toBe(200);
    });

    it('takes ten submissions a minute', async () => {
      const form = await open([() => ({ kind: 'refused', reasons: ['no'], mayStoreUnchecked: false })]);
      const statuses: number[] = [];
      for (let count = 0; count < 12; count++) statuses.push((await submit(form)).status);
      expect(statuses).toEqual([...Array(10).fill(422), 429, 429]);
      expect(form.received).toHaveLength(10);
    });
  });

  describe('when its port is taken', () => {
    it('D16: rejects as a conflict that names --port, and the first form goes on', async () => {
      const form = await open([]);
      await expect(openTestForm([], { port: form.port })).rejects.toMatchObject({
        code: 'conflict',
        hints: [expect.stringContaining('--port')],
      });
      expect((await load(form)).status).toBe(200);
    });
  });

  describe('when its address does not exist here', () => {
    it('D16: rejects as invalid input that names form.bind', async () => {
      await expect(openTestForm([], { bind: '203.0.113.7' })).rejects.toMatchObject({
        code: 'invalid_input',
        hints: [expect.stringContaining('form.bind')],
      });
    });
  });

  describe('when sockets were left idle and it ends', () => {
    it('refuses connections within 2 seconds', async () => {
      const form = await openTestForm([]);
      const sockets = await Promise.all(Array.from({ length: 16 }, () => openSocket(form.port)));
      const closed = Promise.all(sockets.map((socket) => readAll(socket)));
      const started = performance.now();
      await form.cancel();
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(await accepts(form.port)).toBe(false);
      expect(await closed).toEqual(Array(16).fill(''));
    });
  });
});
