import { PIPELINE_FILES } from '../../src/sandbox/pipeline.ts';
import type { PipelineScene } from '../support/pipeline-scene.ts';

/** One thing changed on the compliant pipeline, and the only rule that may fail for it. */
export interface Mutation {
  readonly what: string;
  readonly rule: string;
  readonly change: (scene: PipelineScene) => void;
}

const RELEASE = 'release';
const FILE = '.github/workflows/release.yml';

const environment =
  (changes: Parameters<PipelineScene['github']['setEnvironment']>[2]) =>
  ({ github, repo }: PipelineScene): void =>
    github.setEnvironment(repo, RELEASE, changes);

const protection =
  (changes: Parameters<PipelineScene['github']['setClassicProtection']>[2]) =>
  ({ github, repo }: PipelineScene): void =>
    github.setClassicProtection(repo, 'main', changes);

const npm =
  (name: string, changes: Parameters<PipelineScene['npm']['setPackage']>[1]) =>
  ({ npm: registry }: PipelineScene): void =>
    registry.setPackage(name, changes);

const provenance =
  (name: string, changes: Readonly<Record<string, string>>) =>
  ({ npm: registry }: PipelineScene): void =>
    registry.setPackage(name, {
      attestations: {
        identity: {
          repository: 'joaoh82/rust_sqlite',
          workflow: 'release.yml',
          environment: RELEASE,
          ...changes,
        },
      },
    });

const pypi =
  (publisher: Readonly<Record<string, unknown>> | undefined, kept?: Readonly<Record<string, unknown>>) =>
  ({ pypi: registry }: PipelineScene): void => {
    const whole = {
      kind: 'GitHub',
      repository: 'joaoh82/rust_sqlite',
      workflow: 'release.yml',
      environment: RELEASE,
    };
    const changed = publisher && { ...whole, ...publisher };
    const files = [
      { file: 'sqlrite-0.2.0.tar.gz', publishers: changed ? [changed] : undefined },
      { file: 'sqlrite-0.2.0-py3-none-any.whl', publishers: [{ ...whole, ...(kept ?? publisher) }] },
    ];
    registry.setProject('sqlrite', { files });
  };

/** Rewrites the workflow that publishes. */
const rewrite =
  (from: string, to: string) =>
  ({ github, repo }: PipelineScene): void => {
    const before = PIPELINE_FILES[FILE] ?? '';
    if (!before.includes(from)) throw new Error(`release.yml does not hold "${from}"`);
    github.setFile(
      repo,
      FILE,
      before.replace(from, () => to),
    );
  };

const checksWithout = (scene: PipelineScene, name: string, app?: number) =>
  (scene.declared.branches[0]?.checks ?? [])
    .filter((context) => context !== name || app !== undefined)
    .map((context) => ({ context, app: context === name ? app : 15_368 }));

export const MUTATIONS: readonly Mutation[] = [
  // 1: the secret, and nowhere wider
  {
    what: 'the secret is missing in the environment',
    rule: 'secret-in-environment',
    change: ({ github, repo }) =>
      github.removeSecret({ repository: repo, environment: RELEASE, name: 'CRATES_IO_TOKEN' }),
  },
  {
    what: 'the same name is in the repository',
    rule: 'secret-not-in-repository',
    change: ({ github, repo }) => github.addRepositorySecret({ repository: repo, name: 'CRATES_IO_TOKEN' }),
  },
  {
    what: 'the same name comes from the organisation',
    rule: 'secret-not-in-organisation',
    change: ({ github, repo }) => {
      github.setRepository(repo, { ownedByOrganisation: true });
      github.addOrganisationSecret({ repository: repo, name: 'CRATES_IO_TOKEN' });
    },
  },
  {
    what: 'the same name is among those of Dependabot',
    rule: 'secret-not-in-dependabot',
    change: ({ github, repo }) => github.addDependabotSecret({ repository: repo, name: 'CRATES_IO_TOKEN' }),
  },
  {
    what: 'there is a secret that nobody declared',
    rule: 'secret-undeclared',
    change: ({ github, repo }) =>
      github.addSecret({ repository: repo, environment: RELEASE, name: 'SOMETHING_ELSE' }),
  },
  {
    what: 'somebody else stored the secret after us',
    rule: 'secret-age',
    change: ({ github, repo }) =>
      github.touchSecret({
        repository: repo,
        environment: RELEASE,
        name: 'CRATES_IO_TOKEN',
        at: new Date('2026-07-15T08:00:00Z'),
      }),
  },
  {
    what: 'the crate does not exist',
    rule: 'crate-exists',
    change: ({ cratesIo }) => cratesIo.removeCrate('sqlrite'),
  },
  {
    what: 'another repository published the crate',
    rule: 'crate-published-by',
    change: ({ cratesIo }) =>
      cratesIo.setCrate('sqlrite', {
        versions: [
          {
            number: '0.3.0',
            publishedAt: new Date('2026-08-01T08:00:00Z'),
            trustedPublisher: {
              provider: 'github',
              repository: 'someone/else',
              run_id: '1',
              sha: 'a'.repeat(40),
            },
          },
          { number: '0.2.0', publishedAt: new Date('2026-07-01T08:00:00Z'), trustedPublisher: null },
        ],
      }),
  },
  {
    what: 'crates.io takes no token for the crate any more',
    rule: 'crate-token-dead-weight',
    change: ({ cratesIo }) => cratesIo.setCrate('sqlrite', { trustedPublishingOnly: true }),
  },
  {
    what: 'every crate is published without the token that is still stored',
    rule: 'crate-token-retirable',
    change: (scene) => {
      const { cratesIo, declared } = scene;
      scene.declared = {
        ...declared,
        publishers: { ...declared.publishers, cratesIo: { crates: ['sqlrite'], trustedPublishing: true } },
      };
      cratesIo.setCrate('sqlrite', {
        versions: [
          {
            number: '0.3.0',
            publishedAt: new Date('2026-08-01T08:00:00Z'),
            trustedPublisher: {
              provider: 'github',
              repository: 'joaoh82/rust_sqlite',
              run_id: '1',
              sha: 'a'.repeat(40),
            },
          },
        ],
      });
      rewrite(
        '    environment: release\n    steps:\n      - uses: actions/checkout@v5\n      - run: cargo publish -p sqlrite',
        '    environment: release\n    permissions: { id-token: write }\n    steps:\n      - uses: actions/checkout@v5\n      - run: cargo publish -p sqlrite',
      )(scene);
    },
  },
  // 2: PyPI
  {
    what: 'the PyPI project does not exist',
    rule: 'pypi-project-exists',
    change: ({ pypi: registry }) => registry.removeProject('sqlrite'),
  },
  {
    what: 'another service is the publisher at PyPI',
    rule: 'pypi-publisher-kind',
    change: pypi({
      kind: 'Google',
      email: 'someone@example.org',
      repository: undefined,
      workflow: undefined,
    }),
  },
  {
    what: 'another repository is the publisher at PyPI',
    rule: 'pypi-publisher-repository',
    change: pypi({ repository: 'someone/rust_sqlite' }),
  },
  {
    what: 'another workflow is the publisher at PyPI',
    rule: 'pypi-publisher-workflow',
    change: pypi({ workflow: 'publish.yml' }),
  },
  {
    what: 'the publisher at PyPI is tied to no environment',
    rule: 'pypi-publisher-environment',
    change: pypi({ environment: '' }),
  },
  {
    what: 'a file at PyPI has no attestation',
    rule: 'pypi-file-provenance',
    change: pypi(undefined, {}),
  },
  // 3: npm
  {
    what: 'an npm package does not exist',
    rule: 'npm-package-exists',
    change: ({ npm: registry }) => registry.removePackage('sqlrite-notes'),
  },
  {
    what: 'a person published an npm package with a token',
    rule: 'npm-published-by-oidc',
    change: npm('@joaoh82/sqlrite', { trustedPublisher: false }),
  },
  {
    what: 'the repository field of an npm package is missing',
    rule: 'npm-repository-field',
    change: npm('@joaoh82/sqlrite-wasm', { repository: undefined }),
  },
  {
    what: 'the repository field of an npm package names another repository',
    rule: 'npm-repository-field',
    change: npm('sqlrite-notes', { repository: 'https://github.com/joaoh82/notes' }),
  },
  {
    what: 'another repository built an npm package',
    rule: 'npm-provenance-repository',
    change: provenance('@joaoh82/sqlrite', { repository: 'someone/rust_sqlite' }),
  },
  {
    what: 'another workflow built an npm package',
    rule: 'npm-provenance-workflow',
    change: provenance('@joaoh82/sqlrite', { workflow: 'publish.yml' }),
  },
  {
    what: 'an npm package was built in another environment',
    rule: 'npm-provenance-environment',
    change: provenance('sqlrite-notes', { environment: 'staging' }),
  },
  {
    what: 'a token for npm is left in the repository',
    rule: 'npm-token-leftover',
    change: ({ github, repo }) => github.addRepositorySecret({ repository: repo, name: 'NPM_TOKEN' }),
  },
  // 4: the environment and the workflow
  {
    what: 'the environment does not exist',
    rule: 'environment-exists',
    change: ({ github, repo }) => github.removeEnvironment(repo, RELEASE),
  },
  { what: 'nobody has to approve', rule: 'environment-reviewers', change: environment({ reviewers: [] }) },
  {
    what: 'somebody else may approve, too',
    rule: 'environment-reviewers',
    change: environment({ reviewers: ['joaoh82', 'mallory'] }),
  },
  {
    what: 'two are to approve, and may approve their own',
    rule: 'environment-self-review',
    change: (scene) => {
      const both = ['joaoh82', 'ada'];
      scene.declared = {
        ...scene.declared,
        environment: { ...scene.declared.environment, requiredReviewers: both },
      };
      environment({ reviewers: both, preventsSelfReview: false })(scene);
    },
  },
  {
    what: 'administrators may not bypass the environment',
    rule: 'environment-admin-bypass',
    change: environment({ adminsMayBypass: false }),
  },
  {
    what: 'jobs wait for ten minutes',
    rule: 'environment-wait-timer',
    change: environment({ waitTimer: 10 }),
  },
  {
    what: 'another branch may deploy, too',
    rule: 'environment-deployment-branches',
    change: environment({
      deploymentBranches: [
        { pattern: 'main', type: 'branch' },
        { pattern: 'release/*', type: 'branch' },
      ],
    }),
  },
  {
    what: 'a tag of that name may deploy instead of the branch',
    rule: 'environment-deployment-branches',
    change: environment({ deploymentBranches: [{ pattern: 'main', type: 'tag' }] }),
  },
  {
    what: 'any branch may deploy',
    rule: 'environment-deployment-branches',
    change: environment({ deploymentBranches: 'any' }),
  },
  {
    what: 'all protected branches may deploy',
    rule: 'environment-deployment-branches',
    change: environment({ deploymentBranches: 'protected' }),
  },
  {
    what: 'the workflow has another name',
    rule: 'workflow-exists',
    change: ({ github, repo }) => {
      github.setFile(repo, '.github/workflows/release.yaml', PIPELINE_FILES[FILE] ?? '');
      github.removeFile(repo, FILE);
    },
  },
  {
    what: 'a publishing job names another environment',
    rule: 'workflow-environment',
    change: rewrite(
      'publish-python:\n    needs: build\n    runs-on: ubuntu-latest\n    environment: release',
      'publish-python:\n    needs: build\n    runs-on: ubuntu-latest\n    environment: pypi',
    ),
  },
  {
    what: 'a publishing job may not ask for an identity',
    rule: 'workflow-id-token',
    change: rewrite(
      '    environment: release\n    permissions:\n      id-token: write\n',
      '    environment: release\n',
    ),
  },
  {
    what: 'another workflow uses the secret',
    rule: 'workflow-secret-only-there',
    change: ({ github, repo }) =>
      github.setFile(
        repo,
        '.github/workflows/nightly.yml',
        `on: { schedule: [{ cron: "0 3 * * *" }] }\njobs:\n  look:\n    runs-on: ubuntu-latest\n    environment: release\n    steps:\n      - run: echo\n        env: { TOKEN: "\${{ secrets.CRATES_IO_TOKEN }}" }\n`,
      ),
  },
  // 5: the branch
  { what: 'the branch is not protected', rule: 'branch-protected', change: protection(undefined) },
  {
    what: 'no pull request is asked for',
    rule: 'branch-pull-request',
    change: protection({ approvals: undefined }),
  },
  { what: 'no approval is asked for', rule: 'branch-approvals', change: protection({ approvals: 0 }) },
  {
    what: 'conversations may stay open',
    rule: 'branch-conversation-resolution',
    change: protection({ conversationResolution: false }),
  },
  ...['rust lint', 'wasm-build', 'desktop-build', 'go-sdk (macos-latest)'].map((name) => ({
    what: `the check "${name}" is not required`,
    rule: 'branch-check',
    change: (scene: PipelineScene) => protection({ checks: checksWithout(scene, name) })(scene),
  })),
  {
    what: 'whoever may write a status satisfies a check',
    rule: 'branch-check-source',
    change: (scene) => protection({ checks: checksWithout(scene, 'rust lint', -1) })(scene),
  },
  {
    what: 'force pushes are allowed',
    rule: 'branch-force-push',
    change: protection({ allowsForcePushes: true }),
  },
  {
    what: 'the branch may be deleted',
    rule: 'branch-deletion',
    change: protection({ allowsDeletion: true }),
  },
  {
    what: 'administrators are bound to the rules of the branch',
    rule: 'branch-admin-enforcement',
    change: protection({ enforcesForAdmins: true }),
  },
  {
    what: 'somebody needs no pull request',
    rule: 'branch-bypass',
    change: protection({ bypassPullRequest: { users: ['mallory'], teams: [], apps: [] } }),
  },
  // 6: order
  {
    what: 'nothing looks after dependencies',
    rule: 'hygiene-dependency-updates',
    change: ({ github, repo }) => github.removeFile(repo, '.github/dependabot.yml'),
  },
  {
    what: 'there is no CODEOWNERS file where one is declared',
    rule: 'hygiene-codeowners',
    change: (scene) => {
      scene.declared = { ...scene.declared, hygiene: { dependencyUpdates: true, codeowners: true } };
    },
  },
];
