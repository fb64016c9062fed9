import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Sqlite from 'better-sqlite3';
import { AppError, describeError } from '../domain/error.ts';
import { fromInstant } from './columns.ts';
import { copyDatabase } from './copy.ts';
import { findDamage } from './damage.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

// src/sqlite and dist/sqlite lie equally deep.
const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
const PACKAGE = new URL('../../package.json', import.meta.url);
/** Copies from before a migration that are kept. */
const KEPT_COPIES = 2;

/**
 * Brings the schema up to date, forward only, all in one transaction: a process killed on the way leaves the old schema. What
 * was there before is copied first, to `FILE.before-NNNN` beside it, under the same lock; where that cannot be written, nothing
 * is migrated.
 *
 * @param copies `none` for a database that is a copy itself
 * @throws AppError storage when the database was made by a newer program, or an applied file was changed
 */
export function migrate(
  connection: Sqlite.Database,
  now: () => Date,
  migrations: readonly Migration[] = readMigrations(),
  copies: 'kept' | 'none' = 'kept',
): void {
  if (isCurrent(connection, migrations)) return;
  connection
    .transaction(() => {
      connection.exec(
        'CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
      );
      const done = applied(connection);
      const missing = pending(done, migrations);
      const [first] = missing;
      if (first && done.length > 0 && copies === 'kept') keepCopy(connection, first);
      for (const migration of missing) {
        connection.exec(migration.sql);
        connection
          .prepare('INSERT INTO migration (name, checksum, applied_at) VALUES (?, ?, ?)')
          .run(migration.name, migration.checksum, fromInstant(now()));
      }
      if (missing.length === 0) return;
      if (knowsPrograms(connection)) noteProgram(connection, missing);
      connection.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

/**
 * The files of `migrations/` in the order of their names.
 *
 * @throws AppError storage when one of them is missing: the numbers have a gap
 */
export function readMigrations(folder: string = FOLDER): readonly Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  names.forEach((name, index) => {
    if (numberOf(name) === index + 1) return;
    throw new AppError(
      'storage',
      `the program is not complete: ${name} stands where ${index + 1} is expected`,
      {
        hints: ['install it again; the database was not touched'],
      },
    );
  });
  return names.map((name) => {
    const sql = readFileSync(`${folder}/${name}`, 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

function numberOf(name: string): number {
  return Number(name.slice(0, 4));
}

/** `reseal.db.before-0008`: the database as it was before that file was applied. */
function keepCopy(connection: Sqlite.Database, first: Migration): void {
  if (connection.memory) return;
  const target = `${connection.name}.before-${first.name.slice(0, 4)}`;
  try {
    removeUnfinished(target);
    // Another connection reads what is committed, while this one keeps others from writing.
    copyDatabase(connection.name, `${target}.new`, (copy) => {
      const damage = findDamage(copy, 'quick');
      if (damage) throw new AppError('storage', `the database is damaged: ${damage}`);
    });
    // The one of an upgrade that was taken back is older than the database is now.
    renameSync(`${target}.new`, target);
    for (const old of copiesBefore(connection.name).slice(0, -KEPT_COPIES)) rmSync(old, { force: true });
  } catch (error) {
    throw new AppError(
      'storage',
      `the database must be upgraded, and the copy that is made of it first cannot be written: ${describeError(error)}`,
      {
        hints: [`nothing was changed; make room for "${target}", or use the version from before`],
        cause: error,
      },
    );
  }
}

/** What a process has left that was killed while it copied. */
function removeUnfinished(target: string): void {
  const unfinished = `${basename(target)}.new`;
  for (const name of readdirSync(dirname(target)))
    if (name.startsWith(unfinished)) rmSync(join(dirname(target), name), { force: true });
}

/** Copies that were made before migrations, oldest schema first. */
export function copiesBefore(path: string): readonly string[] {
  const start = `${basename(path)}.before-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start) && /^\d{4}$/.test(name.slice(start.length)))
    .sort()
    .map((name) => join(dirname(path), name));
}

/** Whether the table of migrations has a column for the program that applied them: since 0009. */
function knowsPrograms(connection: Sqlite.Database): boolean {
  return (
    connection
      .prepare("SELECT 1 FROM pragma_table_info('migration') WHERE name = 'program'")
      .pluck()
      .get() === 1
  );
}

function noteProgram(connection: Sqlite.Database, done: readonly Migration[]): void {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  const note = connection.prepare('UPDATE migration SET program = ? WHERE name = ?');
  for (const { name } of done) note.run(version, name);
}

function isCurrent(connection: Sqlite.Database, migrations: readonly Migration[]): boolean {
  const version = connection.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) throw newer(connection, version, migrations.length);
  if (version === 0) return false;
  const done = applied(connection);
  if (done.length > migrations.length) throw newer(connection, done.length, migrations.length);
  if (done.length !== version) {
    throw new AppError(
      'storage',
      `the database says that ${version} migrations were applied, and lists ${done.length}`,
      { hints: ['it was left as it is; put a backup in its place: reseal restore FILE'] },
    );
  }
  return pending(done, migrations).length === 0;
}

function applied(connection: Sqlite.Database): readonly { name: string; checksum: string }[] {
  return connection.prepare('SELECT name, checksum FROM migration ORDER BY name').all() as {
    name: string;
    checksum: string;
  }[];
}

/** What is still to be applied. Refuses a history that is not a beginning of ours. */
function pending(
  done: readonly { name: string; checksum: string }[],
  migrations: readonly Migration[],
): readonly Migration[] {
  done.forEach((row, index) => {
    const ours = migrations[index];
    if (ours?.name !== row.name || ours.checksum !== row.checksum) {
      throw new AppError(
        'storage',
        `the database was migrated by another "${row.name}" than this program ships`,
        {
          hints: ['use the released program; files of migrations/ are never edited once applied'],
        },
      );
    }
  });
  return migrations.slice(done.length);
}

/** Where the newer program has said which it is, that is said too. */
function newer(connection: Sqlite.Database, found: number, known: number): AppError {
  const program = knowsPrograms(connection)
    ? connection.prepare('SELECT program FROM migration ORDER BY name DESC LIMIT 1').pluck().get()
    : undefined;
  const version = typeof program === 'string' && /^\d[\w.+-]{0,40}$/.test(program) ? program : undefined;
  return new AppError(
    'storage',
    `the database was written by a newer reseal${version ? `, ${version}` : ''}: its schema is ${found}, and this one knows ${known}`,
    {
      hints: [
        `use ${version ? `version ${version} or later` : 'the version that wrote it, or a later one'}; nothing was changed`,
        'to go back to this version for good: reseal restore FILE, with a backup or the copy "reseal.db.before-…" from before the upgrade',
      ],
    },
  );
}
