import { describe, expect, it } from 'vitest';
import { planCredential } from '../../src/remind/plan.ts';
import type { ClaimedMessage, NextState, PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
import { letGo } from '../../src/sqlite/reminders.ts';
import {
  aDeclaration,
  aPolicy,
  aReminder,
  aVersion,
  daysFromNow,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';
import { beginUnconfirmed } from '../support/open-ends.ts';

const EPOCH = 'this-run';
const MAIL = ['mail'];
const GRACE = 'grace@example.org';
const ACCEPTED: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };
const dayBegan = () => daysFromNow(-1);

const owe = (overrides: Partial<ReminderKey> = {}, dueAt = NOW, urgent = false): PlanStep => ({
  kind: 'owe',
  key: aReminder(overrides),
  dueAt,
  urgent,
});

const cover = (leadDays: number, by: number, overrides: Partial<ReminderKey> = {}): PlanStep => ({
  kind: 'cover',
  key: aReminder({ ...overrides, leadDays }),
  by,
  dueAt: NOW,
});

const drop = (overrides: Partial<ReminderKey> = {}): PlanStep => ({
  kind: 'drop',
  key: aReminder(overrides),
});

function apply(stores: Stores, ...steps: readonly PlanStep[]): void {
  stores.outbox.apply([{ credential: 'crates-io', steps, nextPlanAt: undefined }]);
}

function openWith(...steps: readonly PlanStep[]): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
  for (const name of ['crates-io', 'npm']) stores.register.addVersion(name, aVersion(), NOW);
  apply(stores, ...steps);
  return stores;
}

function gather(stores: Stores, now = NOW): number {
  return stores.outbox.gather(now, dayBegan);
}

function claim(stores: Stores, now = NOW, channels = MAIL): ClaimedMessage | undefined {
  return stores.outbox.claim(EPOCH, now, channels);
}

/** Claims what must be there. */
function take(stores: Stores, now = NOW): ClaimedMessage {
  const message = claim(stores, now);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

/** Credential and lead time of each, with its state; of other recipients with theirs. */
function states(stores: Stores): Record<string, unknown> {
  return Object.fromEntries(
    rowsOf(stores.db, 'reminder').map((row) => [`${row['credential']} ${row['lead_days']}`, row['state']]),
  );
}

function carriedBy(message: ClaimedMessage | undefined): readonly string[] {
  return message?.reminders.map(({ credential, leadDays }) => `${credential} ${leadDays}`) ?? [];
}

/** The messages that can be claimed now, by what they carry. */
function claimAll(stores: Stores, now = NOW): readonly (readonly string[])[] {
  const claimed: (readonly string[])[] = [];
  for (let message = claim(stores, now); message; message = claim(stores, now))
    claimed.push(carriedBy(message));
  return claimed;
}

describe('Outbox.apply', () => {
  it('I3, I4: a reminder is owed once, however often it is planned', () => {
    const stores = openWith(owe(), owe());
    for (let round = 0; round < 20; round++) apply(stores, owe({}, later(round * MINUTE_MS)));
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ due_at: NOW.toISOString() }]);
    expect(gather(stores)).toBe(1);
    expect(gather(stores)).toBe(0);
    expect(claimAll(stores)).toEqual([['crates-io 14']]);
  });

  it('I3: owes the same again to another recipient, for another version, or about another topic', () => {
    const stores = openWith(
      owe(),
      owe({ recipient: GRACE }),
      owe({ version: 2 }),
      owe({ topic: 'rotated' }),
      owe({ leadDays: 7 }),
      owe({ channel: 'webhook' }),
      owe({ credential: '*', topic: 'configuration' }),
    );
    expect(rowsOf(stores.db, 'reminder')).toHaveLength(7);
    expect(rowsOf(stores.db, 'recipient')).toHaveLength(3);
  });

  it('does not owe anew what was sent or covered', () => {
    const stores = openWith(owe({ leadDays: 30 }), owe(), cover(30, 14));
    gather(stores);
    stores.outbox.settle(take(stores), ACCEPTED, NOW);
    const before = states(stores);
    apply(stores, owe({ leadDays: 30 }), owe());
    expect(states(stores)).toEqual(before);
    expect(gather(stores, later(MINUTE_MS))).toBe(0);
  });

  it('owes anew what no longer concerned them and now does', () => {
    const stores = openWith(owe());
    gather(stores);
    apply(stores, drop());
    expect(states(stores)).toEqual({ 'crates-io 14': 'cancelled' });
    expect(claim(stores)).toBeUndefined();
    apply(stores, owe({}, later(MINUTE_MS), true));
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([
      { state: 'owed', message: null, urgent: 1, due_at: later(MINUTE_MS).toISOString() },
    ]);
  });

  it('does not take back one that is going out or has gone out, although it concerns them no more', () => {
    const stores = openWith(owe());
    gather(stores);
    const message = take(stores);
    apply(stores, drop());
    expect(stores.outbox.markData(message, new Uint8Array([1]), NOW)).toBe(true);
    stores.outbox.settle(message, ACCEPTED, NOW);
    apply(stores, drop());
    expect(states(stores)).toEqual({ 'crates-io 14': 'carried' });
  });

  it('lets a tighter one speak for a wider one that is still unsent', () => {
    const stores = openWith(owe({ leadDays: 30 }));
    gather(stores);
    apply(stores, owe(), cover(30, 14));
    gather(stores);
    expect(states(stores)).toEqual({ 'crates-io 30': 'covered', 'crates-io 14': 'carried' });
    expect(take(stores).reminders).toMatchObject([{ leadDays: 14, covers: [30] }]);
    expect(claim(stores)).toBeUndefined();
  });

  it('I5: a covered one names the one that speaks for it, and the mail names all that it speaks for', () => {
    const others = [
      owe({ recipient: GRACE }),
      cover(30, 14, { recipient: GRACE, version: 2 }),
      cover(21, 14, { topic: 'standing' }),
    ];
    const stores = openWith(...others, owe({ leadDays: 60 }), owe({ leadDays: 30 }), cover(60, 30));
    apply(stores, owe(), cover(30, 14));
    gather(stores);
    const mine = [take(stores), take(stores)].find(({ recipient }) => recipient === 'ada@example.org');
    expect(mine?.reminders).toMatchObject([{ leadDays: 14, covers: [30, 60] }]);
  });

  it('leaves the rest of a message that a tighter one took a reminder from', () => {
    const stores = openWith(owe({ leadDays: 30 }), owe({ credential: 'npm', leadDays: 30 }));
    gather(stores);
    apply(stores, cover(30, 14));
    expect(claimAll(stores)).toEqual([['npm 30']]);
  });

  it('does not take back one that is going out, or has gone out meanwhile', () => {
    const stores = openWith(owe({ leadDays: 30 }));
    gather(stores);
    const message = take(stores);
    apply(stores, cover(30, 14));
    expect(states(stores)).toMatchObject({ 'crates-io 30': 'carried' });
    stores.outbox.settle(message, ACCEPTED, NOW);
    apply(stores, cover(30, 14));
    expect(states(stores)).toMatchObject({ 'crates-io 30': 'carried' });
    expect(stores.outbox.counts()).toMatchObject({ sent: 1 });
  });

  it('I5: one that was going out and did not get through is covered all the same by the tighter one', () => {
    const stores = openWith(owe({ leadDays: 30 }), owe({ credential: 'npm', leadDays: 30 }));
    gather(stores);
    const message = take(stores);
    apply(stores, owe(), cover(30, 14));
    gather(stores);
    stores.outbox.settle(
      message,
      { ...ACCEPTED, state: 'pending', nextAttemptAt: later(1), error: 'x' },
      NOW,
    );
    expect(claimAll(stores, later(1))).toEqual([['crates-io 14'], ['npm 30']]);
    expect(states(stores)).toEqual({
      'crates-io 30': 'covered',
      'crates-io 14': 'carried',
      'npm 30': 'carried',
    });
  });

  it('of the lines a month the later one speaks for the earlier', () => {
    const key = { topic: 'standing', version: 1 } as const;
    const stores = openWith(owe({ ...key, leadDays: 24323 }));
    gather(stores);
    const message = take(stores);
    apply(stores, owe({ ...key, leadDays: 24324 }));
    gather(stores);
    stores.outbox.settle(
      message,
      { ...ACCEPTED, state: 'pending', nextAttemptAt: later(1), error: 'x' },
      NOW,
    );
    expect(claimAll(stores, later(1))).toEqual([['crates-io 24324']]);
  });

  it('keeps a row for each that was covered without ever having been owed', () => {
    const stores = openWith(owe(), cover(60, 14), cover(30, 14));
    expect(states(stores)).toEqual({
      'crates-io 14': 'owed',
      'crates-io 60': 'covered',
      'crates-io 30': 'covered',
    });
  });

  it('applies plans as a whole or not at all', () => {
    const stores = openWith();
    const key = { ...aReminder(), leadDays: 'soon' as never };
    const bad: PlanStep = { kind: 'owe', key, dueAt: NOW, urgent: false };
    expect(() => apply(stores, owe(), bad)).toThrow('INTEGER column');
    expect(rowsOf(stores.db, 'reminder')).toEqual([]);
    expect(rowsOf(stores.db, 'recipient')).toEqual([]);
  });

  it('I4: keeps what the planner plans, so that planning again owes nothing', () => {
    const stores = openWith();
    const credential = stores.register.find('crates-io');
    if (!credential) throw new Error('there is no credential');
    const plan = () =>
      planCredential(credential, stores.outbox.remindersOf('crates-io', 1), aPolicy(), later(MINUTE_MS))
        .steps;
    expect(plan().length).toBeGreaterThan(0);
    apply(stores, ...plan());
    expect(plan()).toEqual([]);
    gather(stores, later(MINUTE_MS));
    expect(plan()).toEqual([]);
  });
});

describe('Outbox.toPlan', () => {
  it('gives what has changed, then what is due, and nothing else', () => {
    const stores = openWith();
    const planned = (credential: string, nextPlanAt: Date | undefined) => ({
      credential,
      steps: [],
      nextPlanAt,
    });
    expect([...stores.outbox.toPlan(NOW, 10)].sort()).toEqual(['crates-io', 'npm']);
    expect(stores.outbox.toPlan(NOW, 1)).toHaveLength(1);
    stores.outbox.apply([planned('crates-io', later(MINUTE_MS)), planned('npm', undefined)]);
    expect(stores.outbox.toPlan(later(MINUTE_MS - 1), 10)).toEqual([]);
    expect(stores.outbox.toPlan(later(MINUTE_MS), 10)).toEqual(['crates-io']);
    stores.outbox.replanAll();
    expect([...stores.outbox.toPlan(NOW, 10)].sort()).toEqual(['crates-io', 'npm']);
  });

  it.each<[string, (stores: Stores) => unknown]>([
    ['a version', ({ register }) => register.addVersion('npm', aVersion(), NOW)],
    ['an acknowledgement', ({ register }) => register.acknowledge('npm', later(MINUTE_MS), NOW)],
    ['a retirement', ({ register }) => register.retire('npm', NOW)],
    [
      'another declaration',
      ({ register }) =>
        register.apply(
          [
            {
              kind: 'change',
              declaration: aDeclaration({ name: 'npm', owner: 'grace' }),
              changed: ['owner'],
            },
          ],
          NOW,
        ),
    ],
    ['its absence from the file', ({ register }) => register.apply([{ kind: 'vanish', name: 'npm' }], NOW)],
  ])(
    'gives a credential after %s, also one that was recorded while it was being planned',
    (_name, change) => {
      const stores = openWith();
      const planned = ['crates-io', 'npm'].map((credential) => ({
        credential,
        steps: [],
        nextPlanAt: undefined,
      }));
      stores.outbox.toPlan(NOW, 10);
      change(stores);
      stores.outbox.apply(planned);
      expect(stores.outbox.toPlan(NOW, 10)).toEqual(['npm']);
      stores.outbox.apply(planned);
      expect(stores.outbox.toPlan(NOW, 10)).toEqual([]);
    },
  );
});

describe('Outbox.claim', () => {
  it('E18: takes the most urgent first, then the one that has waited longest', () => {
    const stores = openWith(
      owe({ recipient: 'a@example.org', leadDays: 14 }),
      owe({ recipient: 'b@example.org', leadDays: -3 }),
      owe({ recipient: 'c@example.org', leadDays: 14 }, later(-1)),
      owe({ recipient: 'd@example.org', topic: 'rotated', leadDays: 0 }),
      owe({ recipient: 'e@example.org', topic: 'standing', leadDays: 24323 }),
      owe({ recipient: 'f@example.org', topic: 'leaked', leadDays: 0 }),
      owe({ recipient: 'g@example.org', credential: '*', topic: 'configuration', leadDays: 0 }, later(1)),
    );
    gather(stores, later(1));
    const order = Array.from({ length: 7 }, () => claim(stores, later(1))?.recipient[0]);
    expect(order.join('')).toBe('fgbcade');
  });

  it('F14: gives each message to one claimant', () => {
    const stores = openWith(owe());
    gather(stores);
    const second = openStores([aDeclaration()], stores.db);
    expect(claim(stores)?.attempts).toBe(1);
    expect(second.outbox.claim('another-run', NOW, MAIL)).toBeUndefined();
  });

  it('takes what goes by one of these channels alone', () => {
    const stores = openWith(owe(), owe({ channel: 'webhook', recipient: 'chat' }));
    gather(stores);
    expect(claim(stores, NOW, [])).toBeUndefined();
    expect(claim(stores, NOW, ['webhook'])).toMatchObject({ channel: 'webhook', recipient: 'chat' });
    expect(claim(stores, NOW, ['webhook'])).toBeUndefined();
    expect(claim(stores, NOW, ['webhook', 'mail'])).toMatchObject({ channel: 'mail' });
  });

  it('waits for the next attempt', () => {
    const stores = openWith(owe());
    gather(stores);
    const retry: NextState = { state: 'pending', nextAttemptAt: later(MINUTE_MS), code: 451, error: 'later' };
    expect(stores.outbox.settle(take(stores), retry, NOW)).toBe(true);
    expect(rowsOf(stores.db, 'message')).toMatchObject([
      { state: 'pending', last_code: 451, last_error: 'later' },
    ]);
    expect(claim(stores, later(MINUTE_MS - 1))).toBeUndefined();
    expect(claim(stores, later(MINUTE_MS))).toMatchObject({ attempts: 2, repeats: 0, claim: 2 });
  });

  it('G2, I9: does not wait for ever where the clock was wrong when it was put off', () => {
    const stores = openWith(owe(), owe({ credential: 'npm' }));
    gather(stores);
    const message = take(stores);
    const future = new Date('2076-01-01T00:00:00Z');
    const [first] = message.reminders;
    if (first) stores.outbox.leaveOut(message, first, future);
    stores.outbox.settle(
      message,
      { state: 'pending', nextAttemptAt: future, code: undefined, error: 'x' },
      NOW,
    );
    expect(gather(stores, later(MINUTE_MS))).toBe(1);
    expect(claimAll(stores, later(MINUTE_MS))).toEqual([['crates-io 14', 'npm 14']]);
  });

  it('counts what the server refused for good apart from what never reached it', () => {
    const stores = openWith(owe());
    gather(stores);
    const seen = [false, false, true, true].map((refused) => {
      const message = take(stores);
      const next: NextState = { state: 'pending', nextAttemptAt: NOW, code: 550, error: 'x', refused };
      stores.outbox.settle(message, next, later(-1));
      return [message.attempts, message.refusals];
    });
    expect(seen).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
    ]);
    expect(take(stores)).toMatchObject({ attempts: 5, refusals: 2 });
  });

  it('I7: takes nothing that has ended, whatever else its row says', () => {
    const stores = openWith(owe());
    gather(stores);
    for (const state of ['sent', 'dead', 'cancelled', 'in-flight']) {
      stores.db.connection.exec(
        `UPDATE message SET state = '${state}', next_attempt_at = '${NOW.toISOString()}'`,
      );
      expect(claim(stores)).toBeUndefined();
    }
    expect(states(stores)).toEqual({ 'crates-io 14': 'carried' });
  });

  it('tells when the first of what it carries fell due', () => {
    const stores = openWith(owe({}, later(-MINUTE_MS)), owe({ credential: 'npm' }, later(-2 * MINUTE_MS)));
    gather(stores);
    expect(take(stores).firstDueAt).toEqual(later(-2 * MINUTE_MS));
  });

  describe('when what it would say is pointless by now', () => {
    it('E23: sends nothing of what is retired', () => {
      const stores = openWith(owe());
      gather(stores);
      stores.db.connection.exec(`UPDATE credential SET retired_at = '${NOW.toISOString()}'`);
      expect(claim(stores)).toBeUndefined();
      expect(states(stores)).toEqual({ 'crates-io 14': 'cancelled' });
      expect(rowsOf(stores.db, 'message')).toMatchObject([{ state: 'cancelled', next_attempt_at: null }]);
    });

    it('sends nothing of what is acknowledged before its time is over', () => {
      const stores = openWith(owe());
      gather(stores);
      const until = later(60 * MINUTE_MS);
      stores.db.connection.exec(`UPDATE credential SET acknowledged_until = '${until.toISOString()}'`);
      expect(claim(stores)).toBeUndefined();
      expect(rowsOf(stores.db, 'reminder')).toMatchObject([
        { state: 'owed', message: null, due_at: until.toISOString() },
      ]);
      expect(gather(stores, later(-1, until))).toBe(0);
      expect(gather(stores, until)).toBe(1);
      expect(claimAll(stores, until)).toEqual([['crates-io 14']]);
    });

    it('sends alarms and the notice of a renewal also where the credential is acknowledged', () => {
      const topics = ['rotated', 'leaked', 'revoked', 'unconfirmed'] as const;
      const stores = openWith(...topics.map((topic) => owe({ topic, leadDays: 0 })));
      beginUnconfirmed(stores, 'crates-io', NOW);
      gather(stores);
      stores.db.connection.exec("UPDATE credential SET acknowledged_until = '2027-11-24T00:00:00.000Z'");
      expect(claim(stores)?.reminders).toHaveLength(4);
    });

    it('I6: sends nothing of a version that has a successor, and the rest of the message', () => {
      const stores = openWith(owe(), owe({ credential: 'npm' }));
      gather(stores);
      stores.register.addVersion('crates-io', aVersion(), NOW);
      expect(claimAll(stores)).toEqual([['npm 14']]);
    });

    it('sends nothing of a credential that nobody knows', () => {
      const stores = openWith(
        owe({ credential: 'unheard-of' }),
        owe({ credential: '*', topic: 'configuration' }),
      );
      gather(stores);
      expect(claimAll(stores)).toEqual([['* 14']]);
    });
  });
});

describe('letGo', () => {
  it('ends what is owed or waits, of earlier versions alone', () => {
    const stores = openWith(owe(), owe({ credential: 'npm' }));
    gather(stores);
    apply(stores, owe({ leadDays: 7 }), owe({ version: 2 }));
    stores.db.connection.exec(
      `INSERT INTO version (credential, version, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at)
       SELECT credential, 2, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at FROM version
       WHERE credential = 'crates-io'`,
    );
    letGo(stores.db, 'crates-io', NOW);
    const rows = rowsOf(stores.db, 'reminder');
    expect(rows.map((row) => [row['credential'], row['version'], row['lead_days'], row['state']])).toEqual([
      ['crates-io', 1, 7, 'cancelled'],
      ['crates-io', 1, 14, 'cancelled'],
      ['crates-io', 2, 14, 'owed'],
      ['npm', 1, 14, 'carried'],
    ]);
  });

  it('E22: does not take back what has begun to go out, nor what was sent', () => {
    const stores = openWith(owe(), owe({ credential: 'npm' }));
    gather(stores);
    const message = take(stores);
    stores.outbox.markData(message, new Uint8Array([1]), NOW);
    stores.register.addVersion('crates-io', aVersion(), NOW);
    expect(stores.outbox.settle(message, ACCEPTED, NOW)).toBe(true);
    stores.register.addVersion('npm', aVersion(), NOW);
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ state: 'carried' }, { state: 'carried' }]);
  });

  it('an acknowledgement puts off what waits, and what may have been delivered needs no repeat', () => {
    const stores = openWith(owe({ leadDays: 7 }), owe({ recipient: GRACE }));
    gather(stores);
    const first = take(stores);
    stores.outbox.markData(first, new Uint8Array([1]), NOW);
    stores.outbox.settle(
      first,
      { ...ACCEPTED, state: 'ambiguous', nextAttemptAt: later(MINUTE_MS), error: 'x' },
      NOW,
    );
    stores.register.acknowledge('crates-io', daysFromNow(2), NOW);
    expect(rowsOf(stores.db, 'reminder').map((row) => row['state'])).toEqual(['covered', 'owed']);
    expect(claimAll(stores, later(MINUTE_MS))).toEqual([]);
    expect(stores.outbox.counts()).toMatchObject({ ambiguous: 0, pending: 0 });
    gather(stores, daysFromNow(2));
    expect(take(stores, daysFromNow(2)).recipient).toBe(GRACE);
  });

  it('E23: a retirement ends everything that has not begun to go out', () => {
    const stores = openWith(owe({ leadDays: 7 }), owe(), owe({ recipient: GRACE }));
    stores.outbox.gather(NOW, dayBegan);
    take(stores);
    stores.register.retire('crates-io', NOW);
    expect(new Set(Object.values(states(stores)))).toEqual(new Set(['cancelled']));
    expect(stores.outbox.recover(NOW)).toBe(0);
    expect(stores.outbox.counts()).toEqual({ pending: 0, inFlight: 0, sent: 0, ambiguous: 0, dead: 0 });
  });
});
