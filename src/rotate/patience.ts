import { AppError } from '../domain/error.ts';

/** What waiting needs from outside. */
export interface Waiting {
  readonly sleep: (ms: number) => Promise<void>;
  /** Tells whoever waits why. */
  readonly say: (text: string) => void;
}

const READ_PAUSES_MS = [1_000, 4_000];
/** How long a person with a token in the clipboard is kept waiting for a limit of GitHub's. */
const LIMIT_PATIENCE_MS = 5 * 60_000;

/**
 * Asks again where GitHub could not be reached or was not itself, and after a limit: the token in hand may not be shown a second
 * time. What is refused for another reason is refused at once.
 */
export async function patiently<T>(
  waiting: Waiting,
  call: () => Promise<T>,
  pausesMs: readonly number[] = READ_PAUSES_MS,
): Promise<T> {
  const pauses = [...pausesMs];
  const limits = waitOutLimit(waiting);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'limited' && (await limits(error.retryAfterMs ?? 0))) continue;
      const pause = error.code === 'unavailable' ? pauses.shift() : undefined;
      if (pause === undefined) throw error;
      await waiting.sleep(pause);
    }
  }
}

/**
 * Waits as long as GitHub asks, twice as long the second time, and not for longer than a person waits in all (docs.github.com,
 * "Exceeding the rate limit"). @returns whether it was waited for
 */
export function waitOutLimit({ sleep, say }: Waiting): (ms: number) => Promise<boolean> {
  let waited = 0;
  let factor = 1;
  return async (ms) => {
    const wait = Math.max(1_000, ms) * factor;
    if (waited + wait > LIMIT_PATIENCE_MS) return false;
    waited += wait;
    factor *= 2;
    say(`GitHub asks to slow down: going on in ${Math.ceil(wait / 1_000)} s`);
    await sleep(wait);
    return true;
  };
}
