import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { openStores as wire } from '../../src/app.ts';
import { isAppError } from '../../src/domain/error.ts';
import { planRegister } from '../../src/register/register.ts';
import { MAX_REPEATS } from '../../src/remind/outcome.ts';
import { findDamage } from '../../src/sqlite/damage.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { inspectAtStart } from '../../src/storage-watch.ts';
import { aDeclaration, aPolicy, aVersion, daysFromNow, knownUntil, NOW } from '../support/builders.ts';
import { INSTALL_ID, openStores, openTestDatabase } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound } from '../support/round.ts';

// Where the disk is memory, if there is one: a thousand databases are written.
const SHM = '/dev/shm';
const folder = mkdtempSync(join(existsSync(SHM) ? SHM : tmpdir(), 'reseal-flips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OWNERS = ['ada', 'grace', 'mary'] as const;
const POLICY = aPolicy({ addresses: new Map(OWNERS.map((name) => [name, `${name}@example.org`])) });
/** Each credential is its owner's, whose name is in its own: so one can see in a mail whose it is. */
const DECLARATIONS = OWNERS.flatMap((owner) =>
  Array.from({ length: 4 }, (_, index) => aDeclaration({ name: `${owner}-token-${index}`, owner })),
);

function wired(db: Database) {
  const stores = wire(db, { installId: INSTALL_ID, actor: 'a@b', policy: POLICY, maxRepeats: MAX_REPEATS });
  return { db, ...stores };
}

/** One mail has gone to each owner, the next is due: the bytes of the database. */
async function fill(path: string): Promise<Buffer> {
  const db = openDatabase(path, 'create', () => NOW);
  const stores = wired(db);
  stores.register.apply(planRegister(DECLARATIONS, []), daysFromNow(-300));
  db.transaction(() => {
    DECLARATIONS.forEach(({ name }, index) => {
      const version = aVersion({ expiry: knownUntil(daysFromNow(6.2 + (index % 3) * 30)) });
      stores.register.addVersion(name, version, daysFromNow(-300));
    });
  });
  const clock = { now: daysFromNow(-3) };
  await aRound(stores, aChannel(ACCEPTED).channel, { policy: POLICY }, clock).cycle();
  aRound(stores, aChannel(ACCEPTED).channel, { policy: POLICY }, { now: NOW }).plan();
  db.connection.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return readFileSync(path);
}

/** As the daemon does: open, check, plan everything again, send. @returns what left, or undefined where it was refused */
async function run(path: string): Promise<readonly { recipient: string; payload: string }[] | undefined> {
  const { channel, mails } = aChannel(ACCEPTED);
  let db: Database | undefined;
  try {
    db = openDatabase(path, 'use', () => NOW);
    inspectAtStart(db, NOW, () => undefined);
    if (findDamage(db.connection, 'full')) return undefined;
    const stores = wired(db);
    stores.register.apply(planRegister(DECLARATIONS, stores.register.list()), NOW);
    stores.outbox.replanAll();
    await aRound(stores, channel, { policy: POLICY }, { now: NOW }).cycle();
    return mails;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return mails.length > 0 ? mails : undefined;
  } finally {
    db?.close();
  }
}

/** Whose credentials a mail speaks of. */
function ownersIn(payload: string): readonly string[] {
  return [
    ...new Set(
      [...payload.matchAll(/(ada|grace|mary)-token-\d+/g)].map(([, owner]) => `${owner}@example.org`),
    ),
  ];
}

describe('F8: when one byte of the database has changed', () => {
  it('refuses or runs, a thousand times, and never tells anybody what is somebody else’s', async () => {
    const path = join(folder, 'reseal.db');
    const good = await fill(path);
    const expected = await run(path);
    expect(expected?.map(({ recipient }) => recipient).sort()).toEqual([
      'ada@example.org',
      'grace@example.org',
      'mary@example.org',
    ]);
    const random = numbersFrom(20_261_126);
    const tally = { refused: 0, ran: 0, died: [] as string[], wrong: [] as string[] };
    for (let time = 0; time < 1000; time++) {
      const [at, bit] = [random(good.length), random(8)];
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
      writeFileSync(path, bytes);
      try {
        const mails = await run(path);
        if (mails) tally.ran++;
        else tally.refused++;
        for (const { recipient, payload } of mails ?? [])
          if (ownersIn(payload).some((owner) => owner !== recipient))
            tally.wrong.push(`byte ${at}, bit ${bit}: ${recipient}`);
      } catch (error) {
        tally.died.push(`byte ${at}, bit ${bit}: ${(error as Error).stack?.slice(0, 300)}`);
      }
    }
    expect(tally.wrong).toEqual([]);
    expect(tally.died).toEqual([]);
    expect(tally.refused).toBeGreaterThan(50);
    expect(tally.ran).toBeGreaterThan(50);
  }, 120_000);
});

describe('F8: when the recipient of a message was damaged', () => {
  /** A mail to ada is due; grace is known too. */
  function aDueMail(path?: string) {
    const stores = openStores([aDeclaration({ owner: 'ada' })], path ? openTestDatabase(path) : undefined);
    return { ...stores, ...aChannel(ACCEPTED) };
  }
  const refusal = expect.objectContaining({
    code: 'storage',
    message: expect.stringContaining('is damaged: a message and its recipient do not belong together'),
  });

  it('sends nothing where the message names another than its reminders do', async () => {
    const { channel, mails, ...stores } = aDueMail();
    stores.db.connection.exec(
      "INSERT INTO recipient (id, channel, address) VALUES (99, 'mail', 'grace@example.org')",
    );
    stores.register.addVersion('crates-io', aVersion(), daysFromNow(-300));
    const relay = aRound(stores, channel);
    relay.plan();
    stores.db.connection.exec('UPDATE message SET recipient = 99');
    await expect(relay.cycle()).rejects.toEqual(refusal);
    expect(mails).toEqual([]);
  });

  it('sends nothing where the address in the table is not the one in its index', async () => {
    const { channel: unused, mails: none, ...before } = aDueMail();
    const path = before.db.connection.name;
    before.register.addVersion('crates-io', aVersion(), daysFromNow(-300));
    aRound(before, unused).plan();
    before.db.connection.pragma('wal_checkpoint(TRUNCATE)');
    before.db.close();
    const bytes = readFileSync(path);
    for (
      let at = bytes.indexOf('mailada@'), count = 0;
      at >= 0;
      at = bytes.indexOf('mailada@', at + 1), count++
    )
      if (count === 0) bytes.write('mailbda@', at);
    writeFileSync(path, bytes);
    const { channel, mails, ...stores } = aDueMail(path);
    await expect(aRound(stores, channel).cycle()).rejects.toEqual(refusal);
    expect([...none, ...mails]).toEqual([]);
  });
});

describe('findDamage', () => {
  it('says nothing of a sound database', () => {
    const { connection } = openTestDatabase();
    expect([findDamage(connection, 'quick'), findDamage(connection, 'full')]).toEqual([undefined, undefined]);
  });

  it('names what is wrong with an index, which only the full check sees', () => {
    const db = openTestDatabase();
    const path = db.connection.name;
    db.connection.exec("INSERT INTO recipient (id, channel, address) VALUES (1, 'mail', 'ada@example.org')");
    db.connection.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const bytes = readFileSync(path);
    // The table comes before its index.
    bytes.write('bda@example.org', bytes.indexOf('ada@example.org'));
    writeFileSync(path, bytes);
    const connection = new Sqlite(path);
    expect(findDamage(connection, 'quick')).toBeUndefined();
    expect(findDamage(connection, 'full')).toContain('sqlite_autoindex_recipient_1');
    connection.close();
  });
});

/** Numbers below a bound, the same for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
