import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/remind/deliver.ts';
import type { Channel } from '../../src/remind/reminder.ts';
import { aPolicy, aVersion, daysFromNow, knownUntil, later, MINUTE_MS } from '../support/builders.ts';
import { openStores, rowsOf } from '../support/database.ts';
import {
  ACCEPTED,
  aChannel,
  aRound,
  channelBy,
  GREYLISTED,
  NOT_SENT,
  openWith,
  REFUSED,
  TOO_LARGE,
  UNCLEAR,
} from '../support/round.ts';

const ADA = 'ada@example.org';
const GRACE = 'grace@example.org';
const HOUR_MS = 60 * MINUTE_MS;
/** Nobody who could stand in for her. */
const ALONE = aPolicy({ addresses: new Map([['ada', ADA]]) });

describe('deliverDue', () => {
  describe('when the server accepts', () => {
    it('sends one mail for all that is due to one recipient, and never again', async () => {
      const stores = openWith(['a', 'b', 'c']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle } = aRound(stores, channel);
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      for (let round = 0; round < 5; round++) expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      expect(mails).toHaveLength(1);
      for (const name of ['a', 'b', 'c']) expect(mails[0]?.payload).toContain(`rotate ${name}`);
      expect(stores.outbox.counts()).toMatchObject({ sent: 1, pending: 0 });
    });

    it('sends each recipient a mail of their own, with nothing of the others', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      await aRound(stores, channel).cycle();
      expect(mails.map((mail) => mail.recipient).sort()).toEqual([ADA, GRACE]);
      for (const { recipient, payload } of mails) {
        expect(payload.includes('rotate hers')).toBe(recipient === ADA);
        expect(payload.includes('rotate his')).toBe(recipient === GRACE);
      }
    });

    it('is marked sent only after the answer, and keeps no bytes then', async () => {
      const stores = openWith(['a']);
      const states: unknown[] = [];
      const { channel } = aChannel(ACCEPTED);
      const looking: Channel = {
        ...channel,
        send: async (recipient, payload, onData) => {
          const answer = await channel.send(recipient, payload, onData);
          states.push(
            ...rowsOf(stores.db, 'message').map((row) => [
              row['state'],
              row['stage'],
              row['payload'] !== null,
            ]),
          );
          return answer;
        },
      };
      await aRound(stores, looking).cycle();
      expect(states).toEqual([['in-flight', 'data', true]]);
      expect(rowsOf(stores.db, 'message')).toMatchObject([
        { state: 'sent', last_code: 250, stage: null, payload: null },
      ]);
    });

    it('goes out in the very round whose clock strikes the hour', async () => {
      const stores = openStores();
      const expiry = knownUntil('2026-12-03T00:00:00Z');
      stores.register.addVersion('crates-io', aVersion({ expiry }), daysFromNow(-300));
      const clock = { now: new Date('2026-11-26T09:00:00.012Z') };
      const { channel } = aChannel(ACCEPTED);
      expect(await aRound(stores, channel, {}, clock).cycle()).toEqual({ sent: 1, failed: 0 });
    });

    it('closes the channel when nothing is left to send', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      const sentAtClose: number[] = [];
      await aRound(stores, { ...channel, close: () => sentAtClose.push(mails.length) }).cycle();
      expect(sentAtClose).toEqual([2]);
    });

    it('G9: reports how late it is where the process was held up for five minutes', async () => {
      const stores = openStores();
      const expiry = knownUntil('2026-12-03T00:00:00Z');
      stores.register.addVersion('crates-io', aVersion({ expiry }), daysFromNow(-300));
      // The 7 days before are reached at 00:00Z of the 26th, and their mail is due at nine in Lisbon.
      const clock = { now: new Date('2026-11-26T08:59:59Z') };
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle, reports } = aRound(stores, channel, {}, clock);
      await cycle();
      expect(mails[0]?.payload).toContain('expires in 6 days');
      clock.now = new Date('2026-11-26T09:05:00Z');
      await cycle();
      expect(mails).toHaveLength(2);
      expect(reports.at(-1)).toMatchObject({ event: 'mail.sent', delaySeconds: 300 });
    });
  });

  describe('when nothing could be handed over', () => {
    it('E8: tries again later, until it is sent', async () => {
      const stores = openWith(['a']);
      const { channel } = aChannel(NOT_SENT, NOT_SENT, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      expect(await cycle()).toEqual({ sent: 0, failed: 1 });
      expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      clock.now = later(MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 0, failed: 1 });
      clock.now = later(6 * MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
    });

    it('says what is so when it goes out, under the same Message-ID', async () => {
      const stores = openWith(['a'], 29);
      const { channel, drafts } = aChannel(NOT_SENT, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      await cycle();
      clock.now = daysFromNow(9);
      await cycle();
      expect(drafts.map((draft) => draft.subject.slice(0, 20))).toEqual([
        'a expires in 29 days',
        'a expires in 20 days',
      ]);
      expect(new Set(drafts.map((draft) => draft.messageId)).size).toBe(1);
    });
  });

  describe('when the server says no for now', () => {
    it('E2, E3: asks again, and never gives up', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(GREYLISTED);
      const { cycle, clock } = aRound(stores, channel);
      for (let hour = 0; hour < 9 * 24; hour++) {
        clock.now = later(hour * HOUR_MS);
        await cycle();
      }
      expect(mails.length).toBeGreaterThan(60);
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, dead: 0, ambiguous: 0 });
      expect(stores.outbox.trouble()).toMatchObject({ error: 'later' });
    });
  });

  describe('when the server says no for good', () => {
    it('E4, E5: asks three times, then shows it as dead', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(REFUSED);
      const { cycle, clock, events } = aRound(stores, channel, { policy: ALONE });
      for (let hour = 0; hour < 48; hour++) {
        clock.now = later(hour * HOUR_MS);
        await cycle();
      }
      expect(mails).toHaveLength(3);
      expect(stores.outbox.counts()).toMatchObject({ dead: 1, pending: 0 });
      expect(events).toEqual(['mail.pending', 'mail.pending', 'mail.dead']);
      expect(stores.outbox.waiting()).toMatchObject([
        { state: 'dead', lastError: 'no such user', nextAttemptAt: undefined },
      ]);
      expect(stores.history.list().at(-1)).toMatchObject({ type: 'mail.given-up', subject: ADA });
    });

    it('E13: lets the next message through', async () => {
      const stores = openWith(['a', 'b', 'c'], 10, ['ada', 'grace', 'alan']);
      const addresses = new Map(['ada', 'grace', 'alan'].map((name) => [name, `${name}@example.org`]));
      const { channel } = channelBy(({ recipient }) => (recipient === GRACE ? REFUSED : ACCEPTED));
      const { cycle } = aRound(stores, channel, { policy: aPolicy({ addresses }) });
      expect(await cycle()).toEqual({ sent: 2, failed: 1 });
      expect(stores.outbox.waiting().map(({ recipient }) => recipient)).toEqual([GRACE]);
    });

    it('E4: tells a stand-in once it is given up, and everybody else as before', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = channelBy(({ recipient }) => (recipient === ADA ? REFUSED : ACCEPTED));
      const { cycle, clock } = aRound(stores, channel);
      for (const hours of [0, 1, 7, 24]) {
        clock.now = later(hours * HOUR_MS);
        await cycle();
      }
      const told = mails.filter(({ recipient }) => recipient === GRACE).map(({ payload }) => payload);
      expect(
        told.map((payload) => [payload.includes('rotate hers'), payload.includes('rotate his')]),
      ).toEqual([
        [false, true],
        [true, false],
      ]);
    });

    it('E4: sends it again, with all its tries, once a person has said so', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = channelBy((_mail, earlier) => (earlier < 5 ? REFUSED : ACCEPTED));
      const { cycle, clock } = aRound(stores, channel, { policy: ALONE });
      for (const hours of [0, 1, 7]) {
        clock.now = later(hours * HOUR_MS);
        await cycle();
      }
      const [dead] = stores.outbox.waiting();
      expect(dead).toMatchObject({ state: 'dead', attempts: 3 });
      clock.now = later(8 * HOUR_MS);
      expect(stores.outbox.retry(dead?.id ?? 0, clock.now)).toBe(true);
      expect(stores.history.list().at(-1)).toMatchObject({ type: 'mail.retried', subject: String(dead?.id) });
      for (const hours of [8, 9, 15]) {
        clock.now = later(hours * HOUR_MS);
        await cycle();
      }
      expect(mails).toHaveLength(6);
      expect(stores.outbox.counts()).toMatchObject({ dead: 0, sent: 1 });
    });

    it('E4: what was given up is not kept from its end by new reminders', async () => {
      const stores = openWith(['a']);
      const { channel } = aChannel(REFUSED);
      const { cycle, clock } = aRound(stores, channel, { policy: ALONE });
      for (let hour = 0; hour < 24; hour++) {
        clock.now = later(hour * HOUR_MS);
        const key = {
          credential: 'a',
          version: 1,
          topic: 'rotated',
          channel: 'mail',
          recipient: ADA,
        } as const;
        const step = {
          kind: 'owe',
          key: { ...key, leadDays: hour },
          dueAt: clock.now,
          urgent: true,
        } as const;
        stores.outbox.apply([{ credential: 'a', steps: [step], nextPlanAt: undefined }]);
        await cycle();
      }
      expect(stores.outbox.counts().dead).toBeGreaterThan(10);
    });
  });

  describe('when the server takes no message of that size', () => {
    /** Takes what carries at most `most` credentials. */
    const taking = (most: number) =>
      channelBy(({ payload }) =>
        (payload.match(/rotate [a-z]\n/g) ?? []).length > most ? TOO_LARGE : ACCEPTED,
      );

    it('E25: sends two halves in the same round', async () => {
      const stores = openWith(['a', 'b', 'c', 'd']);
      const { channel, mails } = taking(2);
      const { cycle, events } = aRound(stores, channel);
      await cycle();
      expect(events).toEqual(['mail.split', 'mail.sent', 'mail.sent']);
      const told = mails
        .slice(1)
        .map(({ payload }) => [...payload.matchAll(/rotate ([a-z])\n/g)].map((m) => m[1]));
      expect(told.flat().sort()).toEqual(['a', 'b', 'c', 'd']);
      expect(told.map((half) => half.length)).toEqual([2, 2]);
      expect(stores.outbox.counts()).toMatchObject({ sent: 2, pending: 0, dead: 0 });
    });

    it('E25: goes down to single ones, and a single one is refused as usual', async () => {
      const stores = openWith(['a', 'b', 'c']);
      const { channel } = channelBy(({ payload }) =>
        payload.includes('rotate b\n') || payload.includes('and 2 more') ? TOO_LARGE : ACCEPTED,
      );
      const { cycle, clock } = aRound(stores, channel, { policy: ALONE });
      for (const hours of [0, 1, 7]) {
        clock.now = later(hours * HOUR_MS);
        await cycle();
      }
      expect(stores.outbox.counts()).toMatchObject({ sent: 2, dead: 1, pending: 0 });
      expect(stores.outbox.waiting()).toMatchObject([
        { reminders: [{ credential: 'b' }], lastError: 'too large' },
      ]);
    });

    it('E25, E6: never splits what may have been delivered: a repeat is the same mail', async () => {
      const stores = openWith(['a', 'b']);
      const { channel, mails } = aChannel(UNCLEAR, TOO_LARGE);
      const { cycle, clock } = aRound(stores, channel, { policy: ALONE });
      await cycle();
      for (let hour = 1; hour < 20; hour++) {
        clock.now = later(hour * HOUR_MS);
        await cycle();
      }
      expect(new Set(mails.map(({ payload }) => payload)).size).toBe(1);
      expect(stores.outbox.counts()).toMatchObject({ dead: 1 });
    });
  });

  describe('when the answer is lost', () => {
    it('E6, E7, I2: repeats it twice at most, byte for byte and under the same Message-ID', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(UNCLEAR);
      const { cycle, clock } = aRound(stores, channel);
      const at: number[] = [];
      for (let quarter = 0; quarter < 100; quarter++) {
        clock.now = later(quarter * 15 * MINUTE_MS);
        const before = mails.length;
        await cycle();
        if (mails.length > before) at.push(quarter * 15);
      }
      expect(at).toEqual([0, 15, 135]);
      expect(new Set(mails.map((mail) => mail.payload)).size).toBe(1);
      expect(mails[0]?.payload).toMatch(/^<[0-9a-f]{32}@example\.org> /);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1, sent: 0 });
      expect(stores.outbox.waiting()).toMatchObject([
        { state: 'ambiguous', lastError: 'no answer', nextAttemptAt: undefined },
      ]);
      const told = stores.history.list().filter(({ type }) => type === 'mail.unanswered');
      expect(told).toHaveLength(3);
    });

    it('E6: ends with the first repeat that is accepted', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(UNCLEAR, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      for (const minutes of [0, 15, 600]) {
        clock.now = later(minutes * MINUTE_MS);
        await cycle();
      }
      expect(mails).toHaveLength(2);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 0, sent: 1 });
    });

    it('E6: holds it for a person where the configuration says so, and repeats it when one says so', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(UNCLEAR, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel, { maxRepeats: 0 });
      for (let hour = 0; hour < 24; hour++) {
        clock.now = later(hour * HOUR_MS);
        await cycle();
      }
      expect(mails).toHaveLength(1);
      const [held] = stores.outbox.waiting();
      expect(held).toMatchObject({ state: 'ambiguous', nextAttemptAt: undefined });
      stores.outbox.retry(held?.id ?? 0, clock.now);
      await cycle();
      expect(mails[1]?.payload).toBe(mails[0]?.payload);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 0, sent: 1 });
    });

    it('I2: is the same mail also where a repeat was refused for good and a person has it sent again', async () => {
      const stores = openWith(['a'], 29);
      const { channel, mails } = aChannel(UNCLEAR, REFUSED, REFUSED, REFUSED, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel, { policy: ALONE });
      for (let quarter = 0; quarter < 60; quarter++) {
        clock.now = later(quarter * 15 * MINUTE_MS);
        await cycle();
      }
      const [dead] = stores.outbox.waiting();
      expect(dead).toMatchObject({ state: 'dead' });
      stores.outbox.retry(dead?.id ?? 0, clock.now);
      await cycle();
      expect(mails).toHaveLength(5);
      expect(new Set(mails.map(({ payload }) => payload)).size).toBe(1);
      expect(stores.outbox.counts()).toMatchObject({ dead: 0, sent: 1 });
    });

    it('I5: the next lead time speaks for it, and nobody has to look after it any more', async () => {
      const stores = openWith(['a'], 8);
      const { channel, mails } = aChannel(UNCLEAR, UNCLEAR, UNCLEAR, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      for (let hour = 0; hour < 49; hour++) {
        clock.now = later(hour * HOUR_MS);
        await cycle();
      }
      expect(mails).toHaveLength(4);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 0, sent: 1 });
    });
  });

  describe('when the channel itself fails', () => {
    const failing = (channel: Channel, send: Channel['send']): Channel => ({ ...channel, send });

    it('counts as not sent before the data, and lets the next message through', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = channelBy(({ recipient }) =>
        recipient === ADA ? new TypeError('boom') : ACCEPTED,
      );
      expect(await aRound(stores, channel).cycle()).toEqual({ sent: 1, failed: 1 });
      expect(mails.map((mail) => mail.recipient)).toEqual([GRACE]);
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, sent: 1, inFlight: 0 });
    });

    it('E10: counts as unclear after it: the server may have the mail', async () => {
      const stores = openWith(['a']);
      const channel = failing(aChannel(ACCEPTED).channel, async (_recipient, _payload, onData) => {
        onData();
        throw new TypeError('boom');
      });
      await aRound(stores, channel).cycle();
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1, pending: 0 });
    });
  });

  describe('when there is no channel, or the daemon stops', () => {
    it('keeps everything owed and visible', async () => {
      const stores = openWith(['a']);
      expect(await aRound(stores, []).cycle()).toEqual({ sent: 0, failed: 0 });
      expect(stores.outbox.counts()).toMatchObject({ pending: 1 });
      expect(stores.outbox.waiting()).toMatchObject([{ recipient: ADA, lastError: undefined }]);
    });

    it('E12: begins no further message', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle } = aRound(stores, channel, { stopping: () => mails.length === 1 });
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, sent: 1 });
    });
  });

  describe('when very much is due', () => {
    const owners = Array.from({ length: 500 }, (_unused, index) => `owner-${index}`);
    const addresses = new Map(owners.map((name) => [name, `${name}@example.org`]));

    function openMany() {
      const stores = openWith(owners, 10, owners);
      // Each has another number of days left, in no order.
      stores.db.transaction(() => {
        owners.forEach((name, index) => {
          const expiry = knownUntil(daysFromNow(((index * 7) % 25) - 5));
          stores.register.addVersion(name, aVersion({ expiry }), daysFromNow(-300));
        });
      });
      return stores;
    }

    it('E18: sends the most urgent first, a round as much as its time allows, and loses nothing', async () => {
      const stores = openMany();
      const clock = { now: later(0) };
      const { channel, mails } = channelBy(() => {
        clock.now = later(MINUTE_MS, clock.now);
        return ACCEPTED;
      });
      const { round, plan } = aRound(stores, channel, { policy: aPolicy({ addresses }) }, clock);
      plan();
      const due = stores.outbox.counts().pending;
      const rounds: number[] = [];
      while (stores.outbox.counts().pending > 0) {
        const { sent } = await deliverDue({ ...round, until: later(50 * MINUTE_MS, clock.now) });
        rounds.push(sent);
      }
      expect(due).toBe(500);
      expect(rounds).toEqual(Array.from({ length: 10 }, () => 50));
      expect(new Set(mails.map(({ recipient }) => recipient)).size).toBe(500);
      const order = rowsOf(stores.db, 'message').toSorted((a, b) =>
        String(a['sent_at']) < String(b['sent_at']) ? -1 : 1,
      );
      const leads = order.map((row) => Number(row['urgency']));
      expect(leads).toEqual(leads.toSorted((a, b) => a - b));
      expect(new Set(leads).size).toBeGreaterThan(6);
    });

    it('begins nothing after its time', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle } = aRound(stores, channel, { until: later(0) });
      expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      expect(mails).toEqual([]);
    });
  });

  describe('when the service was down for 45 days', () => {
    it('G7, I5: sends one mail that says what was missed', async () => {
      const stores = openStores();
      const expiry = knownUntil(daysFromNow(65));
      stores.register.addVersion('crates-io', aVersion({ expiry }), daysFromNow(-300));
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      await cycle();
      clock.now = daysFromNow(52);
      await cycle();
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('60 and 30 days before');
      const covered = rowsOf(stores.db, 'reminder').filter(({ state }) => state === 'covered');
      expect(covered.map((row) => [row['lead_days'], row['covered_by']])).toEqual([
        [30, 14],
        [60, 14],
      ]);
    });

    it('I5: also where it was killed between the claim of a mail and its data', async () => {
      const stores = openWith(['a'], 29);
      const { channel, mails } = aChannel(ACCEPTED);
      const { plan, cycle, clock } = aRound(stores, channel);
      plan();
      expect(stores.outbox.claim('the-run-before', clock.now, ['mail'])).toBeDefined();
      clock.now = daysFromNow(20);
      await cycle();
      clock.now = daysFromNow(20.1);
      await cycle();
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('expires in 9 days');
      expect(stores.outbox.counts()).toMatchObject({ sent: 1, pending: 0, inFlight: 0 });
    });
  });
});
