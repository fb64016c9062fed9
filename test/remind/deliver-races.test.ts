import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/remind/deliver.ts';
import type { Channel } from '../../src/remind/reminder.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import {
  aDeclaration,
  aVersion,
  daysFromNow,
  knownUntil,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, openTestDatabase, rowsOf } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, openWith } from '../support/round.ts';

/** The channel, with something that happens right before it would begin. */
const rightBefore = (channel: Channel, happen: () => unknown): Channel => ({
  ...channel,
  send: (...sent) => {
    happen();
    return channel.send(...sent);
  },
});

const RECORDED: readonly [string, (stores: Stores) => unknown][] = [
  [
    'a rotation',
    ({ register }) => register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(365)) }), NOW),
  ],
  ['an acknowledgement', ({ register }) => register.acknowledge('a', daysFromNow(5), NOW)],
  ['a retirement', ({ register }) => register.retire('a', NOW)],
];

describe('between the claim of a mail and its data', () => {
  it.each(RECORDED)('E22, E23, I6: %s stops it', async (_name, record) => {
    const stores = openWith(['a']);
    const { channel, tries, mails } = aChannel(ACCEPTED);
    const { cycle, clock, events } = aRound(
      stores,
      rightBefore(channel, () => record(stores)),
    );
    expect(await cycle()).toEqual({ sent: 0, failed: 1 });
    expect(events).toEqual(['mail.stale']);
    clock.now = later(MINUTE_MS);
    expect(await cycle()).toEqual({ sent: 0, failed: 0 });
    expect([tries.length, mails]).toEqual([1, []]);
    expect(stores.outbox.counts()).toEqual({ pending: 0, inFlight: 0, sent: 0, ambiguous: 0, dead: 0 });
  });

  it.each(RECORDED)(
    'E22, E23: %s stops its own part alone: the rest goes out a minute later',
    async (_name, record) => {
      const stores = openWith(['a', 'b']);
      const { channel, mails } = aChannel(ACCEPTED);
      let first = true;
      const racing = rightBefore(channel, () => {
        if (first) record(stores);
        first = false;
      });
      const { cycle, clock } = aRound(stores, racing);
      await cycle();
      clock.now = later(MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('rotate b');
      expect(mails[0]?.payload).not.toContain('rotate a\n');
    },
  );

  it('an acknowledgement that is over brings it back', async () => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    const { cycle, clock } = aRound(stores, channel);
    stores.register.acknowledge('a', daysFromNow(5), NOW);
    await cycle();
    clock.now = daysFromNow(4.9);
    await cycle();
    expect(mails).toEqual([]);
    clock.now = daysFromNow(5);
    await cycle();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.payload).toContain('expires in 5 days');
  });
});

describe('once the data has begun', () => {
  it.each(RECORDED)('E22: %s comes too late to stop it, and sends no second one', async (_name, record) => {
    const stores = openWith(['a']);
    const { channel, mails } = aChannel(ACCEPTED);
    const racing: Channel = {
      ...channel,
      send: async (...sent) => {
        const outcome = await channel.send(...sent);
        record(stores);
        return outcome;
      },
    };
    const { cycle, clock } = aRound(stores, racing);
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    clock.now = later(MINUTE_MS);
    await cycle();
    expect(mails).toHaveLength(1);
    expect(stores.outbox.counts()).toMatchObject({ sent: 1, pending: 0 });
  });
});

describe('two senders on one file, with the lock defeated', () => {
  /** Two processes' worth of stores. `yielding` lets the other run at every step of a mail. */
  function twoSenders(names: readonly string[]) {
    const first = openWith(names, 10, ['ada', 'grace']);
    const db = openDatabase(first.db.connection.name, 'use', () => NOW);
    const second = openStores(
      names.map((name, index) => aDeclaration({ name, owner: index % 2 ? 'grace' : 'ada' })),
      db,
    );
    return { first, second, close: () => db.close() };
  }

  it('F14: whoever was overtaken before its data sends nothing', async () => {
    const { first, second, close } = twoSenders(['a', 'b']);
    const { channel, mails } = aChannel(ACCEPTED);
    const other = aRound(second, channel, { epoch: 'other' });
    let overtaken = 0;
    const slow: Channel = {
      ...channel,
      send: async (...sent) => {
        // All of the other's round passes between this one's claim and its data.
        if (overtaken++ === 0) await other.cycle();
        return channel.send(...sent);
      },
    };
    const { cycle } = aRound(first, slow);
    expect(await cycle()).toEqual({ sent: 0, failed: 1 });
    expect(mails.map(({ recipient }) => recipient).sort()).toEqual(['ada@example.org', 'grace@example.org']);
    expect(first.outbox.counts()).toEqual({ pending: 0, inFlight: 0, sent: 2, ambiguous: 0, dead: 0 });
    close();
  });

  it('F14: whoever comes by while the other’s data is on its way repeats nothing once that is answered', async () => {
    const { first, second, close } = twoSenders(['a', 'b']);
    const { channel, mails } = aChannel(ACCEPTED);
    const other = aRound(second, channel, { epoch: 'other' });
    const slow: Channel = {
      ...channel,
      send: async (recipient, payload, onData) => {
        const outcome = await channel.send(recipient, payload, onData);
        await other.cycle();
        return outcome;
      },
    };
    const { cycle } = aRound(first, slow);
    await cycle();
    for (const relay of [other, aRound(first, channel)]) {
      relay.clock.now = later(15 * MINUTE_MS);
      await relay.cycle();
      relay.clock.now = daysFromNow(0.5);
      await relay.cycle();
    }
    expect(mails).toHaveLength(2);
    expect(first.outbox.counts()).toMatchObject({ sent: 2, ambiguous: 0 });
    close();
  });

  it('F14: interleaved step by step, each mail goes out once', async () => {
    const names = Array.from({ length: 12 }, (_unused, index) => `c${index}`);
    const { first, second, close } = twoSenders(names);
    const { channel, mails } = aChannel(ACCEPTED);
    const yielding: Channel = {
      ...channel,
      render: async (draft) => {
        await Promise.resolve();
        return channel.render(draft);
      },
      send: async (...sent) => {
        for (let turn = 0; turn < 3; turn++) await Promise.resolve();
        return channel.send(...sent);
      },
    };
    const relays = [aRound(first, yielding, { epoch: 'one' }), aRound(second, yielding, { epoch: 'two' })];
    for (const relay of relays) relay.plan();
    for (let minute = 0; minute < 5; minute++) {
      for (const relay of relays) relay.clock.now = later(minute * MINUTE_MS);
      await Promise.all(relays.map(({ round }) => deliverDue(round)));
    }
    expect(mails.map(({ recipient }) => recipient).sort()).toEqual(['ada@example.org', 'grace@example.org']);
    close();
  });
});

describe('a process that ends at any point', () => {
  /** How far a run gets: 0 after planning, 1 after the claim, 2 after the beginning of the data, 3 after its answer. */
  const STAGES = [0, 1, 2, 3] as const;

  it.each(STAGES)('E9, E10, E11, I14: at stage %i, the next one ends where it would have', async (stage) => {
    const db = openTestDatabase();
    const stores = openStores([aDeclaration({ name: 'a' })], db);
    stores.register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(10)) }), daysFromNow(-300));
    const { channel, mails, drafts } = aChannel(ACCEPTED);
    const { plan, round } = aRound(stores, channel, { epoch: 'the-run-that-ends' });
    plan();
    const message = stage > 0 ? stores.outbox.claim(round.epoch, NOW, ['mail']) : undefined;
    if (stage === 2 && message)
      stores.outbox.markData(message, new TextEncoder().encode('the very bytes'), NOW);
    if (stage === 3 && message) {
      stores.outbox.settle(
        message,
        { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined },
        NOW,
      );
    }
    const next = aRound(stores, channel, { epoch: 'the-next-run' });
    await next.cycle();
    next.clock.now = later(15 * MINUTE_MS);
    await next.cycle();
    expect(stores.outbox.counts()).toEqual({ pending: 0, inFlight: 0, sent: 1, ambiguous: 0, dead: 0 });
    expect([mails.length, drafts.length]).toEqual(
      [
        [1, 1],
        [1, 1],
        [1, 0],
        [0, 0],
      ][stage],
    );
    if (stage === 2) expect(mails[0]?.payload).toBe('the very bytes');
    expect(rowsOf(db, 'message')).toMatchObject([{ payload: null, owner_epoch: null, stage: null }]);
  });
});
