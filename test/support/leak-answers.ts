import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Trace } from './leaks.ts';

interface Message {
  readonly request: { readonly method: string; readonly origin: string; readonly path: string };
  readonly response: { readonly headers: readonly Buffer[] };
  readonly chunk: Uint8Array;
}

export interface Answers {
  /** Heads and bodies of all answers that came. */
  traces(): readonly Trace[];
  /** How often something was posted. */
  readonly posts: number;
  stop(): void;
}

/**
 * Listens to every `fetch` of this process: what a visitor of the form gets to see (the channels of undici, which
 * https://nodejs.org/api/globals.html names as fetch's own implementation).
 */
export function followAnswers(): Answers {
  const parts = new Map<object, Buffer[]>();
  let posts = 0;
  const add = (request: object, bytes: readonly Uint8Array[]) =>
    void parts.set(request, [...(parts.get(request) ?? []), ...bytes.map((part) => Buffer.from(part))]);
  const handlers: Readonly<Record<string, (message: Message) => void>> = {
    'undici:request:create': ({ request }) => {
      if (request.method === 'POST') posts += 1;
    },
    'undici:request:headers': ({ request, response }) => add(request, response.headers),
    'undici:request:bodyChunkReceived': ({ request, chunk }) => add(request, [chunk]),
  };
  const listeners = Object.entries(handlers).map(
    ([channel, take]) => [channel, (message: unknown) => take(message as Message)] as const,
  );
  for (const [channel, listener] of listeners) subscribe(channel, listener);
  return {
    traces: () =>
      [...parts].map(([request, bytes]) => {
        const { method } = request as Message['request'];
        return { sink: 'form answers', where: `the answer to ${method}`, bytes: Buffer.concat(bytes) };
      }),
    get posts() {
      return posts;
    },
    stop: () => {
      for (const [channel, listener] of listeners) unsubscribe(channel, listener);
    },
  };
}
