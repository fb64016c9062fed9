import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { translate } from './database.ts';

/** A lock that the system frees when its process dies: an exclusive transaction on a file of its own. */
export interface Lock {
  release(): void;
}

// A `status` that looks at the lock holds it shared for an instant: waiting a little keeps that from being a refusal.
const WAIT_MS = 500;

/** @returns undefined when another process holds it @throws AppError storage where it cannot be made or opened */
export function acquireLock(path: string): Lock | undefined {
  let side: Sqlite.Database | undefined;
  try {
    side = new Sqlite(path, { timeout: WAIT_MS });
    side.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    side?.close();
    if (isBusy(error)) return undefined;
    throw translate(error, path);
  }
  const held = side;
  return {
    release: () => {
      held.exec('ROLLBACK');
      held.close();
    },
  };
}

/** Looks without taking it. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  const side = new Sqlite(path, { readonly: true, timeout: 0 });
  try {
    side.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    side.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
