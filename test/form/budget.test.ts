import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/form/budget.ts';

describe('Budget.take', () => {
  describe('when the limit is reached', () => {
    it('returns false until the first of them is a minute old', () => {
      const budget = new Budget(2);
      expect([0, 10_000, 20_000, 59_999].map((now) => budget.take(now))).toEqual([true, true, false, false]);
      expect([60_000, 60_001, 70_000].map((now) => budget.take(now))).toEqual([true, false, true]);
    });
  });

  describe('when noise goes on without a pause', () => {
    it('still gives the full limit each minute', () => {
      const budget = new Budget(60);
      const granted = Array.from({ length: 1800 }, (_, index) => budget.take(index * 100)).filter(Boolean);
      expect(granted).toHaveLength(180);
    });
  });
});
