import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { AppError, describeError } from '../domain/error.ts';
import { migrate } from './migrate.ts';

/** Marks a database file as ours: "rsel" in the header (https://sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x7273656c;
const BUSY_MS = 5000;

export interface Database {
  readonly connection: Sqlite.Database;
  /**
   * A statement, compiled once. Where a bound value is compared beside a condition that a partial index or a MIN might use, write
   * `= +?`: SQLite else compiles it again whenever the value is another one, which costs ten times what the statement does
   * (`sqlite3VdbeSetVarmask`).
   */
  prepare(sql: string): Sqlite.Statement;
  /** Runs `work` in one `BEGIN IMMEDIATE` transaction (or inside the one that is open). No await inside. */
  transaction<T>(work: () => T): T;
  /**
   * The same without waiting for the disk: other processes see it at once, and a killed process leaves it; only a power failure
   * may undo it. For what is done again by itself: plans and claims (docs/decisions/0006).
   */
  relaxed<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens the database. `create` makes it where there is none; `use` refuses an absent or empty file, because an empty
 * file opens as a valid database that has forgotten everything.
 *
 * @param copies whether an older one is copied before it is migrated; `none` for what is a copy itself
 * @throws AppError not_initialised, storage, busy
 */
export function openDatabase(
  path: string,
  mode: 'create' | 'use',
  now: () => Date,
  copies: 'kept' | 'none' = 'kept',
): Database {
  if (mode === 'create') prepareFile(path);
  else ensureThere(path);
  let connection: Sqlite.Database | undefined;
  try {
    connection = new Sqlite(path, { timeout: BUSY_MS, fileMustExist: true });
    ensureOurs(connection, path, mode);
    configure(connection);
    migrate(connection, now, undefined, copies);
    return wrap(connection);
  } catch (error) {
    connection?.close();
    throw translate(error, path);
  }
}

export function wrap(connection: Sqlite.Database): Database {
  const statements = new Map<string, Sqlite.Statement>();
  // Made once, since making it costs more than an empty transaction does.
  const { immediate } = connection.transaction((work: () => unknown) => work());
  const transaction = <T>(work: () => T): T => {
    try {
      return connection.inTransaction ? work() : (immediate(work) as T);
    } catch (error) {
      throw translate(error, connection.name);
    }
  };
  return {
    connection,
    prepare: (sql) => {
      const kept = statements.get(sql);
      if (kept) return kept;
      const made = translating(compile(connection, sql), connection.name);
      statements.set(sql, made);
      return made;
    },
    transaction,
    relaxed: (work) => {
      if (connection.inTransaction) return work();
      connection.exec('PRAGMA synchronous = NORMAL');
      try {
        return transaction(work);
      } finally {
        connection.exec('PRAGMA synchronous = FULL');
      }
    },
    close: () => connection.close(),
  };
}

/** What a statement of ours does not find, a damaged schema has lost: a program that asks for it has passed its tests. */
function compile(connection: Sqlite.Database, sql: string): Sqlite.Statement {
  try {
    return connection.prepare(sql);
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError) || error.code !== 'SQLITE_ERROR')
      throw translate(error, connection.name);
    throw new AppError('storage', `the database "${connection.name}" lacks what this program needs of it`, {
      hints: [
        'see what is wrong: reseal doctor; in place of a damaged one put a backup: reseal restore FILE',
      ],
      cause: error,
    });
  }
}

/** The same statement, whose failures are words for a person. */
function translating(statement: Sqlite.Statement, path: string): Sqlite.Statement {
  for (const name of ['run', 'get', 'all'] as const) {
    const original = statement[name].bind(statement);
    statement[name] = (...parameters: unknown[]) => {
      try {
        return original(...parameters) as never;
      } catch (error) {
        throw translate(error, path);
      }
    };
  }
  return statement;
}

/** FULL on every connection: in WAL mode the default loses committed rows when the power fails. */
export function configure(connection: Sqlite.Database): void {
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  // Without it, INSERT OR REPLACE walks through the triggers that keep the history.
  connection.pragma('recursive_triggers = ON');
  connection.pragma('trusted_schema = OFF');
  if (connection.pragma('synchronous', { simple: true }) !== 2) {
    throw new AppError('storage', 'the database cannot be set to synchronous=FULL');
  }
}

function prepareFile(path: string): void {
  try {
    makeFolder(dirname(path));
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw storageError(path, error);
  }
}

/** One by one: Node's recursive way never ends on a file system that takes no folders. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** @throws AppError not_initialised where there is none, storage where nobody may look */
function sizeIn(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw storageError(path, error);
    throw new AppError('not_initialised', `there is no database at "${path}"`, {
      hints: ['run `reseal init` first (in a container: `docker compose run --rm reseal init`)'],
    });
  }
}

function ensureThere(path: string): void {
  if (sizeIn(path) === 0) {
    throw new AppError(
      'storage',
      `the database "${path}" is empty: it was there once, and has lost everything`,
      {
        hints: [
          'put a backup in its place: reseal restore FILE; if there never was anything in it, remove the file and run `reseal init`',
        ],
      },
    );
  }
}

function ensureOurs(connection: Sqlite.Database, path: string, mode: 'create' | 'use'): void {
  const id = connection.pragma('application_id', { simple: true });
  const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === APPLICATION_ID) return;
  if (mode === 'create' && tables === 0) {
    connection.pragma(`application_id = ${APPLICATION_ID}`);
    return;
  }
  throw new AppError('storage', `"${path}" is a database, but not one of reseal's`, {
    hints: ['name another folder with --data-dir'],
  });
}

/** SQLite's result codes (https://sqlite.org/rescode.html), as words for a person. */
export function translate(error: unknown, path: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  if (error.code.startsWith('SQLITE_BUSY')) {
    return new AppError('busy', `the database "${path}" is in use by another command`, {
      hints: ['try again in a moment'],
      cause: error,
    });
  }
  if (error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT')) {
    return new AppError('storage', `"${path}" is not a readable database (${error.code})`, {
      hints: ['it was left as it is; put a backup in its place: reseal restore FILE'],
      cause: error,
    });
  }
  // Raised by triggers of our own, where what is stored contradicts itself.
  if (error.code === 'SQLITE_CONSTRAINT_TRIGGER' && error.message.startsWith('damaged: ')) {
    return new AppError('storage', `the database "${path}" is ${error.message}`, {
      hints: ['nothing is sent from it; put a backup in its place: reseal restore FILE'],
      cause: error,
    });
  }
  if (/^SQLITE_(CANTOPEN|READONLY|IOERR|FULL|PERM|AUTH)/.test(error.code)) return storageError(path, error);
  return error;
}

/** Whether what failed is the database itself, and not its disk or another process. */
export function isDamage(error: unknown): boolean {
  const cause = error instanceof AppError && error.code === 'storage' ? error.cause : undefined;
  return (
    cause instanceof Sqlite.SqliteError &&
    /^SQLITE_(CORRUPT|NOTADB|CONSTRAINT_TRIGGER|ERROR$)/.test(cause.code)
  );
}

function storageError(path: string, error: unknown): AppError {
  const code = (error as { code?: string }).code ?? '';
  const hint =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? 'its folder is not there and cannot be made: name another with --data-dir'
      : /EACCES|EPERM|READONLY|CANTOPEN|PERM/.test(code)
        ? `make its folder belong to the user that runs this: chown ${process.getuid?.() ?? 1000} "${dirname(path)}"`
        : 'check the disk: reseal records before it acts, so nothing is sent or stored meanwhile';
  return new AppError(
    'storage',
    `the database "${path}" cannot be written: ${code || describeError(error)}`,
    {
      hints: [hint],
      cause: error,
    },
  );
}
