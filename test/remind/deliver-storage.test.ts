import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import type { Round } from '../../src/remind/deliver.ts';
import { later, MINUTE_MS, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { rowsOf } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, channelBy, openWith, REFUSED, UNCLEAR } from '../support/round.ts';

const OWNERS = ['ada', 'grace'];

/** Another command that holds the database, beside connections that do not wait for it as long as they would. */
function holdLocked({ db }: Stores): { readonly release: () => void } {
  db.connection.pragma('busy_timeout = 20');
  const other = new Sqlite(db.connection.name);
  onTestFinished(() => {
    other.close();
  });
  other.exec('BEGIN IMMEDIATE');
  return { release: () => other.exec('ROLLBACK') };
}

/** The database's file can grow no further. */
function fillDisk({ db: { connection } }: Stores): { readonly free: () => void } {
  const pages = connection.pragma('page_count', { simple: true });
  connection.pragma(`max_page_count = ${pages}`);
  return { free: () => connection.pragma('max_page_count = 1000000') };
}

/** An outbox whose disk is full whenever it is to write down what became of a message. */
function forgetful(stores: Stores, full: () => boolean): Round['outbox'] {
  return {
    ...stores.outbox,
    settle: (...settled) => {
      if (full()) throw new AppError('storage', 'the disk is full');
      return stores.outbox.settle(...settled);
    },
  };
}

describe('a database that is locked', () => {
  it('F1: sends nothing, loses nothing, and the next round works', async () => {
    const stores = openWith(['hers', 'his'], 10, OWNERS);
    const { channel, tries, mails } = aChannel(ACCEPTED);
    const { plan, cycle } = aRound(stores, channel);
    plan();
    const before = [rowsOf(stores.db, 'message'), rowsOf(stores.db, 'reminder')];
    const held = holdLocked(stores);
    await expect(cycle()).rejects.toMatchObject({ code: 'busy' });
    expect(tries).toEqual([]);
    expect([rowsOf(stores.db, 'message'), rowsOf(stores.db, 'reminder')]).toEqual(before);
    held.release();
    expect(await cycle()).toEqual({ sent: 2, failed: 0 });
    expect(mails).toHaveLength(2);
  });

  it('F1: also where it is locked while planning', async () => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    const { cycle } = aRound(stores, channel);
    const held = holdLocked(stores);
    await expect(cycle()).rejects.toMatchObject({ code: 'busy' });
    held.release();
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails).toHaveLength(1);
  });

  it('F1: begins no mail whose beginning cannot be written down', async () => {
    const stores = openWith(['hers', 'his'], 10, OWNERS);
    let held: ReturnType<typeof holdLocked> | undefined;
    const { channel, mails } = channelBy(() => {
      held ??= holdLocked(stores);
      return ACCEPTED;
    });
    const { cycle, round } = aRound(stores, channel);
    await expect(cycle()).rejects.toMatchObject({ code: 'busy' });
    expect(mails).toEqual([]);
    expect(round.unwritten).toEqual([]);
    held?.release();
    expect(await cycle()).toEqual({ sent: 2, failed: 0 });
    expect(mails).toHaveLength(2);
  });

  it('F1: keeps the answer in mind where it cannot be written down, and sends one copy', async () => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    let held: ReturnType<typeof holdLocked> | undefined;
    const locking = {
      ...channel,
      send: async (...sent: Parameters<typeof channel.send>) => {
        const outcome = await channel.send(...sent);
        held ??= holdLocked(stores);
        return outcome;
      },
    };
    const { cycle, round } = aRound(stores, locking);
    await expect(cycle()).rejects.toMatchObject({ code: 'busy' });
    expect(round.unwritten).toMatchObject([{ next: { state: 'sent' } }]);
    held?.release();
    expect(await cycle()).toEqual({ sent: 0, failed: 0 });
    expect(mails).toHaveLength(1);
    expect(round.unwritten).toEqual([]);
    expect(stores.outbox.counts()).toMatchObject({ sent: 1, ambiguous: 0 });
  });
});

describe('a disk that is full', () => {
  it('F2: sends nothing of what cannot be recorded, and goes on where it stopped', async () => {
    const names = Array.from({ length: 40 }, (_unused, index) => `credential-${index}`);
    const stores = openWith(names);
    const { channel, mails } = aChannel(ACCEPTED);
    const { plan, cycle } = aRound(stores, channel);
    plan();
    const disk = fillDisk(stores);
    await expect(cycle()).rejects.toMatchObject({ code: 'storage' });
    expect(mails).toEqual([]);
    expect(stores.outbox.counts()).toMatchObject({ sent: 0, ambiguous: 0, dead: 0 });
    disk.free();
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails).toHaveLength(1);
  });

  it.each([
    ['accepted', ACCEPTED, { sent: 1, ambiguous: 0, pending: 0 }],
    ['refused', REFUSED, { sent: 0, ambiguous: 0, pending: 1 }],
    ['not answered', UNCLEAR, { sent: 0, ambiguous: 1, pending: 0 }],
  ] as const)(
    'F3: writes down in the next round what was %s, and sends one copy',
    async (_name, answer, counts) => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(answer);
      let full = true;
      const { cycle, clock } = aRound(stores, channel, { outbox: forgetful(stores, () => full) });
      for (const minutes of [0, 1, 2]) {
        clock.now = later(minutes * MINUTE_MS);
        await expect(cycle()).rejects.toThrow('the disk is full');
      }
      full = false;
      clock.now = later(3 * MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      expect(mails).toHaveLength(1);
      expect(stores.outbox.counts()).toMatchObject({ ...counts, inFlight: 0 });
    },
  );

  it('F3: leaves it ambiguous where the process is gone with what it knew, and repeats the very bytes', async () => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    await expect(aRound(stores, channel, { outbox: forgetful(stores, () => true) }).cycle()).rejects.toThrow(
      'full',
    );
    const next = aRound(stores, channel, { epoch: 'the-next-run' });
    expect(await next.cycle()).toEqual({ sent: 0, failed: 0 });
    expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1 });
    next.clock.now = later(15 * MINUTE_MS);
    expect(await next.cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails).toHaveLength(2);
    expect(mails[1]).toEqual(mails[0]);
    expect(NOW).toBeInstanceOf(Date);
  });
});
