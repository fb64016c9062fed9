import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { formatInstant } from '../domain/calendar.ts';
import { AppError, describeError, isAppError } from '../domain/error.ts';
import type { Place } from '../history/chain.ts';
import { formatHead } from '../history/head.ts';
import { toInstant } from './columns.ts';
import { sync } from './copy.ts';
import { findDamage, findNonsense } from './damage.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { openHistory } from './history.ts';
import { heldSince, hold } from './hold.ts';
import { readInstallId } from './installation.ts';
import { migrate } from './migrate.ts';
import { noteHead, readHead } from './noted-head.ts';

export interface RestoreOptions {
  readonly source: string;
  /** Where the database is, or was. */
  readonly path: string;
  readonly now: () => Date;
  /** `user@host`, for the history. */
  readonly actor: string;
}

export interface Restored {
  /** Where the history of the backup ends. */
  readonly head: Place;
  /** Where the database is kept that was there; undefined: there was none. */
  readonly kept: string | undefined;
  readonly replaced: Replaced | undefined;
  readonly heldSince: Date;
}

/** What could be read of the database that was there. */
export interface Replaced {
  readonly installId: string | undefined;
  readonly head: Place | undefined;
  /** When a daemon or `remind` last said that it was at work with it. */
  readonly lastBeatAt: string | undefined;
  /** Since when nothing was sent from it. */
  readonly heldSince: string | undefined;
  readonly isSameInstallation: boolean;
}

const WAIT_MS = 2000;

/**
 * Puts a backup in the place of the database. It is copied, checked to the end, brought up to date and marked as held before
 * anything else is touched; the database that was there is kept beside it. Call it with the daemon's lock, and with no rotation
 * open.
 *
 * @throws AppError storage, refused, busy: nothing was changed
 */
export function restoreDatabase({ source, path, now, actor }: RestoreOptions): Restored {
  const target = existsSync(path) ? realpathSync(path) : path;
  const coming = `${target}.restoring`;
  if (resolve(source) === coming) throw refusal(source, 'a restore writes there: give it another name');
  removeAll(coming);
  try {
    takeIn(resolve(source), coming, target);
    const before = look(target);
    const at = now();
    const prepared = prepare({ coming, source: resolve(source), now, at, actor }, before);
    const replaced = before && { ...before, isSameInstallation: before.installId === prepared.installId };
    const kept = existsSync(target) ? keep(target, at) : undefined;
    renameSync(coming, target);
    sync(dirname(target));
    noteHead(target, prepared.installId, prepared.newHead);
    return { head: prepared.head, kept, replaced, heldSince: prepared.heldSince };
  } finally {
    removeAll(coming);
  }
}

function removeAll(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}

/** With its log, where somebody copied the two files of a database. */
function takeIn(source: string, coming: string, target: string): void {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw refusal(source, 'there is no such file');
  if (!found.isFile()) throw refusal(source, 'it is not a file');
  if (found.size === 0) throw refusal(source, 'it is empty');
  if (existsSync(target) && realpathSync(source) === target)
    throw refusal(source, 'it is the database itself');
  try {
    for (const end of ['', '-wal']) {
      if (!existsSync(`${source}${end}`)) continue;
      copyFileSync(`${source}${end}`, `${coming}${end}`);
      chmodSync(`${coming}${end}`, 0o600);
    }
  } catch (error) {
    throw refusal(source, `it cannot be copied beside the database (${describeError(error)})`);
  }
}

/** What the database that is there says of itself, and that nobody else uses it now. @throws AppError busy */
function look(target: string): Omit<Replaced, 'isSameInstallation'> | undefined {
  if (!existsSync(target)) return undefined;
  const nothing = { installId: undefined, head: undefined, lastBeatAt: undefined, heldSince: undefined };
  let connection: Sqlite.Database | undefined;
  try {
    connection = new Sqlite(target, { fileMustExist: true, timeout: WAIT_MS });
    // A process that has it open would write to what is kept, and at its end remove the log of what has come.
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.exec('BEGIN EXCLUSIVE');
    const one = (sql: string) => connection?.prepare(sql).pluck().get() as string | undefined;
    return {
      installId: one('SELECT install_id FROM installation'),
      head: readHead(connection),
      lastBeatAt: one("SELECT MAX(at) FROM beat WHERE name IN ('started', 'cycle')") ?? undefined,
      // An older schema has no such table, and held nothing.
      heldSince: one("SELECT 1 FROM sqlite_schema WHERE name = 'trouble'")
        ? one("SELECT since FROM trouble WHERE name = 'held'")
        : undefined,
    };
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error;
    if (!error.code.startsWith('SQLITE_BUSY')) return nothing;
    throw new AppError('busy', 'the database is in use by another command', {
      hints: ['wait until it has ended, and try again; nothing was changed'],
      cause: error,
    });
  } finally {
    connection?.close();
  }
}

interface Prepared {
  readonly installId: string;
  readonly heldSince: Date;
  readonly head: Place;
  readonly newHead: Place;
}

function prepare(
  given: { coming: string; source: string; now: () => Date; at: Date; actor: string },
  before: Omit<Replaced, 'isSameInstallation'> | undefined,
): Prepared {
  const { coming, source, now, at, actor } = given;
  let db: Database | undefined;
  try {
    ensureSound(coming, source);
    db = openDatabase(coming, 'use', now, 'none');
    // A trigger more than ours could send, or let go what is held.
    const nonsense = findNonsense(db.connection, asNew);
    if (nonsense) throw refusal(source, nonsense);
    const installId = readInstallId(db);
    const head = readHead(db.connection);
    if (!installId || !head) throw refusal(source, 'no installation is in it');
    // What was held already has sent nothing since, and so it stays held from then on.
    const held = before?.installId === installId ? toInstant(before.heldSince ?? null) : undefined;
    const since = held && held < at ? held : at;
    const newHead = markRestored(db, { installId, head, at, since, actor }, before);
    if (heldSince(db)?.getTime() !== since.getTime()) throw refusal(source, 'it does not stay held');
    db.connection.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    db = undefined;
    sync(coming);
    return { installId, heldSince: since, head, newHead };
  } catch (error) {
    if (isAppError(error, 'refused') || !isAppError(error)) throw error;
    throw refusal(source, error.message.replaceAll(coming, source), error);
  } finally {
    db?.close();
  }
}

function asNew(empty: Sqlite.Database): void {
  migrate(empty, () => new Date(0), undefined, 'none');
}

function ensureSound(coming: string, source: string): void {
  const connection = new Sqlite(coming, { fileMustExist: true });
  try {
    const damage = findDamage(connection, 'full');
    if (damage) throw refusal(source, `it is damaged: ${damage}`);
    const orphans = (connection.pragma('foreign_key_check') as unknown[]).length;
    if (orphans > 0) throw refusal(source, `it is damaged: ${orphans} rows belong to none`);
  } finally {
    connection.close();
  }
}

/** Nothing is sent from now on, and nobody takes the time since for one in which nothing ran. */
function markRestored(
  db: Database,
  {
    installId,
    head,
    at,
    since,
    actor,
  }: { installId: string; head: Place; at: Date; since: Date; actor: string },
  before: Omit<Replaced, 'isSameInstallation'> | undefined,
): Place {
  return db.transaction(() => {
    const detail = `a backup that ends at ${formatHead(head)} was restored at ${formatInstant(at)}: nothing is sent until \`reseal resume\``;
    db.prepare("DELETE FROM trouble WHERE name IN ('held', 'storage', 'clock')").run();
    hold(db, detail, since);
    db.prepare('DELETE FROM beat').run();
    openHistory(db, installId, actor).append(
      {
        type: 'installation.restored',
        subject: 'reseal',
        result: `from a backup that ends at ${formatHead(head)}`,
        detail: {
          head: formatHead(head),
          replaced: before?.head ? formatHead(before.head) : null,
          lastBeatAt: before?.lastBeatAt ?? null,
        },
      },
      at,
    );
    return readHead(db.connection) ?? head;
  });
}

/** `reseal.db.replaced-2026-11-26T06-05-30Z`, with its log beside it. The log is moved last: a new database must never find it. */
function keep(target: string, at: Date): string {
  const kept = `${target}.replaced-${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  try {
    linkSync(target, kept);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new AppError('refused', `"${kept}" is there already`, { hints: ['try again in a second'] });
    copyFileSync(target, kept);
  }
  if (existsSync(`${target}-wal`)) renameSync(`${target}-wal`, `${kept}-wal`);
  rmSync(`${target}-shm`, { force: true });
  return kept;
}

function refusal(source: string, reason: string, cause?: AppError): AppError {
  return new AppError('refused', `"${source}" cannot be restored: ${reason}`, {
    hints: ['nothing was changed', ...(cause?.hints.slice(0, 1) ?? [])],
    ...(cause && { cause }),
  });
}
