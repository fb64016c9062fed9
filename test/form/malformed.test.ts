import { afterEach, describe, expect, it } from 'vitest';
import type { Header, TestForm } from '../support/form.ts';
import { buildCard, formBody, load, openTestForm, submit, submitHeaders, TOKEN } from '../support/form.ts';
import { exchange, openSocket, readAll, requestText } from '../support/raw-http.ts';
import { expectRefused, hostOf } from '../support/refused.ts';

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
        'a header of 70 kB',
        431,
        (form) => requestText(`GET ${form.path} HTTP/1.1`, [hostOf(form), ['A', 'a'.repeat(70_000)]]),
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

  describe('D14, I17: when something of a submission is wrong', () => {
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
      const answer = await exchange(form.port, requestText(`POST ${form.path} HTTP/1.1`, headers));
      expect([answer.status, answer.body]).toEqual([413, expect.stringContaining('Too long')]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({ Connection: 'close' });
      expect(form.received).toEqual([]);
      expect((await load(form)).status).toBe(200);
    });
  });

  describe('D5: when a body does not end', () => {
    it.each<[string, Header]>([
      ['of an announced megabyte', ['Content-Length', '1000000']],
      ['in chunks', ['Transfer-Encoding', 'chunked']],
    ])('closes the connection early on one %s, and stays open', async (_what, length) => {
      const form = await open([]);
      const headers = submitHeaders(form, '').filter(([name]) => name !== 'Content-Length');
      const socket = await openSocket(form.port);
      const closed = readAll(socket);
      socket.write(requestText(`POST ${form.path} HTTP/1.1`, [...headers, length]));
      const chunk = `400\r\n${'a'.repeat(1024)}\r\n`;
      const endless = () => {
        for (let count = 0; count < 64 && !socket.destroyed; count++) socket.write(chunk);
      };
      const timer = setInterval(endless, 1);
      await closed;
      clearInterval(timer);
      expect((await submit(form)).body).toContain('Stored and recorded');
      expect(form.received.map((each) => each.token)).toEqual([TOKEN]);
    });
  });

  describe('D14, I17: when a body is cut short, and its length says so', () => {
    it('takes none of it, wherever it was cut', async () => {
      const answers: number[] = [];
      const card = buildCard({ statedExpiry: '2027-06-01' });
      const body = formBody(await open([]), { expiration: undefined, 'expires-on': undefined });
      // Every fifth place, and those at the end of the token, where half of it could pass for all of it.
      const end = body.indexOf(TOKEN) + TOKEN.length;
      const cuts = Array.from({ length: body.length }, (_unused, at) => at).filter(
        (at) => at > 0 && (at % 5 === 0 || Math.abs(at - end) < 3),
      );
      for (const at of cuts) {
        const form = await open([], { card });
        const short = body.slice(0, at);
        const text = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, short), short);
        answers.push((await exchange(form.port, text)).status);
        expect(form.received).toEqual([]);
      }
      expect(new Set(answers)).toEqual(new Set([400, 403]));
    });
  });

  describe('D14: when a second request is smuggled behind or within the first', () => {
    it.each<[string, (form: TestForm, post: string) => string]>([
      ['behind a refused one', (form, post) => requestText('GET / HTTP/1.1', [hostOf(form)]) + post],
      [
        'behind a body of a GET',
        (form, post) =>
          requestText(
            `GET ${form.path} HTTP/1.1`,
            [hostOf(form), ['Content-Length', String(post.length)]],
            post,
          ),
      ],
      [
        'in a chunk',
        (form, post) =>
          requestText(
            'POST /x HTTP/1.1',
            [hostOf(form), ['Transfer-Encoding', 'chunked']],
            `0\r\n\r\n${post}`,
          ),
      ],
      [
        'behind a second length',
        (form, post) =>
          requestText(
            'POST /x HTTP/1.1',
            [hostOf(form), ['Content-Length', '0'], ['Content-Length', '5']],
            post,
          ),
      ],
      [
        'behind an encoding that is none',
        (form, post) =>
          requestText(
            'POST /x HTTP/1.1',
            [hostOf(form), ['Transfer-Encoding', 'xchunked'], ['Content-Length', '4']],
            post,
          ),
      ],
      [
        'behind a space in a name',
        (form, post) => requestText('GET / HTTP/1.1', [['Host ', new URL(form.address).host]], post),
      ],
      [
        'behind a bare line feed',
        (form, post) => `GET / HTTP/1.1\nHost: ${new URL(form.address).host}\n\n${post}`,
      ],
    ])('answers once and takes nothing, %s', async (_what, text) => {
      const form = await open([]);
      const body = formBody(form);
      const post = requestText(`POST ${form.path} HTTP/1.1`, submitHeaders(form, body), body);
      const { wire } = await exchange(form.port, text(form, post));
      expect(wire.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
      expect(wire).not.toContain('Stored and recorded');
      expect(form.received).toEqual([]);
      expect((await submit(form)).body).toContain('Stored and recorded');
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
});
