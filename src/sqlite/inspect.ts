import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { AppError } from '../domain/error.ts';
import type { Break, Place } from '../history/chain.ts';
import { findDamage } from './damage.ts';
import type { Database } from './database.ts';
import { APPLICATION_ID, translate, wrap } from './database.ts';
import { checkChain } from './history.ts';
import { readMigrations } from './migrate.ts';
import { findRewind } from './noted-head.ts';

const BUSY_MS = 2_000;

/** What the file itself shows, without a word of its content. */
export interface DatabaseState {
  readonly bytes: number;
  readonly isOurs: boolean;
  /** Applied, and shipped with this program, each in order. */
  readonly migrations: { readonly applied: readonly Applied[]; readonly shipped: readonly Applied[] };
  /** What `PRAGMA integrity_check` and `foreign_key_check` complain of; empty: nothing. */
  readonly damage: readonly string[];
}

export interface HistoryState {
  readonly broken: Break | undefined;
  /** Number of the last entry that holds. */
  readonly reaches: number;
  /** An entry that was seen once, and is not there any more. */
  readonly rewound: Place | undefined;
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

/**
 * The database to look at: every write is refused, nothing is migrated, and a file that is none of ours is opened too. A database in
 * WAL mode may get the side files that its own user would make; SQLite gives them that user's name where root looks.
 *
 * @throws AppError storage, busy
 */
export function lookAtDatabase(path: string): Database {
  let connection: Sqlite.Database | undefined;
  try {
    connection = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    connection.pragma('trusted_schema = OFF');
    connection.prepare('SELECT count(*) FROM sqlite_schema').get();
    return wrap(connection);
  } catch (error) {
    connection?.close();
    throw translate(error, path);
  }
}

/** @throws AppError storage, where the file is damaged beyond reading */
export function inspectDatabase({ connection }: Database): DatabaseState {
  try {
    const shipped = readMigrations().map(({ name, checksum }) => ({ name, checksum }));
    return {
      bytes: statSync(connection.name).size,
      isOurs: connection.pragma('application_id', { simple: true }) === APPLICATION_ID,
      migrations: { applied: applied(connection), shipped },
      damage: damageOf(connection),
    };
  } catch (error) {
    const translated = translate(error, connection.name);
    if (translated instanceof AppError) throw translated;
    throw new AppError('storage', `"${connection.name}" cannot be read to the end`, { cause: error });
  }
}

function applied(connection: Sqlite.Database): readonly Applied[] {
  const there = connection.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'migration'").pluck();
  if (there.get() === 0) return [];
  return connection.prepare('SELECT name, checksum FROM migration ORDER BY name').all() as Applied[];
}

/** The words of SQLite name pages, tables and indexes only (sqlite.org/pragma.html#pragma_integrity_check). */
function damageOf(connection: Sqlite.Database): readonly string[] {
  const damage = findDamage(connection, 'full');
  if (damage !== undefined) return [damage];
  const orphans = connection.pragma('foreign_key_check') as { table: string }[];
  const tables = [...new Set(orphans.map(({ table }) => table))];
  return tables.map((table) => `rows of ${table} refer to what is not there`);
}

/**
 * Whether each entry of the history follows from the one before it, and whether it reaches as far as it was once seen to
 * (`noted-head.ts`).
 */
export function inspectHistory(db: Database, installId: string): HistoryState {
  const { broken, upTo } = checkChain(db, installId);
  return {
    broken,
    reaches: upTo?.seq ?? 0,
    rewound: findRewind(db.connection, db.connection.name, installId),
  };
}
