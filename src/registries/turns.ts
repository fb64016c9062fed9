const BETWEEN_MS = 1_000;

/**
 * Lets one request a second go to each origin, in the order in which they asked (crates.io, "Data Access Policy": "a maximum of
 * 1 request per second"). Whoever asks the same service shares one of these.
 *
 * @returns waits until a request to that address may go out
 */
export function takeTurns(
  now: () => Date,
  sleep: (ms: number) => Promise<void>,
  betweenMs: number = BETWEEN_MS,
): (url: string) => Promise<void> {
  /** When the last request went out that was let go, by origin. */
  const last = new Map<string, Promise<number>>();
  return async (url) => {
    const { origin } = new URL(url);
    const turn = (last.get(origin) ?? Promise.resolve(Number.NEGATIVE_INFINITY)).then(async (before) => {
      const since = now().getTime() - before;
      // A clock that was put back must not make anybody wait for longer.
      if (since < betweenMs) await sleep(since < 0 ? betweenMs : betweenMs - since);
      return now().getTime();
    });
    last.set(origin, turn);
    await turn;
  };
}
