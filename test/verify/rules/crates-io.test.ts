import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/verify/fact.ts';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { CrateFact, CrateVersion, PipelineFacts, SecretFact } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { Context } from '../../../src/verify/rule.ts';
import { cratesIoRules } from '../../../src/verify/rules/crates-io.ts';
import { aContext, aCrate, aPipeline, aSecret, facts } from '../../support/pipeline-facts.ts';

const REPO = 'joaoh82/rust_sqlite';
const STORED_AT = new Date('2026-06-01T08:00:00Z');
const UNREAD = unavailable('unreachable', 'crates.io answered with 503');
const DENIED = unavailable('permission', 'GitHub asks for the permission environments:read');

interface Situation {
  readonly crates?: Readonly<Record<string, Fact<CrateFact | undefined>>>;
  readonly trustedPublishing?: boolean;
  readonly declared?: readonly string[];
  readonly secrets?: Fact<readonly SecretFact[]>;
  readonly stored?: PipelineFacts['stored'];
}

function situation({ crates, trustedPublishing = false, declared, secrets, stored }: Situation): Context {
  const all = crates ?? { sqlrite: known(aCrate()) };
  const { environment, ...pipeline } = aPipeline();
  const before = facts();
  return aContext({
    pipeline: {
      ...pipeline,
      environment: { ...environment, secrets: declared ?? environment.secrets },
      publishers: { ...pipeline.publishers, cratesIo: { crates: Object.keys(all), trustedPublishing } },
    },
    facts: {
      ...before,
      crates: new Map(Object.entries(all)),
      secrets: { ...before.secrets, environment: secrets ?? before.secrets.environment },
      stored: stored ?? before.stored,
    },
  });
}

function version(number: string, day: string, trustedRepository?: string): CrateVersion {
  return { number, publishedAt: new Date(`${day}T08:00:00Z`), trustedRepository };
}

function trusted(changes: Partial<CrateFact> = {}): CrateFact {
  return aCrate({
    versions: [version('0.3.0', '2026-08-01', REPO), version('0.2.0', '2026-05-01')],
    ...changes,
  });
}

function judge(changes: Situation): readonly Finding[] {
  return judgePipeline(cratesIoRules, situation(changes));
}

function findingOf(rule: string, changes: Situation, subject?: string): Finding {
  const found = judge(changes).filter((one) => one.rule === rule && (!subject || one.subject === subject));
  expect(found).toHaveLength(1);
  return found[0] as Finding;
}

function outcomes(changes: Situation): Readonly<Record<string, string>> {
  return Object.fromEntries(judge(changes).map(({ rule, outcome }) => [rule, outcome]));
}

describe('the rules about crates.io', () => {
  it('find nothing wrong where the crate is published with a token, as declared', () => {
    expect(outcomes({})).toEqual({
      'crate-exists': 'pass',
      'crate-published-by': 'pass',
      'crate-token-in-use': 'pass',
      'crate-token-dead-weight': 'pass',
      'crate-token-retirable': 'not-applicable',
    });
  });

  it('find nothing wrong where it comes by trusted publishing, as declared, and no token is kept', () => {
    const without = { declared: [], secrets: known([]), stored: new Map() };
    const found = outcomes({ ...without, trustedPublishing: true, crates: { sqlrite: known(trusted()) } });
    expect(found).toEqual({
      'crate-exists': 'pass',
      'crate-published-by': 'pass',
      'crate-token-dead-weight': 'pass',
      'crate-token-retirable': 'pass',
    });
  });

  it('say nothing where no crate is declared', () => {
    const { publishers } = aPipeline();
    const context = aContext({ pipeline: aPipeline({ publishers: { ...publishers, cratesIo: undefined } }) });
    expect(judgePipeline(cratesIoRules, context)).toEqual([]);
  });

  it('are all unknown, with the reason, when crates.io could not be read', () => {
    const found = judge({ crates: { sqlrite: UNREAD } });
    expect(found).toHaveLength(cratesIoRules.length);
    for (const { outcome, observed } of found)
      expect([outcome, observed]).toEqual(['unknown', UNREAD.reason]);
  });

  it('are unknown for a crate that nobody looked up', () => {
    const context = { ...situation({}), facts: facts({ crates: new Map() }) };
    const found = judgePipeline(cratesIoRules, context);
    expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['unknown']));
  });
});

describe('crate-exists', () => {
  it('alone fails for a crate that was never published, and tells how to publish it first', () => {
    const missing = { crates: { sqlrite: known(undefined) } };
    expect(outcomes(missing)).toEqual({
      'crate-exists': 'fail',
      'crate-published-by': 'not-applicable',
      'crate-token-in-use': 'not-applicable',
      'crate-token-dead-weight': 'not-applicable',
      'crate-token-retirable': 'not-applicable',
    });
    const { remedy } = findingOf('crate-exists', missing);
    expect(remedy).toContain('https://crates.io/settings/tokens/new');
    expect(remedy).toContain('Name: "first version of sqlrite"; Expiration: "7 days"; Scopes: "publish-new"');
    expect(remedy).not.toContain('Repository owner');
  });

  it('goes on to the publisher where trusted publishing is declared', () => {
    const { remedy } = findingOf('crate-exists', {
      trustedPublishing: true,
      crates: { sqlrite: known(undefined) },
    });
    expect(remedy).toContain(
      'https://crates.io/crates/sqlrite/settings, press Add beside Trusted Publishing, fill in Publisher: "GitHub"; Repository owner: "joaoh82"; Repository name: "rust_sqlite"; Workflow filename: "release.yml"; Environment name: "release"',
    );
  });
});

describe('crate-published-by', () => {
  it('fails where trusted publishing is declared and the newest version came with a token', () => {
    const found = findingOf('crate-published-by', { trustedPublishing: true });
    expect(found).toMatchObject({ outcome: 'fail', severity: 'high' });
    expect(found.observed).toBe('0.2.0 of 2026-07-01 was published with a token');
    expect(found.remedy).toContain('Workflow filename: "release.yml"; Environment name: "release"');
  });

  it('fails mildly, and alone, where a token is declared and trusted publishing has taken over', () => {
    const changes = { crates: { sqlrite: known(trusted()) } };
    const failing = judge(changes).filter(({ outcome }) => outcome === 'fail');
    expect(failing.map(({ rule, severity }) => [rule, severity])).toEqual([['crate-published-by', 'low']]);
    expect(failing[0]?.remedy).toContain('trusted-publishing: true');
  });

  it.each([true, false])('fails for another repository, with trusted-publishing: %s', (trustedPublishing) => {
    const crate = aCrate({ versions: [version('0.3.0', '2026-08-01', 'someone/else')] });
    const found = findingOf('crate-published-by', { trustedPublishing, crates: { sqlrite: known(crate) } });
    expect(found).toMatchObject({ outcome: 'fail', severity: 'high' });
    expect(found.observed).toContain('"someone/else"');
    expect(found.remedy).toContain('cargo yank sqlrite@0.3.0');
  });

  it('takes upper and lower case of the repository for the same, as crates.io does', () => {
    const crate = aCrate({ versions: [version('0.3.0', '2026-08-01', 'JoaoH82/Rust_SQLite')] });
    const found = findingOf('crate-published-by', {
      trustedPublishing: true,
      crates: { sqlrite: known(crate) },
    });
    expect(found.outcome).toBe('pass');
  });

  it('is unknown where no version is shown', () => {
    const found = findingOf('crate-published-by', { crates: { sqlrite: known(aCrate({ versions: [] })) } });
    expect(found).toMatchObject({ outcome: 'unknown', observed: 'crates.io shows no version of sqlrite' });
  });

  it('judges each crate alone', () => {
    const crates = {
      sqlrite: known(aCrate()),
      'sqlrite-cli': known(trusted({ name: 'sqlrite-cli' })),
      gone: UNREAD,
    };
    const found = judge({ crates }).filter(({ rule }) => rule === 'crate-published-by');
    expect(found.map(({ subject, outcome }) => [subject, outcome])).toEqual([
      ['sqlrite', 'pass'],
      ['sqlrite-cli', 'fail'],
      ['gone', 'unknown'],
    ]);
  });
});

describe('crate-token-in-use', () => {
  const token = (storedAt: Date | undefined, kind = 'crates-io-token') => ({
    credential: 'crates-io',
    kind,
    storedAt,
    remoteUpdatedAt: storedAt,
    lifetimeDays: 365,
  });

  it('names the first version that came with a token after it was stored', () => {
    const versions = [
      version('0.4.0', '2026-09-01'),
      version('0.3.0', '2026-08-01'),
      version('0.2.1', '2026-07-01', REPO),
      version('0.2.0', '2026-05-01'),
    ];
    const found = findingOf('crate-token-in-use', { crates: { sqlrite: known(aCrate({ versions })) } });
    expect(found.outcome).toBe('pass');
    expect(found.observed).toContain('first used for 0.3.0 on 2026-08-01');
  });

  it.each([
    ['nothing was published since', [version('0.2.0', '2026-05-01')], 'stored on 2026-06-01, not yet used'],
    [
      'only trusted publishing did',
      [version('0.3.0', '2026-08-01', REPO), version('0.2.0', '2026-05-01')],
      'stored on 2026-06-01, not yet used; what was published since then came by trusted publishing',
    ],
  ] as const)('does not apply yet where %s', (_, versions, observed) => {
    const found = findingOf('crate-token-in-use', { crates: { sqlrite: known(aCrate({ versions })) } });
    expect(found).toMatchObject({ outcome: 'not-applicable', observed });
  });

  it('does not apply where reseal has not stored the token', () => {
    const found = findingOf('crate-token-in-use', {
      stored: new Map([['CRATES_IO_TOKEN', token(undefined)]]),
    });
    expect(found).toMatchObject({
      outcome: 'not-applicable',
      observed: 'reseal has not stored CRATES_IO_TOKEN yet',
    });
  });

  it('counts the token that was stored last', () => {
    const stored = new Map([
      ['NEW_TOKEN', token(new Date('2026-10-01T08:00:00Z'))],
      ['CRATES_IO_TOKEN', token(STORED_AT)],
    ]);
    expect(findingOf('crate-token-in-use', { stored }).observed).toBe('stored on 2026-10-01, not yet used');
  });

  it('says nothing of other kinds', () => {
    const found = judge({ stored: new Map([['CRATES_IO_TOKEN', token(STORED_AT, 'generic')]]) });
    expect(found.filter(({ rule }) => rule === 'crate-token-in-use')).toEqual([]);
  });
});

describe('crate-token-dead-weight', () => {
  const closed = { crates: { sqlrite: known(aCrate({ trustedPublishingOnly: true })) } };

  it('alone fails where every crate refuses tokens', () => {
    const failing = judge(closed).filter(({ outcome }) => outcome === 'fail');
    expect(failing.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['crate-token-dead-weight', 'release'],
    ]);
    expect(failing[0]?.remedy).toContain(
      'At https://github.com/joaoh82/rust_sqlite/settings/environments open release and delete the environment secret CRATES_IO_TOKEN, and take it out of the configuration. Unless the token is used elsewhere, press Revoke beside it at https://crates.io/settings/tokens',
    );
    expect(failing[0]?.remedy).toContain('reseal retire crates-io');
  });

  it('fails for a token that is declared, even while the secrets cannot be read', () => {
    expect(findingOf('crate-token-dead-weight', { ...closed, secrets: DENIED }).outcome).toBe('fail');
  });

  it('fails for a token by its usual name that neither file nor register knows', () => {
    const found = findingOf('crate-token-dead-weight', {
      ...closed,
      declared: [],
      stored: new Map(),
      secrets: known([aSecret('CARGO_REGISTRY_TOKEN')]),
    });
    expect(found.outcome).toBe('fail');
    expect(found.observed).toContain('CARGO_REGISTRY_TOKEN');
  });

  it('is unknown where nothing is declared and the secrets cannot be read', () => {
    const found = findingOf('crate-token-dead-weight', { ...closed, declared: [], secrets: DENIED });
    expect(found).toMatchObject({ outcome: 'unknown', observed: DENIED.reason });
  });

  it('passes while one crate still takes tokens', () => {
    const crates = { ...closed.crates, 'sqlrite-cli': known(aCrate({ name: 'sqlrite-cli' })) };
    const found = findingOf('crate-token-dead-weight', { crates });
    expect(found).toMatchObject({ outcome: 'pass', observed: 'tokens can publish sqlrite-cli' });
  });
});

describe('crate-token-retirable', () => {
  const retirable = { trustedPublishing: true, crates: { sqlrite: known(trusted()) } };

  it('alone fails where trusted publishing does the work and the token is still there', () => {
    const failing = judge(retirable).filter(({ outcome }) => outcome === 'fail');
    expect(failing.map(({ rule, severity }) => [rule, severity])).toEqual([['crate-token-retirable', 'low']]);
    expect(failing[0]?.remedy).toContain(
      'Tick "Require trusted publishing for all new versions" at https://crates.io/crates/sqlrite/settings.',
    );
    expect(failing[0]?.remedy).toContain('unless a new crate is planned');
  });

  it('leaves it to crate-token-dead-weight once no crate takes tokens', () => {
    const crates = { sqlrite: known(trusted({ trustedPublishingOnly: true })) };
    const failing = judge({ ...retirable, crates }).filter(({ outcome }) => outcome === 'fail');
    expect(failing.map(({ rule }) => rule)).toEqual(['crate-token-dead-weight']);
  });

  it('is unknown where the secrets cannot be read', () => {
    const found = findingOf('crate-token-retirable', { ...retirable, secrets: DENIED });
    expect(found).toMatchObject({ outcome: 'unknown', observed: DENIED.reason });
  });

  it('passes once the token is gone', () => {
    const found = findingOf('crate-token-retirable', { ...retirable, secrets: known([]) });
    expect(found.outcome).toBe('pass');
  });

  it.each([
    ['a token is declared', {}, 'trusted publishing would make the token unnecessary'],
    [
      'the newest version still came with a token',
      { trustedPublishing: true },
      'did not come by trusted publishing',
    ],
    [
      'a crate does not exist yet',
      { crates: { a: known(trusted()), b: known(undefined) } },
      'does not exist yet',
    ],
  ] as const)('does not apply where %s', (_, changes, observed) => {
    const found = findingOf('crate-token-retirable', changes);
    expect(found.outcome).toBe('not-applicable');
    expect(found.observed).toContain(observed);
  });
});
