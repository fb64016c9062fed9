import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../src/domain/error.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { NOW } from '../support/builders.ts';
import { makeFolder, openTestDatabase, rowsOf } from '../support/database.ts';

const now = () => NOW;

function pathOf(name = 'reseal.db'): string {
  return join(makeFolder(), name);
}

function use(path: string): unknown {
  try {
    openDatabase(path, 'use', now).close();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('openDatabase', () => {
  describe('when there is none', () => {
    it('says which command to run, and makes nothing', () => {
      const path = pathOf();
      const error = use(path);
      expect(isAppError(error, 'not_initialised')).toBe(true);
      expect(error).toMatchObject({ hints: [expect.stringContaining('reseal init')] });
      expect(existsSync(path)).toBe(false);
    });

    it('makes it, with its folder, for this user alone', () => {
      const path = join(makeFolder(), 'new', 'deep', 'reseal.db');
      openDatabase(path, 'create', now).close();
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
      expect(use(path)).toBeUndefined();
    });
  });

  describe('when it exists', () => {
    it('opens it with what is in it, also to create', () => {
      const path = pathOf();
      const first = openDatabase(path, 'create', now);
      first.connection.exec("INSERT INTO beat (name, at, pid) VALUES ('cycle', 'then', 1)");
      first.close();
      for (const mode of ['use', 'create'] as const) {
        const again = openDatabase(path, mode, now);
        expect(rowsOf(again, 'beat')).toHaveLength(1);
        again.close();
      }
    });
  });

  describe('when the file is empty', () => {
    it('T13: refuses it, since it would pass for a database that has forgotten everything', () => {
      const path = pathOf();
      writeFileSync(path, '');
      const error = use(path);
      expect(isAppError(error, 'storage')).toBe(true);
      expect(error).toMatchObject({ message: expect.stringContaining('has lost everything') });
      expect(statSync(path).size).toBe(0);
    });
  });

  describe("when it is somebody else's database", () => {
    it.each(['use', 'create'] as const)('refuses it and leaves it as it was (%s)', (mode) => {
      const path = pathOf();
      const foreign = new Sqlite(path);
      foreign.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES ('precious')");
      foreign.close();
      const before = readFileSync(path);
      expect(() => openDatabase(path, mode, now)).toThrow("not one of reseal's");
      expect(readFileSync(path).equals(before)).toBe(true);
    });
  });

  describe('when it is not a database at all', () => {
    it.each([
      ['text', Buffer.from('not a database, but something that a person wrote\n'.repeat(50))],
      ['zeros', Buffer.alloc(8192)],
      ['one byte', Buffer.from('x')],
      ['a broken header', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4096, 0xff)])],
    ])('F7: refuses %s and leaves it as it was', (_name, bytes) => {
      const path = pathOf();
      writeFileSync(path, bytes);
      expect(isAppError(use(path), 'storage')).toBe(true);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    });

    it('refuses a folder', () => {
      const path = pathOf();
      mkdirSync(path);
      expect(isAppError(use(path), 'storage')).toBe(true);
    });
  });

  describe('when it cannot be made there', () => {
    it('F4: says so, with the place and what to look at', () => {
      const file = pathOf('a-file');
      writeFileSync(file, 'x');
      expect(() => openDatabase(join(file, 'reseal.db'), 'create', now)).toThrow(
        expect.objectContaining({
          code: 'storage',
          message: expect.stringContaining(join(file, 'reseal.db')),
          hints: [expect.any(String)],
        }),
      );
    });
  });

  describe('when it is open', () => {
    it('T9: survives a power cut: WAL and synchronous=FULL, on every connection', () => {
      const path = pathOf();
      for (const mode of ['create', 'use'] as const) {
        const db = openDatabase(path, mode, now);
        const read = (name: string) => db.connection.pragma(name, { simple: true });
        expect([read('journal_mode'), read('synchronous'), read('foreign_keys')]).toEqual(['wal', 2, 1]);
        expect([read('recursive_triggers'), read('trusted_schema')]).toEqual([1, 0]);
        db.close();
      }
    });
  });
});

describe('Database.transaction', () => {
  it('keeps all of it or nothing', () => {
    const db = openTestDatabase();
    expect(() =>
      db.transaction(() => {
        db.connection.exec("INSERT INTO beat (name, at, pid) VALUES ('cycle', 'now', 1)");
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(rowsOf(db, 'beat')).toEqual([]);
  });

  it('joins the one that is open, so that the outer one decides', () => {
    const db = openTestDatabase();
    expect(() =>
      db.transaction(() => {
        db.transaction(() =>
          db.connection.exec("INSERT INTO beat (name, at, pid) VALUES ('cycle', 'now', 1)"),
        );
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(rowsOf(db, 'beat')).toEqual([]);
  });

  it('T10: takes the write lock first, so that a reader never turns writer on old data', () => {
    const path = pathOf();
    const [one, other] = [openTestDatabase(path), openTestDatabase(path)];
    other.connection.pragma('busy_timeout = 0');
    one.transaction(() => {
      expect(() => other.transaction(() => other.connection.prepare('SELECT 1').get())).toThrow(
        expect.objectContaining({ code: 'busy' }),
      );
    });
    expect(other.transaction(() => 'now')).toBe('now');
  });

  it('does not disturb those who only read', () => {
    const path = pathOf();
    const [one, other] = [openTestDatabase(path), openTestDatabase(path)];
    one.transaction(() => {
      one.connection.exec("INSERT INTO beat (name, at, pid) VALUES ('cycle', 'now', 1)");
      expect(rowsOf(other, 'beat')).toEqual([]);
    });
    expect(rowsOf(other, 'beat')).toHaveLength(1);
  });
});
