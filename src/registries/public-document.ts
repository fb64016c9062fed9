import type { Fact, Unavailable } from '../verify/fact.ts';
import { known, unavailable } from '../verify/fact.ts';

// What reading a registry's public documents has in common, whichever client fetches them.

/** The head of an answer, and its body as it comes. */
export interface Answer {
  readonly status: number;
  /** Content-Type, as sent; empty: none. */
  readonly type: string;
  readonly body: AsyncIterable<Uint8Array | string>;
}

export interface Expectation {
  /** As people call it, for the reasons. */
  readonly registry: string;
  readonly maxBytes: number;
  /** What a status means where the registry documents it; others are named by their number. */
  readonly statuses?: Readonly<Record<number, string>>;
}

/** A release this young may not have reached every server of its registry (PyPI: `Cache-Control: max-age=600`). */
const SETTLING_MS = 10 * 60_000;

/** What a registry's servers may not show yet, because it was published a moment ago. */
export function isSettling(publishedAt: Date, now: Date): boolean {
  return now.getTime() - publishedAt.getTime() < SETTLING_MS;
}

/** As crates.io and PyPI ask for it: which program asks, and whom to write to about it. */
export function userAgent(version: string, contact: string | undefined): string {
  return `reseal/${version} (${contact ?? 'no contact configured'})`;
}

export function unreachable(reason: string): Unavailable {
  return unavailable('unreachable', reason);
}

/** For the whole call, body included, whatever the client does with its signal once a body has begun. */
export async function withinDeadline<T>(
  registry: string,
  deadlineMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T | Unavailable> {
  const stop = new AbortController();
  const late = Promise.withResolvers<Unavailable>();
  const timer = setTimeout(() => late.resolve(unreachable(`${registry} did not answer in time`)), deadlineMs);
  try {
    return await Promise.race([ask(stop.signal), late.promise]);
  } catch {
    return unreachable(`${registry} could not be reached, or broke off its answer`);
  } finally {
    clearTimeout(timer);
    stop.abort('done');
  }
}

/**
 * The JSON of a public document; undefined where the registry says that there is none. A page of HTML with 404 is not the
 * registry's answer: it serves its documents and their absence as JSON or plain text.
 */
export async function understand(answer: Answer, expected: Expectation): Promise<Fact<unknown>> {
  const { registry, statuses = {} } = expected;
  const page = /^text\/html\b/i.test(answer.type);
  if (answer.status === 404 && !page) return known(undefined);
  if (answer.status !== 200) {
    const meaning = statuses[answer.status];
    return unreachable(`${registry} answered ${answer.status}${meaning === undefined ? '' : `: ${meaning}`}`);
  }
  const text = await readBody(answer.body, expected.maxBytes);
  if (text === undefined)
    return unreachable(`${registry} answered with more than ${Math.floor(expected.maxBytes / 1_048_576)} MB`);
  try {
    return known(JSON.parse(text) as unknown);
  } catch {
    return unreachable(
      `${registry} answered with ${page ? 'a page of HTML' : 'something else'} instead of JSON`,
    );
  }
}

/** @returns undefined for a body that is larger */
async function readBody(body: Answer['body'], maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
