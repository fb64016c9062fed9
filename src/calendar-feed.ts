import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { App, Places, World } from './app.ts';
import { AppError } from './domain/error.ts';
import { calendarEntry } from './remind/calendar-entry.ts';
import { ADDRESS_BYTES, isAddress, makeAddress } from './web/feed.ts';

export function feedAddressPath({ dataDir }: Pick<Places, 'dataDir'>): string {
  return join(dataDir, 'calendar.address');
}

/**
 * The unguessable part of the calendar's address, as it stands in its file. It lies beside the database and in no copy of it, so
 * that nobody who gets a backup gets the way in.
 *
 * @returns undefined where none was made yet: then nothing is served
 * @throws AppError storage when it cannot be read, or could be read by others
 */
export function readFeedAddress(places: Pick<Places, 'dataDir'>): string | undefined {
  const path = feedAddressPath(places);
  let text: string;
  let mode: number;
  try {
    text = readFileSync(path, 'latin1').replace(/\n$/, '');
    mode = statSync(path).mode;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unusable(path, `cannot be read (${code ?? 'unknown'})`, `chmod 600 ${path}`);
  }
  if ((mode & 0o077) !== 0) throw unusable(path, 'can be read by others', `chmod 600 ${path}`);
  if (!isAddress(text))
    throw unusable(path, 'holds no address', 'have another made: reseal calendar --new-address');
  return text;
}

/** Makes another address; the one before is served no more. @throws AppError storage when it cannot be written */
export function renewFeedAddress(
  places: Pick<Places, 'dataDir'>,
  { randomBytes }: Pick<World, 'randomBytes'>,
): string {
  const path = feedAddressPath(places);
  const address = makeAddress(randomBytes(ADDRESS_BYTES));
  const draft = `${path}.${process.pid}`;
  try {
    rmSync(draft, { force: true });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, `${address}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Whole or not at all: a running daemon reads it at any time.
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(
      path,
      `cannot be written (${code ?? 'unknown'})`,
      'make room, or make the folder writable for this user',
    );
  }
  return address;
}

function unusable(path: string, what: string, hint: string): AppError {
  return new AppError('storage', `the file with the address of the calendar, "${path}", ${what}`, {
    hints: [hint],
  });
}

/** Every known expiry as an iCalendar file; the same for the command and for the page. */
export async function readCalendar(app: App): Promise<{ readonly text: string; readonly count: number }> {
  const context = { ...app.identity, command: app.config.reminders.command };
  const entries = app.register
    .list()
    .map((credential) => calendarEntry(credential, context))
    .filter((entry) => entry !== undefined);
  const { writeCalendar } = await import('./calendar/ics.ts');
  return { text: writeCalendar(entries), count: entries.length };
}
