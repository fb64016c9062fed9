/** What every call needs. */
export interface Caller {
  readonly fetch: typeof globalThis.fetch;
  /** Of reseal, for the User-Agent. */
  readonly version: string;
}

export interface Call {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** For the whole call, its answer's body included. */
  readonly deadlineMs: number;
}

/** What became of a call. `not-made`: the request surely did not leave. `lost`: it may have left, and no answer came. */
export type CallResult =
  | { readonly kind: 'answered'; readonly status: number; readonly date: string | null }
  | { readonly kind: 'not-made' | 'lost'; readonly reason: string };

/** Of an answer's body, which is read out of courtesy and thrown away. */
const BODY_BYTES = 65_536;

/**
 * One request over a connection of its own: calls are hours apart, and one that was kept open may be half dead, which would
 * make its answer a lost one. Never throws; no reason holds more of the address than its host.
 */
export async function call({ fetch, version }: Caller, request: Call): Promise<CallResult> {
  const { url, method, headers, body, deadlineMs } = request;
  try {
    const answer = await fetch(url, {
      method,
      headers: { 'user-agent': `reseal/${version}`, connection: 'close', ...headers },
      ...(body ? { body: Uint8Array.from(body) } : {}),
      // The address is a secret, and its answer could send it anywhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    });
    await discardBody(answer);
    return { kind: 'answered', status: answer.status, date: answer.headers.get('date') };
  } catch (error) {
    return judgeFailure(error, url.host);
  }
}

/** The status has said everything: a body that breaks off or never ends changes nothing. */
async function discardBody({ body }: Response): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size >= BODY_BYTES) break;
    }
  } catch {
    // It was to be thrown away.
  }
}

/** https://nodejs.org/api/tls.html, "X509 certificate error codes", and what OpenSSL says where there is no TLS at all. */
const UNTRUSTED =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_TLS_CERT_|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_UNSUPPORTED_PROTOCOL)/;

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/** By codes, never by wording. What is not surely of the time before the request counts as lost. */
function judgeFailure(error: unknown, host: string): CallResult {
  if (error instanceof Error && error.name === 'TimeoutError')
    return { kind: 'lost', reason: `${host} did not answer in time` };
  const cause = error instanceof Error ? error.cause : undefined;
  // One for each of the host's addresses.
  const causes: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const code = causes.map(codeOf).find((found) => found !== undefined);
  const shown = code === undefined ? '' : ` (${code})`;
  if (causes.length > 0 && causes.every(isUntrusted))
    return { kind: 'not-made', reason: `${host} has no trusted TLS${shown}` };
  if (causes.length > 0 && causes.every(isBeforeConnection))
    return { kind: 'not-made', reason: `${host} cannot be reached${shown}` };
  return { kind: 'lost', reason: `${host} gave no answer${shown}` };
}

function codeOf(cause: unknown): string | undefined {
  const code = (cause as SystemError | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function isUntrusted(cause: unknown): boolean {
  return UNTRUSTED.test(codeOf(cause) ?? '');
}

function isBeforeConnection(cause: unknown): boolean {
  const syscall = (cause as SystemError | null | undefined)?.syscall;
  return syscall === 'connect' || syscall === 'getaddrinfo' || codeOf(cause) === 'UND_ERR_CONNECT_TIMEOUT';
}
