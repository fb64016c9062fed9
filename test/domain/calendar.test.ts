import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lifetime } from '../../src/domain/calendar.ts';
import {
  addDays,
  addLifetime,
  daysBetween,
  endOfLocalDay,
  formatDay,
  formatForPeople,
  formatInstant,
  isTimeZone,
  monthOf,
  parseInstant,
  parseLifetime,
  startOfDay,
  startOfMonth,
} from '../../src/domain/calendar.ts';
import { isAppError } from '../../src/domain/error.ts';
import { SEED } from '../support/builders.ts';

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('parseInstant', () => {
  describe('when the text is a date or an RFC 3339 instant', () => {
    it.each([
      ['2027-06-01', '2027-06-01T00:00:00.000Z'],
      ['2028-02-29', '2028-02-29T00:00:00.000Z'],
      ['2000-02-29', '2000-02-29T00:00:00.000Z'],
      ['2026-12-31', '2026-12-31T00:00:00.000Z'],
      ['2027-06-01T12:30:00Z', '2027-06-01T12:30:00.000Z'],
      ['2027-06-01T23:59:59Z', '2027-06-01T23:59:59.000Z'],
      ['2027-06-01T12:30:00.5Z', '2027-06-01T12:30:00.500Z'],
      ['2027-06-01T12:30:00.123456789Z', '2027-06-01T12:30:00.123Z'],
      ['2027-06-01T12:30:00+00:00', '2027-06-01T12:30:00.000Z'],
      ['2027-06-01T00:30:00+05:45', '2027-05-31T18:45:00.000Z'],
      ['2027-12-31T23:30:00-01:00', '2028-01-01T00:30:00.000Z'],
      ['2038-01-19T03:14:08Z', '2038-01-19T03:14:08.000Z'],
      ['9999-12-31', '9999-12-31T00:00:00.000Z'],
      ['0099-01-01', '0099-01-01T00:00:00.000Z'],
    ])('returns the instant of %s', (text, expected) => {
      expect(parseInstant(text).toISOString()).toBe(expected);
    });
  });

  describe('when there is no such date', () => {
    it('G6, G10: refuses 29 February 2100 and a leap second by name, not by rolling over', () => {
      for (const text of ['2100-02-29', '2026-12-31T23:59:60Z', '2016-12-31T23:59:60Z'])
        expect(errorOf(() => parseInstant(text))).toMatchObject({ message: `"${text}" is not a date` });
    });

    it.each([
      '2027-02-30',
      '2027-02-30T00:00:00Z',
      '2027-02-29',
      '2100-02-29',
      '2027-04-31',
      '2027-13-01',
      '2027-00-10',
      '2027-01-00',
      '2027-06-01T24:00:00Z',
      '2027-06-01T23:60:00Z',
      '2026-12-31T23:59:60Z',
      '2027-06-01T12:00:00+24:00',
      '2027-06-01T12:00:00+01:60',
    ])('refuses %s instead of rolling it over', (text) => {
      expect(
        isAppError(
          errorOf(() => parseInstant(text)),
          'invalid_input',
        ),
      ).toBe(true);
    });
  });

  describe('when it is written in another way', () => {
    it.each([
      '',
      '2027-1-1',
      '27-01-01',
      '2027/01/01',
      '01.06.2027',
      '2027-06',
      '2027-W22',
      '2027-06-01T12:00',
      '2027-06-01T12:00:00',
      '2027-06-01 12:00:00Z',
      '2027-06-01T12:00:00+0100',
      '2027-06-01Z',
      ' 2027-06-01',
      '2027-06-01\n',
      '+012027-06-01',
      '-2027-06-01',
      '２０２７-06-01',
      'tomorrow',
      '1767225600000',
    ])('refuses %j', (text) => {
      expect(
        isAppError(
          errorOf(() => parseInstant(text)),
          'invalid_input',
        ),
      ).toBe(true);
    });
  });

  describe('when what was written is long or hostile', () => {
    it('shows at most forty printable characters of it', () => {
      const error = errorOf(() => parseInstant(`\u001b[31m\u202e${'x'.repeat(5000)}`)) as Error;
      expect(error.message).toMatch(/^"\?\[31m\?x{34}…" is not a date$/);
    });
  });

  describe('for every instant of four thousand years', () => {
    it('reads back what formatInstant writes', () => {
      const instant = fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('4000-01-01T00:00:00Z'),
        noInvalidDate: true,
      });
      fc.assert(
        fc.property(instant, (date) => {
          expect(parseInstant(formatInstant(date))).toEqual(date);
          expect(parseInstant(formatDay(date))).toEqual(startOfDay(date));
        }),
        { seed: SEED, numRuns: 1000 },
      );
    });
  });
});

describe('parseLifetime', () => {
  describe('when it is a number of days or years', () => {
    it.each(['1d', '30d', '365d', '99999d', '1y', '5y', '100y'])('returns %s', (text) => {
      expect(parseLifetime(text)).toBe(text);
    });
  });

  describe('when it is anything else', () => {
    it.each(['', '0d', '-1d', '1.5y', '365', 'd', '1 y', '1Y', '01d', '101y', '100000d', '1m', '1w', '1y1d'])(
      'refuses %j',
      (text) => {
        expect(
          isAppError(
            errorOf(() => parseLifetime(text)),
            'invalid_input',
          ),
        ).toBe(true);
      },
    );
  });
});

describe('addLifetime', () => {
  it.each<[string, Lifetime, string]>([
    ['2026-06-01', '365d', '2027-06-01'],
    ['2027-06-01', '365d', '2028-05-31'],
    ['2027-06-01', '1y', '2028-06-01'],
    ['2028-02-29', '1y', '2029-02-28'],
    ['2028-02-29', '4y', '2032-02-29'],
    ['2028-02-29', '366d', '2029-03-01'],
    ['2027-02-28', '1y', '2028-02-28'],
    ['2096-02-29', '4y', '2100-02-28'],
    ['2026-12-31', '1y', '2027-12-31'],
    ['2026-11-23', '7d', '2026-11-30'],
  ])('counts from %s over %s to %s', (from, lifetime, expected) => {
    expect(formatDay(addLifetime(parseInstant(from), lifetime))).toBe(expected);
  });

  it('keeps the time of day', () => {
    const from = parseInstant('2028-02-29T23:59:59.5Z');
    expect(addLifetime(from, '1y')).toEqual(parseInstant('2029-02-28T23:59:59.5Z'));
    expect(addLifetime(from, '1d')).toEqual(parseInstant('2028-03-01T23:59:59.5Z'));
  });

  it('leaves its argument as it was', () => {
    const from = parseInstant('2028-02-29');
    addLifetime(from, '1y');
    expect(from).toEqual(parseInstant('2028-02-29'));
  });
});

describe('daysBetween', () => {
  it.each([
    ['2027-01-01', '2027-01-08', 7],
    ['2027-01-01T00:00:01Z', '2027-01-08', 6],
    ['2027-01-01', '2027-01-01', 0],
    ['2027-01-01', '2027-01-01T23:59:59Z', 0],
    ['2027-01-01T00:00:01Z', '2027-01-01', -1],
    ['2027-01-02', '2027-01-01', -1],
    ['2027-01-02T00:00:01Z', '2027-01-01', -2],
    ['2027-03-27', '2027-03-29', 2],
  ])('counts from %s to %s as %i, rounded down', (from, to, expected) => {
    expect(daysBetween(parseInstant(from), parseInstant(to))).toBe(expected);
  });
});

describe('startOfDay', () => {
  it('returns the first instant of the UTC day, also before 1970', () => {
    expect(startOfDay(parseInstant('2027-06-01T23:59:59.999Z'))).toEqual(parseInstant('2027-06-01'));
    expect(startOfDay(parseInstant('1969-12-31T00:00:01Z'))).toEqual(parseInstant('1969-12-31'));
  });
});

describe('monthOf and startOfMonth', () => {
  it.each([
    ['2026-11-23T09:30:00Z', '2026-11-01'],
    ['2026-12-31T23:59:59.999Z', '2026-12-01'],
    ['2027-01-01T00:00:00Z', '2027-01-01'],
    ['2028-02-29T12:00:00Z', '2028-02-01'],
    ['0099-03-04T00:00:00Z', '0099-03-01'],
    ['9999-12-31T00:00:00Z', '9999-12-01'],
  ])('the month of %s began on %s', (at, began) => {
    const month = monthOf(parseInstant(at));
    expect(startOfMonth(month)).toEqual(parseInstant(began));
    expect(monthOf(startOfMonth(month + 1))).toBe(month + 1);
    expect(monthOf(new Date(startOfMonth(month).getTime() - 1))).toBe(month - 1);
  });
});

describe('addDays', () => {
  it('counts in days of 24 hours of UTC, over a change of clocks too', () => {
    expect(addDays(parseInstant('2027-03-27T12:00:00Z'), 2)).toEqual(parseInstant('2027-03-29T12:00:00Z'));
    expect(addDays(parseInstant('2027-03-01'), -1)).toEqual(parseInstant('2027-02-28'));
  });
});

describe('formatInstant', () => {
  it('writes RFC 3339 in UTC, without milliseconds where there are none', () => {
    expect(formatInstant(parseInstant('2027-06-01T14:00:00+02:00'))).toBe('2027-06-01T12:00:00Z');
    expect(formatInstant(parseInstant('2027-06-01T12:00:00.050Z'))).toBe('2027-06-01T12:00:00.050Z');
  });
});

describe('formatForPeople', () => {
  it.each([
    ['2027-06-01', '2027-06-01'],
    ['2027-06-01T12:30:00Z', '2027-06-01 12:30 UTC'],
    ['2027-06-01T23:59:59Z', '2027-06-01 23:59 UTC'],
    ['2027-06-01T00:00:00.001Z', '2027-06-01 00:00 UTC'],
    ['2027-06-01T00:30:00+01:00', '2027-05-31 23:30 UTC'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatForPeople(parseInstant(text))).toBe(expected);
  });
});

describe('isTimeZone', () => {
  it.each(['Europe/Lisbon', 'UTC', 'Pacific/Chatham', 'America/Argentina/Buenos_Aires'])(
    'returns true for %s',
    (name) => expect(isTimeZone(name)).toBe(true),
  );

  it.each(['', 'Lisbon', 'Europe/Atlantis', '../etc/passwd', 'Europe/Lisbon\n'])(
    'returns false for %j',
    (name) => expect(isTimeZone(name)).toBe(false),
  );
});

describe('endOfLocalDay', () => {
  it.each([
    ['UTC', '2026-11-29', '2026-11-30T00:00:00.000Z'],
    ['Europe/Lisbon', '2026-07-01', '2026-07-01T23:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-11-29', '2026-11-29T10:00:00.000Z'],
    ['Etc/GMT+12', '2026-11-29', '2026-11-30T12:00:00.000Z'],
    ['America/New_York', '2026-11-01', '2026-11-02T05:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-12-31', '2026-12-31T13:00:00.000Z'],
  ])('returns in %s for %s the first instant after it', (timeZone, day, end) => {
    expect(endOfLocalDay(day, timeZone).toISOString()).toBe(end);
  });
});
