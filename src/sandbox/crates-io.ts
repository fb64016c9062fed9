import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { CrateShelf } from './crates-io-crates.ts';
import { stockCrates } from './crates-io-crates.ts';
import type { Answer, Listener, RecordedRequest } from './http.ts';
import { listen } from './http.ts';

// Answers as rust-lang/crates.io does at 57fa000 (2026-08); each text names the file it comes from.

/** crates_io_database/src/models/token/scopes.rs */
export type EndpointScope =
  | 'publish-new'
  | 'publish-update'
  | 'trusted-publishing'
  | 'yank'
  | 'change-owners';

export interface TokenSpec {
  /** Ignored for a legacy token, which has every power. */
  readonly scopes?: readonly EndpointScope[];
  /** Exact names, `prefix*` or `*`; absent: every crate. No probe here asks about a crate. */
  readonly crates?: readonly string[];
  readonly legacy?: boolean;
  readonly revoked?: boolean;
  readonly expiresAt?: Date;
  /** Of the account that owns the token. */
  readonly locked?: { readonly reason: string; readonly until?: Date };
}

export interface TokenRecord extends TokenSpec {
  readonly revoked: boolean;
  readonly lastUsedAt: Date | undefined;
}

export interface CratesIoOptions {
  readonly port?: number;
  readonly now?: () => Date;
}

export interface CratesIoSandbox extends Listener, Pick<CrateShelf, 'setCrate' | 'removeCrate'> {
  addToken(token: string, spec?: TokenSpec): void;
  revokeToken(token: string): void;
  token(token: string): TokenRecord | undefined;
  /** A public document, such as `/api/v1/crates/serde/1.0.0`. */
  addDocument(path: string, body: unknown): void;
}

interface Registry {
  /** Keyed by SHA-256, as crates.io keeps them (utils/token.rs, HashedToken). */
  readonly tokens: Map<string, TokenRecord>;
  readonly documents: Map<string, unknown>;
  readonly crates: CrateShelf;
  readonly now: () => Date;
}

const WRONG_FORMAT =
  'The given API token does not match the format used by crates.io. ' +
  'Tokens generated before 2020-07-14 were generated with an insecure random number generator, and have been ' +
  'revoked. You can generate a new token at https://crates.io/me. For more information please see ' +
  'https://blog.rust-lang.org/2020/07/14/crates-io-security-advisory.html. We apologize for any inconvenience.';

/** src/middleware/no_user_agent_message.txt, its opening. */
const NO_USER_AGENT =
  'We require that all requests include a `User-Agent` header.  To allow us to determine the impact your bot has ' +
  'on our service, we ask that your user agent actually identify your bot, and not just report the HTTP client ' +
  "library you're using.";

/** crates.io answering probes of a token (GET /api/v1/me/tokens/0 and its neighbours) and showing its crates. */
export async function startCratesIo(options: CratesIoOptions = {}): Promise<CratesIoSandbox> {
  const registry: Registry = {
    tokens: new Map(),
    documents: new Map(),
    crates: stockCrates(),
    now: options.now ?? (() => new Date()),
  };
  const listener = await listen({
    port: options.port,
    now: registry.now,
    respond: (request) => respond(registry, request),
    errorBody: (status) => errors(STATUS_CODES[status] ?? 'Error'),
  });
  return {
    ...listener,
    addToken(token, spec = {}) {
      registry.tokens.set(sha256(token), { ...spec, revoked: spec.revoked ?? false, lastUsedAt: undefined });
    },
    revokeToken: (token) => revoke(registry, token),
    token: (token) => registry.tokens.get(sha256(token)),
    setCrate: registry.crates.setCrate,
    removeCrate: registry.crates.removeCrate,
    addDocument: (path, body) => void registry.documents.set(path, body),
  };
}

/** `cio` and 32 of [A-Za-z0-9], as utils/token.rs makes them; one random byte for each character. */
export function fakeCratesIoToken(random: Uint8Array): string {
  if (random.length < 32) throw new RangeError('A crates.io token takes 32 random bytes.');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return `cio${Array.from(random.subarray(0, 32), (byte) => alphabet[byte % alphabet.length]).join('')}`;
}

function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function revoke(registry: Registry, token: string): void {
  const record = registry.tokens.get(sha256(token));
  if (record !== undefined) registry.tokens.set(sha256(token), { ...record, revoked: true });
}

function errors(detail: string): { errors: [{ detail: string }] } {
  return { errors: [{ detail }] };
}

function refuse(status: number, detail: string): Answer {
  return { status, body: errors(detail) };
}

function respond(registry: Registry, request: RecordedRequest): Answer {
  const userAgent = request.headers['user-agent'] ?? '';
  // src/middleware/require_user_agent.rs: what CloudFront puts in stands for none.
  if (userAgent === '' || userAgent === 'Amazon CloudFront') return refuse(403, NO_USER_AGENT);
  const document = registry.documents.get(request.path);
  if (request.method === 'GET' && document !== undefined) return { status: 200, body: document };
  const shown = registry.crates.answer(request);
  if (shown !== undefined) return shown;
  const endpoint = endpointOf(request);
  if (endpoint === undefined) return refuse(404, 'Not Found');
  const caller = authenticate(registry, request);
  return 'status' in caller ? caller : endpoint(registry, caller);
}

type Endpoint = (registry: Registry, caller: { token: string; record: TokenRecord }) => Answer;

function endpointOf(request: RecordedRequest): Endpoint | undefined {
  const { method, path } = request;
  if (method === 'GET' && path === '/api/v1/me') return me;
  if (method === 'GET' && /^\/api\/v1\/me\/tokens\/\d+$/.test(path)) return findToken;
  if (method === 'DELETE' && path === '/api/v1/tokens/current') return revokeCurrent;
  return undefined;
}

/** src/auth.rs, in its order: Origin, (cookie,) Authorization, prefix, lookup, account lock. */
function authenticate(
  registry: Registry,
  request: RecordedRequest,
): Answer | { token: string; record: TokenRecord } {
  const { origin, authorization } = request.headers;
  // src/controllers/util.rs verify_origin
  if (origin !== undefined && origin !== 'https://crates.io') return refuse(403, 'invalid origin header');
  if (authorization === undefined) return refuse(403, 'this action requires authentication');
  const token = tokenIn(authorization);
  if (typeof token !== 'string') return token;
  if (!token.startsWith('cio')) return refuse(401, WRONG_FORMAT);
  const record = registry.tokens.get(sha256(token));
  // models/token.rs finds live tokens only, so that all dead ones look alike.
  if (record === undefined || record.revoked || isPast(record.expiresAt, registry.now())) {
    return refuse(403, 'authentication failed');
  }
  // Written by the lookup itself, whatever is refused after it.
  registry.tokens.set(sha256(token), { ...record, lastUsedAt: registry.now() });
  return lockOf(record, registry.now()) ?? { token, record };
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

/** GET /api/v1/me takes a cookie only (controllers/user/me.rs). */
function me(): Answer {
  return refuse(403, 'this action can only be performed on the crates.io website');
}

/** An endpoint without a scope of its own is for legacy tokens alone (src/auth.rs endpoint_scope_matches). */
function legacyOnly(endpoint: Endpoint): Endpoint {
  return (registry, caller) =>
    caller.record.legacy === true
      ? endpoint(registry, caller)
      : refuse(403, 'this token does not have the required permissions to perform this action');
}

/** GET /api/v1/me/tokens/{id} (controllers/token.rs find_api_token): no account here lists any token. */
const findToken = legacyOnly(() => refuse(404, 'Not Found'));

/** DELETE /api/v1/tokens/current (controllers/token.rs): a scoped token cannot end itself. */
const revokeCurrent = legacyOnly((registry, caller) => {
  revoke(registry, caller.token);
  return { status: 204 };
});
