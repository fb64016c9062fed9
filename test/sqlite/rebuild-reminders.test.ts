import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import { migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';
import { makeFolder, openStores, rowsOf } from '../support/database.ts';

const AT = NOW.toISOString();
const BYTES = "X'00010d0a2e0d0aff'";

/** Messages as version 3 of the schema kept them: state, stage, repeats and what of it has bytes. */
const MESSAGES = [
  ['pending', null, 0, true],
  ['pending', null, 1, true],
  ['in-flight', 'claimed', 0, true],
  ['in-flight', 'data', 0, true],
  ['sent', null, 0, true],
  ['ambiguous', null, 0, true],
  ['ambiguous', null, 2, true],
  ['dead', null, 0, true],
  ['dead', null, 1, true],
  ['cancelled', null, 0, false],
] as const;

/** A database as the release before made it, with reminders and messages in every state. */
function openOld(path = join(makeFolder(), 'reseal.db')): Sqlite.Database {
  const connection = new Sqlite(path);
  onTestFinished(() => {
    connection.close();
  });
  connection.pragma('application_id = 0x7273656c');
  connection.pragma('journal_mode = WAL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('recursive_triggers = ON');
  migrate(connection, () => NOW, readMigrations().slice(0, 3));
  const declaration = JSON.stringify({
    name: 'a',
    kind: 'generic',
    owner: 'ada',
    scopes: [],
    planned: false,
    destinations: [],
  });
  connection.exec(`INSERT INTO credential (name, declaration, declared, first_seen_at) VALUES ('a', '${declaration}', 1, '${AT}');
    INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at)
      VALUES ('a', 1, NULL, 365, 'known', '2026-12-03T09:30:00.000Z', 'entered', 'good', 'live', '2026-01-01T00:00:00.000Z');
    INSERT INTO beat (name, at, pid) VALUES ('cycle', '${AT}', 42)`);
  MESSAGES.forEach(([state, stage, repeats, bytes], index) => {
    connection.exec(`INSERT INTO message (id, channel, recipient, state, stage, attempts, repeats, refusals, owner_epoch, claim,
        next_attempt_at, first_due_at, message_id, payload, last_code, last_error, created_at, sent_at)
      VALUES ('hash ${index}', 'mail', 'r${index}@example.org', '${state}', ${stage ? `'${stage}'` : 'NULL'}, 3, ${repeats}, 1, 'run', 4,
        '${AT}', '${AT}', '<${index}@example.org>', ${bytes ? BYTES : 'NULL'}, 451, 'why', '${AT}',
        ${state === 'sent' ? `'${AT}'` : 'NULL'});
      INSERT INTO reminder (credential, version, topic, lead_days, channel, recipient, due_at, state, message, created_at)
      VALUES ('a', 1, 'expiry', 7, 'mail', 'r${index}@example.org', '${AT}', 'carried', 'hash ${index}', '${AT}');
      INSERT INTO reminder (credential, version, topic, lead_days, channel, recipient, due_at, state, covered_by, created_at)
      VALUES ('a', 1, 'expiry', 14, 'mail', 'r${index}@example.org', '${AT}', 'covered', last_insert_rowid(), '${AT}')`);
  });
  connection.exec(`INSERT INTO reminder (credential, version, topic, lead_days, channel, recipient, due_at, state, created_at) VALUES
    ('a', 1, 'expiry', 1, 'mail', 'owed@example.org', '${AT}', 'owed', '${AT}'),
    ('a', 1, 'rotated', 0, 'mail', 'owed@example.org', '${AT}', 'owed', '${AT}'),
    ('a', 1, 'expiry', 60, 'mail', 'owed@example.org', '${AT}', 'cancelled', '${AT}')`);
  return connection;
}

/** Opened by the program, which brings it up to date. */
function migrated() {
  const path = join(makeFolder(), 'reseal.db');
  openOld(path).close();
  const db = openDatabase(path, 'use', () => NOW);
  onTestFinished(() => db.close());
  return { db, stores: openStores([], db) };
}

describe('migration 0004', () => {
  it('I23: keeps every message as it was, and asks for nothing that has ended', () => {
    const { db } = migrated();
    const rows = db.connection
      .prepare(
        'SELECT m.*, p.address FROM message AS m JOIN recipient AS p ON p.id = m.recipient ORDER BY address',
      )
      .all() as Record<string, unknown>[];
    expect(rows).toHaveLength(MESSAGES.length);
    MESSAGES.forEach(([state, stage, repeats], index) => {
      const again = (state === 'pending' || state === 'ambiguous') && repeats < 2;
      const same = state === 'in-flight' || state === 'ambiguous' || (repeats > 0 && state !== 'sent');
      expect(rows[index]).toMatchObject({
        address: `r${index}@example.org`,
        state,
        stage,
        repeats,
        attempts: 3,
        refusals: 1,
        claim: 4,
        last_code: 451,
        last_error: 'why',
        next_attempt_at: again ? AT : null,
        payload: same ? Buffer.from([0, 1, 13, 10, 46, 13, 10, 255]) : null,
        sent_at: state === 'sent' ? AT : null,
        urgency: 7,
      });
    });
  });

  it('I23: keeps every reminder, with its message and with what covers it', () => {
    const { db } = migrated();
    const rows = rowsOf(db, 'reminder');
    expect(rows).toHaveLength(2 * MESSAGES.length + 3);
    const messages = new Map(rowsOf(db, 'message').map((row) => [row['id'], row['recipient']]));
    const carried = rows.filter(({ state }) => state === 'carried');
    expect(carried).toHaveLength(MESSAGES.length);
    for (const row of carried) expect(messages.get(row['message'])).toBe(row['recipient']);
    const covered = rows.filter(({ state }) => state === 'covered');
    expect(covered.map((row) => [row['lead_days'], row['covered_by'], row['message']])).toEqual(
      MESSAGES.map(() => [14, 7, null]),
    );
    const others = rows.filter(({ state }) => state === 'owed' || state === 'cancelled');
    expect(
      others.map((row) => [row['topic'], row['lead_days'], row['state'], row['urgent'], row['due_at']]),
    ).toEqual([
      ['expiry', 1, 'owed', 1, AT],
      ['expiry', 60, 'cancelled', 0, AT],
      ['rotated', 0, 'owed', 1, AT],
    ]);
  });

  it('I23: holds all foreign keys, and is a database as a new one is', () => {
    const { db } = migrated();
    expect(db.connection.pragma('foreign_key_check')).toEqual([]);
    expect(db.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    const fresh = openDatabase(join(makeFolder(), 'reseal.db'), 'create', () => NOW);
    onTestFinished(() => fresh.close());
    const schema =
      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
    expect(db.connection.prepare(schema).all()).toEqual(fresh.connection.prepare(schema).all());
    expect(rowsOf(db, 'beat')).toMatchObject([{ name: 'cycle', pid: 42, host: null }]);
  });

  it('I1, I2: goes on with each where it stood', () => {
    const { db, stores } = migrated();
    const { outbox } = stores;
    expect(outbox.toPlan(NOW, 10)).toEqual(['a']);
    expect(outbox.recover(NOW)).toBe(2);
    const claimed: Record<string, boolean> = {};
    for (const now of [NOW, later(15 * MINUTE_MS)]) {
      for (let one = outbox.claim('run', now, ['mail']); one; one = outbox.claim('run', now, ['mail'])) {
        claimed[one.recipient] = one.payload !== undefined;
      }
    }
    // The bytes go out again where they may have been delivered; what was held for a person is not touched.
    expect(claimed).toEqual({
      'r0@example.org': false,
      'r1@example.org': true,
      'r2@example.org': false,
      'r3@example.org': true,
      'r5@example.org': true,
    });
    expect(
      outbox.waiting().filter(({ nextAttemptAt, state }) => state !== 'in-flight' && !nextAttemptAt),
    ).toMatchObject([
      { recipient: 'r6@example.org', state: 'ambiguous' },
      { recipient: 'r7@example.org', state: 'dead' },
      { recipient: 'r8@example.org', state: 'dead' },
    ]);
    expect(outbox.gather(NOW, () => later(-MINUTE_MS))).toBe(2);
    expect(db.connection.pragma('foreign_key_check')).toEqual([]);
  });

  it('does not send whoever had a mail today another', () => {
    const { stores } = migrated();
    const key = {
      credential: 'a',
      version: 1,
      topic: 'expiry',
      leadDays: 3,
      channel: 'mail',
      recipient: 'r4@example.org',
    } as const;
    const step = { kind: 'owe', key, dueAt: NOW, urgent: false } as const;
    stores.outbox.gather(NOW, () => later(-MINUTE_MS));
    stores.outbox.apply([{ credential: 'a', steps: [step], nextPlanAt: undefined }]);
    expect(stores.outbox.gather(NOW, () => later(-MINUTE_MS))).toBe(0);
  });

  it('F9, I23: killed at any statement, it leaves the old schema with all that was in it', () => {
    const connection = openOld();
    killAtEach(connection, 3);
    migrate(connection, () => NOW);
    expect(connection.pragma('user_version', { simple: true })).toBe(readMigrations().length);
  });
});

/** Runs the migration after the `before`th up to each of its statements, and looks whether anything is left of that. */
function killAtEach(connection: Sqlite.Database, before: number): void {
  const tables = ['reminder', 'message', 'credential', 'version', 'destination', 'migration'];
  const stateOf = () => ({
    schema: connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all(),
    version: connection.pragma('user_version', { simple: true }),
    rows: tables.map((table) => connection.prepare(`SELECT * FROM ${table}`).all()),
  });
  const state = stateOf();
  const known = readMigrations().slice(0, before);
  const next = readMigrations()[before];
  if (!next) throw new Error('a migration is missing');
  const statements = next.sql.split(/;(?: --[^\n]*)?\n/);
  for (let kept = 1; kept < statements.length; kept++) {
    const sql = `${statements.slice(0, kept).join(';\n')};\nSELECT fails FROM nowhere;`;
    expect(() => migrate(connection, () => NOW, [...known, { ...next, sql }])).toThrow('nowhere');
    expect(stateOf()).toEqual(state);
  }
  expect(statements.length).toBeGreaterThan(15);
}

describe('migration 0005', () => {
  /** As the release before it kept them, with a secret that was stored and one that never was. */
  const openBefore = () => {
    const connection = openOld();
    migrate(connection, () => NOW, readMigrations().slice(0, 4));
    connection.exec(`INSERT INTO destination (credential, repo, environment, secret, state, remote_updated_at) VALUES
      ('a', 'example/widgets', 'release', 'STORED', 'verified', '${AT}'), ('a', 'example/widgets', 'release', 'NEVER', 'missing', NULL);
      UPDATE credential SET plan_at = '${AT}'`);
    return connection;
  };
  const rows = (connection: Sqlite.Database, table: string) =>
    connection.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];

  it('I23: keeps every reminder as it was, and its message', () => {
    const connection = openBefore();
    const before = [rows(connection, 'reminder'), rows(connection, 'message')];
    migrate(connection, () => NOW);
    expect([rows(connection, 'reminder'), rows(connection, 'message')]).toEqual(before);
    expect(before[0]?.length).toBe(2 * MESSAGES.length + 3);
    expect(connection.pragma('foreign_key_check')).toEqual([]);
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('takes the two new topics, and has every credential planned again', () => {
    const connection = openBefore();
    migrate(connection, () => NOW, readMigrations().slice(0, 5));
    const add = (topic: string) =>
      connection.exec(`INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state)
        VALUES ('a', 1, '${topic}', -1, 1, '${AT}', 0, 1, 'owed')`);
    for (const topic of ['changed', 'old-token']) expect(() => add(topic)).not.toThrow();
    expect(() => add('unheard-of')).toThrow('CHECK');
    expect(rows(connection, 'credential')).toMatchObject([{ plan_at: '' }]);
  });

  it('has what was stored looked at at the next round, and nothing else', () => {
    const connection = openBefore();
    migrate(connection, () => NOW);
    const looks = rows(connection, 'destination').map((row) => [
      row['secret'],
      row['look_at'],
      row['changed_at'],
    ]);
    expect(looks.sort()).toEqual([
      ['NEVER', null, null],
      ['STORED', '', null],
    ]);
  });

  it('F9, I23: killed at any statement, it leaves the old schema with all that was in it', () => {
    const connection = openBefore();
    killAtEach(connection, 4);
    migrate(connection, () => NOW);
    expect(rows(connection, 'reminder')).toHaveLength(2 * MESSAGES.length + 3);
  });
});
