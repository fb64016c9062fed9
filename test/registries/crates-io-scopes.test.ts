import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCratesIo } from '../../src/registries/crates-io.ts';
import type { ScopeProbe } from '../../src/registries/crates-io-scopes.ts';
import { SCOPE_COST } from '../../src/registries/crates-io-scopes.ts';
import { takeTurns } from '../../src/registries/turns.ts';
import type { IssuerAnswer } from '../../src/rotate/rotation.ts';
import type {
  CratesIoOptions,
  CratesIoSandbox,
  EndpointScope,
  TokenSpec,
} from '../../src/sandbox/crates-io.ts';
import { startCratesIo } from '../../src/sandbox/crates-io.ts';
import type { FaultKind } from '../../src/sandbox/http-faults.ts';
import { NOW } from '../support/builders.ts';
import { findLeaks } from '../support/canary.ts';
import type { TestClock } from '../support/stand-ins.ts';
import { secretOf, TOKEN, testClock, wireOf } from '../support/stand-ins.ts';

const DECLARED: ScopeProbe = { declared: ['publish-new', 'publish-update'], crates: ['sqlrite'] };
const UPDATES: ScopeProbe = { declared: ['publish-update'], crates: ['sqlrite'] };
const EXACT: TokenSpec = { scopes: ['publish-new', 'publish-update'] };
const NEW_PATH = /^\/api\/v1\/crates\/new$/;
const CONFIGS_PATH = /\/trusted_publishing\/github_configs$/;
const OWNERS_PATH = /\/owners$/;
const SPARE = 'sqlrite-reseal-probe';

let cratesIo: CratesIoSandbox;
let clock: TestClock;

async function restart(options: CratesIoOptions = {}): Promise<void> {
  await cratesIo?.close();
  cratesIo = await startCratesIo({ now: clock.now, ...options });
}

function check(probe: ScopeProbe = DECLARED, deadlineMs?: number): Promise<IssuerAnswer> {
  const turn = takeTurns(clock.now, clock.sleep);
  const issuer = openCratesIo({
    url: cratesIo.url,
    contact: 'release@example.org',
    version: '0.1.0',
    fetch: globalThis.fetch,
    ...(deadlineMs && { deadlineMs }),
    scopes: { ...probe, turn },
  });
  return issuer.check(secretOf(TOKEN));
}

/** What a live answer says of the scopes. */
async function found(
  probe?: ScopeProbe,
): Promise<{ scopes: string | undefined; warnings: readonly string[] }> {
  const answer = await check(probe);
  if (answer.verdict !== 'live') throw new Error(answer.reason);
  return { scopes: answer.says?.[0]?.text, warnings: answer.warnings ?? [] };
}

/** The uploads that came, with and without a token. */
function uploads() {
  return cratesIo.requests.filter(({ method, path }) => method === 'PUT' && NEW_PATH.test(path));
}

/** Each upload is first asked about without a token: the next fault befalls the one with it. */
function passFirstQuestion(): void {
  const body = { errors: [{ detail: 'this action requires authentication' }] };
  cratesIo.fault({ kind: 'status', status: 403, body, path: NEW_PATH });
}

beforeEach(async () => {
  clock = testClock();
  await restart();
});
afterEach(() => cratesIo.close());

describe('check with scopes', () => {
  it('when the token may do what is declared and no more, says so and warns of nothing', async () => {
    cratesIo.addToken(TOKEN, EXACT);
    expect(await check()).toEqual({
      verdict: 'live',
      says: [
        {
          label: 'Scopes',
          text: 'has publish-update, publish-new; has not trusted-publishing; not seen: change-owners; not asked: yank',
        },
      ],
    });
  });

  it('asks nothing of the scopes where that was not wanted', async () => {
    cratesIo.addToken(TOKEN, EXACT);
    const issuer = openCratesIo({ url: cratesIo.url, contact: undefined, version: '0', fetch });
    expect(await issuer.check(secretOf(TOKEN))).toEqual({ verdict: 'live' });
    expect(cratesIo.requests).toHaveLength(1);
  });

  it.each<[string, TokenSpec | undefined, string]>([
    ['dead', undefined, 'mistyped, revoked, or has expired'],
    ['without scopes', { legacy: true }, 'has no scopes'],
  ])('asks nothing more of a token that is %s', async (_, spec, words) => {
    if (spec) cratesIo.addToken(TOKEN, spec);
    expect(await check()).toEqual({ verdict: 'refused', reason: expect.stringContaining(words) });
    expect(cratesIo.requests).toHaveLength(1);
  });

  describe('when a declared scope is missing', () => {
    it('refuses one that may not publish new versions', async () => {
      cratesIo.addToken(TOKEN, { scopes: ['publish-new'] });
      expect(await check()).toEqual({
        verdict: 'refused',
        reason:
          'crates.io knows this token, but it may not publish new versions of "sqlrite": it lacks the scope publish-update, or its crate patterns leave that name out',
      });
    });

    it.each([
      ['another crate', ['serde']],
      ['another spelling', ['SQLRITE']],
    ])('refuses one whose patterns name %s', async (_, crates) => {
      cratesIo.addToken(TOKEN, { ...EXACT, crates });
      expect(await check(UPDATES)).toEqual({
        verdict: 'refused',
        reason: expect.stringContaining('crate patterns'),
      });
    });

    it('refuses one that may not make a crate which is declared and does not exist', async () => {
      cratesIo.addToken(TOKEN, { scopes: ['publish-update'] });
      expect(await check({ ...DECLARED, crates: ['sqlrite', 'sqlrite-ffi'] })).toEqual({
        verdict: 'refused',
        reason: expect.stringContaining(
          'may not make the crate "sqlrite-ffi": it lacks the scope publish-new',
        ),
      });
    });

    it('only warns where a made-up name was asked about, since its patterns need not cover that', async () => {
      cratesIo.addToken(TOKEN, { ...EXACT, crates: ['sqlrite'] });
      const { scopes, warnings } = await found();
      expect(scopes).toContain('not seen: publish-new');
      expect(warnings).toEqual([expect.stringContaining(`may not make the crate "${SPARE}"`)]);
    });

    it('refuses one that may not change trusted publishers, where that is declared', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      const answer = await check({ ...UPDATES, declared: ['publish-update', 'trusted-publishing'] });
      expect(answer).toEqual({ verdict: 'refused', reason: expect.stringContaining('trusted-publishing') });
    });
  });

  describe('when it may do more than is declared', () => {
    it.each(['publish-update', 'trusted-publishing', 'change-owners'] as const)(
      'warns of %s',
      async (scope) => {
        cratesIo.addToken(TOKEN, { scopes: [scope] });
        const { warnings } = await found({ declared: [], crates: ['sqlrite'] });
        expect(warnings).toEqual([expect.stringContaining(`has the scope ${scope}, which is not declared`)]);
      },
    );

    it.each([
      ['is not the owner of the crate', { ownsCrates: false }, 2],
      ['owns it', {}, 1],
    ])('warns of trusted-publishing where its account %s', async (_, more, count) => {
      cratesIo.addToken(TOKEN, { scopes: ['publish-update', 'trusted-publishing'], ...more });
      expect((await found(UPDATES)).warnings).toHaveLength(count);
    });

    it('never asks about yank, and says so', async () => {
      const all: EndpointScope[] = ['publish-update', 'yank'];
      cratesIo.addToken(TOKEN, { scopes: all });
      const { scopes, warnings } = await found({ declared: all, crates: ['sqlrite'] });
      expect(scopes).toContain('not asked: yank');
      expect(warnings).toEqual([]);
    });
  });

  describe('when the scope is good and the crate cannot be published all the same', () => {
    it('warns that it takes trusted publishing only', async () => {
      cratesIo.setCrate('sqlrite', { trustedPublishingOnly: true });
      cratesIo.addToken(TOKEN, EXACT);
      const { scopes, warnings } = await found();
      expect(scopes).toContain('has publish-update, publish-new');
      expect(warnings).toEqual([expect.stringContaining('by trusted publishing only, so this token cannot')]);
    });

    it('warns that the account has no verified address', async () => {
      cratesIo.addToken(TOKEN, { ...EXACT, verifiedEmail: false });
      expect((await found(UPDATES)).warnings).toEqual([expect.stringContaining('verified e-mail address')]);
    });

    it('warns that the account has used up its publishes, of new crates too', async () => {
      cratesIo.addToken(TOKEN, { ...EXACT, publishesLeft: { 'publish-new': 0, 'publish-update': 0 } });
      const { scopes, warnings } = await found();
      expect(scopes).toContain('has publish-update, publish-new');
      expect(warnings).toEqual(Array(2).fill(expect.stringContaining('has used up')));
    });
  });

  describe('when crates.io answers errors with 200', () => {
    it.each([
      ['may', EXACT, 'live'],
      ['may not', { scopes: ['publish-new'] as const }, 'refused'],
    ] as const)('reads its words: a token that %s', async (_, spec, verdict) => {
      await restart({ hidesStatus: true });
      cratesIo.addToken(TOKEN, spec);
      expect((await check()).verdict).toBe(verdict);
    });
  });

  describe('when the token dies in between', () => {
    it('refuses it', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      clock.onSleep = () => {
        if (uploads().length > 0) cratesIo.revokeToken(TOKEN);
      };
      expect(await check()).toEqual({ verdict: 'refused', reason: expect.stringContaining('revoked') });
    });
  });

  describe('when an answer is none that is known', () => {
    const faults: readonly [string, FaultKind][] = [
      ['a log-in page', { kind: 'html' }],
      ['half an answer', { kind: 'truncate' }],
      ['a cut answer', { kind: 'cut' }],
      ['an empty one', { kind: 'empty' }],
      ['a reset', { kind: 'reset' }],
      ['silence', { kind: 'hang' }],
      ['a dripping one', { kind: 'drip', everyMs: 20 }],
      ['429 in other words', { kind: 'status', status: 429 }],
      ['503', { kind: 'status', status: 503 }],
      ['404', { kind: 'status', status: 404, body: { errors: [{ detail: 'Not Found' }] } }],
      ['success', { kind: 'status', status: 200, body: { crate: { name: 'sqlrite' }, warnings: {} } }],
      [
        'known words with 500',
        { kind: 'status', status: 500, body: { errors: [{ detail: 'invalid tarball length' }] } },
      ],
      [
        'other words',
        { kind: 'status', status: 400, body: { errors: [{ detail: 'invalid tarball length!' }] } },
      ],
    ];

    const paths = {
      'publish-update': NEW_PATH,
      'trusted-publishing': CONFIGS_PATH,
      'change-owners': OWNERS_PATH,
    };
    const cases = faults.flatMap(([what, fault]) =>
      Object.entries(paths).map(([scope, path]) => ({ what, scope, path, fault })),
    );

    it.each(cases)('notes $what for $scope, and the token stays live', async ({ scope, path, fault }) => {
      cratesIo.addToken(TOKEN, EXACT);
      if (path === NEW_PATH) passFirstQuestion();
      cratesIo.fault({ ...fault, path });
      const answer = await check(UPDATES, 250);
      expect(answer.verdict).toBe('live');
      const warnings = 'warnings' in answer ? answer.warnings : [];
      expect(warnings).toEqual([
        expect.stringMatching(`whether it has the scope ${scope} could not be learned: .`),
      ]);
    });

    it.each(faults)('notes %s to the question without a token, and sends none then', async (_, fault) => {
      cratesIo.addToken(TOKEN, EXACT);
      cratesIo.fault({ ...fault, path: NEW_PATH });
      const answer = await check(UPDATES, 250);
      expect(answer).toEqual(
        expect.objectContaining({
          verdict: 'live',
          warnings: [expect.stringContaining('publish-update could not')],
        }),
      );
      expect(uploads()).toHaveLength(1);
    });

    it('holds nothing for proven where crates.io does not ask for a token first', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      const first = { errors: [{ detail: 'invalid tarball length' }] };
      cratesIo.fault({ kind: 'status', status: 400, body: first, path: NEW_PATH, times: 9 });
      const { scopes, warnings } = await found();
      expect(scopes).toContain('not learned: publish-update, publish-new');
      expect(warnings).toEqual(Array(2).fill(expect.stringContaining('does not ask for a token first')));
      expect(uploads().some(({ headers }) => 'authorization' in headers)).toBe(false);
    });

    it.each([NEW_PATH, CONFIGS_PATH, OWNERS_PATH])('sends no token on from %s', async (path) => {
      cratesIo.addToken(TOKEN, EXACT);
      const elsewhere = await startCratesIo();
      elsewhere.addToken(TOKEN, EXACT);
      if (path === NEW_PATH) passFirstQuestion();
      cratesIo.fault({ kind: 'redirect', to: `${elsewhere.url}/api/v1/crates/new`, path });
      expect((await found(UPDATES)).warnings).toEqual([expect.stringContaining('was not sent on')]);
      expect(elsewhere.requests).toEqual([]);
      await elsewhere.close();
    });
  });

  describe('when there is no crate to ask about', () => {
    it('says that none is declared', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      const { warnings } = await found({ ...DECLARED, crates: [] });
      expect(warnings).toEqual(['its scopes were not asked: no crate is declared for it']);
      expect(cratesIo.requests).toHaveLength(1);
    });

    it('asks about making one that does not exist, and says that new versions could not be asked about', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      const { scopes, warnings } = await found({ ...DECLARED, crates: ['sqlrite-next'] });
      expect(scopes).toBe(
        'has publish-new; not seen: change-owners; not learned: publish-update; not asked: yank',
      );
      expect(warnings).toEqual([expect.stringContaining('none of its crates exists at crates.io yet')]);
      expect(await found({ declared: ['publish-new'], crates: ['sqlrite-next'] })).toMatchObject({
        warnings: [],
      });
    });

    it('says why none could be read', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      cratesIo.fault({ kind: 'status', status: 503, path: /^\/api\/v1\/crates\/sqlrite$/ });
      expect((await found(UPDATES)).warnings).toEqual([
        'whether it has the scope publish-update could not be learned: crates.io answered 503',
      ]);
    });

    it('asks about no name that somebody has, or that was just deleted', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      cratesIo.setCrate(SPARE);
      expect((await found()).warnings).toEqual(
        Array(2).fill(expect.stringContaining('no name of which it is sure')),
      );
      cratesIo.deleteCrate(SPARE);
      expect((await found()).warnings).toEqual([expect.stringContaining('publish-new could not be learned')]);
    });
  });

  describe('when the token may not be needed', () => {
    const trusted = {
      provider: 'github',
      repository: 'joaoh82/rust_sqlite',
      run_id: '1',
      sha: 'a'.repeat(40),
    };
    const byWorkflow = { versions: [{ number: '0.3.0', publishedAt: NOW, trustedPublisher: trusted }] };

    it('says so where every crate was last published without one', async () => {
      cratesIo.setCrate('sqlrite', byWorkflow);
      cratesIo.addToken(TOKEN, { scopes: ['publish-update'] });
      expect((await found(UPDATES)).warnings).toEqual([expect.stringContaining('may not be needed')]);
    });

    it.each([
      ['one of them was published by a token', UPDATES.declared, ['sqlrite', 'sqlrite-ffi']],
      ['a new crate is to be made', DECLARED.declared, ['sqlrite']],
    ])('is silent where %s', async (_, declared, crates) => {
      cratesIo.setCrate('sqlrite', byWorkflow);
      cratesIo.setCrate('sqlrite-ffi');
      cratesIo.addToken(TOKEN, EXACT);
      const { warnings } = await found({ declared, crates });
      expect(warnings.filter((one) => one.includes('may not be needed'))).toEqual([]);
    });
  });

  describe('when it asks', () => {
    it('sends uploads that hold metadata and nothing after it', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      await check();
      const sent = uploads().map(({ body }) => [
        body.readUInt32LE(),
        body.length - 4,
        JSON.parse(String(body.subarray(4))),
      ]);
      const own = [33, 33, { name: 'sqlrite', vers: '0.0.0' }];
      const spare = [46, 46, { name: SPARE, vers: '0.0.0' }];
      expect(sent).toEqual([own, own, spare, spare]);
    });

    it('takes one publish of each kind, and no more', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      await check();
      expect(cratesIo.token(TOKEN)?.publishesLeft).toEqual({ 'publish-new': 4, 'publish-update': 29 });
      expect(SCOPE_COST).toContain('up to two uploads that hold no crate');
    });

    it('takes none for a new crate where that is not declared', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      await check(UPDATES);
      expect(cratesIo.token(TOKEN)?.publishesLeft).toEqual({ 'publish-new': 5, 'publish-update': 29 });
    });

    it('lets a second pass between all of them', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      await check();
      const times = cratesIo.requests.map(({ at }) => at.getTime());
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
      expect(gaps).toHaveLength(9);
    });

    it('names no owner, changes nothing, and never asks to yank, delete or revoke', async () => {
      const all: EndpointScope[] = [
        'publish-new',
        'publish-update',
        'trusted-publishing',
        'yank',
        'change-owners',
      ];
      cratesIo.addToken(TOKEN, { scopes: all });
      await check({ declared: all, crates: ['sqlrite'] });
      const writes = cratesIo.requests.filter(({ method }) => method !== 'GET').map(({ path }) => path);
      expect(new Set(writes)).toEqual(new Set(['/api/v1/crates/new', `/api/v1/crates/${SPARE}/owners`]));
      expect(JSON.parse(String(cratesIo.requests.find(({ path }) => OWNERS_PATH.test(path))?.body))).toEqual({
        owners: [],
      });
    });

    it('carries the token in Authorization alone, and not where what is public is read', async () => {
      cratesIo.addToken(TOKEN, EXACT);
      await check();
      const withToken = cratesIo.requests.filter(({ headers }) => headers.authorization === TOKEN);
      expect(withToken.map(({ path }) => path)).toEqual([
        '/api/v1/me/tokens/0',
        '/api/v1/crates/new',
        '/api/v1/trusted_publishing/github_configs',
        '/api/v1/crates/new',
        `/api/v1/crates/${SPARE}/owners`,
      ]);
      const bare = cratesIo.requests.map((one) => ({
        ...one,
        rawHeaders: one.rawHeaders.filter((text) => text !== TOKEN),
      }));
      expect(findLeaks(TOKEN, new Map([['requests', wireOf(bare)]]))).toEqual([]);
    });
  });
});
