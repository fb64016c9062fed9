import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../src/domain/credential.ts';
import { openPace } from '../../src/rotate/pace.ts';
import { DESTINATION, later, MINUTE_MS, NOW, SEED } from '../support/builders.ts';
import { openScene } from '../support/rotation.ts';
import { TOKEN, testClock } from '../support/stand-ins.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Request {
  readonly at: number;
  readonly writes: boolean;
}

/** The most that any stretch of that length holds, by what each request counts. */
function busiest(requests: readonly Request[], windowMs: number, count: (one: Request) => number): number {
  let [most, held, from] = [0, 0, 0];
  for (const one of requests) {
    held += count(one);
    for (let first = requests[from]; first && first.at <= one.at - windowMs; first = requests[++from])
      held -= count(first);
    most = Math.max(most, held);
  }
  return most;
}

function expectWithinLimits(requests: readonly Request[]): void {
  const points = ({ writes }: Request) => (writes ? 5 : 1);
  const oneOfWrites = ({ writes }: Request) => (writes ? 1 : 0);
  expect(busiest(requests, MINUTE_MS, points)).toBeLessThanOrEqual(900);
  expect(busiest(requests, 1_000, oneOfWrites)).toBeLessThanOrEqual(1);
  expect(busiest(requests, MINUTE_MS, oneOfWrites)).toBeLessThanOrEqual(80);
  expect(busiest(requests, HOUR_MS, oneOfWrites)).toBeLessThanOrEqual(500);
}

/** How long each of so many requests waits, one after the other. */
async function waits(count: number, writes: boolean): Promise<readonly number[]> {
  const clock = testClock();
  const pace = openPace(clock.now, clock.sleep);
  const waited: number[] = [];
  for (let request = 0; request < count; request++) {
    const before = clock.now().getTime();
    await pace.take(writes);
    waited.push(clock.now().getTime() - before);
  }
  return waited;
}

describe('openPace', () => {
  it('B3, B4: never asks for more than the published limits, whatever is read and written, and when', async () => {
    const burst = fc.record({
      writes: fc.boolean(),
      count: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 100, max: 1_000 })),
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 5 }), async (bursts) => {
        const clock = testClock();
        const pace = openPace(clock.now, clock.sleep);
        const requests: Request[] = [];
        for (const { writes, count, pauseMs } of bursts) {
          for (let request = 0; request < count; request++) {
            await pace.take(writes);
            requests.push({ at: clock.now().getTime(), writes });
          }
          clock.set(later(pauseMs, clock.now()));
        }
        expectWithinLimits(requests);
      }),
      { seed: SEED, numRuns: 30 },
    );
  });

  it('holds nobody up before a limit is reached', async () => {
    expect(new Set(await waits(900, false))).toEqual(new Set([0]));
    expect(await waits(3, true)).toEqual([0, 1_000, 1_000]);
  });

  it('waits for the end of the minute at the 901st read, and of the hour at the 501st write', async () => {
    expect((await waits(901, false)).at(-1)).toBe(MINUTE_MS);
    const writes = await waits(501, true);
    expect(writes.reduce((sum, one) => sum + one, 0)).toBe(HOUR_MS);
  });

  describe('when the clock is put back', () => {
    it.each([
      ['a minute', MINUTE_MS],
      ['an hour', HOUR_MS],
      ['a day', DAY_MS],
    ])('by %s: waits no longer than a window', async (_, by) => {
      for (const [count, windowMs] of [
        [1, 1_000],
        [500, HOUR_MS],
      ] as const) {
        const clock = testClock();
        const pace = openPace(clock.now, clock.sleep);
        for (let write = 0; write < count; write++) await pace.take(true);
        const back = later(-by, clock.now());
        clock.set(back);
        await pace.take(true);
        expect(clock.now().getTime() - back.getTime()).toBeLessThanOrEqual(windowMs);
      }
    });
  });
});

describe('a rotation of 100 destinations', () => {
  const MANY: readonly Destination[] = Array.from({ length: 100 }, (_, number) => ({
    ...DESTINATION,
    environment: `release-${number}`,
  }));

  it('B3, B4: ends within 5 % of the 99 s that GitHub asks for, and its requests obey every published limit', async () => {
    const scene = await openScene({ declaration: { destinations: MANY } });
    expect((await scene.finish()).outcome).toBe('recorded');
    const took = scene.clock.now().getTime() - NOW.getTime();
    expect(took).toBeGreaterThanOrEqual(99_000);
    expect(took).toBeLessThanOrEqual(99_000 * 1.05);
    const requests = scene.github.requests
      .filter(({ path }) => path !== '/rate_limit')
      .map(({ method, at }) => ({ at: at.getTime(), writes: method === 'PUT' }));
    expect([requests.length, requests.filter(({ writes }) => writes).length]).toEqual([600, 100]);
    expectWithinLimits(requests);
    expect(MANY.filter((place) => scene.stored(place) !== TOKEN)).toEqual([]);
  });

  it('looks at each of them before anybody is asked, without waiting for a limit', async () => {
    const scene = await openScene({ declaration: { destinations: MANY } });
    expect((await scene.begin()).size).toBe(100);
    expect(scene.clock.slept).toEqual([]);
    expect(scene.steps.at(-1)?.progress).toEqual({ done: 100, total: 100 });
  });
});
