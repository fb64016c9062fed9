import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import { migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { NOW } from '../support/builders.ts';
import { makeFolder } from '../support/database.ts';

const AT = NOW.toISOString();
const BEFORE = 7;
const STATES = ['owed', 'carried', 'covered', 'cancelled', 'dead'] as const;
const TOPICS = [
  'expiry',
  'rotated',
  'revoked',
  'leaked',
  'standing',
  'unconfirmed',
  'changed',
  'old-token',
  'configuration',
  'findings',
];
const TABLES = ['reminder', 'message', 'recipient', 'credential', 'event', 'trouble', 'migration'];

/** A database of the release before, with a reminder of each topic in each state. */
function openBefore(path = join(makeFolder(), 'reseal.db')): Sqlite.Database {
  const connection = new Sqlite(path);
  onTestFinished(() => {
    connection.close();
  });
  connection.pragma('application_id = 0x7273656c');
  connection.pragma('journal_mode = WAL');
  connection.pragma('foreign_keys = ON');
  migrate(connection, () => NOW, readMigrations().slice(0, BEFORE));
  connection.exec(`INSERT INTO recipient (id, channel, address) VALUES (1, 'mail', 'ada@example.org');
    INSERT INTO credential (name, declaration, declared, first_seen_at, plan_at) VALUES ('a', '{}', 1, '${AT}', '${AT}');
    INSERT INTO message (id, recipient, state, stage, digest, split, urgency, attempts, repeats, refusals, claim, payload)
      VALUES (1, 1, 'in-flight', 'data', 1, 0, 7, 1, 0, 0, 1, X'00ff');
    INSERT INTO trouble VALUES ('configuration', 'x', '${AT}'), ('clock', 'y', '${AT}');
    INSERT INTO event VALUES (1, '${AT}', 'a', 't', 's', 'r', '{}', 'p', 'h')`);
  TOPICS.forEach((topic, version) => {
    STATES.forEach((state, lead) => {
      connection
        .prepare(
          `INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, not_before, tries, urgent, state, covered_by, message)
           VALUES ('a', ?, ?, ?, 1, '${AT}', '${AT}', 2, 1, ?, ?, ?)`,
        )
        .run(version, topic, lead, state, state === 'covered' ? 3 : null, state === 'carried' ? 1 : null);
    });
  });
  return connection;
}

const rows = (connection: Sqlite.Database, table: string) =>
  connection.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];

describe('migration 0008', () => {
  it('I23: keeps every reminder and message as it was, and when each is planned next', () => {
    const connection = openBefore();
    const kept = TABLES.slice(0, -1);
    const before = kept.map((table) => rows(connection, table));
    migrate(connection, () => NOW);
    expect(kept.map((table) => rows(connection, table))).toEqual(before);
    expect(before[0]).toHaveLength(TOPICS.length * STATES.length);
    expect(connection.pragma('foreign_key_check')).toEqual([]);
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('takes any topic and any trouble from now on, each once', () => {
    const connection = openBefore();
    migrate(connection, () => NOW);
    const add = (topic: string) =>
      connection.exec(`INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state)
        VALUES ('*', 1, '${topic}', 0, 1, '${AT}', 0, 1, 'owed')`);
    for (const topic of ['recipients', 'history', 'yet-to-come']) {
      add(topic);
      expect(() => add(topic)).toThrow('UNIQUE');
    }
    const trouble = () => connection.exec(`INSERT INTO trouble VALUES ('history', 'x', '${AT}')`);
    trouble();
    expect(trouble).toThrow('UNIQUE');
  });

  it('keeps what was guarded guarded, and by one more trigger', () => {
    const connection = openBefore();
    migrate(connection, () => NOW);
    const names = connection
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event' ORDER BY name")
      .pluck()
      .all();
    expect(names).toEqual([
      'event_follows_the_last',
      'event_is_not_changed',
      'event_is_not_removed',
      'event_takes_no_place',
    ]);
  });

  it('I23: makes of it a database as a new one is', () => {
    const path = join(makeFolder(), 'reseal.db');
    openBefore(path).close();
    const schema =
      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
    const [migrated, fresh] = [
      openDatabase(path, 'use', () => NOW),
      openDatabase(join(makeFolder(), 'reseal.db'), 'create', () => NOW),
    ].map((db) => {
      onTestFinished(() => db.close());
      return db.connection.prepare(schema).all();
    });
    expect(migrated).toEqual(fresh);
  });

  it('F9, I23: killed at any statement, it leaves the old schema with all that was in it', () => {
    const connection = openBefore();
    const stateOf = () => ({
      schema: connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all(),
      version: connection.pragma('user_version', { simple: true }),
      rows: TABLES.map((table) => rows(connection, table)),
    });
    const before = stateOf();
    const known = readMigrations().slice(0, BEFORE);
    const next = readMigrations()[BEFORE];
    if (!next) throw new Error('the migration is missing');
    const statements = next.sql.split(/;\n(?!END)/);
    expect(statements.length).toBeGreaterThan(12);
    for (let kept = 1; kept < statements.length; kept++) {
      const sql = `${statements.slice(0, kept).join(';\n')};\nSELECT fails FROM nowhere;`;
      expect(() => migrate(connection, () => NOW, [...known, { ...next, sql }])).toThrow('nowhere');
      expect(stateOf()).toEqual(before);
    }
    migrate(connection, () => NOW);
    expect(rows(connection, 'reminder')).toHaveLength(TOPICS.length * STATES.length);
  });
});
