import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chain, firstBroken, genesis } from '../../src/history/chain.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import {
  checkChain,
  entriesAbout,
  entriesUpTo,
  findEntry,
  findHash,
  firstUses,
  headOf,
  lastEntry,
  openHistory,
} from '../../src/sqlite/history.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder, openTestDatabase } from '../support/database.ts';

function openWith(count: number) {
  const db = openTestDatabase();
  const history = openHistory(db, INSTALL_ID, 'ada@host');
  for (let number = 1; number <= count; number++) {
    history.append(
      { type: 'credential.recorded', subject: 'crates-io', result: `version ${number}`, detail: { number } },
      later(number * MINUTE_MS),
    );
  }
  return { db, history };
}

/** What somebody who can write the database does first. */
function dropTriggers(connection: Sqlite.Database): void {
  const names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const name of names as string[]) connection.exec(`DROP TRIGGER ${name}`);
}

describe('History', () => {
  it('chains what is appended, from the installation on', () => {
    const { history } = openWith(3);
    const [first, second, third] = history.list();
    expect(first).toMatchObject({
      seq: 1,
      prev: genesis(INSTALL_ID),
      actor: 'ada@host',
      detail: '{"number":1}',
    });
    expect(second?.prev).toBe(first?.hash);
    expect(third?.prev).toBe(second?.hash);
    expect(firstBroken(history.list(), INSTALL_ID)).toBeUndefined();
  });

  it('goes on where another process left off', () => {
    const { db, history } = openWith(2);
    openHistory(db, INSTALL_ID, 'grace@host').append({ type: 't', subject: 's', result: 'r' }, NOW);
    expect(history.list().map(({ actor }) => actor)).toEqual(['ada@host', 'ada@host', 'grace@host']);
    expect(firstBroken(history.list(), INSTALL_ID)).toBeUndefined();
  });

  it('keeps two things that are alike in everything as two', () => {
    const { history } = openWith(0);
    for (let count = 0; count < 2; count++) history.append({ type: 't', subject: 's', result: 'r' }, NOW);
    expect(history.list()).toHaveLength(2);
  });

  it('keeps nothing of what was rolled back', () => {
    const { db, history } = openWith(1);
    expect(() =>
      db.transaction(() => {
        history.append({ type: 't', subject: 's', result: 'r' }, NOW);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(history.list()).toHaveLength(1);
  });

  describe('when something tries to change it', () => {
    it.each([
      ['UPDATE', "UPDATE event SET result = 'forged' WHERE seq = 2"],
      ['UPDATE of the last', "UPDATE event SET result = 'forged' WHERE seq = 3"],
      ['UPDATE OR REPLACE', 'UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2'],
      ['DELETE', 'DELETE FROM event WHERE seq = 2'],
      ['DELETE of the last', 'DELETE FROM event WHERE seq = 3'],
      ['DELETE of all', 'DELETE FROM event'],
      [
        'INSERT OR REPLACE (T12)',
        "INSERT OR REPLACE INTO event SELECT seq, at, actor, type, subject, 'forged', detail, prev, hash FROM event WHERE seq = 3",
      ],
      [
        'an upsert',
        "INSERT INTO event SELECT seq, at, actor, type, subject, 'forged', detail, prev, hash FROM event WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET result = 'forged'",
      ],
      [
        'INSERT after a gap',
        "INSERT INTO event SELECT 9, at, actor, type, subject, result, detail, hash, 'new' FROM event WHERE seq = 3",
      ],
      [
        'INSERT that does not follow the last',
        "INSERT INTO event SELECT 4, at, actor, type, subject, result, detail, prev, 'new' FROM event WHERE seq = 3",
      ],
    ])('the database refuses: %s', (_name, sql) => {
      const { db, history } = openWith(3);
      const before = history.list();
      expect(() => db.connection.exec(sql)).toThrow(/history: entries|history: an entry/);
      expect(history.list()).toEqual(before);
    });

    const ofEntry = (seq: string, hash: string) =>
      `SELECT ${seq}, at, actor, type, subject, 'forged', detail, hash, ${hash} FROM event WHERE seq = 3`;
    it.each([
      ['INSERT OR REPLACE of a number', `INSERT OR REPLACE INTO event ${ofEntry('2', "'new'")}`],
      [
        'INSERT OR REPLACE that takes the hash of an entry from it',
        `INSERT OR REPLACE INTO event ${ofEntry('4', '(SELECT hash FROM event WHERE seq = 2)')}`,
      ],
      ['REPLACE', `REPLACE INTO event ${ofEntry('4', '(SELECT hash FROM event WHERE seq = 1)')}`],
      ['UPDATE OR REPLACE of a number', 'UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2'],
      [
        'UPDATE OR REPLACE of a hash',
        'UPDATE OR REPLACE event SET hash = (SELECT hash FROM event WHERE seq = 1) WHERE seq = 2',
      ],
      ['INSERT OR IGNORE', `INSERT OR IGNORE INTO event ${ofEntry('2', "'new'")}`],
    ])('F17: also on a connection without the pragmas of ours: %s', (_name, sql) => {
      const { db, history } = openWith(3);
      const before = history.list();
      const other = new Sqlite(db.connection.name);
      onTestFinished(() => {
        other.close();
      });
      expect(other.pragma('recursive_triggers', { simple: true })).toBe(0);
      for (const connection of [db.connection, other])
        expect(() => connection.exec(sql)).toThrow(/history: entries|history: an entry/);
      expect(history.list()).toEqual(before);
    });
  });

  describe('when somebody changed it with another program', () => {
    it.each([
      ['an entry', "UPDATE event SET result = 'forged' WHERE seq = 2", 2],
      ['the first', "UPDATE event SET at = '2020-01-01T00:00:00Z' WHERE seq = 1", 1],
      ['one that was removed', 'DELETE FROM event WHERE seq = 2', 2],
      [
        'two that changed places',
        'UPDATE event SET seq = -1 WHERE seq = 2; UPDATE event SET seq = 2 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = -1',
        2,
      ],
      [
        'one that was replaced',
        "DELETE FROM event WHERE seq = 3; INSERT INTO event SELECT 3, at, actor, type, subject, 'forged', detail, prev, 'h' FROM event WHERE seq = 2",
        3,
      ],
    ])('F17: the chain names the place (%s)', (_name, sql, place) => {
      const { db, history } = openWith(4);
      dropTriggers(db.connection);
      db.connection.exec(sql);
      expect(firstBroken(history.list(), INSTALL_ID)).toBe(place);
    });

    it('names the entry after one that was forged with a fitting hash', () => {
      const { history } = openWith(4);
      const events = history.list();
      const [, second] = events;
      if (!second) throw new Error('there is no second entry');
      const forged = chain({ type: second.type, subject: second.subject, result: 'forged' }, second);
      expect(firstBroken(events.with(1, forged), INSTALL_ID)).toBe(3);
    });
  });

  it.each([
    ['half a character', '\ud800'],
    ['a character of no length', 'a\u0000b'],
    ['one that replaces', '\ufffd'],
    ['others', 'ä€😀\u202e\n"\\'],
  ])('keeps a chain that holds over text with %s', (_name, text) => {
    const { db, history } = openWith(1);
    history.append({ type: 't', subject: text, result: text, detail: { text, list: [text] } }, NOW);
    history.append({ type: 't', subject: 's', result: 'r' }, NOW);
    expect(checkChain(db, INSTALL_ID).broken).toBeUndefined();
    expect(JSON.parse(history.list()[1]?.detail ?? '')).toEqual({ text, list: [text] });
  });

  it('returns the number of what was appended', () => {
    const { history } = openWith(2);
    expect(history.append({ type: 't', subject: 's', result: 'r' }, NOW)).toBe(3);
  });
});

describe('a database whose file was changed by a byte', () => {
  it('F17, T11: SQLite finds nothing wrong with it, and the chain names the entry', () => {
    const path = join(makeFolder(), 'reseal.db');
    const db = openDatabase(path, 'create', () => NOW);
    const history = openHistory(db, INSTALL_ID, 'ada@host');
    for (const result of ['first', 'marked-second', 'third'])
      history.append({ type: 'credential.recorded', subject: 'crates-io', result }, NOW);
    db.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf('marked-second');
    expect(at).toBeGreaterThan(0);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const again = openTestDatabase(path);
    expect(again.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(checkChain(again, INSTALL_ID).broken).toEqual({ seq: 2, reason: 'changed' });
  });
});

describe('headOf', () => {
  it('gives the number of the last entry and the first 16 digits of its hash', () => {
    const { db, history } = openWith(0);
    expect(headOf(db)).toBeUndefined();
    history.append({ type: 't', subject: 's', result: 'r' }, NOW);
    expect(headOf(db)).toEqual({ seq: 1, hash: history.list()[0]?.hash.slice(0, 16) });
    expect(lastEntry(db)).toEqual({ seq: 1, hash: history.list()[0]?.hash });
  });
});

describe('findHash', () => {
  it('finds an entry by the beginning of its hash', () => {
    const { db, history } = openWith(3);
    const hash = history.list()[1]?.hash ?? '';
    expect(findHash(db, hash.slice(0, 16))).toBe(hash);
    expect(findHash(db, hash)).toBe(hash);
    expect(findHash(db, '0'.repeat(64))).toBeUndefined();
    expect(findEntry(db, 2)?.hash).toBe(hash);
    expect(findEntry(db, 9)).toBeUndefined();
  });
});

describe('checkChain', () => {
  it('goes on where it has come to, a slice at a time', () => {
    const { db, history } = openWith(5);
    const events = history.list();
    const first = checkChain(db, INSTALL_ID, { limit: 2 });
    expect(first).toMatchObject({ broken: undefined, upTo: { seq: 2, hash: events[1]?.hash }, more: true });
    if (!first.upTo) throw new Error('it has come nowhere');
    const rest = checkChain(db, INSTALL_ID, { from: first.upTo });
    expect(rest).toMatchObject({ broken: undefined, upTo: { seq: 5 }, more: false });
    history.append({ type: 't', subject: 's', result: 'r' }, NOW);
    expect(firstBroken(history.list(), INSTALL_ID)).toBeUndefined();
  });

  it.each([
    ['was changed behind it', "UPDATE event SET result = 'x' WHERE seq = 4", { seq: 4, reason: 'changed' }],
    ['was cut off', 'DELETE FROM event WHERE seq >= 2', { seq: 2, reason: 'missing' }],
    ['is another now', "UPDATE event SET hash = 'x' WHERE seq = 2", { seq: 2, reason: 'changed' }],
  ])('F17: sees what %s between two slices', (_name, sql, broken) => {
    const { db } = openWith(5);
    const { upTo } = checkChain(db, INSTALL_ID, { limit: 2 });
    dropTriggers(db.connection);
    db.connection.exec(sql);
    if (!upTo) throw new Error('it has come nowhere');
    expect(checkChain(db, INSTALL_ID, { from: upTo })).toEqual({ broken, upTo: undefined, more: false });
  });

  it.each([0, -7])('F17: names an entry with the number %d, wherever it has come to', (seq) => {
    const { db, history } = openWith(3);
    const { upTo } = checkChain(db, INSTALL_ID);
    dropTriggers(db.connection);
    db.connection.exec(`INSERT INTO event SELECT ${seq}, at, actor, type, subject, 'forged', detail, '', 'f0f0f0f0'
      FROM event WHERE seq = 1`);
    if (!upTo) throw new Error('it has come nowhere');
    const broken = { seq, reason: 'out-of-place' };
    expect(checkChain(db, INSTALL_ID)).toEqual({ broken, upTo: undefined, more: false });
    expect(checkChain(db, INSTALL_ID, { from: upTo }).broken).toEqual(broken);
    expect(history.list().map((entry) => entry.seq)).toEqual([1, 2, 3]);
    expect(entriesAbout(db, 'crates-io').map((entry) => entry.seq)).toEqual([1, 2, 3]);
    expect(findHash(db, 'f0f0f0f0')).toBeUndefined();
    expect(entriesUpTo(db, seq, 1)).toMatchObject([{ seq, result: 'forged' }]);
  });

  it('holds where nothing has happened', () => {
    expect(checkChain(openTestDatabase(), INSTALL_ID)).toMatchObject({ broken: undefined, more: false });
  });
});

describe('entriesAbout', () => {
  it('finds what happened to a name, and the mails that named it, and nothing of a longer name', () => {
    const { history, db } = openWith(1);
    const mail = (type: string, ...reminders: string[]) =>
      history.append({ type, subject: 'ada@example.org', result: 'r', detail: { reminders } }, NOW);
    mail('mail.sent', 'npm 1 expiry 7', 'crates-io 1 expiry 30');
    mail('mail.sent', 'crates-io-next 1 expiry 30');
    mail('mail.given-up', 'pipeline:widgets 3 findings 0');
    history.append(
      {
        type: 'recipients.changed',
        subject: 'ada@example.org',
        result: 'r',
        detail: { credentials: ['crates-io'] },
      },
      NOW,
    );
    history.append({ type: 'verify.failed', subject: 'widgets', result: 'crates-io' }, NOW);
    const found = (name: string) => entriesAbout(db, name).map(({ seq }) => seq);
    expect(found('crates-io')).toEqual([1, 2, 5]);
    expect(found('npm')).toEqual([2]);
    expect(found('widgets')).toEqual([4, 6]);
    expect(found('ada@example.org')).toEqual([2, 3, 4, 5]);
    expect(found('crates')).toEqual([]);
  });

  it('answers within 0.3 s among 100,000 entries', () => {
    const { db } = openWith(0);
    dropTriggers(db.connection);
    // Not a chain: only as many and as long as one.
    db.connection.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO event SELECT i, '2026-11-23T09:30:00Z', 'ada@host', CASE i % 2 WHEN 1 THEN 'mail.sent' ELSE 'credential.declared' END,
        CASE i % 2 WHEN 1 THEN 'ada@example.org' ELSE 'c' || (i % 500) END, 'r',
        '{"channel":"mail","message":' || i || ',"reminders":["c' || (i % 500) || ' 1 expiry 7"]}',
        printf('%064x', i - 1), printf('%064x', i) FROM n`);
    const times = [1, 2, 3].map(() => {
      const began = performance.now();
      expect(entriesAbout(db, 'c7')).toHaveLength(200);
      return performance.now() - began;
    });
    expect(Math.min(...times)).toBeLessThan(300);
  });
});

describe('firstUses', () => {
  it('finds the evidence of a token in use, and no other finding', () => {
    const { db, history } = openWith(0);
    const found = (type: string, rule: string, outcome: string) =>
      history.append({ type, subject: 'widgets', result: rule, detail: { rule, outcome } }, NOW);
    found('verify.changed', 'crate-token-in-use', 'not-applicable');
    found('verify.changed', 'crate-token-in-use', 'pass');
    found('verify.changed', 'branch', 'pass');
    expect(firstUses(db).map(({ seq }) => seq)).toEqual([2]);
  });
});
