import { describe, expect, it } from 'vitest';
import type { DeliveryOutcome } from '../../src/remind/reminder.ts';
import { aPolicy, daysFromNow, later, MINUTE_MS, NOW } from '../support/builders.ts';
import { rowsOf } from '../support/database.ts';
import {
  ACCEPTED,
  aChannel,
  aRound,
  channelBy,
  GREYLISTED,
  NO_LOGIN,
  openWith,
  UNCLEAR,
  UNREACHABLE,
} from '../support/round.ts';

const HOUR_MS = 60 * MINUTE_MS;
const OWNERS = ['ada', 'grace'];

/** The minutes, from NOW on, at which something was handed to the channel in `minutes` rounds, one a minute. */
async function triesWithin(minutes: number, outcome: DeliveryOutcome) {
  const stores = openWith(['hers', 'his'], 13, OWNERS);
  const { channel, tries } = channelBy(() => outcome);
  const { cycle, clock, events, reports } = aRound(stores, channel);
  const at: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    clock.now = later(minute * MINUTE_MS);
    const before = tries.length;
    await cycle();
    for (let one = before; one < tries.length; one++) at.push(minute);
  }
  return { stores, at, events, reports, channel };
}

describe('a service that fails as a whole', () => {
  it('E1: is tried again after 1, 5, 15, 30 and 60 minutes, then every two hours, with one mail each time', async () => {
    const { at } = await triesWithin(8 * 60, UNREACHABLE);
    expect(at).toEqual([0, 1, 6, 21, 51, 111, 231, 351, 471]);
  });

  it('E14, E15: is tried every 15 minutes where a person is needed', async () => {
    const { at } = await triesWithin(3 * 60, NO_LOGIN);
    expect(at).toEqual(Array.from({ length: 12 }, (_unused, index) => index * 15));
  });

  it('E14: is told of at first, and once an hour', async () => {
    const { events, reports } = await triesWithin(5 * 60, NO_LOGIN);
    expect(events).toEqual(Array.from({ length: 1 + 5 }, () => 'mail.failed'));
    expect(reports[0]).toEqual({ event: 'mail.failed', detail: '535 no' });
  });

  it('E1, E14: leaves what waits as it is: due as soon as the service is tried, and with all its tries', async () => {
    const { stores } = await triesWithin(3 * 60, NO_LOGIN);
    const rows = rowsOf(stores.db, 'message');
    expect(rows.map((row) => [row['state'], row['attempts'], row['refusals'], row['repeats']])).toEqual([
      ['pending', 0, 0, 0],
      ['pending', 0, 0, 0],
    ]);
    expect(rows.every((row) => String(row['next_attempt_at']) <= later(3 * HOUR_MS).toISOString())).toBe(
      true,
    );
    expect(stores.outbox.counts()).toMatchObject({ pending: 2, dead: 0 });
    expect(stores.outbox.circuits()).toMatchObject([
      { channel: 'mail', fault: 'login', reason: '535 no', since: NOW, nextTryAt: later(180 * MINUTE_MS) },
    ]);
  });

  it('E1: does not make a mail that was only in the way wait longer once the server answers', async () => {
    const stores = openWith(['a'], 40);
    const { channel, tries } = channelBy((_mail, earlier) =>
      earlier < 80 ? UNREACHABLE : earlier === 80 ? GREYLISTED : ACCEPTED,
    );
    const { cycle, clock } = aRound(stores, channel);
    // Seven days without a server, then one that is there and says 451 at first.
    let minute = 0;
    for (; tries.length < 81; minute += 30) {
      clock.now = later(minute * MINUTE_MS);
      await cycle();
    }
    clock.now = later(MINUTE_MS, clock.now);
    expect(await cycle()).toEqual({ sent: 1, failed: 0 });
  });

  it('E1: works again with the first answer, whatever it is, and the rest follows in the same round', async () => {
    const stores = openWith(['hers', 'his'], 10, OWNERS);
    const { channel } = aChannel(UNREACHABLE, GREYLISTED, ACCEPTED);
    const { cycle, clock, events } = aRound(stores, channel);
    expect(await cycle()).toEqual({ sent: 0, failed: 1 });
    clock.now = later(MINUTE_MS);
    expect(await cycle()).toEqual({ sent: 1, failed: 1 });
    expect(events).toEqual(['mail.failed', 'mail.pending', 'mail.works-again', 'mail.sent']);
    expect(stores.outbox.circuits()).toEqual([]);
  });

  it('E1: a lost answer says nothing about the service', async () => {
    const stores = openWith(['hers', 'his'], 10, OWNERS);
    const { channel } = aChannel(UNREACHABLE, UNCLEAR, ACCEPTED);
    const { cycle, clock } = aRound(stores, channel);
    await cycle();
    clock.now = later(MINUTE_MS);
    expect(await cycle()).toEqual({ sent: 1, failed: 1 });
    expect(stores.outbox.circuits()).toEqual([]);
  });

  it('E1: stays known when the process is started anew', async () => {
    const stores = openWith(['a']);
    const { channel, tries } = channelBy(() => UNREACHABLE);
    for (const minutes of [0, 1, 2, 3]) {
      await aRound(stores, channel, { epoch: `run ${minutes}` }, { now: later(minutes * MINUTE_MS) }).cycle();
    }
    expect(tries).toHaveLength(2);
    expect(stores.outbox.circuits()).toMatchObject([{ failures: 2, nextTryAt: later(6 * MINUTE_MS) }]);
  });

  it('E1, I8: stops no other channel', async () => {
    const stores = openWith(['a']);
    const policy = aPolicy({ webhooks: [{ name: 'chat', owners: undefined }] });
    const mail = channelBy(() => UNREACHABLE);
    const webhook = channelBy(() => ACCEPTED, 'webhook');
    const { cycle, events } = aRound(stores, [mail.channel, webhook.channel], { policy });
    expect(await cycle()).toEqual({ sent: 1, failed: 1 });
    expect(webhook.mails.map(({ recipient }) => recipient)).toEqual(['chat']);
    expect([...events].sort()).toEqual(['mail.failed', 'mail.sent']);
    expect(stores.outbox.circuits()).toMatchObject([{ channel: 'mail' }]);
  });

  it('G2: is tried within the hour also where the clock went back by years', async () => {
    const stores = openWith(['a']);
    const { channel, tries } = channelBy(() => UNREACHABLE);
    const { cycle, clock } = aRound(stores, channel);
    clock.now = daysFromNow(9);
    await cycle();
    expect(tries).toHaveLength(1);
    clock.now = later(MINUTE_MS);
    await cycle();
    expect(tries).toHaveLength(2);
  });
});

describe('a mail server that was down for six days', () => {
  it('E17: gets one current mail a recipient, not one for each day', async () => {
    const stores = openWith(['a', 'b', 'c', 'd'], 12, OWNERS);
    const { channel } = channelBy(() => UNREACHABLE);
    const { cycle, clock } = aRound(stores, channel);
    for (let hour = 0; hour <= 6 * 24; hour++) {
      clock.now = later(hour * HOUR_MS);
      await cycle();
    }
    const working = aChannel(ACCEPTED);
    const after = aRound(stores, working.channel, {}, clock);
    const [circuit] = stores.outbox.circuits();
    expect(circuit?.nextTryAt.getTime()).toBeLessThanOrEqual(later(25 * HOUR_MS, clock.now).getTime());
    clock.now = circuit?.nextTryAt ?? NOW;
    expect(await after.cycle()).toEqual({ sent: 2, failed: 0 });
    expect(await after.cycle()).toEqual({ sent: 0, failed: 0 });
    expect(working.mails.map(({ recipient }) => recipient).sort()).toEqual([
      'ada@example.org',
      'grace@example.org',
    ]);
    for (const { payload } of working.mails) {
      expect(payload).toMatch(/[45] days left/);
      expect(payload).toContain('earlier reminders (60, 30 and 14 days before)');
      expect(payload.match(/ rotate [a-d]\n/g)).toHaveLength(2);
    }
    const states = rowsOf(stores.db, 'reminder').map((row) => `${row['lead_days']} ${row['state']}`);
    expect(new Set(states)).toEqual(new Set(['60 covered', '30 covered', '14 covered', '7 carried']));
    expect(stores.outbox.counts()).toMatchObject({ pending: 0, dead: 0, ambiguous: 0 });
  });
});
