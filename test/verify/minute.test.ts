import { describe, expect, it } from 'vitest';
import { openMinute } from '../../src/verify/minute.ts';
import { testClock } from '../support/stand-ins.ts';

/** Verifies so many pipelines of so many requests each, and says when each request went out. */
async function spend(pipelines: number, requests: number): Promise<readonly number[]> {
  const clock = testClock();
  const minute = openMinute(clock.now, clock.sleep);
  const times: number[] = [];
  for (let pipeline = 0; pipeline < pipelines; pipeline++) {
    await minute.room();
    for (let request = 0; request < requests; request++) {
      minute.note();
      times.push(clock.now().getTime());
    }
  }
  return times;
}

const busiest = (times: readonly number[]) =>
  Math.max(...times.map((at) => times.filter((other) => other <= at && at - other < 60_000).length));

describe('openMinute', () => {
  it.each([
    [100, 14],
    [100, 30],
    [20, 120],
  ])('lets %i pipelines of %i requests through within 900 points a minute', async (pipelines, requests) => {
    const times = await spend(pipelines, requests);
    expect(times).toHaveLength(pipelines * requests);
    expect(busiest(times)).toBeLessThanOrEqual(900);
  });

  it('lets nobody wait where there is room', async () => {
    const times = await spend(50, 14);
    expect(new Set(times).size).toBe(1);
  });
});
