import { STATUS_CODES } from 'node:http';
import sodium from 'libsodium-wrappers';
import { errorBody } from './github-bodies.ts';
import type { GitHubService } from './github-respond.ts';
import { commonHeaders, resourceKey, respond } from './github-respond.ts';
import type { SettingsControl } from './github-settings.ts';
import { addEnvironment, settingsControl } from './github-settings.ts';
import { newSettings } from './github-settings-state.ts';
import type { EnvironmentSettings, GitHubState, KeyState, ReadLag, SecretState } from './github-state.ts';
import {
  emptyState,
  findEnvironment,
  findRepository,
  newKey,
  nextId,
  requireEnvironment,
  requireRepository,
  wholeSecond,
  writeSecret,
} from './github-state.ts';
import type { Access, Permission, TokenGrant } from './github-tokens.ts';
import type { Listener } from './http.ts';
import { listen } from './http.ts';

export type { EnvironmentSettings, ReadLag } from './github-state.ts';
export type { Access, Permission, TokenGrant } from './github-tokens.ts';

export interface GitHubOptions {
  readonly port?: number;
  readonly now?: () => Date;
  readonly readLag?: ReadLag;
  /** Serves https with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Behaves as this version of Enterprise Server: under `/api/v3`, without rate limits. */
  readonly enterpriseVersion?: string;
}

export interface SecretPlace {
  /** Full name, `owner/name`. */
  readonly repository: string;
  /** null or absent: at repository level. */
  readonly environment?: string | null;
  readonly name: string;
}

export interface OutsideWrite extends SecretPlace {
  readonly value?: string;
  /** When it was written; the clock's time when absent. */
  readonly at?: Date;
}

/** What GitHub holds, seen from inside the process; none of it is ever served. */
export interface StoredSecret {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly opened: Uint8Array;
  readonly keyId: string;
}

export interface GitHubSandbox extends Listener, SettingsControl {
  /** What a client takes as its base address (`url`, with Enterprise Server's prefix where it has one). */
  readonly apiUrl: string;
  /** Returns the numeric id. Takes the name away from any redirect left by a rename. */
  addRepository(repository: { fullName: string; id?: number; private?: boolean; archived?: boolean }): number;
  hasRepository(fullName: string): boolean;
  /** The old name redirects from now on. */
  renameRepository(from: string, to: string): void;
  removeRepository(fullName: string): void;
  addEnvironment(repository: string, name: string, settings?: EnvironmentSettings): void;
  removeEnvironment(repository: string, name: string): void;
  /** A secret that was there before: no write is counted. */
  addSecret(secret: OutsideWrite): void;
  /** Another writer stores something; moves `updated_at`, counts no write, never lags. */
  touchSecret(secret: OutsideWrite): void;
  removeSecret(place: SecretPlace): void;
  /** A new keypair; boxes sealed for the old one are refused from now on. */
  rotateKey(repository: string, environment: string): void;
  /** The environment's keypair of now, so that a test can open boxes by other means than this stand-in's. */
  key(repository: string, environment: string): KeyState;
  addToken(token: string, grant: TokenGrant): void;
  /** A person's token that may nothing here but ask whose it is (`GET /user`): one to be checked, not to be sealed with. */
  addUserToken(token: string, user?: Pick<TokenGrant, 'login' | 'expires' | 'scopes'>): void;
  removeToken(token: string): void;
  /** A GET answer beside the built-in endpoints, at a path below the repository; arrays are paged. */
  addResource(resource: {
    repository: string;
    path: string;
    permission: Permission;
    access?: Access;
    status?: number;
    body: unknown;
  }): void;
  setReadLag(lag: ReadLag | undefined): void;
  secret(repository: string, environment: string | null, name: string): StoredSecret | undefined;
  /** PUTs that took effect, answered or not. */
  putCount(repository?: string, environment?: string, name?: string): number;
}

/** A GitHub for tests and the demo: real sockets, real boxes, nothing outside this process. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubSandbox> {
  await sodium.ready;
  const service: GitHubService = {
    state: emptyState(options.readLag),
    tokens: new Map(),
    resources: new Map(),
    now: options.now ?? (() => new Date()),
    enterpriseVersion: options.enterpriseVersion,
    used: new Map(),
    unchanged: new WeakSet(),
  };
  const listener = await listen({
    port: options.port,
    tls: options.tls,
    now: service.now,
    respond: (request) => respond(service, request),
    commonHeaders: (request) => commonHeaders(service, request),
    errorBody: (status) => errorBody(status, STATUS_CODES[status] ?? 'Error'),
  });
  return {
    ...listener,
    apiUrl: options.enterpriseVersion === undefined ? listener.url : `${listener.url}/api/v3`,
    ...places(service.state, service.now),
    ...contents(service.state, service.now),
    ...settingsControl(service.state, service.now),
    addToken: (token, grant) => void service.tokens.set(token, grant),
    addUserToken: (token, user = {}) => void service.tokens.set(token, { ...user, permissions: {} }),
    removeToken: (token) => void service.tokens.delete(token),
    addResource({ repository, path, permission, access = 'read', status = 200, body }) {
      const { id } = requireRepository(service.state, repository);
      service.resources.set(resourceKey(id, path), { need: { permission, access }, status, body });
    },
  };
}

type Places = Pick<
  GitHubSandbox,
  | 'addRepository'
  | 'hasRepository'
  | 'renameRepository'
  | 'removeRepository'
  | 'addEnvironment'
  | 'removeEnvironment'
  | 'rotateKey'
  | 'key'
>;

function places(state: GitHubState, now: () => Date): Places {
  const times = () => ({ createdAt: wholeSecond(now()), updatedAt: wholeSecond(now()) });
  return {
    addRepository({ fullName, id = nextId(state), private: isPrivate = false, archived = false }) {
      const key = fullName.toLowerCase();
      state.formerNames.delete(key);
      state.repositories.set(key, {
        id,
        fullName,
        private: isPrivate,
        archived,
        environments: new Map(),
        secrets: new Map(),
        organisationSecrets: new Map(),
        dependabotSecrets: new Map(),
        settings: newSettings(),
        ...times(),
      });
      return id;
    },
    hasRepository: (fullName) => findRepository(state, fullName) !== undefined,
    renameRepository(from, to) {
      const repository = requireRepository(state, from);
      state.repositories.delete(from.toLowerCase());
      repository.fullName = to;
      state.repositories.set(to.toLowerCase(), repository);
      state.formerNames.set(from.toLowerCase(), repository.id);
    },
    removeRepository: (fullName) => void state.repositories.delete(fullName.toLowerCase()),
    addEnvironment(repository, name, settings = {}) {
      addEnvironment(state, now, repository, name, { adminsMayBypass: undefined });
      Object.assign(requireEnvironment(requireRepository(state, repository), name).settings, settings);
    },
    removeEnvironment(repository, name) {
      requireRepository(state, repository).environments.delete(name.toLowerCase());
    },
    rotateKey(repository, environment) {
      requireEnvironment(requireRepository(state, repository), environment).key = newKey();
    },
    key: (repository, environment) =>
      requireEnvironment(requireRepository(state, repository), environment).key,
  };
}

type Contents = Pick<
  GitHubSandbox,
  'addSecret' | 'touchSecret' | 'removeSecret' | 'setReadLag' | 'secret' | 'putCount'
>;

function contents(state: GitHubState, now: () => Date): Contents {
  function store({ repository, environment, name, value = '', at = now() }: OutsideWrite): void {
    const secrets = secretsAt(state, repository, environment ?? null);
    const keyId = environment == null ? '' : keyIdAt(state, repository, environment);
    writeSecret(secrets, { name, opened: Buffer.from(value), keyId, at, lag: undefined });
  }
  return {
    addSecret: store,
    touchSecret: store,
    removeSecret({ repository, environment = null, name }) {
      secretsAt(state, repository, environment).delete(name.toUpperCase());
    },
    setReadLag(lag) {
      state.readLag = lag;
    },
    secret(repository, environment, name) {
      const found = findRepository(state, repository);
      const holder = found && (environment === null ? found : findEnvironment(found, environment));
      const secret = holder?.secrets.get(name.toUpperCase());
      if (secret === undefined) return undefined;
      const { createdAt, updatedAt, opened, keyId } = secret;
      return { createdAt, updatedAt, opened, keyId };
    },
    putCount(repository, environment, name) {
      const same = (wanted: string | undefined, actual: string): boolean =>
        wanted === undefined || wanted.toLowerCase() === actual.toLowerCase();
      return state.writes.filter(
        (write) =>
          same(repository, write.repository) &&
          same(environment, write.environment) &&
          same(name, write.name),
      ).length;
    },
  };
}

function secretsAt(
  state: GitHubState,
  repository: string,
  environment: string | null,
): Map<string, SecretState> {
  const found = requireRepository(state, repository);
  return environment === null ? found.secrets : requireEnvironment(found, environment).secrets;
}

function keyIdAt(state: GitHubState, repository: string, environment: string): string {
  return requireEnvironment(requireRepository(state, repository), environment).key.id;
}
