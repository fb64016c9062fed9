import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { configure, openDatabase } from '../../src/sqlite/database.ts';
import { checkChain, openHistory } from '../../src/sqlite/history.ts';
import { readInstallId } from '../../src/sqlite/installation.ts';
import type { Migration } from '../../src/sqlite/migrate.ts';
import { copiesBefore, migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { openRegister } from '../../src/sqlite/register.ts';
import { NOW } from '../support/builders.ts';
import { makeFolder } from '../support/database.ts';
import { makeOldDatabase, OLD_INSTALL_ID } from '../support/old-databases.ts';

const now = () => NOW;
const ALL = readMigrations();
const SCHEMA =
  "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";

function anOld(count: number): string {
  const path = join(makeFolder(), 'reseal.db');
  makeOldDatabase(path, count);
  return path;
}

/** Everything that a database says, by itself and in its tables. */
function contentsOf(path: string) {
  const connection = new Sqlite(path, { readonly: true });
  const tables = connection
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .pluck()
    .all() as string[];
  const contents = {
    schema: connection.prepare(SCHEMA).all(),
    version: connection.pragma('user_version', { simple: true }),
    rows: tables.map((name) => [name, connection.prepare(`SELECT * FROM ${name}`).all()]),
    sound: connection.pragma('integrity_check', { simple: true }),
  };
  connection.close();
  return contents;
}

describe('F9: an upgrade', () => {
  it.each(ALL.slice(0, -1).map((_, index) => index + 1))(
    'from schema %i keeps what is known, makes the schema of a new database, and leaves a copy from before',
    (count) => {
      const path = anOld(count);
      const before = contentsOf(path);
      const db = openDatabase(path, 'use', now);
      expect(readInstallId(db)).toBe(OLD_INSTALL_ID);
      const [ada] = openRegister(db, openHistory(db, OLD_INSTALL_ID, 'a@b'), () => undefined).list();
      expect(ada).toMatchObject({ declaration: { name: 'ada' }, current: { version: 1, lifetimeDays: 365 } });
      expect(checkChain(db, OLD_INSTALL_ID).broken).toBeUndefined();
      if (count >= 2) {
        const sent = db.connection
          .prepare(
            `SELECT r.lead_days, p.address, m.state FROM reminder AS r JOIN recipient AS p ON p.id = r.recipient
             JOIN message AS m ON m.id = r.message`,
          )
          .all();
        expect(sent).toEqual([{ lead_days: 30, address: 'ada@example.org', state: 'sent' }]);
      }
      expect(db.connection.pragma('foreign_key_check')).toEqual([]);
      db.close();

      expect(contentsOf(path)).toMatchObject({ sound: 'ok', version: ALL.length });
      expect(contentsOf(path).schema).toEqual(contentsOf(freshDatabase()).schema);
      const copy = `${path}.before-${String(count + 1).padStart(4, '0')}`;
      expect(copiesBefore(path)).toEqual([copy]);
      expect(statSync(copy).mode & 0o777).toBe(0o600);
      expect(contentsOf(copy)).toEqual(before);
    },
  );

  it('says which program applied what, from now on', () => {
    const path = anOld(ALL.length - 1);
    const db = openDatabase(path, 'use', now);
    const programs = db.connection.prepare('SELECT program FROM migration ORDER BY name').pluck().all();
    db.close();
    expect(programs.at(-1)).toMatch(/^\d+\.\d+\.\d+/);
    expect(programs[0]).toBeNull();
  });

  it('keeps the last two copies, and replaces one of the same name', () => {
    const path = anOld(1);
    for (const count of [1, 2, 3, 4]) {
      const connection = new Sqlite(path);
      migrate(connection, now, ALL.slice(0, count + 1));
      connection.close();
    }
    expect(copiesBefore(path).map((file) => basename(file))).toEqual([
      'reseal.db.before-0004',
      'reseal.db.before-0005',
    ]);
    const before = contentsOf(path);
    copyFileSync(path, `${path}.before-0006`);
    openDatabase(path, 'use', now).close();
    expect(contentsOf(`${path}.before-0006`)).toEqual(before);
    expect(readdirSync(dirname(path)).filter((name) => /partial|new/.test(name))).toEqual([]);
  });

  it('does not begin where the copy cannot be written', () => {
    const path = anOld(3);
    const before = contentsOf(path);
    mkdirSync(`${path}.before-0004`);
    expect(() => openDatabase(path, 'use', now)).toThrow(
      expect.objectContaining({
        code: 'storage',
        message: expect.stringContaining('the copy that is made of it first cannot be written'),
        hints: [expect.stringContaining('nothing was changed')],
      }),
    );
    expect(contentsOf(path)).toEqual(before);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('copies nothing of a new database, and nothing where nothing is to be done', () => {
    const path = freshDatabase();
    openDatabase(path, 'use', now).close();
    expect(copiesBefore(path)).toEqual([]);
  });
});

describe('F9, I23: an upgrade that is killed', () => {
  /** The files as a killed process leaves them: whatever was written is there, and nobody tidies up. */
  function copyOf(path: string, into: string): string {
    mkdirSync(into);
    for (const end of ['', '-wal']) {
      if (existsSync(`${path}${end}`)) copyFileSync(`${path}${end}`, join(into, `reseal.db${end}`));
    }
    return join(into, 'reseal.db');
  }

  it('after any statement leaves the old schema with all that was in it, and the next start completes it', () => {
    const path = anOld(1);
    const before = contentsOf(path);
    const folder = makeFolder();
    const copies: string[] = [];
    const connection = new Sqlite(path);
    configure(connection);
    // Little is kept in memory, so that much is written before the end.
    connection.pragma('cache_size = 4');
    connection.function('killed_here', { directOnly: false }, () => {
      copies.push(copyOf(path, join(folder, String(copies.length))));
      return 0;
    });
    const stopping: readonly Migration[] = ALL.map((one, index) => ({
      ...one,
      sql:
        index === 0
          ? one.sql
          : statementsOf(one.sql)
              .map((text) => `${text};\nSELECT killed_here();`)
              .join('\n'),
    }));
    migrate(connection, now, stopping, 'none');
    connection.close();
    expect(copies.length).toBeGreaterThan(60);
    for (const copy of copies) expect(contentsOfCopy(copy)).toEqual(before);
    for (const copy of [copies[0], copies.at(-1)]) {
      openDatabase(copy ?? '', 'use', now).close();
      expect(contentsOf(copy ?? '')).toMatchObject({ version: ALL.length, sound: 'ok' });
    }
  });
});

/** A copy with a log beside it cannot be opened for reading alone before that log was read. */
function contentsOfCopy(path: string): unknown {
  new Sqlite(path).close();
  return contentsOf(path);
}

/** Each statement of a migration; triggers stay whole. */
function statementsOf(sql: string): readonly string[] {
  const parts: string[] = [];
  let open = '';
  for (const line of sql.split('\n')) {
    open += `${line}\n`;
    const isWhole = /^CREATE TRIGGER/m.test(open) ? /^END;/m.test(line) : /;\s*(--.*)?$/.test(line);
    if (!isWhole) continue;
    parts.push(open.replace(/;\s*(--.*)?\n$/, ''));
    open = '';
  }
  return parts;
}

function freshDatabase(): string {
  const path = join(makeFolder(), 'reseal.db');
  openDatabase(path, 'create', now).close();
  return path;
}
