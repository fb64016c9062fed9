import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/sqlite/database.ts';
import { migrate, readMigrations } from '../../src/sqlite/migrate.ts';
import { DESTINATION, NOW } from '../support/builders.ts';
import { makeFolder, openStores, rowsOf } from '../support/database.ts';

const AT = NOW.toISOString();
const TABLES = [
  'credential',
  'version',
  'rotation',
  'rotation_destination',
  'destination',
  'reminder',
] as const;
const OTHERS = ['message', 'recipient', 'event', 'beat', 'installation'] as const;

/** A database of version 4 with a rotation, a version by hand over it, places of each kind and reminders. */
function openOld(path: string): Sqlite.Database {
  const connection = new Sqlite(path);
  onTestFinished(() => {
    connection.close();
  });
  connection.pragma('application_id = 0x7273656c');
  connection.pragma('journal_mode = WAL');
  migrate(connection, () => NOW, readMigrations().slice(0, 4));
  const declaration = (name: string) =>
    JSON.stringify({
      name,
      kind: 'crates-io-token',
      owner: 'ada',
      scopes: [],
      planned: false,
      destinations: [DESTINATION],
    });
  for (const name of ['by-hand', 'rotated', 'twice'])
    connection
      .prepare(
        'INSERT INTO credential (name, declaration, declared, first_seen_at, plan_at) VALUES (?, ?, 1, ?, ?)',
      )
      .run(name, declaration(name), AT, '2027-01-01T00:00:00.000Z');
  const version = connection.prepare(
    `INSERT INTO version (credential, version, created_at, lifetime_days, expiry, expires_at, expiry_source, standing, checked,
       rotation, recorded_at) VALUES (?, ?, NULL, 365, 'known', '2026-12-03T09:30:00.000Z', 'entered', ?, 'live', ?, ?)`,
  );
  const rotation = connection.prepare(
    `INSERT INTO rotation (id, credential, state, pid, host, opened_at, updated_at)
     VALUES (?, ?, ?, 1, 'host', '${AT}', '${AT}')`,
  );
  const place = connection.prepare(
    `INSERT INTO destination (credential, repo, environment, secret, version, state, stored_at, remote_updated_at)
     VALUES (?, 'example/widgets', ?, 'CARGO_REGISTRY_TOKEN', ?, ?, ?, ?)`,
  );
  rotation.run('r1', 'by-hand', 'recorded');
  version.run('by-hand', 1, 'good', 'r1', AT);
  version.run('by-hand', 2, 'good', null, AT);
  place.run('by-hand', 'release', 1, 'verified', AT, AT);
  rotation.run('r2', 'twice', 'recorded');
  rotation.run('r3', 'twice', 'unconfirmed');
  rotation.run('r4', 'twice', 'recorded');
  version.run('twice', 1, 'leaked', 'r2', AT);
  version.run('twice', 2, 'good', 'r4', AT);
  place.run('twice', 'release', 2, 'verified', AT, AT);
  place.run('twice', 'left-behind', 1, 'verified', AT, AT);
  place.run('twice', 'never', null, 'never-stored', null, null);
  connection.exec(`INSERT INTO recipient (id, channel, address) VALUES (1, 'mail', 'ada@example.org')`);
  const reminder = connection.prepare(
    `INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state, covered_by)
     VALUES ('twice', 2, ?, ?, 1, '${AT}', 0, 0, ?, ?)`,
  );
  for (const topic of ['expiry', 'rotated', 'revoked', 'leaked', 'standing', 'configuration'])
    reminder.run(topic, 7, 'owed', null);
  for (const state of ['covered', 'cancelled', 'dead'])
    reminder.run('expiry', 10 + state.length, state, state === 'covered' ? 7 : null);
  return connection;
}

function content(connection: Sqlite.Database, tables: readonly string[]) {
  return Object.fromEntries(
    tables.map((table) => [
      table,
      connection.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[],
    ]),
  );
}

/** The old database before, and the same file as the program of today opens it. */
function openBoth() {
  const path = join(makeFolder(), 'reseal.db');
  const connection = openOld(path);
  const before = content(connection, TABLES);
  const others = content(connection, OTHERS);
  connection.close();
  const db = openDatabase(path, 'use', () => NOW);
  onTestFinished(() => db.close());
  return { before, others, db };
}

describe('a database of the release before', () => {
  it('F9: keeps every row, with what is new left open', () => {
    const { before, others, db } = openBoth();
    const after = content(db.connection, TABLES);
    for (const table of ['version', 'rotation', 'rotation_destination', 'reminder'] as const) {
      expect(after[table]?.length).toBe(before[table]?.length);
      expect(after[table]).toMatchObject(before[table] ?? []);
    }
    expect(content(db.connection, OTHERS)).toMatchObject(others);
    expect(rowsOf(db, 'reminder')).toEqual(before['reminder']);
    expect(
      rowsOf(db, 'version').every((row) => row['fingerprint'] === null && row['revoked_at'] === null),
    ).toBe(true);
    expect(rowsOf(db, 'rotation').every((row) => row['completes'] === null)).toBe(true);
  });

  it('F9: plans everything again, since there is more to be reminded of', () => {
    const { before, db } = openBoth();
    const unplanned = (before['credential'] ?? []).map((row) => ({ ...row, plan_at: '' }));
    expect(rowsOf(db, 'credential')).toMatchObject(unplanned);
  });

  it('looks at once at each place that reseal has written to, and at no other', () => {
    const { db } = openBoth();
    const due = openStores([], db).register.toLookAt(NOW, 10);
    expect(
      due.map(({ credential, destination }) => `${credential} ${destination.environment}`).sort(),
    ).toEqual(['by-hand release', 'twice left-behind', 'twice release']);
  });

  it('takes what was recorded by hand over a rotation for what that stored, and no place further', () => {
    const { db } = openBoth();
    const { register } = openStores([], db);
    expect(register.find('by-hand')?.destinations).toMatchObject([{ version: 2, state: 'verified' }]);
    const held = register
      .find('twice')
      ?.destinations.map(({ destination, version }) => [destination.environment, version]);
    expect(Object.fromEntries(held ?? [])).toEqual({ release: 2, 'left-behind': 1, never: undefined });
  });

  it('knows what was replaced, and which rotation is unconfirmed', () => {
    const { db } = openBoth();
    const { register } = openStores([], db);
    expect(register.find('twice')).toMatchObject({
      former: [{ version: 1, standing: 'leaked' }],
      unconfirmedSince: NOW,
    });
    expect(register.find('by-hand')?.former).toEqual([]);
  });

  it('takes the new topics, and owes none of them twice', () => {
    const { db } = openBoth();
    const insert = db.connection.prepare(
      `INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state)
       VALUES ('twice', 2, ?, 0, 1, '${AT}', 0, 0, 'owed')`,
    );
    for (const topic of ['unconfirmed', 'changed', 'old-token']) {
      insert.run(topic);
      expect(() => insert.run(topic)).toThrow('UNIQUE');
    }
  });
});
