import { openClient } from '../../src/github/client.ts';
import type { KeptAnswers } from '../../src/github/settings.ts';
import { openGitHubSettings } from '../../src/github/settings.ts';
import type { GitHubOptions, GitHubSandbox, Permission } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import type { PipelinePlace, SandboxPipeline } from '../../src/sandbox/pipeline.ts';
import { readOnly, setUpPipeline, VERIFY_PERMISSIONS } from '../../src/sandbox/pipeline.ts';
import type { Fact, Obstacle } from '../../src/verify/fact.ts';
import type { GitHubSettings } from '../../src/verify/sources.ts';
import { NOW } from '../support/builders.ts';

export const TOKEN_FILE = '/run/secrets/github_verify_token';
export const STORED_AT = new Date('2026-06-01T08:00:00Z');

export interface Ground {
  readonly github: GitHubSandbox;
  readonly pipeline: SandboxPipeline;
  /** Opens the settings anew, as a run of `verify` does. */
  readonly open: (options?: {
    readonly token?: string;
    readonly repo?: string;
    readonly deadlineMs?: number;
    readonly answers?: KeptAnswers;
    readonly fetch?: typeof globalThis.fetch;
  }) => GitHubSettings;
  /** A token with what verifying takes, less one permission. */
  readonly tokenWithout: (permission: Permission) => string;
}

export async function startGround(options: GitHubOptions = {}, place: PipelinePlace = {}): Promise<Ground> {
  const github = await startGitHub({ now: () => NOW, ...options });
  const pipeline = setUpPipeline(github, { storedAt: STORED_AT, ...place });
  return {
    github,
    pipeline,
    open: ({
      token = pipeline.verifyToken,
      repo = pipeline.repo,
      deadlineMs,
      answers,
      fetch = globalThis.fetch,
    } = {}) =>
      openGitHubSettings(
        openClient({
          apiUrl: github.apiUrl,
          token,
          tokenFile: TOKEN_FILE,
          fetch,
          version: '0.1.0',
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
        }),
        repo,
        answers,
      ),
    tokenWithout: (permission) => {
      const token = `auditor-without-${permission}`;
      const permissions = readOnly(VERIFY_PERMISSIONS.filter((one) => one !== permission));
      github.addToken(token, { permissions, repositories: [pipeline.repo] });
      return token;
    },
  };
}

export interface ReaderCase {
  readonly name: keyof GitHubSettings;
  readonly read: (settings: GitHubSettings) => Promise<Fact<unknown>>;
  readonly permission: Permission;
  /** Of the request that carries the setting. */
  readonly path: RegExp;
}

/** Every reader that asks for something of its own, on the compliant pipeline. `ruleset` needs one: see its tests. */
export const READERS: readonly ReaderCase[] = [
  {
    name: 'environment',
    read: (settings) => settings.environment('release'),
    permission: 'actions',
    path: /\/environments\/release$/,
  },
  {
    name: 'deploymentBranches',
    read: (settings) => settings.deploymentBranches('release'),
    permission: 'actions',
    path: /\/deployment-branch-policies$/,
  },
  {
    name: 'customRules',
    read: (settings) => settings.customRules('release'),
    permission: 'actions',
    path: /\/deployment_protection_rules$/,
  },
  {
    name: 'environmentSecrets',
    read: (settings) => settings.environmentSecrets('release'),
    permission: 'environments',
    path: /\/environments\/release\/secrets$/,
  },
  {
    name: 'repositorySecrets',
    read: (settings) => settings.repositorySecrets(),
    permission: 'secrets',
    path: /\/actions\/secrets$/,
  },
  {
    name: 'dependabotSecrets',
    read: (settings) => settings.dependabotSecrets(),
    permission: 'dependabot_secrets',
    path: /\/dependabot\/secrets$/,
  },
  {
    name: 'classicProtection',
    read: (settings) => settings.classicProtection('main'),
    permission: 'administration',
    path: /\/branches\/main\/protection$/,
  },
  {
    name: 'branchRules',
    read: (settings) => settings.branchRules('main'),
    permission: 'metadata',
    path: /\/rules\/branches\/main$/,
  },
  {
    name: 'workflowTexts',
    read: (settings) => settings.workflowTexts(),
    permission: 'contents',
    path: /\/contents\/\.github%2Fworkflows$/,
  },
  { name: 'files', read: (settings) => settings.files(), permission: 'contents', path: /\/contents\/?$/ },
];

/** @throws where it is unavailable */
export function valueIn<T>(fact: Fact<T>): T {
  if (!fact.known) throw new Error(`unavailable (${fact.obstacle}): ${fact.reason}`);
  return fact.value;
}

/** @throws where it is known */
export function reasonOf(fact: Fact<unknown>): { readonly obstacle: Obstacle; readonly reason: string } {
  if (fact.known) throw new Error(`known: ${JSON.stringify(fact.value)}`);
  return { obstacle: fact.obstacle, reason: fact.reason };
}
