import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { App } from '../src/app.ts';
import type { Report } from '../src/remind/sweep.ts';
import { heldSince } from '../src/sqlite/hold.ts';
import { listTroubles, recordTrouble } from '../src/sqlite/installation.ts';
import { findRewind, headPath, noteHead, readHead } from '../src/sqlite/noted-head.ts';
import { inspectAtStart, openStorageWatch } from '../src/storage-watch.ts';
import { aDeclaration, aPolicy, aVersion, daysFromNow, NOW } from './support/builders.ts';
import { INSTALL_ID, openStores, openTestDatabase, rowsOf } from './support/database.ts';

/** What the watch asks of an installation; nobody can be reached. */
function anApp() {
  const stores = openStores([aDeclaration()]);
  stores.db.connection.exec(`INSERT INTO installation VALUES (1, '${INSTALL_ID}', '${NOW.toISOString()}')`);
  const clock = { now: NOW };
  const events: string[] = [];
  const log: Report = ({ event }) => void events.push(event);
  const config = { webhooks: [], mail: undefined, reminders: { command: 'reseal' } };
  const world = { now: () => clock.now };
  const identity = { installId: INSTALL_ID, domain: 'example.org' };
  const app = { ...stores, config, world, identity, policy: aPolicy() } as unknown as App;
  return { app, clock, events, log, ...stores };
}

const tamper = ({ app: { db } }: ReturnType<typeof anApp>) =>
  db.connection.exec("DROP TRIGGER event_is_not_changed; UPDATE event SET subject = 'other' WHERE seq = 1");

describe('openStorageWatch', () => {
  it('F17: tells everybody once that the chain is broken, and takes it back when it holds again', async () => {
    const one = anApp();
    const { app, clock, db, log } = one;
    const watch = openStorageWatch(log);
    expect(await watch.look(app)).toBe('sound');
    db.connection.exec('DROP TRIGGER event_is_not_changed');
    const before = rowsOf(db, 'event')[0]?.['subject'] as string;
    db.prepare('UPDATE event SET subject = ? WHERE seq = 1').run('other');
    clock.now = daysFromNow(1.1);
    // The trigger is missing, too; that is for `inspectAtStart`.
    db.connection.exec(`CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'history: entries are not changed');
END`);
    expect(await watch.look(app)).toBe('sound');
    expect(listTroubles(db)).toMatchObject([{ name: 'history', detail: 'entry 1 is changed' }]);
    expect(rowsOf(db, 'reminder').map(({ topic, state }) => [topic, state])).toEqual([
      ['history', 'owed'],
      ['history', 'owed'],
    ]);
    expect(one.events).toEqual(['history.check.failed']);
    clock.now = daysFromNow(2.2);
    await watch.look(app);
    expect(rowsOf(db, 'reminder')).toHaveLength(2);
    db.connection.exec('DROP TRIGGER event_is_not_changed');
    db.prepare('UPDATE event SET subject = ? WHERE seq = 1').run(before);
    db.connection.exec(`CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'history: entries are not changed');
END`);
    clock.now = daysFromNow(3.3);
    await watch.look(app);
    expect(listTroubles(db)).toEqual([]);
    expect(rowsOf(db, 'reminder').map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
  });

  it('F8: touches nothing any more once the daily check has found damage, until it finds none', async () => {
    const one = anApp();
    const { app, clock, db, log } = one;
    const watch = openStorageWatch(log);
    expect(await watch.look(app)).toBe('sound');
    const sql = db
      .prepare("SELECT sql FROM sqlite_schema WHERE name = 'message_is_held'")
      .pluck()
      .get() as string;
    db.connection.exec('DROP TRIGGER message_is_held');
    expect(await watch.look(app)).toBe('sound');
    clock.now = daysFromNow(1.1);
    expect(await watch.look(app)).toBe('damaged');
    expect(listTroubles(db)).toMatchObject([
      { name: 'storage', detail: expect.stringContaining('message_is_held') },
    ]);
    expect(await watch.look(app)).toBe('damaged');
    expect(one.events).toEqual(['storage.check.failed']);
    db.connection.exec(sql);
    clock.now = daysFromNow(2.2);
    expect(await watch.look(app)).toBe('sound');
    expect(listTroubles(db)).toEqual([]);
  });

  it('thins once a day, and writes down how much', async () => {
    const { app, clock, db, register, log } = anApp();
    register.addVersion('crates-io', aVersion(), daysFromNow(-900));
    register.addVersion('crates-io', aVersion(), daysFromNow(-300));
    db.connection.exec(`INSERT INTO recipient (id, channel, address) VALUES (1, 'mail', 'ada@example.org');
      INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state)
        VALUES ('crates-io', 1, 'expiry', 3, 1, '${daysFromNow(-500).toISOString()}', 0, 0, 'covered')`);
    const watch = openStorageWatch(log);
    await watch.look(app);
    expect(rowsOf(db, 'reminder')).toEqual([]);
    const thinned = () => rowsOf(db, 'event').filter(({ type }) => type === 'storage.thinned');
    expect(thinned()).toHaveLength(1);
    clock.now = daysFromNow(1.1);
    await watch.look(app);
    expect(thinned()).toHaveLength(1);
  });

  it('F11: notes how far the history reaches, but not while it is held', () => {
    const { app, db, history, log } = anApp();
    const watch = openStorageWatch(log);
    const path = headPath(db.connection.name);
    watch.note(app);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ installId: INSTALL_ID, seq: 1 });
    recordTrouble(db, 'held', 'a test', NOW);
    history.append({ type: 'test.late', subject: 'reseal', result: '' }, NOW);
    watch.note(app);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ seq: 1 });
  });

  describe('when the end of the history is cut off while it runs', () => {
    const cutOff = async () => {
      const one = anApp();
      const { app, db, history, log } = one;
      const append = () => history.append({ type: 'test.done', subject: 'reseal', result: '' }, NOW);
      for (let count = 0; count < 3; count++) append();
      const watch = openStorageWatch(log);
      await watch.look(app);
      watch.note(app);
      const path = headPath(db.connection.name);
      const noted = readFileSync(path, 'utf8');
      db.connection.exec('DROP TRIGGER event_is_not_removed; DELETE FROM event WHERE seq > 2');
      return { ...one, watch, append, noted, isKept: () => readFileSync(path, 'utf8') === noted };
    };

    it('F17: holds it before anything is sent, once, and keeps what was seen', async () => {
      const { app, db, watch, events, isKept } = await cutOff();
      expect(await watch.look(app)).toBe('held');
      expect(await watch.look(app)).toBe('held');
      expect(listTroubles(db)).toMatchObject([
        { name: 'held', detail: expect.stringMatching(/seen to reach 4:[0-9a-f]{16}, and ends at 2:/) },
      ]);
      watch.note(app);
      expect(isKept()).toBe(true);
      expect(events).toEqual(['storage.held']);
    });

    it('F17: notes no shorter history at the end of a round', async () => {
      const { app, db, watch, events, isKept } = await cutOff();
      watch.note(app);
      expect(isKept()).toBe(true);
      expect(heldSince(db)).toEqual(NOW);
      expect(events).toEqual(['storage.held']);
    });

    it('F17: sees it although as many other entries were added', async () => {
      const { app, db, watch, append, isKept } = await cutOff();
      for (let count = 0; count < 2; count++) append();
      // Entries that are alike in everything would be the same.
      db.connection.exec("DROP TRIGGER event_is_not_changed; UPDATE event SET hash = 'f' WHERE seq = 4");
      watch.note(app);
      expect(isKept()).toBe(true);
      expect(heldSince(db)).toEqual(NOW);
    });
  });
});

describe('inspectAtStart', () => {
  const seen = (hash: string, seq: number) => ({ seq, hash: hash.repeat(64) });

  it('F11: holds a database that was seen to reach further, or to hold something else', () => {
    for (const head of [seen('a', 99), seen('b', 1)]) {
      const { db, log, events } = anApp();
      noteHead(db.connection.name, INSTALL_ID, head);
      inspectAtStart(db, NOW, log);
      expect(heldSince(db)).toEqual(NOW);
      expect(events).toEqual(['storage.held']);
    }
  });

  it('holds none that goes on from what was seen, of which nothing was seen, or whose note is unreadable', () => {
    const { db, history, log } = anApp();
    inspectAtStart(db, NOW, log);
    const head = readHead(db.connection);
    if (head) noteHead(db.connection.name, INSTALL_ID, head);
    history.append({ type: 'test.late', subject: 'reseal', result: '' }, NOW);
    inspectAtStart(db, NOW, log);
    noteHead(db.connection.name, 'another installation', seen('a', 99));
    inspectAtStart(db, NOW, log);
    for (const text of ['', '{', '[]', '{"seq":"x"}']) {
      writeFileSync(headPath(db.connection.name), text);
      expect(findRewind(db.connection, db.connection.name, INSTALL_ID)).toBeUndefined();
    }
    expect(heldSince(db)).toBeUndefined();
  });

  it.each([
    [
      'a trigger',
      'CREATE TRIGGER quiet AFTER INSERT ON message BEGIN DELETE FROM message WHERE id = NEW.id; END',
      'the trigger quiet is none of ours',
    ],
    ['a view', 'CREATE VIEW sqliteview AS SELECT 1', 'the view sqliteview is none of ours'],
    ['a table', 'CREATE TABLE other (a)', 'the table other is none of ours'],
    ['an index', 'CREATE INDEX other ON message (id)', 'the index other is none of ours'],
  ])('F8: refuses a schema with %s more', (_name, sql, words) => {
    const { db, log } = anApp();
    inspectAtStart(db, NOW, log);
    db.connection.exec(sql);
    expect(() => inspectAtStart(db, NOW, log)).toThrow(words);
  });

  it('F8: refuses a trigger that has the name of one of SQLite’s own', () => {
    const { db, log } = anApp();
    const { connection } = db;
    connection.exec('CREATE TRIGGER quiet AFTER INSERT ON message BEGIN SELECT 1; END');
    connection.unsafeMode(true);
    connection.pragma('writable_schema = ON');
    connection.exec(`UPDATE sqlite_schema SET name = 'sqlite_quiet',
      sql = replace(sql, 'TRIGGER quiet', 'TRIGGER sqlite_quiet') WHERE name = 'quiet'`);
    expect(() => inspectAtStart(db, NOW, log)).toThrow('the trigger sqlite_quiet is none of ours');
  });

  it('F8: refuses a schema with another letter, and JSON that is none', () => {
    const one = anApp();
    tamper(one);
    expect(() => inspectAtStart(one.db, NOW, one.log)).toThrow(
      'the trigger event_is_not_changed is not what it was made as',
    );
    const other = anApp();
    other.db.connection.exec("UPDATE credential SET declaration = '{' || declaration");
    expect(() => inspectAtStart(other.db, NOW, other.log)).toThrow(
      '1 of the table credential cannot be read',
    );
    expect(existsSync(other.db.connection.name)).toBe(true);
    expect(() => inspectAtStart(openTestDatabase(), NOW, one.log)).not.toThrow();
  });
});
