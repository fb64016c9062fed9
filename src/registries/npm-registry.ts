import type { Agent } from 'node:http';
import type { Fact } from '../verify/fact.ts';
import type { Answer } from './public-document.ts';
import { understand, unreachable, userAgent, withinDeadline } from './public-document.ts';

export interface NpmOptions {
  /** Undefined: the default of npm's own client library. */
  readonly url: string | undefined;
  /** Whom to write to about these requests; sent in the User-Agent. */
  readonly contact: string | undefined;
  readonly version: string;
  readonly now: () => Date;
  /** For each document, its body included; 30 seconds when absent. */
  readonly deadlineMs?: number;
}

export const REGISTRY = 'npm';
const CALL_MS = 30_000;
const REQUESTS = 2;

/**
 * GET by npm's own client library, without credentials, without its cache on disk and without retrying: the next run asks
 * again. Follows one redirect, and only to the same origin.
 *
 * @param path begins with a slash
 * @returns the document's JSON; known and undefined where there is none (404)
 */
export async function readNpm(options: NpmOptions, path: string, maxBytes: number): Promise<Fact<unknown>> {
  const { default: registryFetch } = await import('npm-registry-fetch');
  const deadlineMs = options.deadlineMs ?? CALL_MS;
  return withinDeadline(REGISTRY, deadlineMs, async (signal) => {
    const call = registryFetch(path, {
      ...(options.url === undefined ? {} : { registry: options.url }),
      userAgent: userAgent(options.version, options.contact),
      // The full document: the short one of an installation leaves out who published it and when.
      headers: { accept: 'application/json' },
      retry: { retries: 0 },
      timeout: deadlineMs,
      // Its types know agents alone; it also takes what names one for an address (minipass-fetch: lib/request.js).
      agent: oneOrigin() as unknown as Agent,
      signal,
    });
    try {
      return await understand(await call.then(answerOf, refusalOf), { registry: REGISTRY, maxBytes });
    } catch (error) {
      if (!(error instanceof Elsewhere)) throw error;
      return unreachable('npm pointed elsewhere, and was not followed');
    }
  });
}

class Elsewhere extends Error {}

/**
 * The library follows redirects anywhere and takes no bound, but asks for an agent before each request.
 *
 * @returns Node's own agent, and an error for a second redirect or another origin
 */
function oneOrigin(): (url: URL) => undefined {
  const asked: string[] = [];
  return ({ origin }) => {
    if (asked.length === REQUESTS || asked.some((one) => one !== origin)) throw new Elsewhere();
    asked.push(origin);
    return undefined;
  };
}

interface LibraryResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Answer['body'] | null;
}

/** The body comes in chunks, decompressed. */
function answerOf({ status, headers, body }: LibraryResponse): Answer {
  return { status, type: headers.get('content-type') ?? '', body: body ?? nothing() };
}

/** The library throws for a status from 400 on, with the body already read. */
function refusalOf(error: unknown): Answer {
  const { statusCode, headers } = error as { statusCode?: unknown; headers?: Record<string, unknown> };
  if (typeof statusCode !== 'number') throw error;
  return { status: statusCode, type: String(headers?.['content-type'] ?? ''), body: nothing() };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
