import { describe, expect, it } from 'vitest';
import { SEED } from '../support/builders.ts';
import type { Failure } from './seeds.ts';
import { runSeeds } from './seeds.ts';
import { VARIANTS } from './variants.ts';

/** Within so many schedules each must be caught. */
const WITHIN = 3000;

/** Which promise each must be seen to break; others may be broken too. */
const CAUGHT_BY: Readonly<Record<string, string>> = {
  'marks as sent before it sends': 'I1 lost',
  'does not ask for the claim': 'I10 outdated claim',
  'takes nothing back after a crash': 'I9 waits',
  'makes keys from the clock': 'I3 key',
  'takes a lost answer for yes': 'I1 lost',
  'takes a lost answer for no': 'I2 bytes',
  'repeats at once and without end': 'I2 repeats',
  'renders a repeat anew': 'I2 bytes',
  'takes what had begun for not begun': 'I2 bytes',
  'does not look again before the data': 'I6 stale',
  'sends every reminder that was missed': 'I5 collapse',
  'stops at the first that fails': 'I8 held up',
  'forgets what was refused': 'I1 lost',
  'sends as often as something is due': 'day',
  'waits as long as a wrong clock said': 'I9 waits',
  'plans before it takes back what was going out': 'I5 one mail',
  'tells of the first change and of no other': 'I1 lost',
  'forgets that an old token lives on': 'I1 lost',
};

describe('the simulator', () => {
  it('knows at least ten ways to be wrong', () => {
    expect(VARIANTS.map(({ name }) => name).sort()).toEqual(Object.keys(CAUGHT_BY).sort());
    expect(VARIANTS.length).toBeGreaterThanOrEqual(10);
  });

  describe.each(VARIANTS)('when the relay $name', (variant) => {
    it('says so, and says nothing of the relay as it is', { timeout: 1_800_000 }, async () => {
      const promise = CAUGHT_BY[variant.name];
      const breaks = ({ findings }: Failure) => findings.some(({ invariant }) => invariant === promise);
      const { schedules, failures } = await runSeeds(SEED, WITHIN, {
        variant,
        until: (found) => found.some(breaks),
      });
      console.info(`"${variant.name}" breaks ${promise} within ${schedules} schedules`);
      expect(failures.filter(breaks)).toHaveLength(1);
      for (const { seed } of failures.slice(-5)) expect((await runSeeds(seed, 1)).failures).toEqual([]);
    });
  });
});
