import { randomBytes } from 'node:crypto';
import type { GitHubSandbox, Permission } from './github.ts';

/** Id of the app GitHub Actions at github.com. */
export const ACTIONS_APP = 15_368;

export const PIPELINE_CHECKS: readonly string[] = [
  'rust (ubuntu-latest)',
  'rust (macos-latest)',
  'rust (windows-latest)',
  'rust lint',
  'python-sdk (ubuntu-latest)',
  'python-sdk (macos-latest)',
  'python-sdk (windows-latest)',
  'nodejs-sdk (ubuntu-latest)',
  'nodejs-sdk (macos-latest)',
  'nodejs-sdk (windows-latest)',
  'go-sdk (ubuntu-latest)',
  'go-sdk (macos-latest)',
  'wasm-build',
  'desktop-build',
];

/** All that verifying takes, and nothing that could change anything. */
export const VERIFY_PERMISSIONS: readonly Permission[] = [
  'actions',
  'administration',
  'contents',
  'dependabot_secrets',
  'environments',
  'metadata',
  'secrets',
];

export interface PipelinePlace {
  /** `joaoh82/rust_sqlite` when absent. */
  readonly repo?: string;
  readonly private?: boolean;
  /** When the environment's secret was stored; GitHub's time of now when absent. */
  readonly storedAt?: Date;
}

export interface SandboxPipeline {
  readonly repo: string;
  readonly environment: string;
  readonly secret: string;
  readonly branch: string;
  readonly workflow: string;
  /** A fine-grained token for this repository with `VERIFY_PERMISSIONS`, read-only. */
  readonly verifyToken: string;
}

/**
 * A repository as examples/reseal.sqlrite.yaml declares it, every line of which holds. What it is changed by is in
 * `SettingsControl`. A repository, environment or secret of that name that is already there keeps its key and its value.
 */
export function setUpPipeline(github: GitHubSandbox, place: PipelinePlace = {}): SandboxPipeline {
  const { repo = 'joaoh82/rust_sqlite', storedAt } = place;
  const pipeline = {
    repo,
    environment: 'release',
    secret: 'CRATES_IO_TOKEN',
    branch: 'main',
    workflow: 'release.yml',
    verifyToken: `github_pat_${randomBytes(24).toString('hex')}`,
  };
  if (!github.hasRepository(repo)) github.addRepository({ fullName: repo });
  if (place.private !== undefined) github.setRepository(repo, { private: place.private });
  protectEnvironment(github, pipeline);
  if (github.secret(repo, pipeline.environment, pipeline.secret) === undefined) {
    const at = storedAt === undefined ? {} : { at: storedAt };
    github.addSecret({ repository: repo, environment: pipeline.environment, name: pipeline.secret, ...at });
  }
  protectBranch(github, pipeline);
  for (const [path, text] of Object.entries(PIPELINE_FILES)) github.setFile(repo, path, text);
  github.addToken(pipeline.verifyToken, { permissions: readOnly(VERIFY_PERMISSIONS), repositories: [repo] });
  return pipeline;
}

/** What a token is granted that may read these and change nothing. */
export function readOnly(permissions: readonly Permission[]): Partial<Record<Permission, 'read'>> {
  return Object.fromEntries(permissions.map((permission) => [permission, 'read']));
}

function protectEnvironment(github: GitHubSandbox, { repo, environment, branch }: SandboxPipeline): void {
  github.setEnvironment(repo, environment, {
    waitTimer: 0,
    reviewers: [repo.split('/')[0] ?? ''],
    preventsSelfReview: false,
    adminsMayBypass: true,
    deploymentBranches: [{ pattern: branch, type: 'branch' }],
    customRules: [],
  });
}

function protectBranch(github: GitHubSandbox, { repo, branch }: SandboxPipeline): void {
  github.setClassicProtection(repo, branch, {
    checks: PIPELINE_CHECKS.map((context) => ({ context, app: ACTIONS_APP })),
    approvals: 1,
    conversationResolution: true,
    enforcesForAdmins: false,
    allowsForcePushes: false,
    allowsDeletion: false,
  });
}

const RELEASE = `name: release
on:
  push:
    branches: [main]
  workflow_dispatch:
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: cargo build --release --workspace
  publish-crate:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    steps:
      - uses: actions/checkout@v5
      - run: cargo publish -p sqlrite
        env:
          CARGO_REGISTRY_TOKEN: \${{ secrets.CRATES_IO_TOKEN }}
  publish-python:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    permissions:
      id-token: write
    steps:
      - uses: actions/download-artifact@v5
        with: { name: wheels, path: dist }
      - uses: pypa/gh-action-pypi-publish@release/v1
  publish-nodejs:
    needs: build
    runs-on: ubuntu-latest
    environment:
      name: release
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with: { node-version: 24 }
      - run: npm publish --access public
        working-directory: sdk/nodejs
  publish-wasm:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - run: npm publish --access public
        working-directory: sdk/wasm/pkg
  publish-notes:
    needs: publish-nodejs
    runs-on: ubuntu-latest
    environment: release
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - run: npm publish
        working-directory: examples/notes
`;

const CI = `name: ci
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  rust:
    strategy:
      matrix: { os: [ubuntu-latest, macos-latest, windows-latest] }
    runs-on: \${{ matrix.os }}
    steps:
      - uses: actions/checkout@v5
      - run: cargo test --workspace
  lint:
    name: rust lint
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: cargo clippy --workspace -- -D warnings
`;

const DEPENDABOT = `version: 2
updates:
  - { package-ecosystem: cargo, directory: /, schedule: { interval: weekly } }
  - { package-ecosystem: github-actions, directory: /, schedule: { interval: weekly } }
`;

export const PIPELINE_FILES: Readonly<Record<string, string>> = {
  '.github/workflows/release.yml': RELEASE,
  '.github/workflows/ci.yml': CI,
  '.github/dependabot.yml': DEPENDABOT,
  'Cargo.toml': '[workspace]\nmembers = ["sqlrite"]\n',
  'README.md': '# sqlrite\n',
};
