import type { SecretStore } from './rotation.ts';

/** Waits until one more request may go out. */
export interface Pace {
  /** @param writes that it changes something */
  take(writes: boolean): Promise<void>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Between two writes (docs.github.com, "Best practices for using the REST API"). */
const BETWEEN_WRITES_MS = 1_000;
/** "About secondary rate limits" (docs.github.com): a read counts 1 and a write 5, and some writes count as content. */
const POINTS_A_MINUTE = 900;
const POINTS = { read: 1, write: 5 } as const;
const WRITES_A_MINUTE = 80;
const WRITES_AN_HOUR = 500;

interface Spent {
  readonly at: number;
  readonly points: number;
}

/**
 * GitHub's published limits for one run of requests, one after the other. Nobody can ask GitHub how much of them is used, so
 * that they are counted here.
 */
export function openPace(now: () => Date, sleep: (ms: number) => Promise<void>): Pace {
  let spent: readonly Spent[] = [];
  return {
    take: async (writes) => {
      const points = writes ? POINTS.write : POINTS.read;
      for (;;) {
        const at = now().getTime();
        // A clock that was put back must not make anybody wait for longer than a window.
        spent = spent.map((one) => ({ ...one, at: Math.min(one.at, at) }));
        const wait = waitFor(spent, points, at);
        if (wait > 0) await sleep(wait);
        else {
          spent = [...spent.filter((one) => at - one.at < HOUR_MS), { at, points }];
          return;
        }
      }
    },
  };
}

/** How long until `points` more may be spent, in milliseconds. Pure. */
function waitFor(spent: readonly Spent[], points: number, at: number): number {
  const until = [untilBelow(spent, POINTS_A_MINUTE - points, MINUTE_MS)];
  if (points === POINTS.write) {
    const writes = spent.filter((one) => one.points === POINTS.write).map((one) => ({ ...one, points: 1 }));
    until.push(untilBelow(writes, 0, BETWEEN_WRITES_MS));
    until.push(untilBelow(writes, WRITES_A_MINUTE - 1, MINUTE_MS));
    until.push(untilBelow(writes, WRITES_AN_HOUR - 1, HOUR_MS));
  }
  return Math.max(0, Math.max(...until) - at);
}

/** The instant at which no more than `most` points lie within a window of that length. */
function untilBelow(spent: readonly Spent[], most: number, windowMs: number): number {
  let left = most;
  for (const one of spent.toReversed()) {
    left -= one.points;
    if (left < 0) return one.at + windowMs;
  }
  return Number.NEGATIVE_INFINITY;
}

/** The same store, whose reads wait for their turn. A write takes its own before its intent is written down. */
export function paced(store: SecretStore, pace: Pace): SecretStore {
  const read = async <T>(requests: number, call: () => Promise<T>): Promise<T> => {
    for (let request = 0; request < requests; request++) await pace.take(false);
    return call();
  };
  return {
    ...store,
    precheck: (destination) => read(3, () => store.precheck(destination)),
    // An absence is asked for twice.
    read: (destination) => read(2, () => store.read(destination)),
    publicKey: (destination) => read(1, () => store.publicKey(destination)),
  };
}
