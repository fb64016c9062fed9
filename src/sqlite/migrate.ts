import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type Sqlite from 'better-sqlite3';
import { AppError } from '../domain/error.ts';
import { fromInstant } from './columns.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

// src/sqlite and dist/sqlite lie equally deep.
const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));

/**
 * Brings the schema up to date, forward only, all in one transaction: a process killed on the way leaves the old schema.
 *
 * @throws AppError storage when the database was made by a newer program, or an applied file was changed
 */
export function migrate(
  connection: Sqlite.Database,
  now: () => Date,
  migrations: readonly Migration[] = readMigrations(),
): void {
  if (isCurrent(connection, migrations)) return;
  connection
    .transaction(() => {
      connection.exec(
        'CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
      );
      for (const migration of pending(applied(connection), migrations)) {
        connection.exec(migration.sql);
        connection
          .prepare('INSERT INTO migration (name, checksum, applied_at) VALUES (?, ?, ?)')
          .run(migration.name, migration.checksum, fromInstant(now()));
      }
      connection.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

/** The files of `migrations/` in the order of their names. */
export function readMigrations(folder: string = FOLDER): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const sql = readFileSync(`${folder}/${name}`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

function isCurrent(connection: Sqlite.Database, migrations: readonly Migration[]): boolean {
  const version = connection.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) throw newer();
  if (version === 0) return false;
  return pending(applied(connection), migrations).length === 0;
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
    if (!ours) throw newer();
    if (ours.name !== row.name || ours.checksum !== row.checksum) {
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

function newer(): AppError {
  return new AppError('storage', 'the database was written by a newer reseal', {
    hints: ['use that version, or a later one; nothing was changed'],
  });
}
