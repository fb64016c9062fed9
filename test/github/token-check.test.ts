import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenCheckOptions } from '../../src/github/token-check.ts';
import { openTokenCheck } from '../../src/github/token-check.ts';
import { classicWarnings, scopesOf } from '../../src/github/token-scopes.ts';
import type { IssuerAnswer } from '../../src/rotate/rotation.ts';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import { later } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import type { TestClock } from '../support/stand-ins.ts';
import { freePort, hasOpenssl, secretOf, selfSigned, testClock, wireOf } from '../support/stand-ins.ts';

const RANDOM = Array.from({ length: 60 }, (_, at) => 'kQ7wZ2xV9bN4mL6tR3yH'[(at * 7) % 20]).join('');
const FINE_GRAINED = `github_pat_${RANDOM}`;
const CLASSIC = `ghp_${RANDOM.slice(0, 36)}`;
const ACCOUNT = { label: 'Account', text: 'joaoh82' };

let github: GitHubSandbox;
let clock: TestClock;

function check(token = FINE_GRAINED, options: Partial<TokenCheckOptions> = {}): Promise<IssuerAnswer> {
  const { apiUrl } = github;
  const whole = { apiUrl, version: '0.1.0', fetch: globalThis.fetch, sleep: clock.sleep, ...options };
  return openTokenCheck(whole).check(secretOf(token));
}

function inconclusive(words: string) {
  return { verdict: 'inconclusive', reason: expect.stringContaining(words) };
}

/** Every warning of a live answer. */
async function warnings(token?: string): Promise<readonly string[]> {
  const answer = await check(token);
  if (answer.verdict !== 'live') throw new Error(answer.reason);
  return answer.warnings ?? [];
}

beforeEach(async () => {
  clock = testClock();
  github = await startGitHub({ now: clock.now });
});
afterEach(() => github.close());

describe('check', () => {
  describe('when GitHub knows the token', () => {
    it.each([
      ['2027-01-31 23:00:00 UTC', '2027-01-31T23:00:00Z'],
      ['2027-04-26 23:23:18 +0200', '2027-04-26T21:23:18Z'],
    ])('returns whose it is and that it ends at %s, seen twice', async (expires, at) => {
      github.addUserToken(FINE_GRAINED, { expires });
      expect(await check()).toEqual({
        verdict: 'live',
        expiry: { kind: 'known', at: new Date(at), source: 'observed' },
        says: [ACCOUNT],
        warnings: [],
      });
      expect(clock.slept).toEqual([2_000]);
    });

    it.each([FINE_GRAINED, CLASSIC])(
      'returns that %s never ends where GitHub names no end',
      async (token) => {
        github.addUserToken(token);
        expect(await check(token)).toMatchObject({ expiry: { kind: 'never', source: 'observed' } });
        expect(github.requests).toHaveLength(1);
      },
    );

    it('returns a login that was given', async () => {
      github.addUserToken(FINE_GRAINED, { login: 'octo_corp-bot' });
      expect(await check()).toMatchObject({ says: [{ label: 'Account', text: 'octo_corp-bot' }] });
    });
  });

  describe('when its end cannot be relied on', () => {
    it.each<[string, (now: Date) => string]>([
      ['the time of the call', (now) => `${stamp(now)} UTC`],
      ['the time of the call in another offset', (now) => `${stamp(later(9 * 3_600_000, now))} UTC`],
      ['nothing that is a time', () => 'next year'],
      ['a day that is past', () => '2026-01-01 00:00:00 UTC'],
    ])('warns, and returns none, where GitHub shows %s', async (_, expires) => {
      github.addUserToken(FINE_GRAINED, { expires });
      const answer = await check();
      expect(answer).not.toHaveProperty('expiry');
      expect(answer).toMatchObject({ warnings: [expect.stringContaining('cannot be relied on')] });
    });

    it.each([
      ['is broken off', { kind: 'reset' }],
      ['is refused', { kind: 'status', status: 503 }],
    ] as const)('warns where the second look %s', async (_, fault) => {
      github.addUserToken(FINE_GRAINED, { expires: '2027-01-31 23:00:00 UTC' });
      clock.onSleep = () => void github.fault(fault);
      expect(await check()).toMatchObject({
        verdict: 'live',
        warnings: [expect.stringContaining('cannot be relied on')],
      });
    });

    it('warns, and does not say never, where an Enterprise Server leaves it out', async () => {
      await github.close();
      github = await startGitHub({ now: clock.now, enterpriseVersion: '3.19.0' });
      github.addUserToken(FINE_GRAINED);
      expect(await check()).toEqual({
        verdict: 'live',
        says: [ACCOUNT],
        warnings: ['GitHub does not say when it expires: look at its page'],
      });
      expect(github.requests[0]?.path).toBe('/api/v3/user');
    });

    it.each(['gho_', 'ghu_'])('warns, and does not say never, for a %s… token', async (prefix) => {
      const token = `${prefix}${RANDOM.slice(0, 36)}`;
      github.addUserToken(token);
      expect(await warnings(token)).toEqual(['GitHub does not say when it expires: look at its page']);
    });
  });

  describe('when it is a classic token', () => {
    it('says its scopes, advises a fine-grained one, and warns of each that reaches far', async () => {
      github.addUserToken(CLASSIC, { scopes: ['read:org', 'repo', 'workflow'] });
      const answer = await check(CLASSIC);
      expect(answer).toMatchObject({
        says: [ACCOUNT, { label: 'Scopes', text: 'read:org, repo, workflow' }],
      });
      expect(answer).toMatchObject({
        warnings: [
          expect.stringContaining('a fine-grained one can be limited'),
          expect.stringContaining('its scope repo reaches far'),
          expect.stringContaining('its scope workflow reaches far'),
        ],
      });
    });

    it('says that it has none', async () => {
      github.addUserToken(CLASSIC, { scopes: [] });
      expect(await check(CLASSIC)).toMatchObject({ says: [ACCOUNT, { label: 'Scopes', text: 'none' }] });
      expect(await warnings(CLASSIC)).toHaveLength(1);
    });

    it.each(['repo, \u00e4', 'repo; x', `a${',repo'.repeat(300)}`, CLASSIC])(
      'says nothing of scopes that are none: %s',
      async (header) => {
        github.addUserToken(CLASSIC);
        github.fault({ kind: 'headers', headers: { 'x-oauth-scopes': header } });
        expect(await check(CLASSIC)).toMatchObject({ says: [ACCOUNT] });
      },
    );
  });

  describe('when GitHub does not know it', () => {
    it('refuses it', async () => {
      expect(await check()).toEqual({
        verdict: 'refused',
        reason: 'GitHub does not accept this token: it was mistyped, revoked, or has expired',
      });
      expect(github.requests).toHaveLength(1);
    });

    it.each([
      [
        'a 401 in other words',
        { kind: 'status', status: 401, body: { message: 'Requires authentication' } },
        'answered 401',
      ],
      ['a 401 of something else', { kind: 'status', status: 401, body: 'Sign in' }, "is not GitHub's answer"],
    ] as const)('does not refuse it for %s', async (_, fault, words) => {
      github.fault(fault);
      expect(await check()).toEqual(inconclusive(words));
    });
  });

  describe('when GitHub cannot say', () => {
    const limit = { message: 'You have exceeded a secondary rate limit.' };

    it.each([
      [
        'its limit is used up',
        { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
        "GitHub's limit until",
      ],
      [
        'it asks to slow down',
        { status: 403, body: limit, headers: { 'retry-after': '60' } },
        'it asks to slow down',
      ],
      [
        'it asks to slow down with 429',
        { status: 429, headers: { 'retry-after': '90' } },
        "GitHub's limit until 09:32",
      ],
      [
        'single sign-on is missing',
        { status: 403, headers: { 'x-github-sso': 'required; url=https://github.com/orgs/x/sso' } },
        'single sign-on',
      ],
      [
        'a policy forbids it',
        { status: 403, body: { message: 'Forbidden by policy' } },
        'a policy of the organisation',
      ],
      [
        'its user is locked out',
        {
          status: 403,
          body: { message: 'Maximum number of login attempts exceeded. Please try again later.' },
        },
        'wait a few minutes',
      ],
      ['500', { status: 500 }, 'GitHub answered 500'],
      ['502', { status: 502, body: '<html>' }, 'GitHub answered 502'],
      ['404', { status: 404 }, 'GitHub answered 404'],
      ['404 of something else', { status: 404, body: 'nothing here' }, "is not GitHub's answer"],
    ] as const)('answers inconclusive: %s', async (_, fault, words) => {
      github.addUserToken(FINE_GRAINED);
      github.fault({ kind: 'status', ...fault });
      expect(await check()).toEqual(inconclusive(words));
    });

    it('answers inconclusive for the token of an app', async () => {
      const token = `ghs_${RANDOM.slice(0, 36)}`;
      github.addToken(token, { permissions: {}, kind: 'app' });
      expect(await check(token)).toEqual(inconclusive('belongs to an app or a workflow'));
    });

    it.each([
      ['a log-in page', { kind: 'html' }, "is not GitHub's answer"],
      ['half an answer', { kind: 'truncate' }, "is not GitHub's answer"],
      ['a cut answer', { kind: 'cut' }, "is not GitHub's answer"],
      ['an empty one', { kind: 'empty' }, "is not GitHub's answer"],
      ['a very large one', { kind: 'huge', bytes: 10_000_000 }, "is not GitHub's answer"],
      ['a reset', { kind: 'reset' }, 'cannot reach GitHub'],
    ] as const)('answers inconclusive to %s', async (_, fault, words) => {
      github.addUserToken(FINE_GRAINED);
      github.fault(fault);
      expect(await check()).toEqual(inconclusive(words));
    });

    it.each([
      ['no login', {}],
      ['a login that is none', { login: 7 }],
      ['a login that would rewrite a terminal', { login: 'a\u001b[2Jb' }],
      ['a part of the token', { login: FINE_GRAINED.slice(12, 30) }],
    ])('answers inconclusive to %s', async (_, body) => {
      github.fault({ kind: 'status', status: 200, body });
      expect(await check()).toEqual(inconclusive("is not GitHub's answer"));
    });

    it.each([
      ['nothing comes', { kind: 'hang' }, 'no answer in time'],
      ['the body drips', { kind: 'drip', everyMs: 20 }, "is not GitHub's answer"],
    ] as const)('answers inconclusive at the deadline when %s', async (_, fault, words) => {
      github.fault(fault);
      expect(await check(FINE_GRAINED, { deadlineMs: 120 })).toEqual(inconclusive(words));
    });

    it('answers inconclusive to a refused connection', async () => {
      const apiUrl = `http://127.0.0.1:${await freePort()}`;
      expect(await check(FINE_GRAINED, { apiUrl })).toEqual(inconclusive('ECONNREFUSED'));
    });

    it('asks nothing with what no header takes', async () => {
      expect(await check(`${FINE_GRAINED}\r\nX-Evil: 1`)).toEqual(inconclusive('blanks or odd characters'));
      expect(github.requests).toEqual([]);
    });

    it.skipIf(!hasOpenssl)('sends no token where the certificate is not trusted', async () => {
      const secure = await startGitHub({ now: clock.now, tls: selfSigned() });
      expect(await check(FINE_GRAINED, { apiUrl: secure.apiUrl })).toEqual(inconclusive('is not trusted'));
      expect(secure.requests).toEqual([]);
      await secure.close();
    });
  });

  describe('when the answer points elsewhere', () => {
    it.each([301, 302, 303, 307, 308] as const)('sends no token after a %i', async (status) => {
      const elsewhere = await startGitHub();
      elsewhere.addUserToken(FINE_GRAINED);
      github.fault({ kind: 'redirect', to: `${elsewhere.url}/user`, status });
      expect(await check()).toEqual(inconclusive('the token was not sent on'));
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when it asks', () => {
    it('sends GET /user and no more, with the token in Authorization alone', async () => {
      github.addUserToken(FINE_GRAINED);
      await check();
      const [request] = github.requests;
      expect([request?.method, request?.path, String(request?.query)]).toEqual(['GET', '/user', '']);
      expect(request?.headers.authorization).toBe(`token ${FINE_GRAINED}`);
      const bare = github.requests.map((one) => ({
        ...one,
        rawHeaders: one.rawHeaders.filter((text) => text !== `token ${FINE_GRAINED}`),
      }));
      expect(findLeaks(FINE_GRAINED, new Map([['request', wireOf(bare)]]))).toEqual([]);
    });

    it('repeats nothing of the token that it is answered', async () => {
      const answers = [];
      github.addUserToken(FINE_GRAINED);
      for (const status of [200, 400, 401, 403, 404, 422, 429, 500]) {
        const body = { message: `Bad ${FINE_GRAINED}`, login: FINE_GRAINED };
        const headers = {
          'x-github-sso': `required; url=https://github.com/${FINE_GRAINED}`,
          'x-oauth-scopes': FINE_GRAINED,
        };
        github.fault({ kind: 'status', status, body, headers });
        answers.push(await check());
      }
      expect(
        findLeaks(FINE_GRAINED, new Map([['answers', Buffer.from(inspect(answers, { depth: 9 }))]])),
      ).toEqual([]);
    });
  });
});

/** `2027-01-31 23:00:00` */
function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

describe('scopesOf', () => {
  it.each([
    ['repo', ['repo']],
    ['admin:org, repo,workflow', ['admin:org', 'repo', 'workflow']],
    ['', []],
  ])('reads "%s"', (header, scopes) => {
    expect(scopesOf(header)).toEqual(scopes);
  });

  it.each([undefined, 'Repo', 'repo scope', 'a:b:c', '__proto__:\u0000'])(
    'returns nothing for %j',
    (header) => {
      expect(scopesOf(header)).toBeUndefined();
    },
  );
});

describe('classicWarnings', () => {
  it('warns of nothing that it does not know to reach far', () => {
    expect(classicWarnings('gho_x', ['read:org', 'gist', 'constructor'])).toEqual([]);
  });

  it.each(['repo', 'admin:org', 'delete_repo', 'workflow'])('warns of %s', (scope) => {
    expect(classicWarnings('gho_x', [scope])).toEqual([
      expect.stringContaining(`its scope ${scope} reaches far`),
    ]);
  });
});
