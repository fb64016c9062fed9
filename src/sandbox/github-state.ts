import type { components } from '@octokit/openapi-types';
import sodium from 'libsodium-wrappers';
import type { EnvironmentRules, RepositorySettings } from './github-settings-state.ts';

export type EnvironmentSettings = Pick<
  components['schemas']['environment'],
  'protection_rules' | 'deployment_branch_policy'
> & {
  /** In no published schema, yet real answers carry it (terraform-provider-github reads and writes it). */
  can_admins_bypass?: boolean;
};

/** How long a GET still shows what was before a PUT: by the handed-in clock, or by number of reads. */
export type ReadLag = { readonly milliseconds: number } | { readonly reads: number };

export interface Times {
  createdAt: Date;
  updatedAt: Date;
}

export interface SecretState extends Times {
  readonly name: string;
  opened: Uint8Array;
  keyId: string;
  /** What readers still see after a write; `shown` undefined: as if it did not exist yet. */
  lag?: { shown: Times | undefined; until: Date | undefined; readsLeft: number } | undefined;
}

export interface KeyState {
  readonly id: string;
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface EnvironmentState extends Times {
  readonly id: number;
  readonly name: string;
  /** Fields of the answer as they are given, over what `rules` makes of them. */
  readonly settings: EnvironmentSettings;
  rules: EnvironmentRules;
  key: KeyState;
  readonly secrets: Map<string, SecretState>;
}

export interface RepositoryState extends Times {
  readonly id: number;
  fullName: string;
  private: boolean;
  readonly archived: boolean;
  readonly environments: Map<string, EnvironmentState>;
  readonly secrets: Map<string, SecretState>;
  /** Of the owning organisation, as far as they reach this repository. */
  readonly organisationSecrets: Map<string, SecretState>;
  readonly dependabotSecrets: Map<string, SecretState>;
  readonly settings: RepositorySettings;
}

/** One write that took effect, kept so that tests can count. */
export interface Write {
  readonly repository: string;
  readonly environment: string;
  readonly name: string;
}

export interface GitHubState {
  readonly repositories: Map<string, RepositoryState>;
  /** Former full name → numeric id, until another repository takes the name. */
  readonly formerNames: Map<string, number>;
  readonly writes: Write[];
  readLag: ReadLag | undefined;
  lastId: number;
}

export function emptyState(readLag: ReadLag | undefined): GitHubState {
  return { repositories: new Map(), formerNames: new Map(), writes: [], readLag, lastId: 4_000_000 };
}

export function nextId(state: GitHubState): number {
  state.lastId += 1;
  return state.lastId;
}

/** GitHub's times have a resolution of one second. */
export function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}

export function newKey(): KeyState {
  const pair = sodium.crypto_box_keypair();
  return { id: keyId(), publicKey: pair.publicKey, privateKey: pair.privateKey };
}

/** GitHub's key ids are 18 or 19 decimal digits, too many for a JavaScript number. */
function keyId(): string {
  const digits = new DataView(sodium.randombytes_buf(8).buffer).getBigUint64(0) % 10n ** 18n;
  return String(digits + 10n ** 18n);
}

export function findRepository(state: GitHubState, fullName: string): RepositoryState | undefined {
  return state.repositories.get(fullName.toLowerCase());
}

export function repositoryById(state: GitHubState, id: number): RepositoryState | undefined {
  return [...state.repositories.values()].find((repository) => repository.id === id);
}

export function requireRepository(state: GitHubState, fullName: string): RepositoryState {
  const repository = findRepository(state, fullName);
  if (repository === undefined) throw new Error(`The stand-in has no repository ${fullName}: add it first.`);
  return repository;
}

/** Environment names are case-insensitive (docs: deployments-and-environments.md). */
export function findEnvironment(repository: RepositoryState, name: string): EnvironmentState | undefined {
  return repository.environments.get(name.toLowerCase());
}

export function requireEnvironment(repository: RepositoryState, name: string): EnvironmentState {
  const environment = findEnvironment(repository, name);
  if (environment === undefined) {
    throw new Error(`The stand-in has no environment ${name} in ${repository.fullName}: add it first.`);
  }
  return environment;
}

/** Opens a sealed box; undefined where it was sealed for another key or is no box at all. */
export function openBox(key: KeyState, box: Uint8Array): Uint8Array | undefined {
  try {
    return sodium.crypto_box_seal_open(box, key.publicKey, key.privateKey);
  } catch {
    return undefined;
  }
}

/** Creates or updates; true when it was created. The first write sets both times, later ones one. */
export function writeSecret(
  secrets: Map<string, SecretState>,
  written: { name: string; opened: Uint8Array; keyId: string; at: Date; lag: ReadLag | undefined },
): boolean {
  const name = written.name.toUpperCase();
  const at = wholeSecond(written.at);
  const before = secrets.get(name);
  const shown = before && (before.lag ? before.lag.shown : timesOf(before));
  secrets.set(name, {
    name,
    opened: written.opened,
    keyId: written.keyId,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
    lag: written.lag && {
      shown,
      until:
        'milliseconds' in written.lag ? new Date(written.at.getTime() + written.lag.milliseconds) : undefined,
      readsLeft: 'reads' in written.lag ? written.lag.reads : 0,
    },
  });
  return before === undefined;
}

/** What a reader sees now; undefined while a first write has not reached the reader's replica. */
export function visibleTimes(secret: SecretState, now: Date): Times | undefined {
  const { lag } = secret;
  if (lag === undefined) return timesOf(secret);
  const lagging = lag.until === undefined ? lag.readsLeft > 0 : now < lag.until;
  lag.readsLeft -= 1;
  if (lagging) return lag.shown;
  secret.lag = undefined;
  return timesOf(secret);
}

function timesOf(times: Times): Times {
  return { createdAt: times.createdAt, updatedAt: times.updatedAt };
}
