import { describe, expect, it } from 'vitest';
import { known, unavailable } from '../../../src/verify/fact.ts';
import type { JobFact, WorkflowFact } from '../../../src/verify/facts.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { judgePipeline } from '../../../src/verify/judge.ts';
import type { DeclaredPipeline } from '../../../src/verify/pipeline.ts';
import { ENVIRONMENT_RULES } from '../../../src/verify/rules/environment.ts';
import { SECRETS_RULES } from '../../../src/verify/rules/secrets.ts';
import { WORKFLOW_RULES } from '../../../src/verify/rules/workflow.ts';
import { aContext, aJob, aPipeline, aWorkflow, facts } from '../../support/pipeline-facts.ts';

const BLOB = 'https://github.com/joaoh82/rust_sqlite/blob/main/.github/workflows';
const TOKEN = 'CRATES_IO_TOKEN';

function judge(
  workflows: readonly WorkflowFact[],
  changes: Partial<DeclaredPipeline> = {},
): readonly Finding[] {
  const rules = [...ENVIRONMENT_RULES, ...SECRETS_RULES, ...WORKFLOW_RULES];
  const read = facts({ workflows: known(workflows) });
  return judgePipeline(rules, aContext({ pipeline: aPipeline(changes), facts: read }));
}

function all(findings: readonly Finding[], rule: string): readonly string[] {
  return findings.filter((one) => one.rule === rule).map((one) => `${one.subject} ${one.outcome}`);
}

function one(findings: readonly Finding[], rule: string): Finding | undefined {
  const own = findings.filter((finding) => finding.rule === rule);
  return own.find(({ outcome }) => outcome !== 'pass') ?? own[0];
}

function failing(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ outcome }) => outcome === 'fail').map(({ rule }) => rule);
}

const CRATE = aJob({ id: 'publish-crate', publishesTo: ['crates-io'], secrets: [TOKEN] });
const PYTHON = aJob({ id: 'publish-python', publishesTo: ['pypi'] });
const NODE = aJob({ id: 'publish-nodejs', publishesTo: ['npm'] });

/** The compliant release with other jobs in it, of the same ids or new ones. */
function release(...jobs: readonly JobFact[]): WorkflowFact {
  const kept = [CRATE, PYTHON, NODE].filter(({ id }) => !jobs.some((job) => job.id === id));
  return aWorkflow({ jobs: [...kept, ...jobs] });
}

function other(changes: Partial<WorkflowFact>): WorkflowFact {
  return aWorkflow({ file: 'ci.yml', jobs: [], secrets: [], ...changes });
}

describe('the rules of the workflow', () => {
  it('pass where everything is as declared', () => {
    const own = judge([release(), other({})]).filter(({ rule }) => rule.startsWith('workflow-'));
    expect(own.map(({ rule, subject, outcome }) => `${rule} ${subject} ${outcome}`)).toEqual([
      'workflow-exists release.yml pass',
      'workflow-environment release.yml: publish-crate pass',
      'workflow-environment release.yml: publish-python pass',
      'workflow-environment release.yml: publish-nodejs pass',
      'workflow-id-token release.yml: publish-python pass',
      'workflow-id-token release.yml: publish-nodejs pass',
      'workflow-secret-only-there CRATES_IO_TOKEN pass',
    ]);
  });

  it.each<[string, string, readonly WorkflowFact[]]>([
    ['it is not there', 'workflow-exists', [other({})]],
    ['there is no workflow', 'workflow-exists', []],
    ['it has the other ending', 'workflow-exists', [aWorkflow({ file: 'release.yaml' })]],
    ['it cannot be parsed', 'workflow-exists', [aWorkflow({ jobs: undefined })]],
    [
      'a publishing job names no environment',
      'workflow-environment',
      [release({ ...NODE, environment: undefined })],
    ],
    [
      'a publishing job names another',
      'workflow-environment',
      [release({ ...CRATE, environment: 'staging' })],
    ],
    [
      'another job uses the secret',
      'workflow-environment',
      [release(aJob({ id: 'test', environment: undefined, secrets: [TOKEN] }))],
    ],
    ['a job may not ask for a token', 'workflow-id-token', [release({ ...PYTHON, idToken: false })]],
    [
      'another workflow uses the secret',
      'workflow-secret-only-there',
      [release(), other({ jobs: [aJob({ id: 'test', secrets: [TOKEN] })], secrets: [TOKEN] })],
    ],
    [
      'another workflow names it anywhere',
      'workflow-secret-only-there',
      [release(), other({ jobs: undefined, secrets: [TOKEN] })],
    ],
    [
      'no job uses the secret',
      'workflow-secret-only-there',
      [{ ...release({ ...CRATE, secrets: [] }), secrets: [] }],
    ],
    [
      'the secret stands outside the jobs',
      'workflow-secret-only-there',
      [release({ ...CRATE, secrets: [] })],
    ],
  ])('when %s, only %s fails, and says what to do', (_, rule, workflows) => {
    const findings = judge(workflows);
    expect(failing(findings)).toEqual([rule]);
    expect(one(findings, rule)?.remedy).toContain('https://github.com/joaoh82/rust_sqlite/');
    expect(findings.filter(({ outcome, remedy }) => outcome !== 'fail' && remedy !== '')).toEqual([]);
  });

  it('are unknown, with the reason, where the workflows could not be read', () => {
    const blind = unavailable('permission', 'GitHub asks for the permission contents:read');
    const findings = judgePipeline(WORKFLOW_RULES, aContext({ facts: facts({ workflows: blind }) }));
    expect(findings.map(({ rule, outcome, observed }) => [rule, outcome, observed])).toEqual(
      WORKFLOW_RULES.map(({ id }) => [id, 'unknown', blind.reason]),
    );
  });

  it('are unknown of what could not be parsed, and do not apply where nothing is there', () => {
    const outcomes = (workflows: readonly WorkflowFact[]) =>
      judge(workflows)
        .filter(({ rule }) => rule.startsWith('workflow-'))
        .map(({ outcome }) => outcome);
    expect(outcomes([aWorkflow({ jobs: undefined })])).toEqual(['fail', 'unknown', 'unknown', 'unknown']);
    const gone = ['fail', 'not-applicable', 'not-applicable', 'not-applicable'];
    expect(outcomes([])).toEqual(gone);
  });

  it('say nothing about secrets and tokens where none are declared', () => {
    const bare = aPipeline({ publishers: { pypi: [], npm: [], cratesIo: undefined } });
    const pipeline = { ...bare, environment: { ...bare.environment, secrets: [] } };
    const findings = judge([aWorkflow({ jobs: [], secrets: [] })], pipeline);
    expect(findings.filter(({ rule }) => rule.startsWith('workflow-')).map(({ rule }) => rule)).toEqual([
      'workflow-exists',
    ]);
  });
});

describe('workflow-exists', () => {
  it.each(['release.yaml', 'Release.yml', 'release-.yml'])('names a similar file: %s', (file) => {
    const finding = one(judge([other({}), aWorkflow({ file })]), 'workflow-exists');
    expect(finding?.observed).toBe(`it is not there, but ${file} is: another file name`);
    expect(finding?.remedy).toBe(
      `rename ${file} to release.yml in https://github.com/joaoh82/rust_sqlite/tree/HEAD/.github/workflows; or set pipelines.rust_sqlite.workflow to ${file}, and the same in the form of each trusted publisher`,
    );
  });

  it('lists what is there where nothing is similar', () => {
    expect(one(judge([other({})]), 'workflow-exists')?.observed).toBe('it is not there; what is: ci.yml');
  });
});

describe('workflow-environment', () => {
  const RULE = 'workflow-environment';

  it('says why the job has to name it, and what to write where', () => {
    const finding = one(judge([release({ ...CRATE, environment: undefined })]), RULE);
    expect(finding).toMatchObject({
      subject: 'release.yml: publish-crate',
      expected: 'environment: release',
      observed: 'it names none, and publishes to crates.io and uses CRATES_IO_TOKEN',
    });
    expect(finding?.remedy).toContain(
      `in ${BLOB}/release.yml, write \`environment: release\` under \`jobs: publish-crate:\``,
    );
  });

  it('compares names without case', () => {
    const finding = one(judge([release({ ...CRATE, environment: 'Release' })]), RULE);
    expect(finding?.outcome).toBe('pass');
  });

  it('is unknown of an expression, which only a run resolves', () => {
    const finding = one(judge([release({ ...CRATE, environment: `\${{ inputs.where }}` })]), RULE);
    expect(finding?.outcome).toBe('unknown');
    expect(finding?.observed).toContain('inputs.where');
  });

  it('cuts what a file holds, and keeps it on one line', () => {
    const finding = one(judge([release({ ...CRATE, environment: `a\n${'b'.repeat(300)}` })]), RULE);
    expect(finding?.outcome).toBe('fail');
    expect(finding?.observed).toMatch(/^it names "a\\nb{98}…", and /);
  });

  it('is unknown of a job that may use any secret and names none', () => {
    const call = aJob({ id: 'call', environment: undefined, secrets: ['*'] });
    expect(all(judge([release(call)]), RULE)).toContain('release.yml: call unknown');
    const named = { ...call, environment: 'release' };
    expect(all(judge([release(named)]), RULE)).toContain('release.yml: call pass');
  });

  it('is unknown where no job is recognised', () => {
    const finding = one(judge([aWorkflow({ jobs: [aJob({ id: 'make' })] })]), RULE);
    expect(finding).toMatchObject({
      outcome: 'unknown',
      observed: 'no job of release.yml is recognised as publishing, and none uses a declared secret',
    });
  });

  it('looks into the workflows beside it that it calls, over several steps', () => {
    const workflows = [
      aWorkflow({ jobs: [PYTHON, NODE], secrets: [], calls: ['./.github/workflows/a.yml'] }),
      aWorkflow({ file: 'a.yml', jobs: [], secrets: [], calls: ['./.github/workflows/b.yml'] }),
      aWorkflow({ file: 'b.yml', jobs: [CRATE], calls: ['./.github/workflows/a.yml'] }),
    ];
    const findings = judge(workflows);
    expect(all(findings, RULE)).toContain('b.yml: publish-crate pass');
    expect(all(findings, 'workflow-secret-only-there')).toEqual(['CRATES_IO_TOKEN pass']);
  });
});

describe('workflow-id-token', () => {
  const RULE = 'workflow-id-token';
  const trusted = (trustedPublishing: boolean) => ({
    publishers: { pypi: [], npm: [], cratesIo: { crates: ['sqlrite'], trustedPublishing } },
  });

  it('asks of crates.io only where trusted publishing is declared', () => {
    const workflows = [release({ ...CRATE, idToken: false })];
    expect(all(judge(workflows, trusted(false)), RULE)).toEqual([]);
    expect(all(judge(workflows, trusted(true)), RULE)).toEqual(['release.yml: publish-crate fail']);
  });

  it('is unknown of a registry to which no job is recognised as publishing', () => {
    expect(all(judge([aWorkflow({ jobs: [CRATE, PYTHON] })]), RULE)).toEqual([
      'release.yml: publish-python pass',
      'npm unknown',
    ]);
  });

  it('is unknown of a called workflow that does not ask: it may have it from the calling job', () => {
    const workflows = [
      aWorkflow({ jobs: [CRATE, NODE], calls: ['./.github/workflows/python.yml'] }),
      aWorkflow({ file: 'python.yml', jobs: [{ ...PYTHON, idToken: false }], secrets: [] }),
    ];
    expect(all(judge(workflows), RULE)).toContain('python.yml: publish-python unknown');
  });

  it('says what to write where', () => {
    const finding = one(judge([release({ ...NODE, idToken: false })]), RULE);
    expect(finding?.remedy).toContain(
      `in ${BLOB}/release.yml, write \`permissions: { contents: read, id-token: write }\` under \`jobs: publish-nodejs:\``,
    );
  });
});

describe('workflow-secret-only-there', () => {
  const RULE = 'workflow-secret-only-there';

  it('names each place, and how to mend it', () => {
    const jobs = [aJob({ id: 'test', secrets: [TOKEN] }), aJob({ id: 'lint', secrets: [TOKEN] })];
    const workflows = [
      release(),
      other({ jobs, secrets: [TOKEN] }),
      other({ file: 'old.yml', secrets: [TOKEN] }),
    ];
    const finding = one(judge(workflows), RULE);
    expect(finding?.observed).toBe('also in ci.yml (jobs test and lint) and old.yml');
    expect(finding?.remedy).toBe(
      `take \`secrets.CRATES_IO_TOKEN\` out of ${BLOB}/ci.yml and ${BLOB}/old.yml; what has to publish belongs into release.yml`,
    );
  });

  it('is unknown where another workflow may use any secret', () => {
    const finding = one(judge([release(), other({ secrets: ['*'] })]), RULE);
    expect(finding?.outcome).toBe('unknown');
    expect(finding?.observed).toContain('ci.yml may use any secret');
  });

  it('is unknown where no job names it but one may use any', () => {
    const finding = one(judge([{ ...release({ ...CRATE, secrets: ['*'] }), secrets: ['*'] }]), RULE);
    expect(finding?.outcome).toBe('unknown');
  });

  it('weighs less where nothing uses the secret', () => {
    const finding = one(judge([{ ...release({ ...CRATE, secrets: [] }), secrets: [] }]), RULE);
    expect([finding?.severity, finding?.observed]).toEqual(['medium', 'in no workflow']);
  });
});
