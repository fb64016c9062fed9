import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/domain/error.ts';
import type { Round } from '../../src/remind/deliver.ts';
import { deliverDue, planAll } from '../../src/remind/deliver.ts';
import type { Channel, DeliveryOutcome, Draft } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aMailContext,
  aPolicy,
  aVersion,
  daysFromNow,
  knownUntil,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const ACCEPTED: DeliveryOutcome = { kind: 'accepted', code: 250 };
const REFUSED: DeliveryOutcome = { kind: 'refused', permanent: true, code: 550, reason: 'no such user' };
const UNCLEAR: DeliveryOutcome = { kind: 'unclear', reason: 'no answer' };
const NOT_SENT: DeliveryOutcome = { kind: 'not-sent', reason: 'no connection' };

interface Mail {
  readonly recipient: string;
  readonly payload: string;
}

/** A channel that answers in turn, the last answer again and again, and keeps what it was given. */
function aChannel(...answers: readonly (DeliveryOutcome | Error)[]) {
  const mails: Mail[] = [];
  const drafts: Draft[] = [];
  const channel: Channel = {
    name: 'mail',
    render: async (draft) => {
      drafts.push(draft);
      return new TextEncoder().encode(
        `${draft.messageId} ${draft.at.toISOString()} ${draft.subject}\n${draft.text}`,
      );
    },
    send: async (recipient, payload, onData) => {
      const answer = answers[Math.min(mails.length, answers.length - 1)] ?? ACCEPTED;
      if (!('kind' in answer)) throw answer;
      if (answer.kind !== 'not-sent') onData();
      mails.push({ recipient, payload: Buffer.from(payload).toString() });
      return answer;
    },
  };
  return { channel, mails, drafts };
}

interface Clock {
  now: Date;
}

function aRound(
  stores: Stores,
  channel: Channel | undefined,
  overrides: Partial<Round> = {},
  clock: Clock = { now: NOW },
) {
  const events: string[] = [];
  const round: Round = {
    outbox: stores.outbox,
    credentials: stores.register.list,
    policy: aPolicy(),
    context: aMailContext(),
    channel,
    epoch: 'this-run',
    now: () => clock.now,
    report: ({ event }) => events.push(event),
    stopping: () => false,
    ...overrides,
  };
  const cycle = async () => {
    planAll(round);
    return deliverDue(round);
  };
  return { round, events, clock, cycle };
}

function openWith(names: readonly string[], left = 10, owners: readonly string[] = ['ada']): Stores {
  const stores = openStores(
    names.map((name, index) => aDeclaration({ name, owner: owners[index % owners.length] ?? 'ada' })),
  );
  for (const name of names) {
    stores.register.addVersion(name, aVersion({ expiry: knownUntil(daysFromNow(left)) }), daysFromNow(-300));
  }
  return stores;
}

describe('planAll and deliverDue', () => {
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
      expect(mails.map((mail) => mail.recipient).sort()).toEqual(['ada@example.org', 'grace@example.org']);
      for (const { recipient, payload } of mails) {
        expect(payload.includes('rotate hers')).toBe(recipient === 'ada@example.org');
        expect(payload.includes('rotate his')).toBe(recipient === 'grace@example.org');
      }
    });

    it('is marked sent only after the answer', async () => {
      const stores = openWith(['a']);
      const states: unknown[] = [];
      const { channel } = aChannel(ACCEPTED);
      const looking: Channel = {
        ...channel,
        send: async (recipient, payload, onData) => {
          const answer = await channel.send(recipient, payload, onData);
          states.push(...rowsOf(stores.db, 'message').map(({ state, stage }) => [state, stage]));
          return answer;
        },
      };
      await aRound(stores, looking).cycle();
      expect(states).toEqual([['in-flight', 'data']]);
      expect(rowsOf(stores.db, 'message')).toMatchObject([{ state: 'sent', last_code: 250, stage: null }]);
    });

    it('goes out in the very round whose clock strikes the hour', async () => {
      const stores = openStores();
      const expiry = knownUntil('2026-12-03T00:00:00Z');
      stores.register.addVersion('crates-io', aVersion({ expiry }), daysFromNow(-300));
      const clock = { now: new Date('2026-11-26T09:00:00.012Z') };
      const { channel } = aChannel(ACCEPTED);
      expect(await aRound(stores, channel, {}, clock).cycle()).toEqual({ sent: 1, failed: 0 });
    });
  });

  describe('when nothing could be handed over', () => {
    it('tries again later, until it is sent', async () => {
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

  describe('when the server says no for good', () => {
    it('asks three times, then shows it as dead', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(REFUSED);
      const { cycle, clock, events } = aRound(stores, channel);
      for (let hour = 0; hour < 48; hour++) {
        clock.now = later(hour * 60 * MINUTE_MS);
        await cycle();
      }
      expect(mails).toHaveLength(3);
      expect(stores.outbox.counts()).toMatchObject({ dead: 1, pending: 0 });
      expect(events).toEqual(['mail.pending', 'mail.pending', 'mail.dead']);
    });

    it('lets the next message through', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(REFUSED, ACCEPTED);
      expect(await aRound(stores, channel).cycle()).toEqual({ sent: 1, failed: 1 });
      expect(mails).toHaveLength(2);
    });
  });

  describe('when the answer is lost', () => {
    it('repeats it twice at most, byte for byte and under the same Message-ID', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(UNCLEAR);
      const { cycle, clock } = aRound(stores, channel);
      for (let quarter = 0; quarter < 100; quarter++) {
        clock.now = later(quarter * 15 * MINUTE_MS);
        await cycle();
      }
      expect(mails).toHaveLength(3);
      expect(new Set(mails.map((mail) => mail.payload)).size).toBe(1);
      expect(mails[0]?.payload).toMatch(/^<[0-9a-f]{32}@example\.org> /);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1, sent: 0 });
    });

    it('ends with the first repeat that is accepted', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(UNCLEAR, ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      await cycle();
      clock.now = later(15 * MINUTE_MS);
      await cycle();
      clock.now = later(600 * MINUTE_MS);
      await cycle();
      expect(mails).toHaveLength(2);
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 0, sent: 1 });
    });
  });

  describe('when a rotation is recorded after the claim', () => {
    it('stops before the data: no mail for a version starts after its successor is recorded', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(ACCEPTED);
      const racing: Channel = {
        ...channel,
        send: (recipient, payload, onData) => {
          stores.register.addVersion('a', aVersion({ expiry: knownUntil(daysFromNow(365)) }), NOW);
          return channel.send(recipient, payload, onData);
        },
      };
      const { cycle, clock } = aRound(stores, racing);
      expect(await cycle()).toEqual({ sent: 0, failed: 1 });
      clock.now = later(MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      expect(mails).toEqual([]);
      expect(stores.outbox.counts()).toMatchObject({ pending: 0, dead: 0, ambiguous: 0 });
    });
  });

  describe('when one credential cannot be planned', () => {
    it('tells it, and plans the others', async () => {
      const stores = openWith(['poison', 'good']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, events } = aRound(stores, channel);
      const poisoned: Round = {
        ...round,
        outbox: {
          ...round.outbox,
          remindersOf: (credential, version) => {
            if (credential === 'poison') throw new TypeError('boom');
            return round.outbox.remindersOf(credential, version);
          },
        },
      };
      expect(planAll(poisoned)).toBe(1);
      expect(await deliverDue(round)).toEqual({ sent: 1, failed: 0 });
      expect(mails[0]?.payload).toContain('rotate good');
      expect(events).toEqual(['plan.failed', 'mail.sent']);
    });
  });

  describe('when one reminder cannot be rendered', () => {
    it('sends the others in the same round', async () => {
      const stores = openWith(['good', 'poison']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, events } = aRound(stores, channel);
      planAll(round);
      expect(await deliverDue(withPoison(round, 'poison'))).toEqual({ sent: 1, failed: 0 });
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('rotate good');
      expect(mails[0]?.payload).not.toContain('rotate poison');
      expect(events).toEqual(['mail.not-rendered', 'mail.sent']);
    });

    it('tries it again alone an hour later, and sends it when it can be rendered', async () => {
      const stores = openWith(['good', 'poison']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, cycle, clock } = aRound(stores, channel);
      planAll(round);
      await deliverDue(withPoison(round, 'poison'));
      clock.now = later(59 * MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 0, failed: 0 });
      clock.now = later(60 * MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      expect(mails[1]?.payload).toContain('rotate poison');
      expect(mails[1]?.payload).not.toContain('rotate good');
    });

    it('E21: is never lost silently: it shows why it waits, and is dead after five tries', async () => {
      const stores = openWith(['poison']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, clock } = aRound(stores, channel);
      planAll(round);
      for (let hour = 0; hour < 4; hour++) {
        clock.now = later(hour * 60 * MINUTE_MS);
        await deliverDue(withPoison(round, 'poison'));
        expect(stores.outbox.trouble()?.error).toBe('the mail about "poison" could not be rendered');
      }
      clock.now = later(4 * 60 * MINUTE_MS);
      await deliverDue(withPoison(round, 'poison'));
      expect(stores.outbox.counts()).toMatchObject({ pending: 0, dead: 1 });
      expect(mails).toEqual([]);
    });

    it('keeps it owed where it is all there is', async () => {
      const stores = openWith(['poison']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { round, cycle, clock } = aRound(stores, channel);
      planAll(round);
      expect(await deliverDue(withPoison(round, 'poison'))).toEqual({ sent: 0, failed: 1 });
      clock.now = later(60 * MINUTE_MS);
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      expect(mails).toHaveLength(1);
    });
  });

  describe('when the channel itself fails', () => {
    it('counts as not sent before the data, and lets the next message through', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      const failing: Channel = {
        ...channel,
        send: (recipient, payload, onData) => {
          if (recipient === 'ada@example.org') throw new TypeError('boom');
          return channel.send(recipient, payload, onData);
        },
      };
      expect(await aRound(stores, failing).cycle()).toEqual({ sent: 1, failed: 1 });
      expect(mails.map((mail) => mail.recipient)).toEqual(['grace@example.org']);
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, sent: 1, inFlight: 0 });
    });

    it('counts as unclear after it: the server may have the mail', async () => {
      const stores = openWith(['a']);
      const failing: Channel = {
        ...aChannel(ACCEPTED).channel,
        send: async (_recipient, _payload, onData) => {
          onData();
          throw new TypeError('boom');
        },
      };
      await aRound(stores, failing).cycle();
      expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1, pending: 0 });
    });

    it('counts as not sent where the mail cannot be made', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      const failing: Channel = {
        ...channel,
        render: async (draft) => {
          if (draft.recipient === 'ada@example.org') throw new TypeError('boom');
          return channel.render(draft);
        },
      };
      expect(await aRound(stores, failing).cycle()).toEqual({ sent: 1, failed: 1 });
      expect(mails).toHaveLength(1);
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, inFlight: 0 });
    });
  });

  describe('when the database cannot be written', () => {
    it('sends nothing, since nothing could be recorded', async () => {
      const stores = openWith(['a']);
      const { channel, mails } = aChannel(ACCEPTED);
      const outbox = {
        ...stores.outbox,
        keepPayload: () => {
          throw new AppError('storage', 'the disk is full');
        },
      };
      await expect(aRound(stores, channel, { outbox }).cycle()).rejects.toThrow('the disk is full');
      expect(mails).toEqual([]);
    });
  });

  describe('when there is no mail server, or the daemon stops', () => {
    it('keeps everything owed and visible', async () => {
      const stores = openWith(['a']);
      expect(await aRound(stores, undefined).cycle()).toEqual({ sent: 0, failed: 0 });
      expect(stores.outbox.counts()).toMatchObject({ pending: 1 });
    });

    it('begins no further message', async () => {
      const stores = openWith(['hers', 'his'], 10, ['ada', 'grace']);
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle } = aRound(stores, channel, { stopping: () => mails.length === 1 });
      expect(await cycle()).toEqual({ sent: 1, failed: 0 });
      expect(stores.outbox.counts()).toMatchObject({ pending: 1, sent: 1 });
    });
  });

  describe('when the service was down for 45 days', () => {
    it('G7: sends one mail that says what was missed', async () => {
      const stores = openStores();
      stores.register.addVersion(
        'crates-io',
        aVersion({ expiry: knownUntil(daysFromNow(65)) }),
        daysFromNow(-300),
      );
      const { channel, mails } = aChannel(ACCEPTED);
      const { cycle, clock } = aRound(stores, channel);
      await cycle();
      clock.now = daysFromNow(52);
      await cycle();
      expect(mails).toHaveLength(1);
      expect(mails[0]?.payload).toContain('the earlier reminders (60, 30 days before) that did not go out');
    });
  });

  describe('when the mail server was down for six days', () => {
    it('E17: sends one current mail, not one for each day', async () => {
      const stores = openWith(['a'], 8);
      const { channel, mails } = aChannel(NOT_SENT);
      const { cycle, clock } = aRound(stores, channel);
      for (let hour = 0; hour <= 6 * 24; hour++) {
        clock.now = later(hour * 60 * MINUTE_MS);
        await cycle();
      }
      const working = aChannel(ACCEPTED);
      clock.now = later(6 * 24 * 60 * MINUTE_MS + 130 * MINUTE_MS);
      await aRound(stores, working.channel, {}, clock).cycle();
      expect(mails.length).toBeGreaterThan(10);
      expect(working.mails).toHaveLength(1);
      expect(working.mails[0]?.payload).toContain('expires in 1 day');
    });
  });
});

/** The round in which this credential's part cannot be rendered. */
function withPoison(round: Round, name: string): Round {
  return {
    ...round,
    credentials: () =>
      round
        .credentials()
        .map((credential) =>
          credential.declaration.name === name ? { ...credential, current: undefined } : credential,
        ),
  };
}
