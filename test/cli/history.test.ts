import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { World } from '../../src/app.ts';
import type { Context } from '../../src/cli/command.ts';
import { run } from '../../src/cli/commands/history.ts';
import { openOutput } from '../../src/cli/output.ts';
import { openHistory } from '../../src/sqlite/history.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { aDeclaration, aVersion, daysFromNow, NOW } from '../support/builders.ts';
import { INSTALL_ID, makeFolder, openStores, openTestDatabase } from '../support/database.ts';

const WORLD: World = {
  now: () => NOW,
  sleep: () => Promise.resolve(),
  randomBytes: (size) => Buffer.alloc(size, 7),
  fetch,
  env: {},
  actor: 'ada@host',
  host: 'host',
  version: '0.1.0',
};

/** An installation with one credential, recorded two months ago, and the command on it. */
function begin(json = false) {
  const folder = makeFolder();
  const db = openTestDatabase(join(folder, 'reseal.db'));
  createInstallation(db, INSTALL_ID, NOW);
  const stores = openStores([aDeclaration()], db);
  stores.register.addVersion('crates-io', aVersion(), daysFromNow(60));
  const history = openHistory(db, INSTALL_ID, 'ada@host');
  const printed: string[] = [];
  const out = {
    ...openOutput({ json, quiet: false, color: false }),
    terminal: false,
    result: (line: string) => printed.push(line),
    resultJson: (value: object) => printed.push(JSON.stringify(value)),
    talk: () => undefined,
    hint: (line: string) => printed.push(`→ ${line}`),
  };
  const context: Context = {
    world: WORLD,
    places: { configPath: join(folder, 'none'), dataDir: folder },
    out,
  };
  return {
    db,
    history,
    printed,
    run: (args: readonly string[] = [], options = {}) => run(context, { arguments: args, options }),
    damage: (sql: string) => {
      for (const name of ['event_is_not_changed', 'event_is_not_removed', 'event_follows_the_last'])
        db.connection.exec(`DROP TRIGGER ${name}`);
      db.connection.exec(sql);
    },
  };
}

describe('history', () => {
  it('lists everything, the latest last, with no character that a terminal would obey', async () => {
    const { run: history, history: log, printed } = begin();
    log.append({ type: 't', subject: 'a\u001b[31mb', result: 'c\td' }, NOW);
    expect(await history()).toBe(0);
    expect(printed.join('\n').split('\n')).toEqual([
      '1\t2026-11-23T09:30:00Z\tcredential.declared\tcrates-io\tdeclared',
      '2\t2027-01-22T09:30:00Z\tcredential.recorded\tcrates-io\tversion 1',
      '3\t2026-11-23T09:30:00Z\tt\ta\\u{1b}[31mb\tc\\u{9}d',
    ]);
  });

  it('keeps the fields of its JSON, and adds who and what', async () => {
    const { run: history, printed, history: log } = begin(true);
    expect(await history(['crates-io'], { check: true })).toBe(0);
    const result = JSON.parse(printed[0] ?? '') as { events: object[] };
    expect(result).toMatchObject({
      schemaVersion: 1,
      head: log.list().at(-1)?.hash,
      broken: null,
      reason: null,
    });
    expect(Object.keys(result.events[0] ?? {})).toEqual([
      'seq',
      'at',
      'type',
      'subject',
      'result',
      'hash',
      'actor',
      'detail',
    ]);
    expect(result.events[1]).toMatchObject({
      detail: { expiry: 'known', checked: 'live' },
      actor: 'ada@host',
    });
  });
});

describe('history NAME', () => {
  it('tells its story, with the gaps between', async () => {
    const { run: history, printed } = begin();
    expect(await history(['crates-io'])).toBe(0);
    expect(printed).toEqual([
      'Before the first version',
      '  2026-11-23 09:30  declared in the configuration',
      '',
      'Version 1: expires 2026-12-03 (as a person said)',
      `${' '.repeat(18)}… 60 days`,
      '  2027-01-22 09:30  recorded by ada@host: version 1, expires 2026-12-03 (as a person said); its issuer accepts it',
    ]);
  });

  it('tells of the first use of the only token of crates.io, which verification has seen', async () => {
    const { run: history, printed, history: log } = begin();
    const detail = {
      rule: 'crate-token-in-use',
      outcome: 'pass',
      about: 'widgets',
      observed: 'first used for 1.2.3',
    };
    log.append({ type: 'verify.changed', subject: 'release', result: 'x', detail }, daysFromNow(60));
    await history(['crates-io']);
    expect(printed.at(-1)).toBe('  2027-01-22 09:30  widgets: first used for 1.2.3');
  });

  it('is refused for a name that nothing happened to, and says which was meant', async () => {
    const { run: history } = begin();
    await expect(history(['crates_io'])).rejects.toMatchObject({
      code: 'invalid_input',
      hints: ['did you mean: reseal history crates-io', 'there are: crates-io'],
    });
  });
});

describe('history --check', () => {
  it('says that the chain holds, and up to where', async () => {
    const { run: history, printed, history: log } = begin();
    expect(await history([], { check: true })).toBe(0);
    expect(printed).toEqual([
      `the chain of 2 entries holds, up to 2:${log.list().at(-1)?.hash.slice(0, 16)}`,
    ]);
  });

  it.each([
    [
      'a byte',
      "UPDATE event SET result = 'version 9' WHERE seq = 2",
      'the chain breaks at entry 2: it was changed',
    ],
    ['a removal', 'DELETE FROM event WHERE seq = 1', 'the chain breaks at entry 1: it is missing'],
  ])('F17: names the entry after %s, and ends with 1', async (_name, sql, said) => {
    const { run: history, printed, damage } = begin();
    damage(sql);
    expect(await history([], { check: true })).toBe(1);
    expect(printed).toContain(said);
  });

  it('F17: says so in JSON', async () => {
    const { run: history, printed, damage } = begin(true);
    damage("UPDATE event SET actor = 'eve@host' WHERE seq = 1");
    expect(await history([], { check: true })).toBe(1);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ broken: 1, reason: 'changed' });
  });
});

describe('history --check --head', () => {
  const headOf = (entry: { seq: number; hash: string } | undefined) =>
    `${entry?.seq}:${entry?.hash.slice(0, 16)}`;

  it('says that a head from a mail is part of this history', async () => {
    const { run: history, printed, history: log } = begin();
    const head = headOf(log.list()[0]);
    expect(await history([], { head })).toBe(0);
    expect(printed.at(-1)).toBe(`${head} is part of this history`);
    expect(await history([], { check: true, head: head.slice(2) })).toBe(0);
  });

  it('F17: sees by it that the end was cut off, which the chain alone does not show', async () => {
    const { run: history, printed, history: log, damage } = begin();
    const [first, second] = log.list();
    damage('DELETE FROM event WHERE seq = 2');
    expect(await history([], { check: true })).toBe(0);
    expect(await history([], { check: true, head: headOf(second) })).toBe(1);
    expect(printed.at(-1)).toBe(
      `entries are missing after ${headOf(first)}: the history once reached ${headOf(second)}`,
    );
    expect(await history([], { head: second?.hash.slice(0, 16) })).toBe(1);
    expect(printed.at(-1)).toContain(
      `was never part of this history, or entries after ${headOf(first)} are missing`,
    );
  });

  it('F17: sees by it that the end was cut off and written anew', async () => {
    const { run: history, printed, history: log, damage, db } = begin();
    const [, second] = log.list();
    damage('DELETE FROM event WHERE seq = 2');
    openHistory(db, INSTALL_ID, 'eve@host').append({ type: 't', subject: 's', result: 'forged' }, NOW);
    expect(await history([], { head: headOf(second) })).toBe(1);
    expect(printed.at(-1)).toContain(
      'was never part of this history, or what stood there was replaced: entry 2 is another',
    );
  });

  it('takes nothing for a head that is none', async () => {
    const { run: history } = begin();
    await expect(history([], { head: '123' })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
