import { spawnSync } from 'node:child_process';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { TestForm } from '../support/form.ts';
import { load, openTestForm, RECORDED, submit } from '../support/form.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import { accepts, exchange, openSocket, readAll, requestText } from '../support/raw-http.ts';
import { expectRefused, hostOf } from '../support/refused.ts';

const hasNamespaces = spawnSync('unshare', ['-rn', 'true']).status === 0;
const hasIp = spawnSync('ip', ['-V']).status === 0;

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

describe('openForm', () => {
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
      expect(form.warnings[0]).toMatch(/^[\x20-\x7e…]{1,400}$/);
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
        await exchange(form.port, requestText('GET / HTTP/1.1', [['A', 'a'.repeat(70_000)]])),
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
        // Of a page with the form on it alone.
        'Refresh',
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

    it('takes five submissions a minute, says so to the sixth, and stays open', async () => {
      const form = await open([() => ({ kind: 'refused', reasons: ['no'], mayStoreUnchecked: false })]);
      const answers: RawAnswer[] = [];
      for (let count = 0; count < 7; count++) answers.push(await submit(form));
      expect(answers.map(({ status }) => status)).toEqual([...Array(5).fill(422), 429, 429]);
      expect(answers[5]?.body).toContain('Too many tries in one minute');
      expect(form.received).toHaveLength(5);
      expect((await load(form)).status).toBe(200);
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

  describe('when it is to listen on IPv6', () => {
    it('D16: prints an address of IPv6, and works under it', async () => {
      const form = await open([], { bind: '::1' });
      expect(form.address).toContain(`http://[::1]:${form.port}/`);
      const page = await fetch(form.address);
      expect(await page.text()).toContain('K7QX4M');
    });
  });

  // Another kind of system has no such test.
  const apart = hasNamespaces ? describe : () => undefined;
  apart('when there is no loopback (needs network namespaces)', () => {
    const attempt =
      "import('./src/form/server.ts').then(({ listen }) => listen('127.0.0.1', 0)).catch((error) => console.log(error.message, error.hints[0]))";
    const listening = (prepare: string) =>
      spawnSync('unshare', ['-rn', 'sh', '-c', `${prepare} exec "$0" -e "$1"`, process.execPath, attempt], {
        encoding: 'utf8',
      }).stdout;

    it('D16: opens nothing where its interface is down', () => {
      expect(listening('')).toContain('nothing on this machine can reach 127.0.0.1');
    });

    const withIp = hasIp ? it : () => undefined;
    withIp('D16: opens nothing where it has IPv6 only, and names that', () => {
      expect(listening('ip link set lo up; ip addr del 127.0.0.1/8 dev lo;')).toMatch(
        /no address 127.0.0.1 .* form.bind to ::1/,
      );
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

  describe('when 16 sockets were left idle and it ends', () => {
    it('D15: refuses connections within 2 seconds', async () => {
      const form = await openTestForm([]);
      const sockets = await Promise.all(Array.from({ length: 16 }, () => openSocket(form.port)));
      for (const socket of sockets.slice(8)) socket.write('GET / HTTP/1.1\r\nConnection: keep-alive\r\n');
      const closed = Promise.all(sockets.map((socket) => readAll(socket)));
      const started = performance.now();
      await form.cancel();
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(await accepts(form.port)).toBe(false);
      expect(await closed).toEqual(Array(16).fill(''));
    });
  });
});
