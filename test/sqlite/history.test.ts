import { describe, expect, it } from 'vitest';
import { chain, firstBroken, genesis } from '../../src/history/chain.ts';
import { openHistory } from '../../src/sqlite/history.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';
import { INSTALL_ID, openTestDatabase } from '../support/database.ts';

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
  });

  describe('when somebody changed it with another program', () => {
    it.each([
      ['an entry', "UPDATE event SET result = 'forged' WHERE seq = 2", 2],
      ['the first', "UPDATE event SET at = '2020-01-01T00:00:00Z' WHERE seq = 1", 1],
      ['one that was removed', 'DELETE FROM event WHERE seq = 2', 2],
    ])('F17: the chain names the place (%s)', (_name, sql, place) => {
      const { db, history } = openWith(4);
      db.connection.exec('DROP TRIGGER event_is_not_changed; DROP TRIGGER event_is_not_removed');
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
});
