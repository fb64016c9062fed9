import type { Issuer, IssuerAnswer } from '../rotate/rotation.ts';
import { defaultNpmRegistry } from './npm-default.ts';
import { boundedOnce, isElsewhere } from './npm-once.ts';
import type { NpmOptions } from './npm-registry.ts';
import { REGISTRY } from './npm-registry.ts';
import type { Answer } from './public-document.ts';
import { understand, userAgent, withinDeadline } from './public-document.ts';
import { field, fieldsOf, textOf, WrongShape } from './shape.ts';
import { echoes, tokenText } from './token-text.ts';

const CALL_MS = 15_000;
const BODY_BYTES = 1_048_576;

/** One answer, as npm's client library hands it on: with the code of its own error for some kinds of 401. */
interface WhoamiAnswer extends Answer {
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
}

/**
 * Asks npm whose token it is, with `GET /-/whoami` by npm's own client library (npm/cli: lib/utils/get-identity.js). Only a name is
 * an answer: npm is said to answer 401 for some granular tokens that still publish (askalf/dario, PR 388), so nothing refuses one.
 * Sent once, to that registry alone, without the library's cache.
 */
export function openNpmWhoami(options: Omit<NpmOptions, 'now'>): Issuer {
  return {
    check: async (token) => {
      const text = tokenText(token);
      const deadlineMs = options.deadlineMs ?? CALL_MS;
      const answer = await withinDeadline(REGISTRY, deadlineMs, async (signal) =>
        judge(await ask(options, text, deadlineMs, signal), text),
      );
      return 'verdict' in answer ? answer : inconclusive(answer.reason);
    },
  };
}

/** Nothing of what the library throws is handed on: some of it holds what was sent. */
async function ask(
  { url, version, contact }: Omit<NpmOptions, 'now'>,
  token: string,
  timeout: number,
  signal: AbortSignal,
): Promise<WhoamiAnswer | 'elsewhere'> {
  const { default: registryFetch } = await import('npm-registry-fetch');
  const registry = url ?? defaultNpmRegistry();
  try {
    const response = await registryFetch('/-/whoami', {
      registry,
      [credentialKey(registry)]: token,
      userAgent: userAgent(version, contact),
      headers: { accept: 'application/json' },
      retry: { retries: 0 },
      timeout,
      agent: boundedOnce(BODY_BYTES),
      signal,
    });
    const type = response.headers.get('content-type') ?? '';
    // Node's streams, whatever its types say; it comes in chunks, decompressed.
    return {
      status: response.status,
      type,
      body: response.body ?? nothing(),
      code: undefined,
      retryAfter: undefined,
    };
  } catch (error) {
    if (isElsewhere(error)) return 'elsewhere';
    return refusalOf(error);
  }
}

/** `//registry.example.org/:_authToken`, as in an .npmrc: the library sends it below that address, and nowhere else. */
function credentialKey(registry: string): string {
  const { host, pathname } = new URL(registry);
  return `//${host}${pathname.replace(/\/*$/, '/')}:_authToken`;
}

/** The library throws for a status from 400 on (npm-registry-fetch: lib/check-response.js), with the body read. */
function refusalOf(error: unknown): WhoamiAnswer {
  const { statusCode, headers, code } = error as Record<'statusCode' | 'code', unknown> & {
    headers?: Record<string, readonly string[] | string>;
  };
  if (typeof statusCode !== 'number') throw new Error('no answer');
  return {
    status: statusCode,
    type: String(headers?.['content-type'] ?? ''),
    body: nothing(),
    code: typeof code === 'string' ? code : undefined,
    retryAfter: headers?.['retry-after'] === undefined ? undefined : String(headers['retry-after']),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Of other kinds of 401 than that npm does not know the token (npm-registry-fetch: lib/errors.js). */
const UNSAID: Readonly<Record<string, string>> = {
  EAUTHIP:
    'npm does not take it from this address: the token may be limited to others (its allowed IP ranges)',
  EOTP: 'npm asks for a one-time password, and says nothing of the token',
};

const SUSPECT =
  'npm does not say whose token this is: it was mistyped, revoked, or has expired. It answers the same for some granular tokens that still publish, so look under Access Tokens at npm that it is listed and has not expired before you store it unchecked';

async function judge(answer: WhoamiAnswer | 'elsewhere', token: string): Promise<IssuerAnswer> {
  if (answer === 'elsewhere') return inconclusive('npm pointed elsewhere, and the token was not sent on');
  const page = /^text\/html\b/i.test(answer.type);
  if (answer.status === 401 && !page) return inconclusive(UNSAID[answer.code ?? ''] ?? SUSPECT);
  const found = await understand(answer, {
    registry: REGISTRY,
    maxBytes: BODY_BYTES,
    statuses: {
      403: 'it refuses this client or this token, and does not say which',
      429: `it asks for fewer requests; try again ${when(answer.retryAfter)}`,
    },
  });
  if (!found.known) return inconclusive(found.reason);
  const account = found.value === undefined ? undefined : accountOf(found.value, token);
  if (account === undefined) return inconclusive('npm answered in a form that is not known here');
  return { verdict: 'live', says: [{ label: 'Account', text: account }] };
}

/** `{"username": "…"}`. @returns undefined for anything else, and for a name that holds a part of the token */
function accountOf(document: unknown, token: string): string | undefined {
  try {
    const name = textOf(field(fieldsOf(document, 'username'), 'username'), 'username');
    return name.length > 214 || echoes(name, token) ? undefined : name;
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
    return undefined;
  }
}

/** `Retry-After` is a number of seconds or a date (RFC 9110 §10.2.3). */
function when(retryAfter: string | undefined): string {
  if (retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter)) return `in ${retryAfter} seconds`;
  const date = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
  return retryAfter !== undefined && date.test(retryAfter) ? `after ${retryAfter}` : 'later';
}

function inconclusive(reason: string): IssuerAnswer {
  return { verdict: 'inconclusive', reason };
}
