import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Migration } from '../../src/sqlite/migrate.ts';
import { migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { NOW } from '../support/builders.ts';

const now = () => NOW;

function aMigration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

const FIRST = aMigration('0001_first.sql', 'CREATE TABLE one (x TEXT) STRICT');
const SECOND = aMigration(
  '0002_second.sql',
  "CREATE TABLE two (x TEXT) STRICT; INSERT INTO one VALUES ('kept')",
);
const BROKEN = aMigration('0003_broken.sql', 'CREATE TABLE three (x TEXT) STRICT; CREATE TABLE one (x TEXT)');

function open(...applied: readonly Migration[]): Sqlite.Database {
  const connection = new Sqlite(':memory:');
  onTestFinished(() => {
    connection.close();
  });
  if (applied.length > 0) migrate(connection, now, applied);
  return connection;
}

/** Schema, version and what is said to be applied. */
function stateOf(connection: Sqlite.Database): unknown {
  return {
    schema: connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all(),
    version: connection.pragma('user_version', { simple: true }),
    applied: connection.prepare('SELECT * FROM migration ORDER BY name').all(),
  };
}

describe('migrate', () => {
  describe('when the database is new', () => {
    it('applies every file in the order of the names', () => {
      const connection = open(FIRST, SECOND);
      expect(connection.prepare('SELECT x FROM one').pluck().all()).toEqual(['kept']);
      expect(connection.prepare('SELECT name, applied_at FROM migration').all()).toEqual([
        { name: '0001_first.sql', applied_at: NOW.toISOString() },
        { name: '0002_second.sql', applied_at: NOW.toISOString() },
      ]);
    });
  });

  describe('when it is up to date', () => {
    it('changes nothing', () => {
      const connection = open(FIRST, SECOND);
      const before = stateOf(connection);
      migrate(connection, now, [FIRST, SECOND]);
      expect(stateOf(connection)).toEqual(before);
    });
  });

  describe('when it is older', () => {
    it('F9: applies what is missing, and keeps what is there', () => {
      const connection = open(FIRST);
      connection.exec("INSERT INTO one VALUES ('old')");
      migrate(connection, now, [FIRST, SECOND]);
      expect(connection.prepare('SELECT x FROM one').pluck().all()).toEqual(['old', 'kept']);
      expect(stateOf(connection)).toEqual(stateOf(openWithOld()));
    });
  });

  describe('when it is newer', () => {
    it('F10: refuses, and changes nothing', () => {
      const connection = open(FIRST, SECOND);
      const before = stateOf(connection);
      expect(() => migrate(connection, now, [FIRST])).toThrow(
        expect.objectContaining({ code: 'storage', message: expect.stringContaining('newer') }),
      );
      expect(stateOf(connection)).toEqual(before);
    });

    it('F10: goes by the version in the header too', () => {
      const connection = open(FIRST);
      connection.pragma('user_version = 2');
      expect(() => migrate(connection, now, [FIRST])).toThrow('newer');
    });
  });

  describe('when a file was edited after it was applied', () => {
    it.each([
      ['its text', [{ ...FIRST, sql: `${FIRST.sql} `, checksum: 'another' }, SECOND]],
      ['its name', [{ ...FIRST, name: '0001_renamed.sql' }, SECOND]],
      ['their order', [SECOND, FIRST]],
    ])('refuses (%s), and changes nothing', (_name, shipped) => {
      const connection = open(FIRST, SECOND);
      const before = stateOf(connection);
      expect(() => migrate(connection, now, shipped)).toThrow(
        expect.objectContaining({ code: 'storage', message: expect.stringContaining('migrated by another') }),
      );
      expect(stateOf(connection)).toEqual(before);
    });
  });

  describe('when a file fails', () => {
    it('I23: leaves the old schema exactly, also of the files before it', () => {
      const connection = open(FIRST);
      const before = stateOf(connection);
      expect(() => migrate(connection, now, [FIRST, SECOND, BROKEN])).toThrow('already exists');
      expect(stateOf(connection)).toEqual(before);
      migrate(connection, now, [FIRST, SECOND]);
      expect(connection.pragma('user_version', { simple: true })).toBe(2);
    });

    it('leaves a new database empty', () => {
      const connection = open();
      expect(() => migrate(connection, now, [FIRST, BROKEN])).toThrow('already exists');
      expect(connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0);
    });
  });
});

describe('readMigrations', () => {
  it('finds the shipped files, numbered without a gap', () => {
    const names = readMigrations().map((migration) => migration.name);
    expect(names.length).toBeGreaterThanOrEqual(3);
    names.forEach((name, index) => {
      expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}_[a-z_]+\\.sql$`));
    });
  });
});

function openWithOld(): Sqlite.Database {
  return open(FIRST, SECOND);
}
