import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/verify/fact.ts';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { PipelineFacts, SecretFact, SecretsFacts, StoredSecret } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { Context } from '../../../src/verify/rule.ts';
import { ENVIRONMENT_RULES } from '../../../src/verify/rules/environment.ts';
import { SECRETS_RULES } from '../../../src/verify/rules/secrets.ts';
import { WORKFLOW_RULES } from '../../../src/verify/rules/workflow.ts';
import { aContext, aSecret, facts } from '../../support/pipeline-facts.ts';

const SETTINGS = 'https://github.com/joaoh82/rust_sqlite/settings';
const STORED_AT = new Date('2026-06-01T08:00:00Z');
const BLIND = unavailable('permission', 'GitHub asks for a permission');

function judge(changes: Partial<PipelineFacts> = {}, context: Partial<Context> = {}): readonly Finding[] {
  const rules = [...ENVIRONMENT_RULES, ...SECRETS_RULES, ...WORKFLOW_RULES];
  return judgePipeline(rules, aContext({ facts: facts(changes), ...context }));
}

function withSecrets(changes: Partial<SecretsFacts>, more: Partial<PipelineFacts> = {}): readonly Finding[] {
  return judge({ secrets: { ...facts().secrets, ...changes }, ...more });
}

function one(findings: readonly Finding[], rule: string): Finding | undefined {
  return findings.find((finding) => finding.rule === rule);
}

function failing(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule);
}

describe('the rules of secrets', () => {
  it('pass where everything is as declared', () => {
    const own = judge().filter(({ rule }) => rule.startsWith('secret-'));
    expect(own.map(({ rule, outcome }) => `${rule} ${outcome}`)).toEqual(
      SECRETS_RULES.map(({ id }) => `${id} pass`),
    );
  });

  it.each<[string, string, Partial<SecretsFacts>, string]>([
    [
      'it is not in the environment',
      'secret-in-environment',
      { environment: known([]) },
      'reseal rotate crates-io',
    ],
    [
      'the repository has one',
      'secret-not-in-repository',
      { repository: known([aSecret()]) },
      `${SETTINGS}/secrets/actions`,
    ],
    [
      'the organisation has one',
      'secret-not-in-organisation',
      { organisation: known([aSecret('crates_io_token')]) },
      'https://github.com/organizations/joaoh82/settings/secrets/actions',
    ],
    [
      'Dependabot has one',
      'secret-not-in-dependabot',
      { dependabot: known([aSecret()]) },
      `${SETTINGS}/secrets/dependabot`,
    ],
    [
      'another is there',
      'secret-undeclared',
      { environment: known([aSecret(), aSecret('NPM_TOKEN')]) },
      `${SETTINGS}/environments`,
    ],
    [
      'it was written later',
      'secret-age',
      { environment: known([aSecret('CRATES_IO_TOKEN', new Date('2026-06-01T08:00:01Z'))]) },
      'reseal confirm crates-io --stored --expires DATE',
    ],
  ])('when %s, only %s fails, and says what to do', (_, rule, changes, remedy) => {
    const findings = withSecrets(changes);
    expect(failing(findings)).toEqual([rule]);
    expect(one(findings, rule)?.remedy).toContain(remedy);
    expect(findings.filter(({ outcome, remedy }) => outcome !== 'fail' && remedy !== '')).toEqual([]);
  });

  it.each<[keyof SecretsFacts, readonly string[]]>([
    ['environment', ['secret-in-environment', 'secret-undeclared', 'secret-age']],
    ['repository', ['secret-not-in-repository']],
    ['organisation', ['secret-not-in-organisation']],
    ['dependabot', ['secret-not-in-dependabot']],
  ])('when those of %s could not be read, are unknown: %j', (level, rules) => {
    const findings = withSecrets({ [level]: BLIND });
    const unknown = findings.filter(({ outcome }) => outcome === 'unknown');
    expect(unknown.map(({ rule }) => rule)).toEqual(rules);
    expect(unknown.every(({ observed }) => observed === BLIND.reason)).toBe(true);
    expect(failing(findings)).toEqual([]);
  });

  it('do not apply, of the environment, where there is none', () => {
    const findings = withSecrets({ environment: BLIND }, { environment: known(undefined) });
    expect(failing(findings)).toEqual(['environment-exists']);
    for (const rule of ['secret-in-environment', 'secret-undeclared', 'secret-age'])
      expect(one(findings, rule)).toMatchObject({
        outcome: 'not-applicable',
        observed: 'there is no environment release',
      });
    expect(one(findings, 'secret-not-in-repository')?.outcome).toBe('pass');
  });

  it('say where to look where the address of the pages is not known', () => {
    const secrets: SecretsFacts = {
      environment: known([aSecret(), aSecret('OTHER')]),
      repository: known([aSecret()]),
      organisation: known([aSecret()]),
      dependabot: known([aSecret()]),
    };
    const pages = { ...aContext().pages, repository: undefined };
    const remedies = judge({}, { facts: facts({ secrets }), pages })
      .filter(({ outcome }) => outcome === 'fail')
      .map(({ remedy }) => remedy);
    expect(remedies).toHaveLength(4);
    expect(
      remedies.filter((remedy) => !remedy.includes('Settings → ') || remedy.includes('undefined')),
    ).toEqual([]);
  });
});

describe('secret-in-environment', () => {
  it('says what is there instead, and how to store what reseal does not keep', () => {
    const found = withSecrets({ environment: known([aSecret('CARGO_TOKEN')]) }, { stored: new Map() });
    const finding = one(found, 'secret-in-environment');
    expect(finding?.observed).toBe('it is not there; what is: CARGO_TOKEN');
    expect(finding?.remedy).toBe(
      `open ${SETTINGS}/environments and press "release"; under "Environment secrets" press "Add environment secret" and enter CRATES_IO_TOKEN as "Name"`,
    );
  });

  it('lists ten others at most', () => {
    const many = Array.from({ length: 12 }, (_, index) => aSecret(`S${index}`));
    const observed = one(withSecrets({ environment: known(many) }), 'secret-in-environment')?.observed;
    expect(observed).toBe('it is not there; what is: S0, S1, S2, S3, S4, S5, S6, S7, S8, S9, …');
  });

  it('compares names without case', () => {
    const findings = withSecrets({ environment: known([aSecret('Crates_Io_Token', STORED_AT)]) });
    expect(failing(findings)).toEqual([]);
  });
});

describe('secret-undeclared', () => {
  it('names each by itself', () => {
    const environment = known([aSecret('A'), aSecret(), aSecret('B')]);
    const found = withSecrets({ environment }).filter(({ rule }) => rule === 'secret-undeclared');
    expect(found.map(({ subject, outcome }) => `${subject} ${outcome}`)).toEqual(['A fail', 'B fail']);
    expect(found[0]?.remedy).toContain('add A to pipelines.rust_sqlite.environment.secrets');
  });

  it('passes once where there are none', () => {
    const found = withSecrets({ environment: known([]) }).filter(({ rule }) => rule === 'secret-undeclared');
    expect(found.map(({ subject, outcome, observed }) => [subject, outcome, observed])).toEqual([
      ['release', 'pass', 'no secrets at all'],
    ]);
  });
});

describe('secret-age', () => {
  const stored: StoredSecret = {
    credential: 'crates-io',
    kind: 'crates-io-token',
    storedAt: STORED_AT,
    remoteUpdatedAt: STORED_AT,
    lifetimeDays: 365,
  };

  function judgeAge(
    changes: Partial<StoredSecret>,
    updatedAt = STORED_AT,
    at = facts().at,
  ): Finding | undefined {
    const environment: Fact<readonly SecretFact[]> = known([aSecret('CRATES_IO_TOKEN', updatedAt)]);
    const read = new Map([['CRATES_IO_TOKEN', { ...stored, ...changes }]]);
    return one(withSecrets({ environment }, { stored: read, at }), 'secret-age');
  }

  it.each<[string, Partial<StoredSecret>, string, string]>([
    ['as stored', {}, STORED_AT.toISOString(), 'pass'],
    ['a second later', {}, '2026-06-01T08:00:01Z', 'fail'],
    ['earlier than what was seen', {}, '2026-05-01T08:00:00Z', 'unknown'],
    [
      'never stored by reseal',
      { storedAt: undefined, remoteUpdatedAt: undefined },
      '2026-06-01T08:00:00Z',
      'not-applicable',
    ],
    ['never stored by reseal, but seen', { storedAt: undefined }, '2026-07-01T08:00:00Z', 'not-applicable'],
    [
      'never stored by reseal, and too old',
      { storedAt: undefined, remoteUpdatedAt: undefined },
      '2025-11-23T10:00:00Z',
      'fail',
    ],
    ['a write that nobody saw land', { remoteUpdatedAt: undefined }, '2026-06-01T08:00:00Z', 'unknown'],
    ['of no known lifetime', { lifetimeDays: undefined }, STORED_AT.toISOString(), 'pass'],
  ])('of %s: %j, dated %s, is %s', (_, changes, updatedAt, outcome) => {
    expect(judgeAge(changes, new Date(updatedAt))?.outcome).toBe(outcome);
  });

  it('fails from the day on which the lifetime is over', () => {
    expect(judgeAge({}, STORED_AT, new Date('2027-06-01T07:59:59Z'))?.outcome).toBe('pass');
    expect(judgeAge({}, STORED_AT, new Date('2027-06-01T08:00:00Z'))).toMatchObject({
      outcome: 'fail',
      severity: 'medium',
      observed: 'GitHub dates it 2026-06-01 08:00 UTC, 365 days ago: one lives for 365 days',
      remedy: 'make a new one and run `reseal rotate crates-io`',
    });
  });

  it('does not apply where no credential is stored there', () => {
    expect(one(judge({ stored: new Map() }), 'secret-age')?.observed).toBe(
      'no registered credential is stored there',
    );
  });
});
