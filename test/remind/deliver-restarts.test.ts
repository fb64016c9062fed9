import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliverDue, takeBack } from '../../src/remind/deliver.ts';
import type { Outbox } from '../../src/remind/reminder.ts';
import {
  aDeclaration,
  aVersion,
  daysFromNow,
  knownUntil,
  later,
  MINUTE_MS,
  NOW,
  SEED,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';
import type { Answer, BegunMail, Mail } from '../support/round.ts';
import {
  ACCEPTED,
  aRound,
  channelBy,
  GREYLISTED,
  NOT_SENT,
  REFUSED,
  UNCLEAR,
  UNREACHABLE,
} from '../support/round.ts';

class Killed extends Error {}

/** How a run ends: at its n-th step in the database, before or after that is durable. */
interface End {
  readonly step: number;
  readonly durable: boolean;
}

const STEPS = ['apply', 'gather', 'claim', 'markData', 'settle', 'recover', 'leaveOut', 'split'] as const;

/** The outbox of a process that is killed. */
function mortal(outbox: Outbox, { step, durable }: End): Outbox {
  let left = step;
  const dying = { ...outbox } as Record<string, unknown>;
  for (const name of STEPS) {
    const call = outbox[name] as (...given: unknown[]) => unknown;
    dying[name] = (...given: unknown[]) => {
      const last = left-- === 0;
      if (last && !durable) throw new Killed(name);
      const result = call(...given);
      if (last) throw new Killed(name);
      return result;
    };
  }
  return dying as unknown as Outbox;
}

const DAYS = [63, 45, 33, 30, 16, 15, 9, 8, 4, 3];

/** Credentials whose lead times come on many different days, in turn of two people. */
function openMany(): Stores {
  const stores = openStores(
    DAYS.map((days, index) => aDeclaration({ name: `c${days}`, owner: index % 2 ? 'grace' : 'ada' })),
  );
  stores.db.connection.pragma('synchronous = OFF');
  for (const days of DAYS) {
    stores.register.addVersion(
      `c${days}`,
      aVersion({ expiry: knownUntil(daysFromNow(days)) }),
      daysFromNow(-300),
    );
  }
  return stores;
}

const end = fc.record({ step: fc.nat(9), durable: fc.boolean() });

async function runUntilKilled(
  stores: Stores,
  channel: ReturnType<typeof channelBy>['channel'],
  now: Date,
  ends: End | undefined,
): Promise<void> {
  const outbox = ends ? mortal(stores.outbox, ends) : stores.outbox;
  const relay = aRound(stores, channel, { outbox, epoch: now.toISOString() }, { now });
  try {
    takeBack(relay.round);
    relay.plan();
    await deliverDue(relay.round);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

/** Each mail by its Message-ID: how often it went out, and in how many versions. */
function copiesOf(mails: readonly Mail[]) {
  return [...Map.groupBy(mails, ({ payload }) => payload.split(' ')[0] ?? '').values()].map((copies) => ({
    copies: copies.length,
    versions: new Set(copies.map(({ payload }) => payload)).size,
  }));
}

describe('a daemon that is killed and started again', () => {
  it('H6, I2, I14: a thousand times at any step: no mail is lost, doubled without a lost answer, or left in between', async () => {
    const stores = openMany();
    const { channel, mails } = channelBy(() => ACCEPTED);
    const ends = fc.sample(end, { seed: SEED, numRuns: 1000 });
    for (const [index, one] of ends.entries()) {
      await runUntilKilled(stores, channel, later(index * 97 * MINUTE_MS), one);
    }
    const over = later(1000 * 97 * MINUTE_MS);
    for (const minutes of [0, 15, 135, 24 * 60]) {
      await runUntilKilled(stores, channel, later(minutes * MINUTE_MS, over), undefined);
    }
    expect(stores.outbox.counts()).toMatchObject({ pending: 0, inFlight: 0, dead: 0, ambiguous: 0 });
    for (const { copies, versions } of copiesOf(mails)) expect([copies <= 3, versions]).toEqual([true, 1]);
    // A mail went out again only where the run ended between the beginning of its data and the record of its answer.
    const unanswered = stores.history.list().filter(({ type }) => type === 'mail.unanswered').length;
    expect(mails.length - copiesOf(mails).length).toBeLessThanOrEqual(unanswered);
    expect(unanswered).toBeGreaterThan(5);
    const open = rowsOf(stores.db, 'reminder').filter(
      ({ state }) => state !== 'covered' && state !== 'carried',
    );
    expect(
      open.filter((row) => String(row['due_at']) < later(-2 * 24 * 60 * MINUTE_MS, over).toISOString()),
    ).toEqual([]);
    expect(rowsOf(stores.db, 'message').length).toBeLessThan(2 * DAYS.length * 12);
  });
});

describe('whatever the server answers and wherever the process ends', () => {
  const answer = fc.constantFrom<Answer>(
    ACCEPTED,
    ACCEPTED,
    ACCEPTED,
    UNCLEAR,
    UNCLEAR,
    GREYLISTED,
    REFUSED,
    NOT_SENT,
    UNREACHABLE,
    new TypeError('boom'),
  );
  const step = fc.record({
    minutes: fc.nat({ max: 3000 }),
    ends: fc.option(end, { nil: undefined, freq: 2 }),
    answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
    rotates: fc.option(fc.constantFrom(...DAYS), { nil: undefined, freq: 8 }),
  });

  it('I1, I2, I5, I7: copies are the same and few, what ended stays ended, and the tightest is told or visible', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const stores = openMany();
        const mails: BegunMail[] = [];
        let now = NOW;
        let ended = new Map<unknown, unknown>();
        for (const { minutes, ends, answers, rotates } of steps) {
          now = later(minutes * MINUTE_MS, now);
          const relay = channelBy((_mail, earlier) => answers[earlier % answers.length] ?? ACCEPTED);
          if (rotates !== undefined) {
            stores.register.addVersion(
              `c${rotates}`,
              aVersion({ expiry: knownUntil(daysFromNow(400)) }),
              now,
            );
          }
          await runUntilKilled(stores, relay.channel, now, ends);
          mails.push(...relay.mails);
          const states = new Map(rowsOf(stores.db, 'message').map((row) => [row['id'], row['state']]));
          for (const [id, state] of ended) expect(states.get(id)).toBe(state);
          ended = new Map([...states].filter(([, state]) => state === 'sent' || state === 'dead'));
        }
        // Now all is well, for long enough.
        const healthy = channelBy(() => ACCEPTED);
        for (const hours of [0, 1, 3, 7, 25, 50, 75]) {
          await runUntilKilled(stores, healthy.channel, later(hours * 60 * MINUTE_MS, now), undefined);
        }
        const counts = stores.outbox.counts();
        expect([counts.pending, counts.inFlight]).toEqual([0, 0]);
        expectFaithfulCopies(mails);
        expectToldOrVisible(stores);
        expect(stores.db.connection.pragma('foreign_key_check')).toEqual([]);
      }),
      { seed: SEED, numRuns: 25 },
    );
  });
});

/** I2: from the first copy on that may have arrived, all are the same to the byte, and three of them may have arrived at most. */
function expectFaithfulCopies(mails: readonly BegunMail[]): void {
  for (const copies of Map.groupBy(mails, ({ payload }) => payload.split(' ')[0] ?? '').values()) {
    const arrived = ({ answer }: BegunMail) => answer !== 'refused';
    const first = copies.findIndex(arrived);
    if (first < 0) continue;
    expect(new Set(copies.slice(first).map(({ payload }) => payload)).size).toBe(1);
    expect(copies.filter(arrived).length).toBeLessThanOrEqual(3);
  }
}

/** I1: of each current version and each recipient's series the tightest reminder went out, or waits visibly for a person. */
function expectToldOrVisible(stores: Stores): void {
  const visible = new Set(stores.outbox.waiting().map(({ id }) => id));
  const sent = new Set(
    rowsOf(stores.db, 'message')
      .filter(({ state }) => state === 'sent')
      .map(({ id }) => id),
  );
  const series = Map.groupBy(
    rowsOf(stores.db, 'reminder').filter(
      ({ topic, state, credential, version }) =>
        topic === 'expiry' &&
        state !== 'cancelled' &&
        version === stores.register.find(String(credential))?.current?.version,
    ),
    (row) => `${row['credential']} ${row['recipient']}`,
  );
  for (const rows of series.values()) {
    const tightest = rows.toSorted((a, b) => Number(a['lead_days']) - Number(b['lead_days']))[0];
    const told = sent.has(tightest?.['message']) || visible.has(Number(tightest?.['message']));
    expect([told || tightest?.['state'] === 'owed', tightest]).toEqual([true, tightest]);
  }
}
