import { loadConfig, openApp, openUsedDatabase } from '../../app.ts';
import { calendarEntry } from '../../remind/calendar-entry.ts';
import type { Run } from '../command.ts';

/** Shows, and changes nothing. */
export const run: Run = async ({ world, places, out }) => {
  const db = openUsedDatabase(places, world);
  try {
    const { config } = await loadConfig(places, world, db, false);
    const app = openApp(db, config, places, world);
    const context = { ...app.identity, command: config.reminders.command };
    const entries = app.register
      .list()
      .map((credential) => calendarEntry(credential, context))
      .filter((entry) => entry !== undefined);
    const { writeCalendar } = await import('../../calendar/ics.ts');
    const calendar = writeCalendar(entries);
    if (out.json) out.resultJson({ schemaVersion: 1, calendar });
    // Its lines end with CRLF; the last end is the output's own.
    else out.result(calendar.replace(/\n$/, ''));
    if (entries.length === 0)
      out.talk('no credential with a known expiry is recorded: the calendar is empty');
    return 0;
  } finally {
    db.close();
  }
};
