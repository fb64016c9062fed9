import Sqlite from 'better-sqlite3';
import type { Database } from '../../src/sqlite/database.ts';
import { configure, wrap } from '../../src/sqlite/database.ts';
import { migrate } from '../../src/sqlite/migrate.ts';

/** Schedules that share a connection: its history cannot be wiped, and must not grow for ever. */
const LONGEST_USE = 400;
const MIGRATED_AT = new Date('2026-01-01T00:00:00Z');

/** Empties these between schedules; the history, which can only be added to, says nothing to the relay. */
const TABLES = [
  'reminder',
  'message',
  'recipient',
  'circuit',
  'outage',
  'trouble',
  'destination',
  'version',
  'rotation_destination',
  'rotation',
  'credential',
];

/** Gives one database after the other, each with the real migrations and with nothing in it, in memory. */
export function openDatabases(): { next(): Database; close(): void } {
  const first = openMigrated(undefined);
  const image = first.connection.serialize();
  let [db, uses] = [first, 0];
  return {
    next: () => {
      if (uses++ < LONGEST_USE) wipe(db);
      else {
        db.close();
        [db, uses] = [openMigrated(image), 1];
      }
      return db;
    },
    close: () => db.close(),
  };
}

function openMigrated(image: Buffer | undefined): Database {
  const connection = image ? new Sqlite(image) : new Sqlite(':memory:');
  configure(connection);
  if (!image) migrate(connection, () => MIGRATED_AT);
  return wrap(connection);
}

function wipe(db: Database): void {
  db.transaction(() => {
    for (const table of TABLES) db.prepare(`DELETE FROM ${table}`).run();
  });
}
