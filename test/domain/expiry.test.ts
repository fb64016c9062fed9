import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, addLifetime, daysBetween, formatDay, parseInstant } from '../../src/domain/calendar.ts';
import type { ExpirySource } from '../../src/domain/expiry.ts';
import {
  crossedLeadTimes,
  daysAfter,
  daysLeft,
  describeSource,
  leadInstant,
  leadTimes,
  nextDayAfter,
  nextLeadTime,
  UNKNOWN_EXPIRY,
} from '../../src/domain/expiry.ts';
import { daysFromNow, knownUntil, later, NOW, SEED } from '../support/builders.ts';

const EXPIRES = daysFromNow(0);

describe('leadTimes', () => {
  it.each([
    [3653, [60, 30, 14, 7, 3, 1, 0]],
    [365, [60, 30, 14, 7, 3, 1, 0]],
    [180, [60, 30, 14, 7, 3, 1, 0]],
    [179, [21, 10, 5, 2, 1, 0]],
    [90, [21, 10, 5, 2, 1, 0]],
    [61, [21, 10, 5, 2, 1, 0]],
    [60, [20, 2, 0]],
    [30, [10, 2, 0]],
    [8, [2, 0]],
    [7, [2, 0]],
    [5, [1, 0]],
    [2, [0]],
    [0, [0]],
    [-20, [0]],
  ])('gives a lifetime of %i days %j', (lifetime, expected) => {
    expect(leadTimes(lifetime)).toEqual(expected);
  });

  it('never reminds before a credential was made', () => {
    for (let lifetime = 1; lifetime <= 1000; lifetime++) {
      const leads = leadTimes(lifetime);
      expect(leads[0]).toBeLessThan(lifetime);
      expect(leads.at(-1)).toBe(0);
      expect([...new Set(leads)].sort((a, b) => b - a)).toEqual(leads);
    }
  });
});

describe('crossedLeadTimes', () => {
  it.each([
    [61, []],
    [60, [60]],
    [59.9, [60]],
    [30, [60, 30]],
    [7, [60, 30, 14, 7]],
    [0.01, [60, 30, 14, 7, 3, 1]],
    [0, [60, 30, 14, 7, 3, 1, 0]],
    [-0.99, [60, 30, 14, 7, 3, 1, 0]],
    [-1, [60, 30, 14, 7, 3, 1, 0, -1]],
    [-7, [60, 30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6, -7]],
    [-13, [60, 30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6, -7]],
    [-21, [60, 30, 14, 7, 3, 1, 0, -1, -2, -3, -4, -5, -6, -7, -14, -21]],
  ])('gives with %d days left %j', (left, expected) => {
    expect(crossedLeadTimes(EXPIRES, 365, addDays(EXPIRES, -left))).toEqual(expected);
  });
});

describe('nextLeadTime', () => {
  it.each([
    [100, 60],
    [60, 30],
    [60.01, 60],
    [1, 0],
    [0, -1],
    [-1, -2],
    [-6, -7],
    [-7, -14],
    [-13.9, -14],
    [-14, -21],
    [-700, -707],
  ])('gives with %d days left %i', (left, expected) => {
    expect(nextLeadTime(EXPIRES, 365, addDays(EXPIRES, -left))).toBe(expected);
  });
});

describe('daysAfter and nextDayAfter', () => {
  it.each([
    [-3, [], 1],
    [0, [], 1],
    [1, [1], 2],
    [6, [1, 2, 3, 4, 5, 6], 7],
    [7, [1, 2, 3, 4, 5, 6, 7], 14],
    [13, [1, 2, 3, 4, 5, 6, 7], 14],
    [14, [1, 2, 3, 4, 5, 6, 7, 14], 21],
    [28, [1, 2, 3, 4, 5, 6, 7, 14, 21, 28], 35],
  ])('after %i days: daily for a week, then weekly', (days, passed, next) => {
    expect(daysAfter(days)).toEqual(passed);
    expect(nextDayAfter(days)).toBe(next);
  });

  it('agree on each of ten thousand days: the next one is the first to be added', () => {
    for (let days = 0; days < 10_000; days++) {
      const next = nextDayAfter(days);
      expect(next).toBeGreaterThan(days);
      if (next !== days + 1) continue;
      expect(daysAfter(next)).toEqual([...daysAfter(days), next]);
    }
  });
});

describe('days that are easily got wrong', () => {
  it.each([
    ['2028-02-29', '2028-02-29'],
    ['2028-02-29T23:59:59Z', '2028-02-29'],
    ['2027-12-31', '2027-12-31'],
    ['2027-12-31T23:59:59Z', '2027-12-31'],
    ['2028-01-01T00:00:00Z', '2028-01-01'],
    ['2038-01-19T03:14:08Z', '2038-01-19'],
    ['9999-12-31T23:59:59Z', '9999-12-31'],
  ])(
    'G5, G6: the day before %s has one day left, its last second none, and the second after it -1',
    (text, day) => {
      const at = parseInstant(text);
      expect(formatDay(at)).toBe(day);
      const left = (now: Date) => daysLeft(knownUntil(at), now);
      expect(left(addDays(at, -1))).toBe(1);
      expect(left(later(1, addDays(at, -1)))).toBe(0);
      expect(left(at)).toBe(0);
      expect(left(later(1, at))).toBe(-1);
      expect(crossedLeadTimes(at, 365, addDays(at, -1)).at(-1)).toBe(1);
      expect(crossedLeadTimes(at, 365, later(-1, addDays(at, -1))).at(-1)).toBe(3);
      expect(crossedLeadTimes(at, 365, at).at(-1)).toBe(0);
      expect(crossedLeadTimes(at, 365, later(-1, at)).at(-1)).toBe(1);
    },
  );

  it('G5: one made on 29 February lives to 28 February, 365 days or 366', () => {
    const made = parseInstant('2028-02-29');
    expect(daysBetween(made, addLifetime(made, '1y'))).toBe(365);
    expect(daysBetween(made, addLifetime(made, '4y'))).toBe(1461);
    expect(leadInstant(addLifetime(made, '1y'), 365)).toEqual(made);
  });

  it('G6: what dies in the year 9999 is counted to, and what died in 1970 from', () => {
    const far = parseInstant('9999-12-31T23:59:59Z');
    expect(daysLeft(knownUntil(far), NOW)).toBe(2_912_116);
    expect(nextLeadTime(far, 365, NOW)).toBe(60);
    expect(leadInstant(far, 60)).toEqual(parseInstant('9999-11-01T23:59:59Z'));
    const past = parseInstant('1970-01-01');
    expect(crossedLeadTimes(past, 365, NOW).at(-1)).toBe(-20_776);
    expect(nextLeadTime(past, 365, NOW)).toBe(-20_783);
  });
});

describe('leadTimes, crossedLeadTimes and nextLeadTime', () => {
  const lifetime = fc.integer({ min: 0, max: 4000 });
  const minutesLeft = fc.integer({ min: -400 * 1440, max: 400 * 1440 });
  const at = (minutes: number) => later(-minutes * 60_000, EXPIRES);

  it('agree: the next one is never among the crossed, and is the first to be crossed', () => {
    fc.assert(
      fc.property(lifetime, minutesLeft, (days, minutes) => {
        const crossed = crossedLeadTimes(EXPIRES, days, at(minutes));
        const next = nextLeadTime(EXPIRES, days, at(minutes));
        expect(crossed).not.toContain(next);
        expect(leadInstant(EXPIRES, next).getTime()).toBeGreaterThan(at(minutes).getTime());
        expect(crossedLeadTimes(EXPIRES, days, leadInstant(EXPIRES, next))).toEqual([...crossed, next]);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('agree: crossing only ever adds, in falling order', () => {
    fc.assert(
      fc.property(lifetime, minutesLeft, fc.nat(200 * 1440), (days, minutes, passed) => {
        const before = crossedLeadTimes(EXPIRES, days, at(minutes));
        const after = crossedLeadTimes(EXPIRES, days, at(minutes - passed));
        expect(after.slice(0, before.length)).toEqual(before);
        expect([...after].sort((a, b) => b - a)).toEqual(after);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it('go on without end: an expired credential is never forgotten', () => {
    let now = EXPIRES;
    for (let count = 0; count < 100; count++) {
      const next = leadInstant(EXPIRES, nextLeadTime(EXPIRES, 365, now));
      expect(next.getTime() - now.getTime()).toBeLessThanOrEqual(7 * 86_400_000);
      now = next;
    }
    expect(now.getTime()).toBeGreaterThan(addDays(EXPIRES, 600).getTime());
  });
});

describe('daysLeft', () => {
  it.each([
    ['2026-12-03T09:30:00Z', 10],
    ['2026-12-03T09:29:59Z', 9],
    ['2026-11-24T09:29:59Z', 0],
    ['2026-11-23T09:30:00Z', 0],
    ['2026-11-23T09:29:59Z', -1],
    ['2026-11-22T09:30:00Z', -1],
    ['2026-11-22T09:29:59Z', -2],
  ])('counts to %s as %i', (at, expected) => {
    expect(daysLeft(knownUntil(at), NOW)).toBe(expected);
  });

  it('gives no number where there is no date', () => {
    expect(daysLeft(UNKNOWN_EXPIRY, NOW)).toBeUndefined();
    expect(daysLeft({ kind: 'never', source: 'entered' }, NOW)).toBeUndefined();
  });
});

describe('describeSource', () => {
  it('says of a computed date that nobody confirmed it', () => {
    expect(describeSource('computed')).toContain('not confirmed at the issuer');
  });

  it('has different words for each source', () => {
    const sources: ExpirySource[] = ['entered', 'computed', 'read', 'observed', 'estimated', 'unknown'];
    expect(new Set(sources.map(describeSource)).size).toBe(sources.length);
  });
});
