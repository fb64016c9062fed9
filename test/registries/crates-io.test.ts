import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { CratesIoOptions } from '../../src/registries/crates-io.ts';
import { classify, openCratesIo } from '../../src/registries/crates-io.ts';
import type { IssuerAnswer } from '../../src/rotate/rotation.ts';
import type { CratesIoSandbox, TokenSpec } from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import { NOW, SEED } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import {
  freePort,
  hasOpenssl,
  secretOf,
  selfSigned,
  startTestGitHub,
  TOKEN,
  wireOf,
} from '../support/stand-ins.ts';

const SCOPED: TokenSpec = { scopes: ['publish-new', 'publish-update'] };

let cratesIo: CratesIoSandbox;

function check(token = TOKEN, options: Partial<CratesIoOptions> = {}): Promise<IssuerAnswer> {
  const issuer = openCratesIo({
    url: cratesIo.url,
    contact: 'release@example.org',
    version: '0.1.0',
    fetch: globalThis.fetch,
    ...options,
  });
  return issuer.check(secretOf(token));
}

beforeEach(async () => {
  cratesIo = await startCratesIo({ now: () => NOW });
});
afterEach(() => cratesIo.close());

describe('check', () => {
  describe('when the token is alive', () => {
    it('C2: answers live for a scoped one', async () => {
      cratesIo.addToken(TOKEN, SCOPED);
      expect(await check()).toEqual({ verdict: 'live' });
    });

    it('refuses one without scopes, which may do everything', async () => {
      cratesIo.addToken(TOKEN, { legacy: true });
      expect(await check()).toEqual({ verdict: 'refused', reason: expect.stringContaining('has no scopes') });
    });

    it.each([
      ['for good', { reason: 'abuse' }],
      ['until a date', { reason: 'abuse', until: new Date('2027-01-01T00:00:00Z') }],
    ])('C5: refuses one whose account is locked %s, and says so', async (_, locked) => {
      cratesIo.addToken(TOKEN, { ...SCOPED, locked });
      expect(await check()).toEqual({ verdict: 'refused', reason: expect.stringContaining('locked') });
    });
  });

  describe('when the token is dead', () => {
    it.each([
      ['is not known', undefined],
      ['was revoked', { ...SCOPED, revoked: true }],
      ['has expired', { ...SCOPED, expiresAt: new Date('2026-11-23T09:29:59Z') }],
    ])('C1: refuses one that %s, without saying which', async (_, spec) => {
      if (spec) cratesIo.addToken(TOKEN, spec);
      expect(await check()).toEqual({
        verdict: 'refused',
        reason: expect.stringContaining('mistyped, revoked, or has expired'),
      });
    });

    it("refuses one of another issuer by crates.io's own word", async () => {
      expect(await check('npm_0123456789abcdefghijklmnopqrstuvwxyz')).toEqual({
        verdict: 'refused',
        reason: 'crates.io says that this is not one of its tokens',
      });
    });
  });

  describe('when crates.io cannot say', () => {
    it.each([429, 500, 502, 503])('C3: answers inconclusive at %i', async (status) => {
      cratesIo.addToken(TOKEN, SCOPED);
      cratesIo.fault({ kind: 'status', status });
      expect(await check()).toEqual({ verdict: 'inconclusive', reason: `crates.io answered ${status}` });
    });

    it.each([
      ['a log-in page', { kind: 'html' }],
      ['half an answer', { kind: 'truncate' }],
      ['a cut answer', { kind: 'cut' }],
      ['an empty one', { kind: 'empty' }],
      ['a very large one', { kind: 'huge', bytes: 10_000_000 }],
      ['a reset', { kind: 'reset' }],
    ] as const)('C3: answers inconclusive to %s', async (_, fault) => {
      cratesIo.addToken(TOKEN, SCOPED);
      cratesIo.fault(fault);
      expect((await check()).verdict).toBe('inconclusive');
    });

    it.each([
      ['nothing comes', { kind: 'hang' }],
      ['the body drips', { kind: 'drip', everyMs: 20 }],
    ] as const)('C3: answers inconclusive at the deadline when %s', async (_, fault) => {
      cratesIo.fault(fault);
      expect(await check(TOKEN, { deadlineMs: 120 })).toEqual({
        verdict: 'inconclusive',
        reason: 'crates.io did not answer in time',
      });
    });

    it('C3: keeps the deadline whatever becomes of the signal that fetch was given', async () => {
      const dripping = () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
      const late = { verdict: 'inconclusive', reason: 'crates.io did not answer in time' };
      const body = async () => new Response(dripping());
      expect(await check(TOKEN, { fetch: body, deadlineMs: 30 })).toEqual(late);
      const never = () => new Promise<Response>(() => undefined);
      expect(await check(TOKEN, { fetch: never, deadlineMs: 30 })).toEqual(late);
    });

    it('C3: takes no words from the beginning of an answer that is too large', async () => {
      const words = '{"errors":[{"detail":"authentication failed"}]}';
      const parts = [Buffer.from(words), Buffer.alloc(70_000, 32)];
      const fetch = async () => new Response(new Blob(parts).stream(), { status: 403 });
      expect((await check(TOKEN, { fetch })).verdict).toBe('inconclusive');
    });

    it('C3: answers inconclusive to a refused connection', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      expect((await check(TOKEN, { url })).verdict).toBe('inconclusive');
    });

    it('answers inconclusive, and throws nothing, for bytes that no header takes', async () => {
      expect((await check('cio\r\nX-Evil: 1')).verdict).toBe('inconclusive');
      expect(cratesIo.requests).toEqual([]);
    });

    it('repeats nothing', async () => {
      cratesIo.fault({ kind: 'status', status: 503, times: 9 });
      await check();
      expect(cratesIo.requests).toHaveLength(1);
    });
  });

  describe('when the answer points elsewhere', () => {
    it.each([301, 302, 303, 307, 308] as const)('C7: sends no token after a %i', async (status) => {
      const elsewhere = await startCratesIo();
      elsewhere.addToken(TOKEN, SCOPED);
      cratesIo.fault({ kind: 'redirect', to: `${elsewhere.url}/api/v1/me/tokens/0`, status });
      expect(await check()).toEqual({
        verdict: 'inconclusive',
        reason: 'crates.io pointed elsewhere, and the token was not sent on',
      });
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when crates.io is not reached over TLS', () => {
    it.each(['http://crates.io', 'http://127.0.0.1.example.org', 'ftp://crates.io', 'https://me@crates.io'])(
      'C7: the configuration refuses %s, before there is a token to send',
      (url) => {
        const result = parseConfig(`version: 1\nregistries: { crates-io: { url: "${url}" } }`);
        expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual([
          'registries.crates-io.url',
        ]);
      },
    );

    it.skipIf(!hasOpenssl)('C7, C3: sends no token where its certificate is not trusted', async () => {
      const secure = await startTestGitHub(() => NOW, { tls: selfSigned() });
      expect((await check(TOKEN, { url: secure.url })).verdict).toBe('inconclusive');
      expect(secure.requests).toEqual([]);
      await secure.close();
    });
  });

  describe('when it asks', () => {
    it('sends one GET to the documented address, without body or query', async () => {
      await check();
      expect(cratesIo.requests).toHaveLength(1);
      const [request] = cratesIo.requests;
      expect([request?.method, request?.path, String(request?.query)]).toEqual([
        'GET',
        '/api/v1/me/tokens/0',
        '',
      ]);
      expect(request?.body).toHaveLength(0);
    });

    it('carries the token in Authorization alone', async () => {
      await check();
      const [request] = cratesIo.requests;
      expect(request?.headers.authorization).toBe(TOKEN);
      const bare = cratesIo.requests.map((one) => ({
        ...one,
        rawHeaders: one.rawHeaders.filter((text) => text !== TOKEN),
      }));
      expect(findLeaks(TOKEN, new Map([['request', wireOf(bare)]]))).toEqual([]);
    });

    it('says who asks and how to reach them, and sends neither Origin nor Cookie', async () => {
      await check();
      const headers = cratesIo.requests[0]?.headers ?? {};
      expect(headers['user-agent']).toBe('reseal/0.1.0 (release@example.org)');
      expect(headers).not.toHaveProperty('origin');
      expect(headers).not.toHaveProperty('cookie');
    });

    it('says that no contact is configured where none is', async () => {
      await check(TOKEN, { contact: undefined });
      expect(cratesIo.requests[0]?.headers['user-agent']).toBe('reseal/0.1.0 (no contact configured)');
    });

    it('leaves the token as it was', async () => {
      const token = secretOf(TOKEN);
      const issuer = openCratesIo({ url: cratesIo.url, contact: undefined, version: '0', fetch });
      await issuer.check(token);
      expect(Buffer.from(token.reveal()).toString()).toBe(TOKEN);
    });
  });
});

// The whole table of registries.md 1c, word for word as rust-lang/crates.io answers at 57fa000.
describe('classify', () => {
  const errors = (detail: string): string => JSON.stringify({ errors: [{ detail }] });
  const WRONG_FORMAT =
    'The given API token does not match the format used by crates.io. Tokens generated before 2020-07-14 were …';

  describe('when the words are known', () => {
    const known = [
      ['this token does not have the required permissions to perform this action', 403, 'live'],
      ['authentication failed', 403, 'refused'],
      ['Not Found', 404, 'refused'],
      [WRONG_FORMAT, 401, 'refused'],
      ['This account is indefinitely locked. Reason: spam', 403, 'refused'],
      ['This account is locked until 2027-01-01T00:00:00Z. Reason: spam', 403, 'refused'],
    ] as const;

    it.each(known)('answers "%s" (%i) with %s', (detail, status, verdict) => {
      expect(classify(status, errors(detail)).verdict).toBe(verdict);
    });

    it.each(known)('is not misled by a status of 200 for "%s"', (detail, _, verdict) => {
      expect(classify(200, errors(detail)).verdict).toBe(verdict);
    });
  });

  describe('when the words are not known', () => {
    it.each([
      'this action requires authentication',
      'this action can only be performed on the crates.io website',
      'invalid origin header',
      'We require that all requests include a `User-Agent` header.',
      'We are unable to process your request at this time.',
      'Authentication failed',
      'authentication failed.',
      'this token does not have the required permissions to perform this action!',
      '',
    ])('C4: answers "%s" with inconclusive', (detail) => {
      expect(classify(403, errors(detail))).toEqual({
        verdict: 'inconclusive',
        reason: 'crates.io answered in words that are not known here',
      });
    });
  });

  describe('when the shape is another', () => {
    it.each([
      ['nothing', ''],
      ['no JSON', 'authentication failed'],
      ['null', 'null'],
      ['a list', '["authentication failed"]'],
      ['no errors', '{}'],
      ['an empty list of errors', '{"errors":[]}'],
      ['errors that are no list', '{"errors":{"detail":"authentication failed"}}'],
      ['an error that is null', '{"errors":[null]}'],
      ['a detail that is no text', '{"errors":[{"detail":7}]}'],
      ["a token's record", '{"api_token":{"id":0}}'],
    ])('answers %s with inconclusive', (_, body) => {
      expect(classify(200, body).verdict).toBe('inconclusive');
    });
  });

  describe('when the status says that the words do not count', () => {
    it.each([300, 301, 307, 399])('answers %i as pointed elsewhere', (status) => {
      expect(classify(status, errors('authentication failed')).verdict).toBe('inconclusive');
    });

    it.each([429, 500, 503])('answers %i with inconclusive', (status) => {
      expect(classify(status, errors('authentication failed')).verdict).toBe('inconclusive');
    });
  });

  it('never repeats what was answered', () => {
    const echo = errors(`token ${TOKEN} is odd`);
    const texts = [200, 301, 403, 429, 500].map((status) => JSON.stringify(classify(status, echo)));
    expect(findLeaks(TOKEN, new Map([['texts', Buffer.from(texts.join())]]))).toEqual([]);
  });
});

describe('20,000 fuzzed answers of crates.io', () => {
  const LIVE = 'this token does not have the required permissions to perform this action';
  const WORDS = [
    LIVE,
    'authentication failed',
    'Not Found',
    'This account is indefinitely locked. Reason: x',
    TOKEN,
  ];

  /** What is answered, from honest to nonsense. */
  const bodies = fc.oneof(
    fc.constantFrom(...WORDS).map((detail) => JSON.stringify({ errors: [{ detail }] })),
    fc
      .tuple(fc.constantFrom(...WORDS), fc.nat(60), fc.string({ maxLength: 3 }))
      .map(([words, at, change]) =>
        JSON.stringify({ errors: [{ detail: words.slice(0, at) + change + words.slice(at) }] }),
      ),
    fc
      .tuple(fc.constantFrom(...WORDS), fc.nat(90))
      .map(([detail, end]) => JSON.stringify({ errors: [{ detail }] }).slice(0, end)),
    fc.json(),
    fc.string(),
    fc
      .anything()
      .map((detail) =>
        JSON.stringify({ errors: [{ detail: typeof detail === 'bigint' ? 0 : detail }] }, plain),
      ),
  );

  function plain(_: string, value: unknown): unknown {
    return typeof value === 'bigint' ? String(value) : value;
  }

  it('C3, C4: end in a verdict; live only for just the known words, and never with anything of the token', () => {
    const seen = new Set<string>();
    const body = (text: string) => JSON.stringify({ errors: [{ detail: text }] });
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(200, 401, 403, 404), fc.nat(599)), bodies, (status, text) => {
        const answer = classify(status, text);
        seen.add(answer.verdict);
        if (answer.verdict === 'live') expect(JSON.stringify(JSON.parse(text))).toBe(body(LIVE));
        else expect(answer.reason).not.toContain(TOKEN.slice(0, 12));
        if (status >= 500 || status === 429) expect(answer.verdict).toBe('inconclusive');
      }),
      { seed: SEED, numRuns: 20_000 },
    );
    expect([...seen].sort()).toEqual(['inconclusive', 'live', 'refused']);
  });
});
