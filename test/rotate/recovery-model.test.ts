import { describe, expect, it } from 'vitest';
import { casesOf, count, judgeAll, LARGE, SMALL, VARIANTS, wrongOf } from './recovery-model.ts';

const BOTH = { guard: true, settle: true };

describe('the recovery of an interrupted write, over every small history of one', () => {
  it('covers 17 latencies, 2 other writers, 4 ages and 4 times of reading, and more in the large grid', () => {
    expect(casesOf(SMALL)).toHaveLength(544);
    expect(casesOf(LARGE)).toHaveLength(110_808);
  });

  it.each([
    ['both rules', 0, 0],
    ['neither rule', 90, 24_830],
    ['the minute after the intent alone', 4, 719],
    ['the two seconds before it alone', 80, 22_716],
  ])('I12: with %s, says wrongly that nothing was stored %i times of 544', async (name, small, large) => {
    const rules = VARIANTS.find((variant) => variant.name === name)?.rules ?? BOTH;
    expect(wrongOf(await judgeAll(casesOf(SMALL), rules))).toBe(small);
    expect(wrongOf(await judgeAll(casesOf(LARGE), rules))).toBe(large);
  });

  it('says so of a write that never lands, once the minute is over, and of no other', async () => {
    const judged = await judgeAll(casesOf(LARGE), BOTH);
    const idle = judged.filter((one) => one.latency === undefined && one.outside === undefined);
    const late = idle.filter(({ read }) => read >= 61);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late.map(({ fate }) => fate))).toEqual(new Set(['not-stored']));
    expect(new Set(idle.filter(({ read }) => read < 59).map(({ fate }) => fate))).toEqual(
      new Set(['settling']),
    );
  });

  it('A8: never takes a change for ours by itself', async () => {
    for (const axes of [SMALL, LARGE]) {
      expect(count(await judgeAll(casesOf(axes), BOTH), 'verified')).toBe(0);
    }
  });

  it('A10: never says that nothing was stored where GitHub had said yes', async () => {
    expect(count(await judgeAll(casesOf(LARGE), BOTH, true), 'not-stored')).toBe(0);
  });
});
