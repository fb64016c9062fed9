import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastLocalHour, nextLocalHour, parseInstant } from '../../src/domain/calendar.ts';
import { SEED } from '../support/builders.ts';

const HOUR_MS = 3_600_000;

function next(from: string, hour: number, zone: string): string {
  return nextLocalHour(parseInstant(from), hour, zone).toISOString();
}

describe('nextLocalHour', () => {
  describe('when the clocks do not change', () => {
    it.each([
      ['2026-11-23T08:59:59Z', 9, 'UTC', '2026-11-23T09:00:00.000Z'],
      ['2026-11-23T09:00:00Z', 9, 'UTC', '2026-11-23T09:00:00.000Z'],
      ['2026-11-23T09:00:00.001Z', 9, 'UTC', '2026-11-24T09:00:00.000Z'],
      ['2026-11-23T09:30:00Z', 0, 'UTC', '2026-11-24T00:00:00.000Z'],
      ['2026-11-23T09:30:00Z', 23, 'UTC', '2026-11-23T23:00:00.000Z'],
      ['2026-11-23T00:00:00Z', 9, 'Asia/Kathmandu', '2026-11-23T03:15:00.000Z'],
      ['2026-11-23T00:00:00Z', 9, 'Asia/Kolkata', '2026-11-23T03:30:00.000Z'],
      ['2026-11-23T00:00:00Z', 9, 'Pacific/Kiritimati', '2026-11-23T19:00:00.000Z'],
      ['2026-11-23T00:00:00Z', 9, 'Pacific/Pago_Pago', '2026-11-23T20:00:00.000Z'],
    ])('finds after %s the hour %i of %s at %s', (from, hour, zone, expected) => {
      expect(next(from, hour, zone)).toBe(expected);
    });
  });

  describe('when the clocks go forward in between', () => {
    it.each([
      ['Europe/Lisbon', '2027-03-27T09:00:01Z', '2027-03-28T08:00:00.000Z'],
      ['Europe/Berlin', '2027-03-27T08:00:01Z', '2027-03-28T07:00:00.000Z'],
      ['America/New_York', '2027-03-13T14:00:01Z', '2027-03-14T13:00:00.000Z'],
      ['Australia/Lord_Howe', '2027-10-01T22:30:01Z', '2027-10-02T22:00:00.000Z'],
      ['Pacific/Chatham', '2027-09-24T20:15:01Z', '2027-09-25T19:15:00.000Z'],
      ['Africa/Cairo', '2027-04-29T07:00:01Z', '2027-04-30T06:00:00.000Z'],
      ['America/Santiago', '2027-09-04T13:00:01Z', '2027-09-05T12:00:00.000Z'],
    ])('%s: nine in the morning stays nine in the morning', (zone, from, expected) => {
      expect(next(from, 9, zone)).toBe(expected);
    });
  });

  describe('when the clocks go back in between', () => {
    it.each([
      ['Europe/Lisbon', '2027-10-30T08:00:01Z', '2027-10-31T09:00:00.000Z'],
      ['America/New_York', '2027-11-06T13:00:01Z', '2027-11-07T14:00:00.000Z'],
      ['Australia/Lord_Howe', '2027-04-02T22:00:01Z', '2027-04-03T22:30:00.000Z'],
      ['Pacific/Chatham', '2027-04-02T19:15:01Z', '2027-04-03T20:15:00.000Z'],
    ])('%s: nine in the morning stays nine in the morning', (zone, from, expected) => {
      expect(next(from, 9, zone)).toBe(expected);
    });
  });

  describe('when the hour is skipped on that day', () => {
    it.each([
      ['Europe/Lisbon', 1, '2027-03-27T12:00:00Z', '2027-03-28T01:00:00.000Z'],
      ['Europe/Berlin', 2, '2027-03-27T12:00:00Z', '2027-03-28T01:00:00.000Z'],
      ['America/New_York', 2, '2027-03-13T12:00:00Z', '2027-03-14T07:00:00.000Z'],
      ['Pacific/Chatham', 3, '2027-09-25T00:00:00Z', '2027-09-25T14:00:00.000Z'],
      ['Australia/Lord_Howe', 2, '2027-10-02T00:00:00Z', '2027-10-02T15:30:00.000Z'],
    ])('%s, hour %i: returns the first instant after the gap', (zone, hour, from, expected) => {
      expect(next(from, hour, zone)).toBe(expected);
    });
  });

  describe('when midnight is skipped', () => {
    it.each([
      ['Africa/Cairo', '2027-04-29T12:00:00Z', '2027-04-29T22:00:00.000Z'],
      ['America/Havana', '2027-03-13T12:00:00Z', '2027-03-14T05:00:00.000Z'],
      ['America/Santiago', '2027-09-04T12:00:00Z', '2027-09-05T04:00:00.000Z'],
    ])('%s: returns the first instant of that day', (zone, from, expected) => {
      expect(next(from, 0, zone)).toBe(expected);
    });
  });

  describe('when the hour comes twice', () => {
    it.each([
      ['Europe/Lisbon', 1, '2027-10-30T12:00:00Z', '2027-10-31T00:00:00.000Z', '2027-11-01T01:00:00.000Z'],
      ['America/New_York', 1, '2027-11-06T12:00:00Z', '2027-11-07T05:00:00.000Z', '2027-11-08T06:00:00.000Z'],
      ['Pacific/Chatham', 3, '2027-04-03T00:00:00Z', '2027-04-03T13:15:00.000Z', '2027-04-04T14:15:00.000Z'],
      ['America/Havana', 0, '2027-11-06T12:00:00Z', '2027-11-07T04:00:00.000Z', '2027-11-08T05:00:00.000Z'],
      [
        'America/Santiago',
        23,
        '2027-04-03T12:00:00Z',
        '2027-04-04T02:00:00.000Z',
        '2027-04-05T03:00:00.000Z',
      ],
    ])(
      '%s, hour %i: returns the first time, and then the next day: one mail a day',
      (zone, hour, from, first, then) => {
        expect(next(from, hour, zone)).toBe(first);
        for (const minutes of [1 / 60, 15, 30, 45, 60, 75, 120]) {
          const after = new Date(parseInstant(first).getTime() + minutes * 60_000);
          expect(nextLocalHour(after, hour, zone).toISOString()).toBe(then);
        }
      },
    );
  });

  describe('over a whole year', () => {
    it.each([
      'UTC',
      'Europe/Lisbon',
      'America/New_York',
      'America/Santiago',
      'America/St_Johns',
      'Africa/Casablanca',
      'Africa/Cairo',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
    ])('%s: no day is left out, and none comes twice', (zone) => {
      const days = new Set<string>();
      const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
      let at = parseInstant('2027-01-01');
      for (let count = 0; count < 365; count++) {
        const found = nextLocalHour(at, 9, zone);
        days.add(day.format(found));
        if (count > 0) {
          expect(found.getTime() - at.getTime()).toBeGreaterThanOrEqual(23 * HOUR_MS - 1);
          expect(found.getTime() - at.getTime()).toBeLessThanOrEqual(25 * HOUR_MS);
        }
        at = new Date(found.getTime() + 1);
      }
      expect(days.size).toBe(365);
    });
  });
});

describe('lastLocalHour', () => {
  it.each([
    ['2026-11-23T09:30:00Z', 9, 'UTC', '2026-11-23T09:00:00.000Z'],
    ['2026-11-23T09:00:00Z', 9, 'UTC', '2026-11-23T09:00:00.000Z'],
    ['2026-11-23T08:59:59.999Z', 9, 'UTC', '2026-11-22T09:00:00.000Z'],
    ['2026-11-23T00:00:00Z', 9, 'Pacific/Kiritimati', '2026-11-22T19:00:00.000Z'],
    ['2027-03-28T08:30:00Z', 9, 'Europe/Lisbon', '2027-03-28T08:00:00.000Z'],
    ['2027-03-28T01:00:00Z', 1, 'Europe/Lisbon', '2027-03-28T01:00:00.000Z'],
    ['2027-10-31T01:30:00Z', 1, 'Europe/Lisbon', '2027-10-31T00:00:00.000Z'],
    ['2027-11-01T00:59:59Z', 1, 'Europe/Lisbon', '2027-10-31T00:00:00.000Z'],
  ])('at %s, hour %i of %s, returns %s', (at, hour, zone, expected) => {
    expect(lastLocalHour(parseInstant(at), hour, zone).toISOString()).toBe(expected);
  });

  it('G4: is the mirror of nextLocalHour: not after now, and the next after it is', () => {
    const zones = [
      'UTC',
      'Europe/Lisbon',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
      'Antarctica/Troll',
      'Asia/Kathmandu',
    ];
    const instant = fc.date({
      min: new Date('2020-01-01T00:00:00Z'),
      max: new Date('2040-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, fc.nat(23), fc.constantFrom(...zones), (now, hour, zone) => {
        const last = lastLocalHour(now, hour, zone);
        expect(last.getTime()).toBeLessThanOrEqual(now.getTime());
        expect(nextLocalHour(last, hour, zone)).toEqual(last);
        expect(nextLocalHour(new Date(last.getTime() + 1), hour, zone).getTime()).toBeGreaterThan(
          now.getTime(),
        );
        expect(now.getTime() - last.getTime()).toBeLessThan(26 * HOUR_MS);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});
