import type { Secret } from '../domain/secret.ts';
import type { Issuer, IssuerAnswer } from '../rotate/rotation.ts';

export interface CratesIoOptions {
  /** Without a trailing slash, such as `https://crates.io`. */
  readonly url: string;
  /** Sent in the User-Agent, as crates.io's data-access policy asks. */
  readonly contact: string | undefined;
  readonly version: string;
  readonly fetch: typeof globalThis.fetch;
  /** For the whole call, body included; 15 seconds when absent. */
  readonly deadlineMs?: number;
}

const CALL_MS = 15_000;
const BODY_BYTES = 65_536;

/**
 * What crates.io's answers to this probe mean. Their wording is the only signal, since most share the status 403 and
 * some routes answer errors with 200 (rust-lang/crates.io: src/auth.rs, src/util/errors.rs, src/controllers/token.rs).
 */
const MEANINGS: readonly { readonly wording: RegExp; readonly answer: IssuerAnswer }[] = [
  {
    wording: /^this token does not have the required permissions to perform this action$/,
    answer: { verdict: 'live' },
  },
  {
    wording: /^Not Found$/,
    answer: {
      verdict: 'refused',
      reason:
        'crates.io knows this token, but it has no scopes and so may do everything: make one with only the scopes listed',
    },
  },
  {
    wording: /^authentication failed$/,
    answer: {
      verdict: 'refused',
      reason:
        'crates.io does not know this token: it was mistyped, revoked, or has expired (crates.io does not say which)',
    },
  },
  {
    wording: /^The given API token does not match the format used by crates\.io\./,
    answer: { verdict: 'refused', reason: 'crates.io says that this is not one of its tokens' },
  },
  {
    wording: /^This account is (indefinitely locked|locked until)/,
    answer: { verdict: 'refused', reason: 'the crates.io account behind this token is locked' },
  },
];

/**
 * Asks whether a token is alive with `GET /api/v1/me/tokens/0`: a scoped token is refused there for its scope, a dead
 * one for itself. The only effect is that crates.io notes when the token was last used.
 */
export function openCratesIo(options: CratesIoOptions): Issuer {
  return {
    check: async (token) => {
      const stop = new AbortController();
      const late = Promise.withResolvers<IssuerAnswer>();
      const timer = setTimeout(
        () => late.resolve(inconclusive('crates.io did not answer in time')),
        options.deadlineMs ?? CALL_MS,
      );
      try {
        // For the whole call, whatever fetch does with its signal once a body has begun.
        return await Promise.race([ask(options, token, stop.signal), late.promise]);
      } catch {
        return inconclusive('crates.io could not be reached');
      } finally {
        clearTimeout(timer);
        stop.abort('done');
      }
    },
  };
}

async function ask(options: CratesIoOptions, token: Secret, signal: AbortSignal): Promise<IssuerAnswer> {
  const response = await options.fetch(`${options.url}/api/v1/me/tokens/0`, {
    headers: {
      authorization: headerValue(token),
      'user-agent': `reseal/${options.version} (${options.contact ?? 'no contact configured'})`,
      accept: 'application/json',
    },
    // A token must not follow a redirect to another host.
    redirect: 'manual',
    signal,
  });
  return classify(response.status, await readBody(response));
}

/** An answer's meaning; anything not in the table is inconclusive. */
export function classify(status: number, body: string): IssuerAnswer {
  if (status >= 300 && status < 400)
    return inconclusive('crates.io pointed elsewhere, and the token was not sent on');
  if (status === 429 || status >= 500) return inconclusive(`crates.io answered ${status}`);
  const detail = firstDetail(body);
  const known = detail === undefined ? undefined : MEANINGS.find(({ wording }) => wording.test(detail));
  return known?.answer ?? inconclusive('crates.io answered in words that are not known here');
}

function firstDetail(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    const [first] = Array.isArray(errors) ? (errors as { detail?: unknown }[]) : [];
    return typeof first?.detail === 'string' ? first.detail : undefined;
  } catch {
    return undefined;
  }
}

/** @returns nothing of a body that is larger than any answer of crates.io */
async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > BODY_BYTES) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The one string made of a token: a header takes nothing else, and a string cannot be wiped. The process ends soon. */
function headerValue(token: Secret): string {
  const { buffer, byteOffset, byteLength } = token.reveal();
  // A view: copied, the bytes would stay in the pool that small buffers share.
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

function inconclusive(reason: string): IssuerAnswer {
  return { verdict: 'inconclusive', reason };
}
