import { describe, expect, it } from 'vitest';
import { addDays } from '../../src/domain/calendar.ts';
import { comingYear, partOf, standingOf } from '../../src/web/timeline.ts';
import { aStatus, LOOK } from './page-overviews.ts';

const YEAR = comingYear(LOOK);

function standing(days: number, leads: readonly number[] = []) {
  const status = aStatus({ expiresAt: addDays(LOOK, days).toISOString() });
  return standingOf(
    status,
    leads.map((lead) => addDays(LOOK, days - lead)),
    YEAR,
  );
}

describe('comingYear', () => {
  it('names the twelve months that begin in it, January by its year', () => {
    expect(YEAR.months.map(({ label }) => label)).toEqual(
      'Dec 2027 Feb Mar Apr May Jun Jul Aug Sep Oct Nov'.split(' '),
    );
    expect(YEAR.months.every(({ part }, index) => part > (YEAR.months[index - 1]?.part ?? 0))).toBe(true);
  });

  it('ends on the same day of the next year, 29 February included', () => {
    expect(YEAR.end).toEqual(new Date('2027-11-26T06:05:00Z'));
    expect(comingYear(new Date('2028-02-29T12:00:00Z')).end).toEqual(new Date('2029-02-28T12:00:00Z'));
  });

  it('counts the year from 0 to 1', () => {
    expect([partOf(YEAR, YEAR.start), partOf(YEAR, YEAR.end)]).toEqual([0, 1]);
    expect(partOf(YEAR, addDays(LOOK, 73))).toBeCloseTo(0.2);
  });
});

describe('standingOf', () => {
  it('places an expiry and those of its reminders that lie ahead', () => {
    const found = standing(73, [90, 60, 0]);
    expect(found).toEqual({ kind: 'within', end: 0.2, leads: [13 / 365, 0.2] });
  });

  it('returns what has ended, to the instant', () => {
    expect([standing(0).kind, standing(-400).kind, standing(1 / 24).kind]).toEqual([
      'ended',
      'ended',
      'within',
    ]);
    expect(standingOf(aStatus({ state: 'revoked', expiresAt: null }), [], YEAR)).toEqual({ kind: 'ended' });
  });

  it('leaves out the reminders that lie behind the year', () => {
    expect(standing(380, [30, 1])).toEqual({ kind: 'beyond', leads: [350 / 365] });
  });

  it.each([
    ['never', null, 'does not expire'],
    ['planned', null, 'planned, and not made yet'],
    ['unknown', null, 'its expiry date is not known'],
    ['unknown', 'somebody else changed it', 'its date may not hold any more'],
  ] as const)('says in words why there is no date: %s, changed: %s', (state, changed, text) => {
    expect(standingOf(aStatus({ state, changed }), [], YEAR)).toEqual({ kind: 'words', text });
  });
});
