import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { AppError, describeError, isAppError } from '../domain/error.ts';
import type { Place } from '../history/chain.ts';
import { copyDatabase } from './copy.ts';
import { findDamage } from './damage.ts';
import type { Database } from './database.ts';
import { readHead } from './noted-head.ts';

export interface Backup {
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
  /** Where the history of the copy ends; undefined: it is empty. */
  readonly head: Place | undefined;
}

/**
 * A complete copy of the database, checked, while others use it.
 *
 * @throws AppError refused where there is a file of that name; storage where it cannot be written, or the copy is damaged
 */
export function backUp({ connection }: Database, target: string): Backup {
  const file = resolve(target);
  ensureFree(file, connection.name);
  let head: Place | undefined;
  try {
    copyDatabase(connection.name, file, (copy) => {
      head = lookOver(copy);
    });
  } catch (error) {
    if (isAppError(error)) throw error;
    throw (error as { code?: string }).code === 'EEXIST' ? isThere(file) : cannotWrite(file, error);
  }
  return { file, bytes: statSync(file).size, head };
}

function ensureFree(file: string, database: string): void {
  const isSideFile = ['', '-wal', '-shm', '-journal'].some((end) => file === `${resolve(database)}${end}`);
  if (isSideFile) {
    throw new AppError('refused', `"${file}" belongs to the database itself`, {
      hints: ['name a file elsewhere, best on another disk'],
    });
  }
  if (existsSync(file)) throw isThere(file);
}

function lookOver(copy: Sqlite.Database): Place | undefined {
  const damage = findDamage(copy, 'quick');
  if (damage) {
    throw new AppError('storage', `the database is damaged, and so would be its backup: ${damage}`, {
      hints: ['keep the backups that you have, and see what is wrong: reseal doctor'],
    });
  }
  return readHead(copy);
}

function isThere(file: string): AppError {
  return new AppError('refused', `there is a file "${file}" already, and a backup overwrites nothing`, {
    hints: ['put the date into its name: reseal backup "reseal-$(date +%F).db"'],
  });
}

function cannotWrite(file: string, cause: unknown): AppError {
  const { code } = cause as { code?: string };
  const reason =
    code === 'ENOENT' || code === 'ENOTDIR' ? 'its folder is not there' : (code ?? describeError(cause));
  return new AppError('storage', `the backup "${file}" cannot be written: ${reason}`, {
    hints: ['name a file in a folder that this user may write to, with room for the whole database'],
    cause,
  });
}
