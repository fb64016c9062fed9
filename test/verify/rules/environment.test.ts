import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { DeploymentBranch, EnvironmentFact, PipelineFacts } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { DeclaredPipeline } from '../../../src/verify/pipeline.ts';
import { ENVIRONMENT_RULES } from '../../../src/verify/rules/environment.ts';
import { SECRETS_RULES } from '../../../src/verify/rules/secrets.ts';
import { WORKFLOW_RULES } from '../../../src/verify/rules/workflow.ts';
import { aContext, anEnvironment, aPipeline, facts } from '../../support/pipeline-facts.ts';

const PAGE = 'https://github.com/joaoh82/rust_sqlite/settings/environments';

type Declared = DeclaredPipeline['environment'];

interface Situation {
  readonly declared?: Partial<Declared>;
  readonly found?: Partial<EnvironmentFact>;
  readonly facts?: Partial<PipelineFacts>;
}

function judge({ declared, found, facts: changes }: Situation = {}): readonly Finding[] {
  const pipeline = aPipeline({ environment: { ...aPipeline().environment, ...declared } });
  const read = facts({ environment: known(anEnvironment(found)), ...changes });
  const rules = [...ENVIRONMENT_RULES, ...SECRETS_RULES, ...WORKFLOW_RULES];
  return judgePipeline(rules, aContext({ pipeline, facts: read }));
}

function one(findings: readonly Finding[], rule: string): Finding | undefined {
  return findings.find((finding) => finding.rule === rule);
}

function failing(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule);
}

const TWO = { requiredReviewers: ['joaoh82', 'acme/release-team'] };
const TWO_FOUND = { reviewers: ['joaoh82', 'acme/release-team'], preventsSelfReview: true };

describe('the rules of the environment', () => {
  it('pass where everything is as declared, and do not ask about self-review of one reviewer', () => {
    const findings = judge().filter(({ rule }) => rule.startsWith('environment-'));
    expect(findings.map(({ rule, outcome }) => [rule, outcome])).toEqual([
      ['environment-exists', 'pass'],
      ['environment-reviewers', 'pass'],
      ['environment-self-review', 'not-applicable'],
      ['environment-admin-bypass', 'pass'],
      ['environment-wait-timer', 'pass'],
      ['environment-deployment-branches', 'pass'],
      ['environment-custom-rules', 'pass'],
    ]);
  });

  it('name a question, a reason and the permission, each under an id of its own', () => {
    const ids = ENVIRONMENT_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ENVIRONMENT_RULES.every(({ question, why }) => question.endsWith('?') && why.endsWith('.'))).toBe(
      true,
    );
  });

  it.each<[string, string, Situation]>([
    ['it is gone', 'environment-exists', { facts: { environment: known(undefined) } }],
    [
      'a reviewer is missing',
      'environment-reviewers',
      { found: { reviewers: [], preventsSelfReview: undefined } },
    ],
    [
      'a reviewer is missing of two',
      'environment-reviewers',
      { declared: TWO, found: { reviewers: ['joaoh82'], preventsSelfReview: true } },
    ],
    ['a reviewer is too many', 'environment-reviewers', { found: { reviewers: ['joaoh82', 'mallory'] } }],
    ['nobody was to approve', 'environment-reviewers', { declared: { requiredReviewers: [] } }],
    [
      'self-review is allowed',
      'environment-self-review',
      { declared: TWO, found: { ...TWO_FOUND, preventsSelfReview: false } },
    ],
    ['administrators may not bypass', 'environment-admin-bypass', { found: { adminsMayBypass: false } }],
    ['administrators may bypass', 'environment-admin-bypass', { declared: { adminsMayBypass: false } }],
    ['there is a wait timer', 'environment-wait-timer', { found: { waitTimer: 30 } }],
    ['there is no wait timer', 'environment-wait-timer', { declared: { waitTimer: 30 } }],
    [
      'any branch may deploy',
      'environment-deployment-branches',
      { found: { deploymentPolicy: 'any' }, facts: { deploymentBranches: known([]) } },
    ],
    [
      'protected branches may',
      'environment-deployment-branches',
      { found: { deploymentPolicy: 'protected' }, facts: { deploymentBranches: known([]) } },
    ],
    [
      'a pattern is too many',
      'environment-deployment-branches',
      branches({ pattern: 'main', type: 'branch' }, { pattern: '*', type: 'branch' }),
    ],
    [
      'pull requests may deploy',
      'environment-deployment-branches',
      branches({ pattern: 'main', type: 'branch' }, { pattern: 'refs/pull/*/merge', type: 'branch' }),
    ],
    ['a tag has the name', 'environment-deployment-branches', branches({ pattern: 'main', type: 'tag' })],
    [
      'the branch has another case',
      'environment-deployment-branches',
      branches({ pattern: 'Main', type: 'branch' }),
    ],
    ['no branch is listed', 'environment-deployment-branches', branches()],
  ])('when %s, only %s fails, and says what to do', (_, rule, situation) => {
    const findings = judge(situation);
    expect(failing(findings)).toEqual([rule]);
    expect(one(findings, rule)?.remedy).toContain(PAGE);
    expect(findings.filter(({ outcome, remedy }) => outcome !== 'fail' && remedy !== '')).toEqual([]);
  });

  it('are unknown, with the reason, where the environment could not be read', () => {
    const blind = unavailable('permission', 'GitHub asks for the permission actions:read');
    const findings = judge({ declared: TWO, facts: { environment: blind } });
    const own = findings.filter(({ rule }) => rule.startsWith('environment-'));
    expect(own).toHaveLength(ENVIRONMENT_RULES.length);
    expect(own.every(({ outcome, observed }) => outcome === 'unknown' && observed === blind.reason)).toBe(
      true,
    );
    expect(failing(findings)).toEqual([]);
  });

  it('do not apply where there is no environment, save that it is missing', () => {
    const own = judge({ declared: TWO, facts: { environment: known(undefined) } }).filter(({ rule }) =>
      rule.startsWith('environment-'),
    );
    expect(own.map(({ outcome }) => outcome)).toEqual(['fail', ...Array(6).fill('not-applicable')]);
    expect(own[1]?.observed).toBe('there is no environment release');
  });
});

function branches(...found: readonly DeploymentBranch[]): Situation {
  return { facts: { deploymentBranches: known(found) } };
}

describe('environment-reviewers', () => {
  it('names who is missing and who is too many, and compares without case', () => {
    const findings = judge({
      declared: TWO,
      found: { ...TWO_FOUND, reviewers: ['JoaoH82', 'mallory'] },
    });
    const finding = one(findings, 'environment-reviewers');
    expect(finding?.observed).toBe(
      'JoaoH82 or mallory must approve; missing: acme/release-team; not declared: mallory',
    );
    expect(finding?.remedy).toBe(
      `open ${PAGE} and press "release"; tick "Required reviewers", add acme/release-team, remove mallory, and press "Save protection rules"; if mallory is meant to approve, add it to pipelines.rust_sqlite.environment.required-reviewers instead`,
    );
  });

  it('weighs less where more is asked for than was declared', () => {
    const finding = one(judge({ declared: { requiredReviewers: [] } }), 'environment-reviewers');
    expect([finding?.severity, finding?.expected]).toEqual(['low', 'nobody has to approve']);
  });
});

describe('environment-self-review', () => {
  it('passes where it is prevented, and says of one reviewer why it is not asked', () => {
    expect(one(judge({ declared: TWO, found: TWO_FOUND }), 'environment-self-review')?.outcome).toBe('pass');
    expect(one(judge(), 'environment-self-review')?.observed).toBe(
      'joaoh82 is the only reviewer declared, and could approve no release of their own',
    );
    const nobody = judge({ declared: { requiredReviewers: [] } });
    expect(one(nobody, 'environment-self-review')?.observed).toBe('no reviewer is declared');
  });

  it('takes a team for several people', () => {
    const team = { requiredReviewers: ['acme/release-team'] };
    const found = { reviewers: ['acme/release-team'], preventsSelfReview: false };
    expect(failing(judge({ declared: team, found }))).toEqual(['environment-self-review']);
  });

  it('is unknown where the answer does not say, and does not apply where nobody reviews', () => {
    const unsaid = judge({ declared: TWO, found: { ...TWO_FOUND, preventsSelfReview: undefined } });
    expect(one(unsaid, 'environment-self-review')?.outcome).toBe('unknown');
    const nobody = judge({ declared: TWO, found: { reviewers: [], preventsSelfReview: undefined } });
    expect(one(nobody, 'environment-self-review')?.outcome).toBe('not-applicable');
  });
});

describe('environment-admin-bypass', () => {
  it('says nothing where nothing is declared', () => {
    expect(
      one(judge({ declared: { adminsMayBypass: undefined } }), 'environment-admin-bypass'),
    ).toBeUndefined();
  });

  it('is unknown where the answer does not say', () => {
    const finding = one(judge({ found: { adminsMayBypass: undefined } }), 'environment-admin-bypass');
    expect(finding?.outcome).toBe('unknown');
  });

  it('weighs less where less is allowed than was declared', () => {
    const strict = one(judge({ found: { adminsMayBypass: false } }), 'environment-admin-bypass');
    const open = one(judge({ declared: { adminsMayBypass: false } }), 'environment-admin-bypass');
    expect([strict?.severity, open?.severity]).toEqual(['low', 'medium']);
  });
});

describe('environment-deployment-branches', () => {
  const finding = (situation: Situation) => one(judge(situation), 'environment-deployment-branches');

  it('passes whatever is found where none is declared, and says what it is', () => {
    const any = { declared: { deploymentBranches: undefined } };
    expect(finding(any)).toMatchObject({ outcome: 'pass', observed: 'main may deploy' });
    const found = finding({ ...any, found: { deploymentPolicy: 'any' } });
    expect(found).toMatchObject({
      outcome: 'pass',
      observed: 'every branch and every tag may deploy ("No restriction")',
    });
  });

  it('says what "Protected branches only" means', () => {
    expect(finding({ found: { deploymentPolicy: 'protected' } })?.observed).toBe(
      '"Protected branches only": whichever are protected at the time, and all of them while none is',
    );
  });

  it('names tags and pull requests for what they are, and each step', () => {
    const found = finding(
      branches({ pattern: 'main', type: 'tag' }, { pattern: 'refs/pull/*/merge', type: 'branch' }),
    );
    expect(found?.observed).toBe(
      'main (tags) and refs/pull/*/merge (which lets the workflows of pull requests deploy) may deploy; missing: main',
    );
    expect(found?.remedy).toBe(
      `open ${PAGE} and press "release"; press "Add deployment branch or tag rule", choose "Branch" as "Ref type", enter main and press "Add rule"; remove the rule main (tags); remove the rule refs/pull/*/merge (which lets the workflows of pull requests deploy)`,
    );
  });

  it('is unknown where the branches could not be read', () => {
    const blind = unavailable('unreachable', 'no answer');
    expect(finding({ facts: { deploymentBranches: blind } })).toMatchObject({
      outcome: 'unknown',
      observed: 'no answer',
    });
  });
});

describe('environment-custom-rules', () => {
  const finding = (changes: Partial<PipelineFacts>) =>
    one(judge({ facts: changes }), 'environment-custom-rules');

  it('lists what is switched on, and passes', () => {
    expect(finding({ customRules: known(['deploy-gate', 'scanner']) })).toMatchObject({
      outcome: 'pass',
      observed: 'deploy-gate and scanner',
    });
    expect(finding({})?.observed).toBe('none');
  });

  it('is unknown where they could not be read', () => {
    expect(finding({ customRules: unavailable('unreachable', 'no answer') })?.outcome).toBe('unknown');
  });
});
