import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { backUp } from '../../src/sqlite/backup.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { readHead } from '../../src/sqlite/noted-head.ts';
import { aDeclaration, NOW } from '../support/builders.ts';
import { makeFolder, openStores, openTestDatabase, rowsOf } from '../support/database.ts';

function aFilledDatabase(): Database {
  const { db, history } = openStores([aDeclaration()]);
  history.append({ type: 'test.happened', subject: 'reseal', result: 'yes' }, NOW);
  return db;
}

describe('backUp', () => {
  it('copies everything, also what is only in the write-ahead log, for this user alone', () => {
    const db = aFilledDatabase();
    const file = join(makeFolder(), 'copy.db');
    const { bytes, head } = backUp(db, file);
    expect(readFileSync(db.connection.name).length).toBeLessThan(bytes);
    expect([statSync(file).mode & 0o777, statSync(file).size]).toEqual([0o600, bytes]);
    expect(head).toEqual(readHead(db.connection));
    const copy = openDatabase(file, 'use', () => NOW);
    for (const table of ['credential', 'event', 'migration'])
      expect(rowsOf(copy, table)).toEqual(rowsOf(db, table));
    copy.close();
  });

  it('shows what is committed while somebody writes, and disturbs nobody', () => {
    const db = aFilledDatabase();
    const other = openTestDatabase(db.connection.name);
    const before = rowsOf(db, 'beat').length;
    const file = join(makeFolder(), 'copy.db');
    other.transaction(() => {
      other.connection.exec("INSERT INTO beat (name, at, pid) VALUES ('cycle', 'now', 1)");
      backUp(db, file);
    });
    const copy = new Sqlite(file, { readonly: true });
    expect(copy.prepare('SELECT count(*) FROM beat').pluck().get()).toBe(before);
    copy.close();
    expect(rowsOf(other, 'beat')).toHaveLength(before + 1);
  });

  it('overwrites nothing, and leaves nothing half done', () => {
    const db = aFilledDatabase();
    const folder = makeFolder();
    const file = join(folder, 'copy.db');
    writeFileSync(file, 'precious');
    expect(() => backUp(db, file)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('overwrites nothing') }),
    );
    expect(readFileSync(file, 'utf8')).toBe('precious');
    mkdirSync(join(folder, 'sub'));
    expect(() => backUp(db, join(folder, 'sub'))).toThrow('overwrites nothing');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    expect(() => backUp(db, join(folder, 'link'))).toThrow(expect.objectContaining({ code: 'refused' }));
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'link', 'sub']);
  });

  it.each(['', '-wal', '-shm', '-journal'])('refuses a file of the database itself (%s)', (end) => {
    const db = aFilledDatabase();
    expect(() => backUp(db, `${db.connection.name}${end}`)).toThrow(
      expect.objectContaining({ code: 'refused' }),
    );
  });

  it('says where it cannot be written', () => {
    const db = aFilledDatabase();
    const file = join(makeFolder(), 'nowhere', 'copy.db');
    expect(() => backUp(db, file)).toThrow(
      expect.objectContaining({
        code: 'storage',
        message: expect.stringContaining('its folder is not there'),
      }),
    );
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('makes no backup of a damaged database', () => {
    const db = aFilledDatabase();
    db.connection.pragma('wal_checkpoint(TRUNCATE)');
    const path = db.connection.name;
    db.close();
    const bytes = readFileSync(path);
    // The first page of the history: its header says what kind of page it is.
    const raw = new Sqlite(path);
    const page = raw
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'")
      .pluck()
      .get() as number;
    raw.close();
    bytes.fill(0x55, (page - 1) * 4096, page * 4096);
    writeFileSync(path, bytes);
    const damaged = openTestDatabase(path);
    const folder = makeFolder();
    expect(() => backUp(damaged, join(folder, 'copy.db'))).toThrow(
      expect.objectContaining({ code: 'storage' }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
