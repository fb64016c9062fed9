import { randomBytes } from 'node:crypto';
import { exchange, requestText } from './raw-http.ts';

/** What came of guesses at the address of a form. */
export interface Guessed {
  /** Answers that were no refusal. */
  readonly hits: number;
  readonly bodies: readonly string[];
  readonly statuses: ReadonlyMap<number, number>;
}

const AT_ONCE = 8;

/** Guesses at an address of the right length, each over a connection of its own. */
export async function guess(port: number, count: number): Promise<Guessed> {
  const bodies = new Set<string>();
  const statuses = new Map<number, number>();
  let hits = 0;
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const path = `/${randomBytes(32).toString('base64url')}`;
      const request = requestText(`GET ${path} HTTP/1.1`, [['Host', `127.0.0.1:${port}`]]);
      const { status, body } = await exchange(port, request);
      // Without an answer: it gave way to others.
      if (status === 0) continue;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      bodies.add(body);
      if (status < 400) hits++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return { hits, bodies: [...bodies], statuses };
}
