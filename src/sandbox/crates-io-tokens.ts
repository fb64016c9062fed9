import { createHash } from 'node:crypto';
import { NEEDS_PERMISSION, refuse } from './crates-io-refusal.ts';
import type { Answer, RecordedRequest } from './http-exchange.ts';

// What crates.io does with a token before anything else: rust-lang/crates.io at 57fa000 (2026-08), src/auth.rs.

/** crates_io_database/src/models/token/scopes.rs */
export type EndpointScope =
  | 'publish-new'
  | 'publish-update'
  | 'trusted-publishing'
  | 'yank'
  | 'change-owners';

export type Bucket = Extract<EndpointScope, 'publish-new' | 'publish-update'>;

export interface TokenSpec {
  /** Ignored for a legacy token, which has every power. */
  readonly scopes?: readonly EndpointScope[];
  /** Exact names, `prefix*` or `*`; absent: every crate. */
  readonly crates?: readonly string[];
  readonly legacy?: boolean;
  readonly revoked?: boolean;
  readonly expiresAt?: Date;
  /** Of the account that owns the token. */
  readonly locked?: { readonly reason: string; readonly until?: Date };
  /** Whether its account has a verified e-mail address; it has when absent. */
  readonly verifiedEmail?: boolean;
  /** Whether its account owns the crates that are here; it does when absent. */
  readonly ownsCrates?: boolean;
  /** How often its account may publish still; as often as a new one when absent (src/rate_limiter.rs). Not refilled here. */
  readonly publishesLeft?: Readonly<Partial<Record<Bucket, number>>>;
}

export interface TokenRecord extends TokenSpec {
  readonly revoked: boolean;
  readonly publishesLeft: Readonly<Record<Bucket, number>>;
  readonly lastUsedAt: Date | undefined;
}

/** src/rate_limiter.rs, default_burst */
const BURSTS: Readonly<Record<Bucket, number>> = { 'publish-new': 5, 'publish-update': 30 };

export interface TokenDrawer {
  add(token: string, spec: TokenSpec): void;
  revoke(token: string): void;
  find(token: string): TokenRecord | undefined;
  /** Takes one of the account's publishes. @returns whether there was one */
  take(token: string, bucket: Bucket): boolean;
  /** In crates.io's order: Origin, (cookie,) Authorization, prefix, lookup, account lock. */
  authenticate(request: RecordedRequest): Answer | Caller;
}

export interface Caller {
  readonly token: string;
  readonly record: TokenRecord;
}

const WRONG_FORMAT =
  'The given API token does not match the format used by crates.io. ' +
  'Tokens generated before 2020-07-14 were generated with an insecure random number generator, and have been ' +
  'revoked. You can generate a new token at https://crates.io/me. For more information please see ' +
  'https://blog.rust-lang.org/2020/07/14/crates-io-security-advisory.html. We apologize for any inconvenience.';

export function keepTokens(now: () => Date): TokenDrawer {
  /** Keyed by SHA-256, as crates.io keeps them (utils/token.rs, HashedToken). */
  const tokens = new Map<string, TokenRecord>();
  const find = (token: string) => tokens.get(sha256(token));
  const change = (token: string, changes: Partial<TokenRecord>): void => {
    const record = find(token);
    if (record !== undefined) tokens.set(sha256(token), { ...record, ...changes });
  };
  return {
    find,
    add(token, spec) {
      const { revoked = false, publishesLeft = {} } = spec;
      const left = { ...BURSTS, ...publishesLeft };
      tokens.set(sha256(token), { ...spec, revoked, publishesLeft: left, lastUsedAt: undefined });
    },
    revoke: (token) => change(token, { revoked: true }),
    take(token, bucket) {
      const left = find(token)?.publishesLeft ?? BURSTS;
      if (left[bucket] < 1) return false;
      change(token, { publishesLeft: { ...left, [bucket]: left[bucket] - 1 } });
      return true;
    },
    authenticate(request) {
      const token = presented(request);
      if (typeof token !== 'string') return token;
      const record = find(token);
      // models/token.rs finds live tokens only, so that all dead ones look alike.
      if (record === undefined || record.revoked || isPast(record.expiresAt, now()))
        return refuse(403, 'authentication failed');
      // Written by the lookup itself, whatever is refused after it.
      change(token, { lastUsedAt: now() });
      return lockOf(record, now()) ?? { token, record };
    },
  };
}

function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function presented({ headers: { origin, authorization } }: RecordedRequest): string | Answer {
  // src/controllers/util.rs verify_origin
  if (origin !== undefined && origin !== 'https://crates.io') return refuse(403, 'invalid origin header');
  if (authorization === undefined) return refuse(403, 'this action requires authentication');
  const token = tokenIn(authorization);
  if (typeof token !== 'string') return token;
  return token.startsWith('cio') ? token : refuse(401, WRONG_FORMAT);
}

/** src/auth.rs AuthHeader: a bare token, or one after `Bearer`. */
function tokenIn(header: string): string | Answer {
  const [, scheme, rest] = /^(\S+) +(.*)$/s.exec(header) ?? [];
  if (scheme !== undefined && scheme.toLowerCase() !== 'bearer') {
    return refuse(
      401,
      `Invalid \`Authorization\` header: Found unexpected authentication scheme \`${scheme}\``,
    );
  }
  const token = (rest ?? header).trim();
  return token === '' ? refuse(401, 'Invalid `Authorization` header: Missing authentication token') : token;
}

function isPast(instant: Date | undefined, now: Date): boolean {
  return instant !== undefined && instant <= now;
}

/** src/tests/account_lock.rs */
function lockOf(record: TokenRecord, now: Date): Answer | undefined {
  const { locked } = record;
  if (locked === undefined || isPast(locked.until, now)) return undefined;
  const until = locked.until && `${locked.until.toISOString().slice(0, 19)}Z`;
  const start =
    until === undefined ? 'This account is indefinitely locked.' : `This account is locked until ${until}.`;
  return refuse(403, `${start} Reason: ${locked.reason}`);
}

/** Endpoint scope first, then the crate (src/auth.rs); a legacy token has all. @returns the refusal, if it lacks one */
export function lacking({ record }: Caller, scope: EndpointScope, crate: string): Answer | undefined {
  if (record.legacy === true) return undefined;
  const covers = record.crates?.some((pattern) => isCovered(pattern, crate)) ?? true;
  const may = record.scopes?.includes(scope) === true && covers;
  return may ? undefined : refuse(403, NEEDS_PERMISSION);
}

/** models/token/scopes.rs: an exact name, `prefix*` or `*`; case counts, and "-" is not "_". */
function isCovered(pattern: string, crate: string): boolean {
  return pattern.endsWith('*') ? crate.startsWith(pattern.slice(0, -1)) : pattern === crate;
}
