import ical, {
  escape as escapeText,
  ICalAlarmType,
  ICalCalendarMethod,
  ICalEventTransparency,
} from 'ical-generator';
import { DAY_MS } from '../domain/calendar.ts';
import type { CalendarEntry } from '../remind/calendar-entry.ts';

/**
 * An iCalendar object (RFC 5545) of these expiries: each an instant in UTC that blocks no time, with an alarm on the screen
 * for each of its days. The same entries make the same text.
 */
export function writeCalendar(entries: readonly CalendarEntry[], name = 'reseal'): string {
  const calendar = ical({
    prodId: { company: 'reseal', product: 'reseal', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    // The library writes this one as it is.
    name: escapeText(printable(name).replace(/\s+/g, ' '), false),
    events: entries.map((entry) => ({
      id: printable(entry.uid).replace(/\s/g, ''),
      sequence: entry.sequence,
      stamp: entry.stampedAt,
      start: entry.at,
      summary: printable(entry.summary).replace(/\s+/g, ' '),
      description: printable(entry.description),
      transparency: ICalEventTransparency.TRANSPARENT,
      ...(entry.url === undefined ? {} : { url: asUri(entry.url) }),
      alarms: entry.alarmsDays.map((days) => ({
        type: ICalAlarmType.display,
        triggerBefore: (days * DAY_MS) / 1000,
      })),
    })),
  });
  // The library leaves out the end of the last line (§3.1).
  return `${calendar.toString()}\r\n`;
}

/** Text without what it may not hold (§3.3.11), and without what some readers take for the end of a line. */
function printable(text: string): string {
  return text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]/g, ' ');
}

/** The library escapes it like text, which a URI is not (§3.3.13). */
function asUri(url: string): string {
  return printable(url).replace(/[\s,;\\]/g, encodeURIComponent);
}
