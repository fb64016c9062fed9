import { describe, expect, it } from 'vitest';
import { budgetOf } from './budget.ts';
import { runSeeds } from './seeds.ts';

/** Files that the schedules are spread over, so that they use the cores that there are. */
const PARTS = 4;

/** The tests of one part of the schedules. */
export function describePart(part: number): void {
  const { first, count } = budgetOf(process.env);
  const size = Math.ceil(count / PARTS);
  const from = first + part * size;
  describe(`the relay under ${size} random schedules from seed ${from} on`, () => {
    it('loses no reminder, sends none twice without cause, and keeps every other promise', {
      timeout: 1_800_000,
    }, async () => {
      const { schedules, counts, failures } = await runSeeds(from, size, {
        until: ({ length }) => length === 5,
      });
      const said = failures.map(
        ({ seed, findings }) =>
          `node tools/simulate.ts --replay ${seed}: ${findings[0]?.invariant}: ${findings[0]?.detail}`,
      );
      expect(said).toEqual([]);
      expect(schedules).toBe(size);
      // Something must have gone wrong for this to say anything.
      expect(Math.min(counts.accepted, counts.crashes, counts.lostAnswers, counts.repeats)).toBeGreaterThan(
        0,
      );
      expect(counts.lost).toBe(0);
    });
  });
}
