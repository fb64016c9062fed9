import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeCalendar } from '../../src/calendar/ics.ts';
import type { CalendarEntry } from '../../src/remind/calendar-entry.ts';
import { NOW, SEED } from '../support/builders.ts';
import { rawOf, readCalendar, textOf } from './read-calendar.ts';

function anEntry(overrides: Partial<CalendarEntry> = {}): CalendarEntry {
  return {
    uid: '5d41402abc4b2a76b9719d911017c592@example.org',
    sequence: 3,
    at: new Date('2027-06-01T12:30:00Z'),
    summary: 'crates-io expires (CRATES_IO_TOKEN in joaoh82/rust_sqlite)',
    description: 'Without it: crates can no longer be published.\nTo renew it, type: reseal rotate crates-io',
    url: 'https://crates.io/settings/tokens',
    alarmsDays: [30, 14, 7, 1],
    stampedAt: NOW,
    ...overrides,
  };
}

/** Without white space and what no calendar may hold. */
function bare(text = ''): string {
  return text.toWellFormed().replace(/[\s\p{Cc}]/gu, '');
}

describe('writeCalendar', () => {
  describe('when a credential expires', () => {
    const calendar = readCalendar(writeCalendar([anEntry()]));
    const [event] = calendar.inside;

    it('returns a published calendar', () => {
      expect(calendar.name).toBe('VCALENDAR');
      expect(Object.fromEntries([...calendar.properties].map(([name, { value }]) => [name, value]))).toEqual({
        VERSION: '2.0',
        PRODID: '-//reseal//reseal//EN',
        METHOD: 'PUBLISH',
        NAME: 'reseal',
        'X-WR-CALNAME': 'reseal',
      });
    });

    it('returns an event at the instant in UTC that blocks no time', () => {
      expect(event?.name).toBe('VEVENT');
      expect(event?.properties.get('DTSTART')).toEqual({ parameters: '', value: '20270601T123000Z' });
      expect(event?.properties.has('DTEND')).toBe(false);
      expect(rawOf(event, 'TRANSP')).toBe('TRANSPARENT');
    });

    it('returns what makes a later version move it', () => {
      expect(rawOf(event, 'UID')).toBe('5d41402abc4b2a76b9719d911017c592@example.org');
      expect(rawOf(event, 'SEQUENCE')).toBe('3');
      expect(rawOf(event, 'DTSTAMP')).toBe('20261123T093000Z');
    });

    it('returns its words and its page', () => {
      expect(textOf(event, 'SUMMARY')).toBe('crates-io expires (CRATES_IO_TOKEN in joaoh82/rust_sqlite)');
      expect(textOf(event, 'DESCRIPTION')).toBe(anEntry().description);
      expect(rawOf(event, 'URL')).toBe('https://crates.io/settings/tokens');
    });

    it('returns an alarm on the screen for each of its days', () => {
      expect(
        event?.inside.map((alarm) => [alarm.name, rawOf(alarm, 'ACTION'), rawOf(alarm, 'TRIGGER')]),
      ).toEqual([
        ['VALARM', 'DISPLAY', '-P30D'],
        ['VALARM', 'DISPLAY', '-P14D'],
        ['VALARM', 'DISPLAY', '-P7D'],
        ['VALARM', 'DISPLAY', '-P1D'],
      ]);
    });
  });

  describe('when it is written twice', () => {
    it('returns the same bytes: no clock and no chance is part of it', () => {
      expect(writeCalendar([anEntry()])).toBe(writeCalendar([anEntry()]));
    });
  });

  describe('when there is none', () => {
    it('returns an empty calendar', () => {
      expect(readCalendar(writeCalendar([])).inside).toEqual([]);
    });
  });

  describe('when there is no page and no alarm', () => {
    it('returns the event without them', () => {
      const [event] = readCalendar(writeCalendar([anEntry({ url: undefined, alarmsDays: [] })])).inside;
      expect(event?.properties.has('URL')).toBe(false);
      expect(event?.inside).toEqual([]);
    });
  });

  describe('when there are several', () => {
    it('returns them in order', () => {
      const entries = ['a', 'b', 'c'].map((summary) => anEntry({ uid: `${summary}@example.org`, summary }));
      const { inside } = readCalendar(writeCalendar(entries));
      expect(inside.map((event) => textOf(event, 'SUMMARY'))).toEqual(['a', 'b', 'c']);
    });
  });

  describe('when the calendar has a name of its own', () => {
    it('returns it escaped, on one line', () => {
      const calendar = readCalendar(writeCalendar([], 'widgets, release;\r\nBEGIN:VEVENT 🔑'));
      expect(textOf(calendar, 'X-WR-CALNAME')).toBe('widgets, release; BEGIN:VEVENT 🔑');
      expect(textOf(calendar, 'NAME')).toBe('widgets, release; BEGIN:VEVENT 🔑');
      expect(calendar.inside).toEqual([]);
    });
  });

  describe('when names hold what has a meaning in a calendar', () => {
    it.each([
      'emoji 🔑🇵🇹 and Zoë',
      'commas, semicolons; colons: quotes " and \\ backslashes \\n',
      '🔑'.repeat(60),
      `${'x'.repeat(73)}ü${'x'.repeat(73)}🔑`,
    ])('returns %j as it is', (summary) => {
      const [event] = readCalendar(writeCalendar([anEntry({ summary })])).inside;
      expect(textOf(event, 'SUMMARY')).toBe(summary);
    });

    it('E19: returns line breaks as text and no property or component more', () => {
      const hostile = 'a\r\nEND:VEVENT\r\nBEGIN:VALARM\rATTACH:x\n;b\u2028c\u0085d\0e';
      const written = anEntry({ summary: hostile, description: hostile, uid: 'a\r\nb@example.org' });
      const calendar = readCalendar(writeCalendar([written]));
      const [event] = calendar.inside;
      expect(calendar.inside).toHaveLength(1);
      expect(event?.inside).toHaveLength(4);
      expect(event?.properties.has('ATTACH')).toBe(false);
      expect(textOf(event, 'SUMMARY')).toBe('a END:VEVENT BEGIN:VALARM ATTACH:x ;b c d e');
      expect(textOf(event, 'DESCRIPTION')).toBe('a\nEND:VEVENT\nBEGIN:VALARM\nATTACH:x\n;b c d e');
      expect(rawOf(event, 'UID')).toBe('ab@example.org');
    });

    it('returns an address as a URI, not as text', () => {
      const [event] = readCalendar(
        writeCalendar([anEntry({ url: 'https://example.org/a,b;c\r\nX:y' })]),
      ).inside;
      expect(rawOf(event, 'URL')).toBe('https://example.org/a%2Cb%3Bc%0D%0AX:y');
    });
  });

  describe('when anything stands in any field', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('🔑', 'ü', 'x', ',', ';', '\\', '\r', '\n', ' ', '\ud800'),
        maxLength: 300,
      }),
    );
    const instant = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2200-01-01'),
      noInvalidDate: true,
    });
    const entry = fc.record({
      uid: fc.constant('u@example.org'),
      sequence: fc.nat(),
      at: instant,
      summary: text,
      description: text,
      url: fc.option(fc.webUrl({ withQueryParameters: true }), { nil: undefined }),
      alarmsDays: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 4 }),
      stampedAt: instant,
    });

    it('returns lines of at most 75 octets that read back as they were', () => {
      fc.assert(
        fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
          const { inside } = readCalendar(writeCalendar(entries));
          expect(inside).toHaveLength(entries.length);
          for (const [index, event] of inside.entries()) {
            const { at, alarmsDays, summary, description } = entries[index] ?? anEntry();
            const stamp = at.toISOString().replace(/\.\d+|[:-]/g, '');
            expect(rawOf(event, 'DTSTART')).toBe(stamp);
            expect(event.inside.map((alarm) => rawOf(alarm, 'TRIGGER'))).toEqual(
              alarmsDays.map((days) => `-P${days}D`),
            );
            expect(textOf(event, 'SUMMARY')).not.toMatch(/[\r\n]/);
            expect(bare(textOf(event, 'SUMMARY'))).toBe(bare(summary));
            expect(bare(textOf(event, 'DESCRIPTION'))).toBe(bare(description));
          }
        }),
        { numRuns: 200, seed: SEED },
      );
    });
  });
});
