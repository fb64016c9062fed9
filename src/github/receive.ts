import type { Answer, ClientOptions, Silence } from './answer.ts';

const CALL_MS = 20_000;
const BODY_BYTES = 1_048_576;
const LATE = 'no answer in time';

/**
 * One request and its whole answer: within the deadline, whatever `fetch` does with its signal; no more than 1 MiB of body;
 * and never further than to where it was sent, since fetch would carry a PUT to wherever a redirect points.
 */
export async function receive(
  options: Pick<ClientOptions, 'fetch' | 'deadlineMs'>,
  input: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit | undefined,
): Promise<Answer | Silence> {
  const stop = new AbortController();
  const late = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => late.resolve(LATE), options.deadlineMs ?? CALL_MS);
  try {
    const request = { ...init, redirect: 'manual', signal: stop.signal } as const;
    const response = await Promise.race([options.fetch(input, request), late.promise]);
    if (response === LATE) return { code: LATE, sent: true };
    const body = await Promise.race([readBody(response), late.promise]);
    const content = body === LATE ? ({ body: undefined, unread: 'too slow' } as const) : body;
    return { status: response.status, headers: Object.fromEntries(response.headers), ...content };
  } catch (error) {
    return silence(error);
  } finally {
    clearTimeout(timer);
    // With a reason of our own, which costs nothing to make: nobody looks at it.
    stop.abort(LATE);
  }
}

type Content = Pick<Answer, 'body' | 'unread'>;

async function readBody(response: Response): Promise<Content> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > BODY_BYTES) return { body: undefined, unread: 'too large' };
      chunks.push(chunk);
    }
  } catch {
    return { body: undefined, unread: 'cut off' };
  }
  if (size === 0) return { body: undefined };
  return parse(Buffer.concat(chunks), response.headers.get('content-type') ?? '');
}

/** As JSON only where it says that it is: a log-in page of the network is none. */
function parse(bytes: Uint8Array, type: string): Content {
  if (!/^application\/(?:[\w.-]+\+)?json(?:$|[ ;])/i.test(type))
    return { body: undefined, unread: 'not JSON' };
  try {
    return { body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch {
    return { body: undefined, unread: 'not JSON' };
  }
}

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** Codes of a certificate that was not accepted (https://nodejs.org/api/tls.html, "X509 certificate error codes"). */
const UNTRUSTED = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_)/;

export function isUntrusted(code: string): boolean {
  return UNTRUSTED.test(code);
}

function silence(error: unknown): Silence {
  const code = causeCode(error);
  return { code, sent: !(code !== undefined && (NEVER_CONNECTED.has(code) || isUntrusted(code))) };
}

/** The code of the innermost cause, such as ECONNREFUSED. Never its message, which may hold the request. */
function causeCode(error: unknown): string | undefined {
  let code: string | undefined;
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    const own = (current as { code?: unknown }).code;
    if (typeof own === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(own)) code = own;
    current = current.cause;
  }
  return code;
}
