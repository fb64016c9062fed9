import type { Secret } from '../domain/secret.ts';
import { userAgent, withinDeadline } from './public-document.ts';
import { tokenText } from './token-text.ts';

export interface CallOptions {
  /** Without a trailing slash, such as `https://crates.io`. */
  readonly url: string;
  /** Sent in the User-Agent, as crates.io's data-access policy asks. */
  readonly contact: string | undefined;
  readonly version: string;
  readonly fetch: typeof globalThis.fetch;
  /** For each whole call, body included; 15 seconds when absent. */
  readonly deadlineMs?: number;
}

export interface Request {
  readonly method: 'GET' | 'PUT';
  /** Begins with a slash. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> };
  /** Goes into `Authorization`, and nowhere else; undefined: asked as anybody. */
  readonly token: Secret | undefined;
}

/** `silence`: why there is none, in words for people. */
export type Reply = { readonly status: number; readonly body: string } | { readonly silence: string };

const CALL_MS = 15_000;
const BODY_BYTES = 65_536;

/** One request to crates.io, which goes no further than to where it was sent. Never throws. */
export async function callCratesIo(options: CallOptions, request: Request): Promise<Reply> {
  const reply = await withinDeadline('crates.io', options.deadlineMs ?? CALL_MS, (signal) =>
    ask(options, request, signal),
  );
  return 'status' in reply ? reply : { silence: reply.reason };
}

async function ask(options: CallOptions, request: Request, signal: AbortSignal) {
  const { method, path, token, body } = request;
  const response = await options.fetch(`${options.url}${path}`, {
    method,
    headers: {
      ...(token && { authorization: tokenText(token) }),
      'user-agent': userAgent(options.version, options.contact),
      accept: 'application/json',
      ...(body && { 'content-type': body.type }),
    },
    ...(body && { body: body.bytes }),
    // A token must not follow a redirect to another host.
    redirect: 'manual',
    signal,
  });
  return { status: response.status, body: await readBody(response) };
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
