import type { Fact, Unavailable } from '../verify/fact.ts';
import type { Expectation } from './public-document.ts';
import { understand, unreachable, userAgent, withinDeadline } from './public-document.ts';

export interface PublicOptions {
  /** Without a trailing slash, such as `https://crates.io`. */
  readonly url: string;
  /** Whom to write to about these requests; sent in the User-Agent. */
  readonly contact: string | undefined;
  readonly version: string;
  readonly fetch: typeof globalThis.fetch;
  /** For each document, its body included; 15 seconds when absent. */
  readonly deadlineMs?: number;
}

/** What to ask a registry for, and how to take its answer. */
export interface Question extends Expectation {
  /** Begins with a slash. */
  readonly path: string;
  readonly accept: string;
  /** Awaited before each request. */
  readonly turn?: (url: string) => Promise<void>;
}

const CALL_MS = 15_000;
const REDIRECTS = 1;

/**
 * GET without credentials. Follows one redirect, and only to the same origin (a project's name in another spelling).
 *
 * @returns the document's JSON; known and undefined where there is none (404)
 */
export async function readPublic(options: PublicOptions, question: Question): Promise<Fact<unknown>> {
  let address = `${options.url}${question.path}`;
  for (let redirects = 0; ; redirects += 1) {
    await question.turn?.(address);
    const answer = await withinDeadline(question.registry, options.deadlineMs ?? CALL_MS, (signal) =>
      ask(options, question, address, signal),
    );
    if (!('to' in answer)) return answer;
    if (redirects === REDIRECTS || new URL(answer.to).origin !== new URL(options.url).origin)
      return unreachable(`${question.registry} pointed elsewhere, and was not followed`);
    address = answer.to;
  }
}

async function ask(
  { version, contact, fetch }: PublicOptions,
  question: Question,
  address: string,
  signal: AbortSignal,
): Promise<Fact<unknown> | Unavailable | { readonly to: string }> {
  const response = await fetch(address, {
    headers: { 'user-agent': userAgent(version, contact), accept: question.accept },
    redirect: 'manual',
    signal,
  });
  const location = response.headers.get('location');
  if (response.status >= 300 && response.status < 400 && location !== null && URL.canParse(location, address))
    return { to: new URL(location, address).href };
  const type = response.headers.get('content-type') ?? '';
  return understand({ status: response.status, type, body: response.body ?? nothing() }, question);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
