import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NpmOptions } from '../../src/registries/npm-registry.ts';
import { openNpmWhoami } from '../../src/registries/npm-whoami.ts';
import type { IssuerAnswer } from '../../src/rotate/rotation.ts';
import type { NpmSandbox } from '../../src/sandbox/npm.ts';
import { startNpm } from '../../src/sandbox/npm.ts';
import { NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import { freePort, hasOpenssl, secretOf, selfSigned, startTestGitHub, wireOf } from '../support/stand-ins.ts';

/** Of npm's form, and known to nobody. */
const TOKEN = `npm_${Array.from({ length: 36 }, (_, at) => 'abcDEF0123ghiJKL456'[(at * 7) % 19]).join('')}`;
const SUSPECT = expect.stringContaining('does not say whose token this is');

let npm: NpmSandbox;

function check(token = TOKEN, options: Partial<NpmOptions> = {}): Promise<IssuerAnswer> {
  const whole = { url: npm.url, contact: 'release@example.org', version: '0.1.0', ...options };
  return openNpmWhoami(whole).check(secretOf(token));
}

/** Answers with a body that does not end while anybody takes it. */
async function startEndless(status: number) {
  const chunk = Buffer.alloc(65_536, 32);
  const gone = Promise.withResolvers<void>();
  let sent = 0;
  const server = createServer((_, outgoing) => {
    const more = () => {
      do sent += chunk.length;
      while (outgoing.write(chunk) && !outgoing.destroyed);
    };
    outgoing.writeHead(status, { 'content-type': 'application/json' }).on('drain', more);
    outgoing.on('close', gone.resolve).on('error', () => undefined);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    gone: gone.promise,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function inconclusive(reason: unknown) {
  return { verdict: 'inconclusive', reason };
}

beforeEach(async () => {
  npm = await startNpm({ now: () => NOW });
});
afterEach(() => npm.close());

describe('check', () => {
  it('when npm knows the token, answers live and whose it is', async () => {
    npm.addToken(TOKEN, { username: 'widgets-release' });
    expect(await check()).toEqual({
      verdict: 'live',
      says: [{ label: 'Account', text: 'widgets-release' }],
    });
  });

  describe('when npm does not say whose it is', () => {
    it.each([
      ['is not known', undefined],
      ['was revoked', { revoked: true }],
      ['still publishes, and is not known to whoami', { unknownToWhoami: true }],
    ])('suspects one that %s, and refuses none', async (_, spec) => {
      if (spec) npm.addToken(TOKEN, spec);
      expect(await check()).toEqual(inconclusive(SUSPECT));
    });

    it('tells a token that is limited to other addresses', async () => {
      npm.fault({ kind: 'status', status: 401, headers: { 'www-authenticate': 'ipaddress' } });
      expect(await check()).toEqual(inconclusive(expect.stringContaining('allowed IP ranges')));
    });

    it.each([
      ['by its header', { headers: { 'www-authenticate': 'OTP' } }],
      ['by its words', { body: { error: 'You must provide a one-time pass.' } }],
    ])('tells a wish for a one-time password %s', async (_, answer) => {
      npm.fault({ kind: 'status', status: 401, ...answer });
      expect(await check()).toEqual(inconclusive(expect.stringContaining('one-time password')));
    });
  });

  describe('when npm cannot say', () => {
    it.each([
      [403, 'it refuses this client or this token'],
      [500, 'npm answered 500'],
      [502, 'npm answered 502'],
      [503, 'npm answered 503'],
    ])('answers inconclusive at %i', async (status, words) => {
      npm.addToken(TOKEN);
      npm.fault({ kind: 'status', status });
      expect(await check()).toEqual(inconclusive(expect.stringContaining(words)));
    });

    it('answers inconclusive at 404, which is no word about the token', async () => {
      npm.fault({ kind: 'status', status: 404 });
      expect(await check()).toEqual(inconclusive('npm answered in a form that is not known here'));
    });

    it.each([
      ['120', 'try again in 120 seconds'],
      ['Mon, 23 Nov 2026 10:00:00 GMT', 'try again after Mon, 23 Nov 2026 10:00:00 GMT'],
      ['soon', 'try again later'],
      ['', 'try again later'],
    ])('says at 429 when to try again: "%s"', async (after, words) => {
      npm.fault({ kind: 'status', status: 429, headers: { 'retry-after': after } });
      expect(await check()).toEqual(inconclusive(expect.stringContaining(words)));
    });

    it.each([
      ['a log-in page', { kind: 'html' }, 'a page of HTML'],
      [
        'a log-in page with 401',
        { kind: 'status', status: 401, body: '<p>Sign in', headers: { 'content-type': 'text/html' } },
        'npm answered 401',
      ],
      ['half an answer', { kind: 'truncate' }, 'instead of JSON'],
      ['a cut answer', { kind: 'cut' }, 'broke off its answer'],
      ['an empty one', { kind: 'empty' }, 'instead of JSON'],
      ['a very large one', { kind: 'huge', bytes: 10_000_000 }, 'npm'],
      ['a reset', { kind: 'reset' }, 'could not be reached'],
    ] as const)('answers inconclusive to %s', async (_, fault, words) => {
      npm.addToken(TOKEN);
      npm.fault(fault);
      expect(await check()).toEqual(inconclusive(expect.stringContaining(words)));
    });

    it.each([
      ['no object', []],
      ['nothing', null],
      ['no name', {}],
      ['an empty name', { username: '' }],
      ['a name that is none', { username: 7 }],
      ['a name that would rewrite a terminal', { username: 'a\u001b[2Jb' }],
      ['a name that turns text around', { username: 'a\u061cb' }],
      ['a name with what nobody sees', { username: 'a\u200bb' }],
      ['a name with a byte order mark', { username: '\ufeffab' }],
      ['a name with tags', { username: 'a\u{e0041}b' }],
      ['a name with half a character', { username: 'a\ud800b' }],
      ['a very long name', { username: 'a'.repeat(300) }],
      ['a part of the token', { username: TOKEN.slice(8, 20) }],
    ])('answers inconclusive to %s', async (_, body) => {
      npm.fault({ kind: 'status', status: 200, body });
      expect(await check()).toEqual(inconclusive('npm answered in a form that is not known here'));
    });

    it.each([
      ['nothing comes', { kind: 'hang' }],
      ['the body drips', { kind: 'drip', everyMs: 20 }],
    ] as const)('answers inconclusive at the deadline when %s', async (_, fault) => {
      npm.fault(fault);
      expect(await check(TOKEN, { deadlineMs: 150 })).toEqual(inconclusive('npm did not answer in time'));
    });

    it('reads no more of a refusal than any answer needs', async () => {
      const endless = await startEndless(401);
      expect(await check(TOKEN, { url: endless.url })).toEqual(inconclusive(SUSPECT));
      await endless.gone;
      expect(endless.sent()).toBeLessThan(16 * 1_048_576);
      await endless.close();
    });

    it('answers inconclusive to a refused connection', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await check(TOKEN, { url })).toEqual(
        inconclusive(expect.stringContaining('could not be reached')),
      );
    });

    it('answers inconclusive, and says nothing of it, for bytes that no header takes', async () => {
      const answer = await check(`${TOKEN}\r\nX-Evil: 1`);
      expect(answer.verdict).toBe('inconclusive');
      expect(findLeaks(TOKEN, new Map([['answer', Buffer.from(inspect(answer))]]))).toEqual([]);
      expect(npm.requests).toEqual([]);
    });

    it('repeats nothing', async () => {
      npm.fault({ kind: 'status', status: 503, times: 9 });
      await check();
      expect(npm.requests).toHaveLength(1);
    });
  });

  describe('when the answer points elsewhere', () => {
    it.each([301, 302, 303, 307, 308] as const)(
      'sends no token after a %i, to another port of the same host neither',
      async (status) => {
        const elsewhere = await startNpm();
        elsewhere.addToken(TOKEN);
        npm.fault({ kind: 'redirect', to: `${elsewhere.url}/-/whoami`, status });
        expect(await check()).toEqual(inconclusive('npm pointed elsewhere, and the token was not sent on'));
        expect(elsewhere.requests).toEqual([]);
        await elsewhere.close();
      },
    );

    it('does not ask the same address again either', async () => {
      npm.addToken(TOKEN);
      npm.fault({ kind: 'redirect', to: `${npm.url}/-/whoami` });
      expect((await check()).verdict).toBe('inconclusive');
      expect(npm.requests).toHaveLength(1);
    });
  });

  it.skipIf(!hasOpenssl)('sends no token where the certificate is not trusted', async () => {
    const secure = await startTestGitHub(() => NOW, { tls: selfSigned() });
    expect((await check(TOKEN, { url: secure.url })).verdict).toBe('inconclusive');
    expect(secure.requests).toEqual([]);
    await secure.close();
  });

  describe('when it asks', () => {
    it('sends one GET below the registry, also where that has a path of its own', async () => {
      await check(TOKEN, { url: `${npm.url}/private/npm/` });
      const [request] = npm.requests;
      expect([request?.method, request?.path]).toEqual(['GET', '/private/npm/-/whoami']);
      expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(request?.body).toHaveLength(0);
    });

    it('carries the token in Authorization alone', async () => {
      await check();
      const bare = npm.requests.map((one) => ({
        ...one,
        rawHeaders: one.rawHeaders.filter((text) => text !== `Bearer ${TOKEN}`),
      }));
      expect(npm.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(findLeaks(TOKEN, new Map([['request', wireOf(bare)]]))).toEqual([]);
    });

    it('says who asks, and sends neither cookie nor one-time password', async () => {
      await check();
      const headers = npm.requests[0]?.headers ?? {};
      expect(headers['user-agent']).toBe('reseal/0.1.0 (release@example.org)');
      for (const name of ['cookie', 'npm-otp', 'npm-session']) expect(headers).not.toHaveProperty(name);
    });

    it("leaves nothing of the token in what npm's library logs, nor in any answer", async () => {
      const log = vi.fn();
      process.on('log', log);
      const answers = [];
      npm.addToken(TOKEN);
      answers.push(await check());
      for (const status of [200, 401, 403, 404, 429, 500]) {
        npm.fault({
          kind: 'status',
          status,
          body: { error: TOKEN, username: TOKEN },
          headers: { 'x-echo': TOKEN },
        });
        answers.push(await check());
      }
      process.off('log', log);
      const seen = new Map([
        ['log', Buffer.from(inspect(log.mock.calls, { depth: 9 }))],
        ['answers', Buffer.from(inspect(answers, { depth: 9 }))],
      ]);
      expect(log).toHaveBeenCalled();
      expect(findLeaks(TOKEN, seen)).toEqual([]);
    });
  });
});
