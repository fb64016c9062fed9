import type { RepositoryState } from './github-state.ts';
import type { RecordedRequest } from './http-exchange.ts';

export type Permission =
  | 'actions'
  | 'administration'
  | 'contents'
  | 'dependabot_secrets'
  | 'environments'
  | 'metadata'
  | 'secrets';
export type Access = 'read' | 'write';

/** What a token may do. `metadata: 'read'` comes with every token, as on GitHub. */
export interface TokenGrant {
  readonly permissions: Readonly<Partial<Record<Permission, Access>>>;
  /** Full names; absent: every repository. */
  readonly repositories?: readonly string[];
  /**
   * Sent as it is in `GitHub-Authentication-Token-Expiration`; GitHub itself uses two formats. One that is made of the
   * time of the call lies, as GitHub's did (google/go-github#3708).
   */
  readonly expires?: string | ((now: Date) => string);
  /** An App's installation token is refused in other words. */
  readonly kind?: 'personal' | 'app';
  /** Whose it is, for `GET /user`; a person of the sandbox when absent. */
  readonly login?: string;
  /** Of a classic token, which is told them in every answer; a fine-grained one has none. */
  readonly scopes?: readonly string[];
}

export interface Need {
  readonly permission: Permission;
  readonly access: Access;
}

export type Caller = { readonly grant: TokenGrant } | 'anonymous' | 'unknown-token';

/** `token X` and `Bearer X` are the same to GitHub. */
export function callerOf(request: RecordedRequest, tokens: ReadonlyMap<string, TokenGrant>): Caller {
  const header = request.headers.authorization;
  if (header === undefined) return 'anonymous';
  const token = /^(?:token|bearer) +(\S+) *$/i.exec(header)?.[1];
  const grant = token === undefined ? undefined : tokens.get(token);
  return grant === undefined ? 'unknown-token' : { grant };
}

export type Verdict = 'allowed' | 'invisible' | 'requires-authentication' | 'lacks-permission';

/**
 * Anyone may read a public repository's metadata and environments ("Anyone with read access to the
 * repository can use this endpoint"); its secrets need a token that was given this repository.
 */
export function judge(
  caller: Exclude<Caller, 'unknown-token'>,
  repository: RepositoryState,
  need: Need,
): Verdict {
  const openToAll =
    need.access === 'read' && (need.permission === 'metadata' || need.permission === 'actions');
  if (caller === 'anonymous') {
    if (repository.private) return 'invisible';
    return openToAll ? 'allowed' : 'requires-authentication';
  }
  const { grant } = caller;
  const name = repository.fullName.toLowerCase();
  const chosen = grant.repositories?.some((full) => full.toLowerCase() === name) ?? true;
  if (!chosen && repository.private) return 'invisible';
  if (!chosen)
    return need.permission === 'metadata' && need.access === 'read' ? 'allowed' : 'lacks-permission';
  return grants(grant, need) ? 'allowed' : 'lacks-permission';
}

function grants(grant: TokenGrant, need: Need): boolean {
  if (need.permission === 'metadata' && need.access === 'read') return true;
  const given = grant.permissions[need.permission];
  return given === 'write' || (given === 'read' && need.access === 'read');
}

export function refusal(caller: Caller): string {
  const app = typeof caller === 'object' && caller.grant.kind === 'app';
  return `Resource not accessible by ${app ? 'integration' : 'personal access token'}`;
}
