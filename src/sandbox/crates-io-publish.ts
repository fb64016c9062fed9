import type { CrateShelf } from './crates-io-crates.ts';
import { notFound } from './crates-io-crates.ts';
import { refuse } from './crates-io-refusal.ts';
import type { Bucket, TokenDrawer } from './crates-io-tokens.ts';
import { lacking } from './crates-io-tokens.ts';
import type { Answer, RecordedRequest } from './http-exchange.ts';

// What a scoped token is for, as far as the probes of its scopes go: rust-lang/crates.io at 57fa000 (2026-08),
// controllers/krate/{publish,owners}.rs and controllers/trustpub/github_configs/list.rs. Nothing is ever published or changed
// here: a request that would is a mistake of the one who sends it, and fails the test.

export interface PublishDesk {
  readonly tokens: TokenDrawer;
  readonly crates: CrateShelf;
  readonly now: () => Date;
}

/** Undefined: none of these endpoints. */
export function answerScoped(desk: PublishDesk, request: RecordedRequest): Answer | undefined {
  const { method, path } = request;
  if (method === 'PUT' && path === '/api/v1/crates/new') return publish(desk, request);
  const owned = /^\/api\/v1\/crates\/([^/]+)\/owners$/.exec(path)?.[1];
  if (method === 'PUT' && owned !== undefined) return addOwners(desk, request, decodeURIComponent(owned));
  if (method === 'GET' && path === '/api/v1/trusted_publishing/github_configs')
    return listPublishers(desk, request);
  return undefined;
}

/** Endpoints of cargo, whose errors some installations answer with 200 (src/middleware/cargo_compat.rs, AdjustAll). */
export function isForCargo({ method, path }: RecordedRequest): boolean {
  return method === 'PUT' && /^\/api\/v1\/crates\/(new|[^/]+\/owners)$/.test(path);
}

/** PUT /api/v1/crates/new (publish.rs), in its order; the length of the crate is read last. */
function publish({ tokens, crates, now }: PublishDesk, request: RecordedRequest): Answer {
  const metadata = readMetadata(request.body);
  if (!('name' in metadata)) return metadata;
  const { name, rest } = metadata;
  const deleted = crates.deletedName(name);
  if (deleted !== undefined) return refuse(400, deleted);
  const crate = crates.find(name);
  const scope: Bucket = crate === undefined ? 'publish-new' : 'publish-update';
  const caller = tokens.authenticate(request);
  if ('status' in caller) return caller;
  const refusal = lacking(caller, scope, name);
  if (refusal !== undefined) return refusal;
  if (crate?.trustedPublishingOnly === true) return refuse(403, TRUSTED_ONLY);
  if (caller.record.verifiedEmail === false) return refuse(400, UNVERIFIED);
  if (!tokens.take(caller.token, scope)) return tooMany(scope, now());
  if (rest.length < 4) return refuse(400, 'invalid tarball length');
  throw new Error('a crate was sent that could be published');
}

const TRUSTED_ONLY =
  'New versions of this crate can only be published using Trusted Publishing (see https://crates.io/docs/trusted-publishing).';
const UNVERIFIED =
  'A verified email address is required to publish crates to crates.io. ' +
  'Visit https://crates.io/settings/profile to set and verify your email address.';

function readMetadata(body: Buffer): Answer | { readonly name: string; readonly rest: Buffer } {
  if (body.length < 4) return refuse(400, 'invalid metadata length');
  const length = body.readUInt32LE();
  if (length > body.length - 4)
    return refuse(400, `invalid metadata length for remaining payload: ${length}`);
  const json = parseJson(body.subarray(4, 4 + length));
  const { name, vers } = (json ?? {}) as { name?: unknown; vers?: unknown };
  if (typeof name !== 'string' || typeof vers !== 'string')
    return refuse(400, 'invalid upload request: missing field');
  if (!/^[A-Za-z][\w-]{0,63}$/.test(name)) return refuse(400, `invalid crate name \`${name}\``);
  if (!/^\d+\.\d+\.\d+$/.test(vers)) return refuse(400, `"${vers}" is an invalid semver version`);
  return { name, rest: body.subarray(4 + length) };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** src/rate_limiter.rs; util/errors.rs, TooManyRequests */
function tooMany(bucket: Bucket, now: Date): Answer {
  const what = bucket === 'publish-new' ? 'new crates' : 'updates to existing crates';
  const until = new Date(now.getTime() + (bucket === 'publish-new' ? 600_000 : 60_000)).toUTCString();
  const detail =
    `You have published too many ${what} in a short period of time. ` +
    `Please try again after ${until} or email help@crates.io to have your limit increased.`;
  return refuse(429, detail, { 'retry-after': until });
}

/** PUT /api/v1/crates/{crate}/owners (owners.rs): the token is judged before the crate is looked for. */
function addOwners({ tokens, crates }: PublishDesk, request: RecordedRequest, name: string): Answer {
  const caller = tokens.authenticate(request);
  if ('status' in caller) return caller;
  const refusal = lacking(caller, 'change-owners', name);
  if (refusal !== undefined) return refusal;
  if (crates.find(name) === undefined) return notFound(name);
  throw new Error('owners of a crate that exists were asked for');
}

/** GET /api/v1/trusted_publishing/github_configs?crate=… (list.rs) */
function listPublishers({ tokens, crates }: PublishDesk, request: RecordedRequest): Answer {
  const name = request.query.get('crate') ?? '';
  const caller = tokens.authenticate(request);
  if ('status' in caller) return caller;
  const refusal = lacking(caller, 'trusted-publishing', name);
  if (refusal !== undefined) return refusal;
  if (crates.find(name) === undefined) return notFound(name);
  if (caller.record.ownsCrates === false) return refuse(400, 'You are not an owner of this crate');
  return { status: 200, body: { github_configs: [], meta: { total: 0, next_page: null } } };
}
