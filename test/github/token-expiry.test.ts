import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import type { TokenExpiry } from '../../src/github/token-expiry.ts';
import { judgeTokenExpiry, parseTokenExpiry, readTokenExpiry } from '../../src/github/token-expiry.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { later, NOW, SEED } from '../support/builders.ts';
import type { TestClock } from '../support/stand-ins.ts';
import { clientOf, SEALER, startTestGitHub, testClock } from '../support/stand-ins.ts';

const MINUTE_MS = 60_000;

/** `2027-01-31 23:00:00 UTC`, as GitHub writes it for some tokens. */
function inUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `2027-02-01 01:00:00 +0200`, as it writes it for others. */
function inOffset(at: Date, hours = 2): string {
  const local = later(hours * 3_600_000, at)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  return `${local} ${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}00`;
}

describe('parseTokenExpiry', () => {
  it.each([
    ['2023-01-31 23:00:00 UTC', '2023-01-31T23:00:00Z'],
    ['2023-04-26 23:23:18 +0200', '2023-04-26T21:23:18Z'],
    ['2023-04-26 23:23:18 -0730', '2023-04-27T06:53:18Z'],
    ['2028-02-29 00:00:00 UTC', '2028-02-29T00:00:00Z'],
  ])('reads %s, in both of the forms that GitHub writes', (text, instant) => {
    expect(parseTokenExpiry(text)).toEqual(new Date(instant));
  });

  it.each([
    '',
    'never',
    '2023-01-31',
    '2023-01-31 23:00:00',
    '2023-01-31T23:00:00Z',
    '2023-02-30 23:00:00 UTC',
    '2023-01-31 24:00:00 UTC',
    '2023-01-31 23:00:00 CET',
    '2023-01-31 23:00:00 +02:00',
    '2023-01-31 23:00:00 +9900',
    '2023-01-31 23:00:00 UTC, 2024-01-31 23:00:00 UTC',
    ' 2023-01-31 23:00:00 UTC',
  ])('returns nothing for "%s"', (text) => {
    expect(parseTokenExpiry(text)).toBeUndefined();
  });

  it('reads every second of a century in both forms', () => {
    const from = { min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z') };
    fc.assert(
      fc.property(
        fc.date({ ...from, noInvalidDate: true }),
        fc.integer({ min: -12, max: 14 }),
        (date, hours) => {
          const at = new Date(Math.floor(date.getTime() / 1000) * 1000);
          expect(parseTokenExpiry(inUtc(at))).toEqual(at);
          expect(parseTokenExpiry(inOffset(at, hours))).toEqual(at);
        },
      ),
      { seed: SEED },
    );
  });
});

describe('judgeTokenExpiry', () => {
  const END = new Date('2027-01-31T23:00:00Z');
  const seen = (header: string | undefined, serverTime: Date | undefined = NOW) => ({ header, serverTime });
  const UNKNOWN: TokenExpiry = { kind: 'unknown' };

  it('answers known for a value that stays', () => {
    expect(judgeTokenExpiry([seen(inUtc(END)), seen(inUtc(END), later(2_000))])).toEqual({
      kind: 'known',
      at: END,
    });
  });

  it('takes both forms of one instant for the same value', () => {
    expect(judgeTokenExpiry([seen(inUtc(END)), seen(inOffset(END))])).toEqual({ kind: 'known', at: END });
  });

  it('answers none where no answer has the header', () => {
    expect(judgeTokenExpiry([seen(undefined), seen(undefined, undefined)])).toEqual({ kind: 'none' });
  });

  it.each([
    ['no answer at all', []],
    ['a header that is there once', [seen(inUtc(END)), seen(undefined)]],
    ['a header that comes only later', [seen(undefined), seen(inUtc(END))]],
    ['a value that moves', [seen(inUtc(END)), seen(inUtc(later(2_000, END)), later(2_000))]],
    ['a value that nobody can read', [seen('soon'), seen('soon')]],
    ['the time of the call', [seen(inOffset(NOW))]],
    ['the time of each call', [seen(inOffset(NOW)), seen(inOffset(later(2_000)), later(2_000))]],
    ['a value within a quarter of an hour', [seen(inUtc(later(15 * MINUTE_MS)))]],
    ['a value of the past, of a token that works', [seen(inUtc(later(-400 * 86_400_000)))]],
    ['no clock to hold it against', [{ header: inUtc(END), serverTime: undefined }]],
  ])('answers unknown, and never expired, for %s', (_, observations) => {
    expect(judgeTokenExpiry(observations)).toEqual(UNKNOWN);
  });

  it('answers known from just beyond a quarter of an hour on', () => {
    const at = later(15 * MINUTE_MS + 1_000);
    expect(judgeTokenExpiry([seen(inUtc(at))])).toEqual({ kind: 'known', at });
  });

  it('never answers with an instant that is past or near, whatever the headers are', () => {
    const header = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map((minutes) => inUtc(later(minutes * MINUTE_MS))),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map((minutes) => inOffset(later(minutes * MINUTE_MS))),
    );
    const observation = fc.record({ header, serverTime: fc.constantFrom(NOW, later(2_000), undefined) });
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 3 }), (observations) => {
        const judged = judgeTokenExpiry(observations);
        if (judged.kind === 'known')
          expect(judged.at.getTime()).toBeGreaterThan(later(15 * MINUTE_MS).getTime());
        else expect(['none', 'unknown']).toContain(judged.kind);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});

describe('readTokenExpiry', () => {
  const END = new Date('2027-01-31T23:00:00Z');
  let clock: TestClock;
  let github: GitHubSandbox;

  async function start(
    expires?: string | ((now: Date) => string),
    enterpriseVersion?: string,
  ): Promise<void> {
    clock = testClock(NOW);
    github = await startTestGitHub(clock.now, enterpriseVersion ? { enterpriseVersion } : {});
    if (expires) github.addToken(SEALER, { permissions: {}, expires });
  }

  function read() {
    return readTokenExpiry(clientOf(github), clock.sleep);
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'no error',
      (error: unknown) => (isAppError(error) ? error.code : 'another error'),
    );
  }

  beforeEach(() => start());
  afterEach(() => github.close());

  it.each([inUtc(END), inOffset(END)])(
    'returns the expiry %s, asked for twice, two seconds apart',
    async (expires) => {
      await start(expires);
      expect(await read()).toEqual({ kind: 'known', at: END });
      expect(github.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /rate_limit',
        'GET /rate_limit',
      ]);
      expect(clock.slept).toEqual([2_000]);
    },
  );

  it('returns none for a token without one', async () => {
    expect(await read()).toEqual({ kind: 'none' });
  });

  it('returns unknown for a header that shows the time of the call', async () => {
    await start((now) => inOffset(now));
    expect(await read()).toEqual({ kind: 'unknown' });
  });

  it('returns unknown for a header that runs ahead of the call', async () => {
    await start((now) => inUtc(later(90 * 86_400_000, now)));
    expect(await read()).toEqual({ kind: 'unknown' });
  });

  it('counts the 404 of an Enterprise Server without limits as an answer', async () => {
    await start(inUtc(END), '3.18.0');
    expect(await read()).toEqual({ kind: 'known', at: END });
  });

  it('B1: returns refused for a token that GitHub does not know, after one request', async () => {
    github.removeToken(SEALER);
    expect(await read()).toEqual({ kind: 'refused' });
    expect([github.requests.length, clock.slept]).toEqual([1, []]);
  });

  it('returns refused for one that is revoked between the two', async () => {
    await start(inUtc(END));
    clock.onSleep = () => github.removeToken(SEALER);
    expect(await read()).toEqual({ kind: 'refused' });
  });

  it.each([
    ['a log-in page with 401', { kind: 'status', status: 401, body: '<h1>Log in</h1>' }, 'unavailable'],
    [
      'another 401',
      { kind: 'status', status: 401, body: { message: 'Requires authentication' } },
      'unauthorized',
    ],
    [
      "a page with 404 that is not GitHub's",
      { kind: 'status', status: 404, body: '<h1>?</h1>' },
      'unavailable',
    ],
    ['200 without limits', { kind: 'status', status: 200, body: {} }, 'unavailable'],
    ['a log-in page', { kind: 'html' }, 'unavailable'],
    ['half an answer', { kind: 'truncate' }, 'unavailable'],
    ['no answer', { kind: 'reset' }, 'unavailable'],
    ['trouble at GitHub', { kind: 'status', status: 503 }, 'unavailable'],
    ['a limit', { kind: 'status', status: 429 }, 'limited'],
    ['a redirect', { kind: 'redirect', to: 'https://evil.example/' }, 'unavailable'],
  ] as const)('throws, and says nothing of the token, at %s', async (_, fault, code) => {
    github.fault(fault);
    expect(await codeOf(read())).toBe(code);
  });
});
