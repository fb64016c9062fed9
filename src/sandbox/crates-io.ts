import { STATUS_CODES } from 'node:http';
import type { CrateShelf } from './crates-io-crates.ts';
import { stockCrates } from './crates-io-crates.ts';
import type { PublishDesk } from './crates-io-publish.ts';
import { answerScoped, isForCargo } from './crates-io-publish.ts';
import { errors, NEEDS_PERMISSION, refuse } from './crates-io-refusal.ts';
import type { Caller, TokenRecord, TokenSpec } from './crates-io-tokens.ts';
import { keepTokens } from './crates-io-tokens.ts';
import type { Answer, Listener, RecordedRequest } from './http.ts';
import { listen } from './http.ts';

// Answers as rust-lang/crates.io does at 57fa000 (2026-08); each text names the file it comes from.

export type { EndpointScope, TokenRecord, TokenSpec } from './crates-io-tokens.ts';

export interface CratesIoOptions {
  readonly port?: number;
  readonly now?: () => Date;
  /** Answers errors of cargo's endpoints with 200, as crates.io's code does by default (src/config/server.rs, AdjustAll). */
  readonly hidesStatus?: boolean;
}

export interface CratesIoSandbox
  extends Listener,
    Pick<CrateShelf, 'setCrate' | 'removeCrate' | 'deleteCrate'> {
  addToken(token: string, spec?: TokenSpec): void;
  revokeToken(token: string): void;
  token(token: string): TokenRecord | undefined;
  /** A public document, such as `/api/v1/crates/serde/1.0.0`. */
  addDocument(path: string, body: unknown): void;
}

interface Registry extends PublishDesk {
  readonly documents: Map<string, unknown>;
  readonly hidesStatus: boolean;
}

/** src/middleware/no_user_agent_message.txt, its opening. */
const NO_USER_AGENT =
  'We require that all requests include a `User-Agent` header.  To allow us to determine the impact your bot has ' +
  'on our service, we ask that your user agent actually identify your bot, and not just report the HTTP client ' +
  "library you're using.";

/** crates.io answering probes of a token and of its scopes, and showing its crates. */
export async function startCratesIo(options: CratesIoOptions = {}): Promise<CratesIoSandbox> {
  const now = options.now ?? (() => new Date());
  const registry: Registry = {
    tokens: keepTokens(now),
    documents: new Map(),
    crates: stockCrates(),
    now,
    hidesStatus: options.hidesStatus ?? false,
  };
  const listener = await listen({
    port: options.port,
    now,
    respond: (request) => respond(registry, request),
    errorBody: (status) => errors(STATUS_CODES[status] ?? 'Error'),
  });
  const { tokens, crates } = registry;
  return {
    ...listener,
    addToken: (token, spec = {}) => tokens.add(token, spec),
    revokeToken: tokens.revoke,
    token: tokens.find,
    setCrate: crates.setCrate,
    removeCrate: crates.removeCrate,
    deleteCrate: crates.deleteCrate,
    addDocument: (path, body) => void registry.documents.set(path, body),
  };
}

/** `cio` and 32 of [A-Za-z0-9], as utils/token.rs makes them; one random byte for each character. */
export function fakeCratesIoToken(random: Uint8Array): string {
  if (random.length < 32) throw new RangeError('A crates.io token takes 32 random bytes.');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return `cio${Array.from(random.subarray(0, 32), (byte) => alphabet[byte % alphabet.length]).join('')}`;
}

function respond(registry: Registry, request: RecordedRequest): Answer {
  const answer = answerOf(registry, request);
  return registry.hidesStatus && isForCargo(request) ? { ...answer, status: 200 } : answer;
}

function answerOf(registry: Registry, request: RecordedRequest): Answer {
  const userAgent = request.headers['user-agent'] ?? '';
  // src/middleware/require_user_agent.rs: what CloudFront puts in stands for none.
  if (userAgent === '' || userAgent === 'Amazon CloudFront') return refuse(403, NO_USER_AGENT);
  const document = registry.documents.get(request.path);
  if (request.method === 'GET' && document !== undefined) return { status: 200, body: document };
  const shown = registry.crates.answer(request) ?? answerScoped(registry, request);
  if (shown !== undefined) return shown;
  const endpoint = endpointOf(request);
  if (endpoint === undefined) return refuse(404, 'Not Found');
  const caller = registry.tokens.authenticate(request);
  return 'status' in caller ? caller : endpoint(registry, caller);
}

type Endpoint = (registry: Registry, caller: Caller) => Answer;

function endpointOf({ method, path }: RecordedRequest): Endpoint | undefined {
  if (method === 'GET' && path === '/api/v1/me') return me;
  if (method === 'GET' && /^\/api\/v1\/me\/tokens\/\d+$/.test(path)) return findToken;
  if (method === 'DELETE' && path === '/api/v1/tokens/current') return revokeCurrent;
  return undefined;
}

/** GET /api/v1/me takes a cookie only (controllers/user/me.rs). */
function me(): Answer {
  return refuse(403, 'this action can only be performed on the crates.io website');
}

/** An endpoint without a scope of its own is for legacy tokens alone (src/auth.rs endpoint_scope_matches). */
function legacyOnly(endpoint: Endpoint): Endpoint {
  return (registry, caller) =>
    caller.record.legacy === true ? endpoint(registry, caller) : refuse(403, NEEDS_PERMISSION);
}

/** GET /api/v1/me/tokens/{id} (controllers/token.rs find_api_token): no account here lists any token. */
const findToken = legacyOnly(() => refuse(404, 'Not Found'));

/** DELETE /api/v1/tokens/current (controllers/token.rs): a scoped token cannot end itself. */
const revokeCurrent = legacyOnly(({ tokens }, { token }) => {
  tokens.revoke(token);
  return { status: 204 };
});
