import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

/**
 * Writes a complete copy of the database at `source`, write-ahead log included, as it stands at this instant: for its owner
 * alone, on the disk before it has its name, and never over a file that is there. Others may read and write meanwhile
 * (`VACUUM INTO`, https://sqlite.org/lang_vacuum.html#vacuuminto). `check` looks at the copy before it is given its name.
 *
 * @throws SqliteError, or an error of the file system: EEXIST where `target` is there already. Nothing is left behind
 */
export function copyDatabase(
  source: string,
  target: string,
  check: (copy: Sqlite.Database) => void = () => undefined,
): void {
  const partial = `${target}.partial-${process.pid}`;
  try {
    closeSync(openSync(partial, 'wx', 0o600));
    const from = new Sqlite(source, { readonly: true, fileMustExist: true });
    try {
      from.prepare('VACUUM INTO ?').run(partial);
    } finally {
      from.close();
    }
    look(partial, check);
    sync(partial);
    publish(partial, target);
    sync(dirname(target));
  } finally {
    rmSync(partial, { force: true });
  }
}

function look(path: string, check: (copy: Sqlite.Database) => void): void {
  const copy = new Sqlite(path, { readonly: true, fileMustExist: true });
  try {
    check(copy);
  } finally {
    copy.close();
  }
}

/** By a second name, since renaming would replace what is there; some file systems of other systems know no second names. */
function publish(partial: string, target: string): void {
  try {
    linkSync(partial, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || existsSync(target)) throw error;
    renameSync(partial, target);
    chmodSync(target, 0o600);
  }
}

/** A file's bytes, or a folder's names, are on the disk when this returns. */
export function sync(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
