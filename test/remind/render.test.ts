import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import { deliverDue } from '../../src/remind/deliver.ts';
import type { Channel } from '../../src/remind/reminder.ts';
import { renderMessage } from '../../src/remind/render.ts';
import { aReminder, later, MINUTE_MS, NOW } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import { ACCEPTED, aChannel, aRound, openWith } from '../support/round.ts';

const HOUR_MS = 60 * MINUTE_MS;

/** A round in which nothing can be said of one credential. */
function withPoison(names: readonly string[], owners: readonly string[] = ['ada']) {
  const stores = openWith(names, 10, owners);
  const { channel, mails } = aChannel(ACCEPTED);
  const relay = aRound(stores, channel);
  const poisoned = {
    ...relay.round,
    find: (name: string) => (name === 'poison' ? undefined : stores.register.find(name)),
  };
  const poisonedCycle = () => {
    relay.plan();
    return deliverDue(poisoned);
  };
  return { stores, mails, ...relay, poisonedCycle };
}

describe('a reminder that cannot be rendered', () => {
  it('E21: the others go out in the same round', async () => {
    const { poisonedCycle, mails, events } = withPoison(['good', 'poison']);
    expect(await poisonedCycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails[0]?.payload).toContain('rotate good');
    expect(mails[0]?.payload).not.toContain('rotate poison');
    expect(events).toEqual(['mail.not-rendered', 'mail.sent']);
  });

  it('E21: when who is to render it has ended, nothing is blamed: all of it waits as one message', async () => {
    const stores = openWith(['one', 'two'], 10, ['ada']);
    const { channel, mails } = aChannel(ACCEPTED);
    let isGone = true;
    const fragile: Channel = {
      ...channel,
      render: async (draft) => {
        if (isGone) throw new AppError('unavailable', 'the process that was to ask ended');
        return channel.render(draft);
      },
    };
    const { cycle, clock, events } = aRound(stores, fragile);
    expect(await cycle()).toEqual({ sent: 0, failed: 1 });
    expect(events).not.toContain('mail.not-rendered');
    expect(stores.outbox.waiting()).toMatchObject([
      { state: 'pending', attempts: 1, reminders: [{ credential: 'one' }, { credential: 'two' }] },
    ]);
    isGone = false;
    clock.now = later(HOUR_MS);
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails).toHaveLength(1);
  });

  it('E21: is tried again alone an hour later, and does not wait for the next day’s mail', async () => {
    const { poisonedCycle, cycle, mails, clock } = withPoison(['good', 'poison']);
    await poisonedCycle();
    clock.now = later(59 * MINUTE_MS);
    expect(await cycle()).toEqual({ sent: 0, failed: 0 });
    clock.now = later(60 * MINUTE_MS);
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    expect(mails[1]?.payload).toContain('rotate poison');
    expect(mails[1]?.payload).not.toContain('rotate good');
  });

  it('E21: is never lost silently: it waits visibly, and is dead after five tries', async () => {
    const { stores, poisonedCycle, mails, clock, reports } = withPoison(['poison']);
    for (let hour = 0; hour < 5; hour++) {
      expect(stores.outbox.counts().dead).toBe(0);
      clock.now = later(hour * HOUR_MS);
      await poisonedCycle();
      expect(stores.outbox.owed()).toMatchObject([
        { credential: 'poison', state: hour < 4 ? 'owed' : 'dead' },
      ]);
    }
    expect(stores.outbox.counts()).toMatchObject({ pending: 0, inFlight: 0, dead: 1 });
    expect(reports).toHaveLength(5);
    expect(reports[0]).toMatchObject({
      event: 'mail.not-rendered',
      detail: expect.stringContaining('poison'),
    });
    clock.now = later(24 * HOUR_MS);
    await poisonedCycle();
    expect(mails).toEqual([]);
    expect(reports).toHaveLength(5);
  });

  it('E21: is nobody’s concern any more once the next lead time has got through', async () => {
    const { stores, poisonedCycle, cycle, mails, clock } = withPoison(['poison']);
    for (let hour = 0; hour < 5; hour++) {
      clock.now = later(hour * HOUR_MS);
      await poisonedCycle();
    }
    clock.now = later(4 * 24 * HOUR_MS);
    await cycle();
    expect(mails).toHaveLength(1);
    expect(stores.outbox.counts()).toMatchObject({ dead: 0, sent: 1 });
  });

  it('keeps the order of the keys out of the Message-ID: the same set, the same mail', async () => {
    const { stores, round, plan } = withPoison(['a', 'b', 'c']);
    plan();
    const message = stores.outbox.claim('run', NOW, ['mail']);
    if (!message) throw new Error('there is nothing to claim');
    const { channel, drafts } = aChannel(ACCEPTED);
    await renderMessage(round, channel, message);
    await renderMessage(round, channel, { ...message, reminders: message.reminders.toReversed() });
    expect(drafts[1]?.messageId).toBe(drafts[0]?.messageId);
    expect(drafts[0]?.messageId).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(message.reminders[0]).toMatchObject(aReminder({ credential: 'a' }));
  });
});

describe('a message that cannot be made although each of its reminders can be put into words', () => {
  /** The bytes cannot be made of anything that speaks of `poison`. */
  const choking = (channel: Channel): Channel => ({
    ...channel,
    render: async (draft) => {
      if (draft.items.some(({ credential }) => credential === 'poison')) throw new TypeError('boom');
      return channel.render(draft);
    },
  });

  it('E21, I8: lets the others go out at once, and holds back the one that is to blame', async () => {
    const stores = openWith(['a', 'b', 'c', 'poison', 'd', 'e']);
    const { channel, mails } = aChannel(ACCEPTED);
    const { cycle } = aRound(stores, choking(channel));
    await cycle();
    const told = mails.flatMap(({ payload }) =>
      [...payload.matchAll(/ rotate ([a-z]+)\n/g)].map((m) => m[1]),
    );
    expect(told.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(stores.outbox.owed()).toMatchObject([{ credential: 'poison', state: 'owed' }]);
    expect(rowsOf(stores.db, 'reminder').filter((row) => Number(row['tries']) > 0)).toHaveLength(1);
    expect(stores.outbox.counts()).toMatchObject({ pending: 0, inFlight: 0, dead: 0 });
  });

  it('E21: goes out an hour later when the fault is gone', async () => {
    const stores = openWith(['hers', 'poison'], 10, ['ada', 'grace']);
    const { channel, mails } = aChannel(ACCEPTED);
    const { cycle } = aRound(stores, choking(channel));
    expect(await cycle()).toEqual({ sent: 1, failed: 1 });
    const { cycle: mended } = aRound(stores, channel, {}, { now: later(HOUR_MS) });
    expect(await mended()).toEqual({ sent: 1, failed: 0 });
    expect(mails.map(({ recipient }) => recipient)).toEqual(['ada@example.org', 'grace@example.org']);
  });
});
