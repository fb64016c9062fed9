import { describe, expect, it } from 'vitest';
import { planReminders } from '../../src/remind/plan.ts';
import type { PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
import { cancelOutdated } from '../../src/sqlite/outbox.ts';
import { aDeclaration, aPolicy, aReminder, aVersion, later, MINUTE_MS, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const EPOCH = 'this-run';
const ACCEPTED = { state: 'sent', nextAttemptAt: NOW, code: 250, error: undefined } as const;

const owe = (overrides: Partial<ReminderKey> = {}): PlanStep => ({
  kind: 'owe',
  key: aReminder(overrides),
  dueAt: NOW,
});

const cover = (leadDays: number, by: number): PlanStep => ({
  kind: 'cover',
  key: aReminder({ leadDays }),
  by: aReminder({ leadDays: by }),
  dueAt: NOW,
});

function openWith(...steps: readonly PlanStep[]): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
  for (const name of ['crates-io', 'npm']) stores.register.addVersion(name, aVersion(), NOW);
  stores.outbox.apply(steps, NOW);
  return stores;
}

function states(stores: Stores): Record<string, unknown> {
  return Object.fromEntries(
    rowsOf(stores.db, 'reminder').map((row) => [`${row['credential']} ${row['lead_days']}`, row['state']]),
  );
}

/** The messages that can be claimed now, by what they carry. */
function claimAll(stores: Stores, now = NOW): readonly (readonly string[])[] {
  const claimed: string[][] = [];
  for (;;) {
    const message = stores.outbox.claim(EPOCH, now);
    if (!message) return claimed;
    claimed.push(message.reminders.map(({ credential, leadDays }) => `${credential} ${leadDays}`));
  }
}

describe('Outbox.apply', () => {
  it('a reminder is owed once, however often it is planned', () => {
    const stores = openWith(owe(), owe());
    for (let round = 0; round < 20; round++) stores.outbox.apply([owe()], later(round * MINUTE_MS));
    expect(rowsOf(stores.db, 'reminder')).toHaveLength(1);
    expect(stores.outbox.gather(NOW)).toBe(1);
    expect(stores.outbox.gather(NOW)).toBe(0);
    expect(claimAll(stores)).toEqual([['crates-io 14']]);
  });

  it('owes the same again to another recipient, for another version, or about another topic', () => {
    const stores = openWith(
      owe(),
      owe({ recipient: 'grace@example.org' }),
      owe({ version: 2 }),
      owe({ topic: 'rotated' }),
      owe({ leadDays: 7 }),
      owe({ channel: 'other' }),
    );
    expect(rowsOf(stores.db, 'reminder')).toHaveLength(6);
  });

  it('does not owe anew what was sent, was covered, or was cancelled', () => {
    const stores = openWith(owe({ leadDays: 30 }), owe(), cover(30, 14), owe({ credential: 'npm' }));
    stores.outbox.gather(NOW);
    const message = stores.outbox.claim(EPOCH, NOW);
    if (message) stores.outbox.settle(message, ACCEPTED, NOW);
    cancelOutdated(stores.db, 'npm', 2);
    const before = states(stores);
    stores.outbox.apply([owe({ leadDays: 30 }), owe(), owe({ credential: 'npm' })], later(MINUTE_MS));
    expect(states(stores)).toEqual(before);
    expect(stores.outbox.gather(later(MINUTE_MS))).toBe(0);
  });

  it('lets a tighter one speak for a wider one that is still unsent', () => {
    const stores = openWith(owe({ leadDays: 30 }));
    stores.outbox.gather(NOW);
    stores.outbox.apply([owe(), cover(30, 14)], NOW);
    stores.outbox.gather(NOW);
    expect(states(stores)).toEqual({ 'crates-io 30': 'covered', 'crates-io 14': 'carried' });
    const message = stores.outbox.claim(EPOCH, NOW);
    expect(message?.reminders).toMatchObject([{ leadDays: 14, covers: [30] }]);
    expect(stores.outbox.claim(EPOCH, NOW)).toBeUndefined();
  });

  it('I5: a covered one points to the one that speaks for it, and to no other', () => {
    const others = [
      owe({ leadDays: 7 }),
      owe({ recipient: 'grace@example.org' }),
      owe({ credential: 'npm' }),
      owe({ topic: 'rotated' }),
      owe({ version: 2 }),
      owe({ channel: 'other' }),
    ];
    const stores = openWith(...others, owe(), cover(30, 14));
    const rows = rowsOf(stores.db, 'reminder');
    const covered = rows.find((row) => row['state'] === 'covered');
    const by = rows.find((row) => row['id'] === covered?.['covered_by']);
    expect(by).toMatchObject({
      credential: 'crates-io',
      version: 1,
      topic: 'expiry',
      lead_days: 14,
      channel: 'mail',
      recipient: 'ada@example.org',
    });
  });

  it('leaves the rest of a message that a tighter one took a reminder from', () => {
    const stores = openWith(owe({ leadDays: 30 }), owe({ credential: 'npm', leadDays: 30 }));
    stores.outbox.gather(NOW);
    stores.outbox.apply([owe(), cover(30, 14)], NOW);
    stores.outbox.gather(NOW);
    expect(claimAll(stores)).toEqual([['crates-io 14'], ['npm 30']]);
  });

  it('does not take back one that is going out, or has gone out meanwhile', () => {
    const stores = openWith(owe({ leadDays: 30 }));
    stores.outbox.gather(NOW);
    const message = stores.outbox.claim(EPOCH, NOW);
    stores.outbox.apply([owe(), cover(30, 14)], NOW);
    expect(states(stores)).toMatchObject({ 'crates-io 30': 'carried' });
    expect(message && stores.outbox.markData(message)).toBe(true);
    expect(message && stores.outbox.settle(message, ACCEPTED, NOW)).toBe(true);
    stores.outbox.apply([cover(30, 14)], NOW);
    expect(states(stores)).toMatchObject({ 'crates-io 30': 'carried' });
    expect(stores.outbox.counts()).toMatchObject({ sent: 1 });
  });

  it('keeps a row for each that was covered without ever having been owed', () => {
    const stores = openWith(owe(), cover(60, 14), cover(30, 14));
    expect(states(stores)).toEqual({
      'crates-io 14': 'owed',
      'crates-io 60': 'covered',
      'crates-io 30': 'covered',
    });
  });

  it('applies a plan as a whole or not at all', () => {
    const stores = openWith();
    expect(() => stores.outbox.apply([owe(), owe({ credential: 'unheard-of' })], NOW)).toThrow('FOREIGN KEY');
    expect(rowsOf(stores.db, 'reminder')).toEqual([]);
  });

  it('keeps what the planner plans, so that planning again owes nothing', () => {
    const stores = openWith();
    const [credential] = stores.register.list();
    if (!credential) throw new Error('there is no credential');
    const plan = () =>
      planReminders(credential, stores.outbox.remindersOf('crates-io', 1), aPolicy(), later(MINUTE_MS));
    expect(plan().length).toBeGreaterThan(1);
    stores.outbox.apply(plan(), NOW);
    expect(plan()).toEqual([]);
    stores.outbox.gather(later(MINUTE_MS));
    expect(plan()).toEqual([]);
  });
});

describe('Outbox.gather', () => {
  it('puts all that is due for one recipient into one message', () => {
    const stores = openWith(
      owe(),
      owe({ credential: 'npm' }),
      owe({ recipient: 'grace@example.org' }),
      owe({ credential: 'npm', channel: 'other' }),
    );
    expect(stores.outbox.gather(NOW)).toBe(3);
    expect(rowsOf(stores.db, 'message').map((row) => [row['channel'], row['recipient']])).toEqual([
      ['mail', 'ada@example.org'],
      ['mail', 'grace@example.org'],
      ['other', 'ada@example.org'],
    ]);
  });

  it('leaves alone what is not due yet', () => {
    const stores = openWith({ kind: 'owe', key: aReminder(), dueAt: later(1) });
    expect(stores.outbox.gather(NOW)).toBe(0);
    expect(stores.outbox.gather(later(1))).toBe(1);
  });

  it('compares instants, not texts: what is due at a full second is due a millisecond later', () => {
    const stores = openWith(owe());
    expect(stores.outbox.gather(later(1))).toBe(1);
    const other = openWith({ kind: 'owe', key: aReminder(), dueAt: later(500) });
    expect(other.outbox.gather(NOW)).toBe(0);
  });

  it('gives a message the same id and Message-ID wherever the same reminders are gathered', () => {
    const ids = [openWith(owe(), owe({ leadDays: 7 })), openWith(owe(), owe({ leadDays: 7 }))].map(
      (stores) => {
        stores.outbox.gather(later(Math.round(Math.PI * MINUTE_MS)));
        return rowsOf(stores.db, 'message').map((row) => [row['id'], row['message_id']]);
      },
    );
    expect(ids[0]).toEqual(ids[1]);
  });

  it('gives different reminders different ones, also where their names could run together', () => {
    const stores = openStores(['a', 'a1'].map((name) => aDeclaration({ name })));
    stores.outbox.apply([owe({ credential: 'a', version: 11 })], NOW);
    stores.outbox.gather(NOW);
    stores.outbox.apply([owe({ credential: 'a1', version: 1 })], NOW);
    stores.outbox.gather(NOW);
    expect(new Set(rowsOf(stores.db, 'message').map((row) => row['message_id'])).size).toBe(2);
  });

  it('puts no name, address or date into the Message-ID', () => {
    const stores = openWith(owe());
    stores.outbox.gather(NOW);
    expect(rowsOf(stores.db, 'message')[0]?.['message_id']).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
  });
});

describe('Outbox.claim', () => {
  it('takes the most urgent first, then the one that has waited longest', () => {
    const recipients = ['a@example.org', 'b@example.org', 'c@example.org'];
    const leads = [14, -3, 14];
    const stores = openWith();
    recipients.forEach((recipient, index) => {
      const dueAt = later(index === 2 ? -MINUTE_MS : 0);
      const key = aReminder({ recipient, leadDays: leads[index] ?? 0 });
      stores.outbox.apply([{ kind: 'owe', key, dueAt }], NOW);
    });
    stores.outbox.gather(NOW);
    const order = recipients.map(() => stores.outbox.claim(EPOCH, NOW)?.recipient);
    expect(order).toEqual(['b@example.org', 'c@example.org', 'a@example.org']);
  });

  it('gives each message to one claimant', () => {
    const stores = openWith(owe());
    stores.outbox.gather(NOW);
    const second = openStores([aDeclaration()], stores.db);
    expect(stores.outbox.claim(EPOCH, NOW)?.attempts).toBe(1);
    expect(second.outbox.claim('another-run', NOW)).toBeUndefined();
  });

  it('waits for the next attempt', () => {
    const stores = openWith(owe());
    stores.outbox.gather(NOW);
    const message = stores.outbox.claim(EPOCH, NOW);
    const retry = { state: 'pending', nextAttemptAt: later(MINUTE_MS), code: 451, error: 'later' } as const;
    expect(message && stores.outbox.settle(message, retry, NOW)).toBe(true);
    expect(rowsOf(stores.db, 'message')).toMatchObject([
      { state: 'pending', last_code: 451, last_error: 'later' },
    ]);
    expect(stores.outbox.claim(EPOCH, later(MINUTE_MS - 1))).toBeUndefined();
    expect(stores.outbox.claim(EPOCH, later(MINUTE_MS))).toMatchObject({ attempts: 2, repeats: 0, claim: 2 });
  });

  it('I9: does not wait for ever where the clock was wrong when it was put off', () => {
    const stores = openWith(owe());
    stores.outbox.gather(NOW);
    const message = stores.outbox.claim(EPOCH, NOW);
    const future = new Date('2076-01-01T00:00:00Z');
    const retry = { state: 'pending', nextAttemptAt: future, code: undefined, error: 'x' } as const;
    expect(message && stores.outbox.settle(message, retry, NOW)).toBe(true);
    expect(stores.outbox.claim(EPOCH, later(MINUTE_MS))).toBeDefined();
  });

  it('counts what the server refused for good apart from what never reached it', () => {
    const stores = openWith(owe());
    stores.outbox.gather(NOW);
    const codes = [undefined, 451, 550, 554];
    const seen = codes.map((code) => {
      const message = stores.outbox.claim(EPOCH, NOW);
      if (!message) throw new Error('there is no message');
      stores.outbox.settle(message, { state: 'pending', nextAttemptAt: NOW, code, error: 'x' }, NOW);
      return message.refusals;
    });
    expect(seen).toEqual([0, 0, 0, 1]);
    expect(stores.outbox.claim(EPOCH, NOW)?.refusals).toBe(2);
  });

  describe('when what it would say is pointless by now', () => {
    it.each([
      ['retired', "UPDATE credential SET retired_at = '2026-11-23T09:30:00.000Z'"],
      ['acknowledged', "UPDATE credential SET acknowledged_until = '2026-11-24T00:00:00.000Z'"],
    ])('E23: sends nothing of a credential that is %s', (_name, sql) => {
      const stores = openWith(owe());
      stores.outbox.gather(NOW);
      stores.db.connection.exec(sql);
      expect(stores.outbox.claim(EPOCH, NOW)).toBeUndefined();
      expect(states(stores)).toEqual({ 'crates-io 14': 'cancelled' });
      expect(rowsOf(stores.db, 'message')).toMatchObject([{ state: 'cancelled' }]);
    });

    it('sends the notice of a renewal also where the credential is acknowledged', () => {
      const stores = openWith(owe({ topic: 'rotated', leadDays: 0 }));
      stores.outbox.gather(NOW);
      stores.db.connection.exec("UPDATE credential SET acknowledged_until = '2027-11-24T00:00:00.000Z'");
      expect(stores.outbox.claim(EPOCH, NOW)).toBeDefined();
    });

    it('I6: sends nothing of a version that has a successor, and the rest of the message', () => {
      const stores = openWith(owe(), owe({ credential: 'npm' }));
      stores.outbox.gather(NOW);
      stores.register.addVersion('crates-io', aVersion(), NOW);
      expect(claimAll(stores)).toEqual([['npm 14']]);
    });
  });
});

describe('Outbox.nextAttemptAt', () => {
  it('gives the earliest instant at which something of it goes out', () => {
    const stores = openWith({ kind: 'owe', key: aReminder(), dueAt: later(MINUTE_MS) });
    expect(stores.outbox.nextAttemptAt('crates-io')).toEqual(later(MINUTE_MS));
    expect(stores.outbox.nextAttemptAt('npm')).toBeUndefined();
    stores.outbox.gather(later(MINUTE_MS));
    const message = stores.outbox.claim(EPOCH, later(MINUTE_MS));
    const retry = { state: 'pending', nextAttemptAt: later(6 * MINUTE_MS), code: 451, error: 'x' } as const;
    if (message) stores.outbox.settle(message, retry, NOW);
    expect(stores.outbox.nextAttemptAt('crates-io')).toEqual(later(6 * MINUTE_MS));
  });
});
