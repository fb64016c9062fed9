import { describe, expect, it } from 'vitest';
import { nextLocalHour } from '../../src/domain/calendar.ts';
import { dueBy } from './due.ts';
import { hoursOf } from './hours.ts';
import { openRandom } from './random.ts';
import { runSchedule } from './run.ts';
import { makeSchedule } from './schedule.ts';
import { withDatabase } from './seeds.ts';

describe('hoursOf', () => {
  it.each(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham'])(
    'finds the same mornings in %s as the program, by another way',
    (zone) => {
      const random = openRandom(7);
      for (let times = 0; times < 2000; times++) {
        const at = Date.UTC(2026, 0, 1) + random.between(0, 5 * 365 * 86_400) * 1000;
        const next = nextLocalHour(new Date(at), 9, zone);
        expect(hoursOf(zone, 9).next(at)).toBe(next.getTime());
      }
    },
  );

  it('counts one day where the hour comes twice, and one where it is left out', () => {
    const twice = hoursOf('America/New_York', 1);
    const [first, second] = [Date.UTC(2026, 10, 1, 5), Date.UTC(2026, 10, 1, 6)];
    expect(twice.next(first)).toBe(first);
    expect(twice.dayOf(second)).toBe(twice.dayOf(first));
    expect(hoursOf('America/New_York', 2).next(Date.UTC(2026, 2, 8, 6))).toBe(Date.UTC(2026, 2, 8, 7));
  });
});

describe('dueBy', () => {
  const hours = hoursOf('UTC', 9);
  const expiry = Date.UTC(2027, 0, 31, 12);
  const version = {
    number: 1,
    expiry,
    lifetimeDays: 365,
    recordedAt: Date.UTC(2026, 0, 31, 12),
    standing: undefined,
    rotated: false,
    revoked: false,
  };

  it('lists what has come of a long life, and all of the days and weeks after it', () => {
    const leads = dueBy(version, Date.UTC(2027, 1, 28, 8), hours).map(({ lead }) => lead);
    expect(leads).toEqual([60, 30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6, -7, -14, -21]);
  });

  it('waits for the morning, but for the last day', () => {
    const at = dueBy(version, expiry, hours).map((due) => new Date(due.at).toISOString());
    expect(at.slice(0, 1)).toEqual(['2026-12-03T09:00:00.000Z']);
    expect(at.slice(-2)).toEqual(['2027-01-30T12:00:00.000Z', '2027-01-31T12:00:00.000Z']);
  });
});

describe('a seed', () => {
  it('makes the same schedule, and the same events in the same order, each time', async () => {
    const lines = await withDatabase(async (next) => {
      const runs: string[][] = [[], []];
      for (const run of runs)
        await runSchedule(makeSchedule(4711), next(), { log: (line) => run.push(line) });
      return runs;
    });
    expect(lines[0]?.length).toBeGreaterThan(5);
    expect(lines[0]).toEqual(lines[1]);
    expect(makeSchedule(4712)).not.toEqual(makeSchedule(4711));
  });
});
