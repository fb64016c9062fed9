import { ACTIONS_APP, PIPELINE_CHECKS } from '../../src/sandbox/pipeline.ts';
import { known } from '../../src/verify/fact.ts';
import type {
  BranchFacts,
  ClassicProtection,
  CrateFact,
  EnvironmentFact,
  JobFact,
  NpmFact,
  PipelineFacts,
  PypiFact,
  SecretFact,
  WorkflowFact,
} from '../../src/verify/facts.ts';
import type { DeclaredPipeline } from '../../src/verify/pipeline.ts';
import type { Context } from '../../src/verify/rule.ts';

// The pipeline of examples/reseal.sqlrite.yaml, and facts with which every line of it holds.

export const READ_AT = new Date('2026-11-23T10:00:00Z');
const REPO = 'joaoh82/rust_sqlite';
const STORED_AT = new Date('2026-06-01T08:00:00Z');

export { ACTIONS_APP };
export const CHECKS = PIPELINE_CHECKS;

export const NPM_PACKAGES = ['@joaoh82/sqlrite', '@joaoh82/sqlrite-wasm', 'sqlrite-notes'] as const;

export function aPipeline(changes: Partial<DeclaredPipeline> = {}): DeclaredPipeline {
  return {
    name: 'rust_sqlite',
    repo: REPO,
    workflow: 'release.yml',
    environment: {
      name: 'release',
      requiredReviewers: ['joaoh82'],
      adminsMayBypass: true,
      waitTimer: 0,
      deploymentBranches: ['main'],
      secrets: ['CRATES_IO_TOKEN'],
    },
    branches: [
      {
        name: 'main',
        pullRequest: true,
        approvals: 1,
        conversationResolution: true,
        adminsMayBypass: true,
        checks: CHECKS,
      },
    ],
    publishers: {
      pypi: ['sqlrite'],
      npm: NPM_PACKAGES,
      cratesIo: { crates: ['sqlrite'], trustedPublishing: false },
    },
    hygiene: { dependencyUpdates: true, codeowners: false },
    ...changes,
  };
}

export function anEnvironment(changes: Partial<EnvironmentFact> = {}): EnvironmentFact {
  return {
    name: 'release',
    waitTimer: 0,
    reviewers: ['joaoh82'],
    preventsSelfReview: false,
    adminsMayBypass: true,
    deploymentPolicy: 'custom',
    ...changes,
  };
}

export function aClassicProtection(changes: Partial<ClassicProtection> = {}): ClassicProtection {
  return {
    checks: CHECKS.map((context) => ({ context, app: ACTIONS_APP })),
    approvals: 1,
    bypassPullRequest: [],
    adminsAreBound: false,
    conversationResolution: true,
    allowsForcePushes: false,
    allowsDeletion: false,
    ...changes,
  };
}

export function aBranch(changes: Partial<BranchFacts> = {}): BranchFacts {
  return { classic: known(aClassicProtection()), rules: known([]), rulesets: known([]), ...changes };
}

export function aSecret(name = 'CRATES_IO_TOKEN', updatedAt = STORED_AT): SecretFact {
  return { name, updatedAt };
}

export function aJob(changes: Partial<JobFact> = {}): JobFact {
  return { id: 'publish', environment: 'release', idToken: true, publishesTo: [], secrets: [], ...changes };
}

export function aWorkflow(changes: Partial<WorkflowFact> = {}): WorkflowFact {
  return {
    file: 'release.yml',
    jobs: [
      aJob({ id: 'publish-crate', publishesTo: ['crates-io'], secrets: ['CRATES_IO_TOKEN'] }),
      aJob({ id: 'publish-python', publishesTo: ['pypi'] }),
      aJob({ id: 'publish-nodejs', publishesTo: ['npm'] }),
    ],
    secrets: ['CRATES_IO_TOKEN'],
    calls: [],
    ...changes,
  };
}

export function aCrate(changes: Partial<CrateFact> = {}): CrateFact {
  return {
    name: 'sqlrite',
    trustedPublishingOnly: false,
    versions: [
      { number: '0.2.0', publishedAt: new Date('2026-07-01T08:00:00Z'), trustedRepository: undefined },
      { number: '0.1.0', publishedAt: new Date('2026-01-10T08:00:00Z'), trustedRepository: undefined },
    ],
    ...changes,
  };
}

export function anNpmPackage(changes: Partial<NpmFact> = {}): NpmFact {
  return {
    name: '@joaoh82/sqlrite',
    version: '0.2.0',
    publishedAt: new Date('2026-07-01T08:05:00Z'),
    trustedPublisher: true,
    repositoryField: `git+https://github.com/${REPO}.git`,
    provenance: known({ repository: REPO, workflow: 'release.yml', environment: 'release' }),
    ...changes,
  };
}

export function aPypiProject(changes: Partial<PypiFact> = {}): PypiFact {
  const publisher = known({
    kind: 'GitHub',
    repository: REPO,
    workflow: 'release.yml',
    environment: 'release',
  });
  return {
    name: 'sqlrite',
    version: '0.2.0',
    publishedAt: new Date('2026-07-01T08:10:00Z'),
    files: ['sqlrite-0.2.0-cp312-abi3-manylinux_2_17_x86_64.whl', 'sqlrite-0.2.0.tar.gz'].map((file) => ({
      file,
      publisher,
    })),
    ...changes,
  };
}

/** Every declared line holds; what is given takes the place of it. */
export function facts(changes: Partial<PipelineFacts> = {}): PipelineFacts {
  return {
    at: READ_AT,
    repository: known({ fullName: REPO, private: false, defaultBranch: 'main', ownedByOrganisation: false }),
    environment: known(anEnvironment()),
    deploymentBranches: known([{ pattern: 'main', type: 'branch' }]),
    customRules: known([]),
    secrets: {
      environment: known([aSecret()]),
      repository: known([]),
      organisation: known([]),
      dependabot: known([]),
    },
    branches: new Map([['main', aBranch()]]),
    workflows: known([aWorkflow(), aWorkflow({ file: 'ci.yml', jobs: [], secrets: [] })]),
    files: known({ dependabot: true, renovate: false, codeowners: undefined }),
    crates: new Map([['sqlrite', known(aCrate())]]),
    npm: new Map(NPM_PACKAGES.map((name) => [name, known(anNpmPackage({ name }))])),
    pypi: new Map([['sqlrite', known(aPypiProject())]]),
    stored: new Map([
      [
        'CRATES_IO_TOKEN',
        {
          credential: 'crates-io',
          kind: 'crates-io-token',
          storedAt: STORED_AT,
          remoteUpdatedAt: STORED_AT,
          lifetimeDays: 365,
        },
      ],
    ]),
    confirmed: new Map(),
    ...changes,
  };
}

export function aContext(changes: Partial<Context> = {}): Context {
  return {
    pipeline: aPipeline(),
    facts: facts(),
    pages: {
      repository: `https://github.com/${REPO}`,
      cratesIo: 'https://crates.io',
      npm: 'https://www.npmjs.com',
      pypi: 'https://pypi.org',
    },
    ...changes,
  };
}
