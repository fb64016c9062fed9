import { describe, expect, it } from 'vitest';
import type { ClaimedMessage, NextState, PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
import { alarmedRecipients } from '../../src/sqlite/outbox.ts';
import {
  aDeclaration,
  aReminder,
  aVersion,
  daysFromNow,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, openTestDatabase, rowsOf } from '../support/database.ts';

const BYTES = new Uint8Array([0, 1, 2, 13, 10, 46, 13, 10, 255]);
const SENT: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };
const AMBIGUOUS: NextState = { state: 'ambiguous', nextAttemptAt: NOW, code: undefined, error: 'no answer' };
const PENDING: NextState = {
  state: 'pending',
  nextAttemptAt: later(1),
  code: undefined,
  error: 'no connection',
};
const DEAD: NextState = {
  state: 'dead',
  nextAttemptAt: undefined,
  code: 550,
  error: 'refused',
  refused: true,
};
const dayBegan = () => daysFromNow(-1);
const SOON = later(1);

function owe(stores: Stores, ...keys: readonly Partial<ReminderKey>[]): void {
  const steps = keys.map(
    (key): PlanStep => ({ kind: 'owe', key: aReminder(key), dueAt: NOW, urgent: false }),
  );
  stores.outbox.apply([{ credential: 'crates-io', steps, nextPlanAt: undefined }]);
}

/** Two reminders in one message, gathered. */
function openGathered(db = openTestDatabase()): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })], db);
  for (const name of ['crates-io', 'npm']) stores.register.addVersion(name, aVersion(), NOW);
  owe(stores, {}, { credential: 'npm' });
  stores.outbox.gather(NOW, dayBegan);
  return stores;
}

function claim(stores: Stores, now = SOON, epoch = 'first-run'): ClaimedMessage {
  const message = stores.outbox.claim(epoch, now, ['mail']);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

/** Claimed, and its data begun. */
function begin(stores: Stores, now = SOON): ClaimedMessage {
  const message = claim(stores, now);
  if (!stores.outbox.markData(message, message.payload ?? BYTES, NOW)) throw new Error('it is stale');
  return message;
}

function theMessage(stores: Stores) {
  return rowsOf(stores.db, 'message')[0];
}

function everything({ db }: Stores): unknown {
  return ['message', 'reminder', 'recipient', 'event'].map((table) => rowsOf(db, table));
}

const isBytes = (payload: Uint8Array | undefined) => Buffer.from(payload ?? []).equals(BYTES);

describe('a claim that was taken over', () => {
  /** The first run was stopped, and its message recovered and claimed by the second. */
  function takenOver() {
    const stores = openGathered();
    const stale = claim(stores);
    stores.outbox.recover(NOW);
    const fresh = claim(stores, SOON, 'second-run');
    return { stores, stale, fresh };
  }

  it.each<[string, (stores: Stores, stale: ClaimedMessage) => unknown]>([
    ['markData', ({ outbox }, stale) => outbox.markData(stale, BYTES, NOW)],
    ['settle as sent', ({ outbox }, stale) => outbox.settle(stale, SENT, NOW)],
    ['settle as dead', ({ outbox }, stale) => outbox.settle(stale, DEAD, NOW)],
    ['split', ({ outbox }, stale) => outbox.split(stale, NOW)],
    [
      'leaveOut',
      ({ outbox }, stale) =>
        outbox.leaveOut(stale, stale.reminders[0] ?? aReminder(), later(MINUTE_MS)) ?? false,
    ],
  ])('I10: can change nothing (%s)', (_name, change) => {
    const { stores, stale } = takenOver();
    const before = everything(stores);
    expect(change(stores, stale)).toBe(false);
    expect(everything(stores)).toEqual(before);
  });

  it('leaves the holder everything it needs', () => {
    const { stores, fresh } = takenOver();
    expect(stores.outbox.markData(fresh, BYTES, NOW)).toBe(true);
    expect(stores.outbox.settle(fresh, SENT, NOW)).toBe(true);
  });

  it.each<[string, NextState]>([
    ['sent', SENT],
    ['dead', DEAD],
  ])('I7, I10: can change nothing after the message is %s either', (state, next) => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.settle(message, next, NOW);
    const before = everything(stores);
    expect(stores.outbox.markData(message, BYTES, NOW)).toBe(false);
    for (const other of [SENT, PENDING, AMBIGUOUS, DEAD])
      expect(stores.outbox.settle(message, other, NOW)).toBe(false);
    stores.outbox.leaveOut(message, aReminder(), SOON);
    expect(stores.outbox.split(message, NOW)).toBe(false);
    expect(stores.outbox.recover(NOW)).toBe(0);
    expect(everything(stores)).toEqual(before);
    expect(theMessage(stores)).toMatchObject({ state });
  });

  it('F3: knows more than a recovery that found its message open', () => {
    const stores = openGathered();
    const message = begin(stores);
    stores.outbox.recover(NOW);
    expect(theMessage(stores)).toMatchObject({ state: 'ambiguous' });
    expect(stores.outbox.settle(message, SENT, NOW)).toBe(true);
    expect(theMessage(stores)).toMatchObject({ state: 'sent', payload: null, next_attempt_at: null });
  });
});

describe('Outbox.recover', () => {
  it('E9: takes back at once what had not begun', () => {
    const stores = openGathered();
    claim(stores);
    expect(stores.outbox.recover(NOW)).toBe(1);
    expect(theMessage(stores)).toMatchObject({ state: 'pending', stage: null, owner_epoch: null });
    expect(claim(stores, NOW, 'second-run')).toMatchObject({ attempts: 2, repeats: 0, payload: undefined });
  });

  it('E10: takes for ambiguous what had begun, and repeats the very bytes', () => {
    const stores = openGathered();
    const first = begin(stores);
    expect(stores.outbox.recover(NOW)).toBe(1);
    expect(theMessage(stores)).toMatchObject({
      state: 'ambiguous',
      last_error: expect.stringContaining('stopped'),
    });
    expect(stores.history.list().at(-1)).toMatchObject({
      type: 'mail.unanswered',
      subject: 'ada@example.org',
    });
    expect(stores.outbox.claim('second-run', later(15 * MINUTE_MS - 1), ['mail'])).toBeUndefined();
    const repeat = claim(stores, later(15 * MINUTE_MS), 'second-run');
    expect(repeat).toMatchObject({ repeats: 1, id: first.id, reminders: first.reminders });
    expect(isBytes(repeat.payload)).toBe(true);
  });

  it('E6, E10: leaves to a person what was stopped in its last repeat', () => {
    const stores = openGathered();
    for (const minutes of [0, 15, 30]) {
      begin(stores, later(minutes * MINUTE_MS + 1));
      stores.outbox.recover(later(minutes * MINUTE_MS));
    }
    expect(theMessage(stores)).toMatchObject({ state: 'ambiguous', repeats: 2, next_attempt_at: null });
  });

  it('E10: a repeat that had not begun again may still have been delivered at first', () => {
    const stores = openGathered();
    begin(stores);
    stores.outbox.recover(NOW);
    claim(stores, later(15 * MINUTE_MS));
    stores.outbox.recover(later(15 * MINUTE_MS));
    const repeat = claim(stores, later(15 * MINUTE_MS));
    expect(repeat).toMatchObject({ repeats: 1 });
    expect(isBytes(repeat.payload)).toBe(true);
  });

  it('E11: leaves alone what was settled', () => {
    const stores = openGathered();
    stores.outbox.settle(begin(stores), SENT, NOW);
    expect(stores.outbox.recover(NOW)).toBe(0);
    expect(theMessage(stores)).toMatchObject({ state: 'sent' });
  });

  it('H6: leaves nothing behind, however often it is killed before the data', () => {
    const stores = openGathered();
    // A thousand restarts are enough work without a thousand disks.
    stores.db.connection.pragma('synchronous = OFF');
    for (let run = 0; run < 1000; run++) {
      claim(stores);
      stores.outbox.recover(NOW);
    }
    expect(stores.outbox.counts()).toEqual({ pending: 1, inFlight: 0, sent: 0, ambiguous: 0, dead: 0 });
    expect(rowsOf(stores.db, 'message')).toHaveLength(1);
  });
});

describe('a lost answer', () => {
  it('keeps its bytes also where a repeat of it did not get through, and another reminder fell away', () => {
    const stores = openGathered();
    stores.outbox.settle(begin(stores), AMBIGUOUS, NOW);
    stores.outbox.settle(claim(stores), PENDING, NOW);
    stores.register.addVersion('npm', aVersion(), NOW);
    const repeat = claim(stores);
    expect(isBytes(repeat.payload)).toBe(true);
    expect(repeat.reminders).toHaveLength(1);
    expect(stores.outbox.markData(repeat, BYTES, NOW)).toBe(true);
  });

  it('keeps its bytes also where it is given up and a person has it sent again', () => {
    const stores = openGathered();
    stores.outbox.settle(begin(stores), AMBIGUOUS, NOW);
    const repeat = claim(stores);
    stores.outbox.settle(repeat, DEAD, NOW);
    expect(stores.outbox.retry(repeat.id, SOON)).toBe(true);
    expect(isBytes(claim(stores).payload)).toBe(true);
  });
});

describe('what was surely not delivered', () => {
  it('is rendered anew, so that it says what is so by then', () => {
    const stores = openGathered();
    stores.outbox.settle(begin(stores), PENDING, NOW);
    expect(theMessage(stores)).toMatchObject({ payload: null });
    expect(claim(stores)).toMatchObject({ payload: undefined });
  });

  it('E1: is as if it had not been tried where it is due again at once', () => {
    const stores = openGathered();
    for (let tries = 0; tries < 5; tries++) {
      const message = claim(stores, NOW);
      expect(message.attempts).toBe(1);
      stores.outbox.settle(message, { ...PENDING, nextAttemptAt: NOW }, NOW);
    }
  });
});

describe('Outbox.markData', () => {
  it('E10: is durable before it returns, with the bytes', () => {
    const stores = openGathered();
    const message = claim(stores);
    expect(stores.outbox.markData(message, BYTES, NOW)).toBe(true);
    expect(theMessage(stores)).toMatchObject({ state: 'in-flight', stage: 'data', owner_epoch: 'first-run' });
    expect(isBytes(theMessage(stores)?.['payload'] as Uint8Array)).toBe(true);
  });

  it('I2: begins once', () => {
    const stores = openGathered();
    expect(stores.outbox.markData(begin(stores), BYTES, NOW)).toBe(false);
  });

  it.each<[string, (stores: Stores) => unknown]>([
    ['a rotation', ({ register }) => register.addVersion('npm', aVersion(), NOW)],
    ['a retirement', ({ register }) => register.retire('npm', NOW)],
    ['an acknowledgement', ({ register }) => register.acknowledge('npm', daysFromNow(2), NOW)],
  ])('E22, E23, I6: refuses once %s is recorded of anything that the mail speaks of', (_name, record) => {
    const stores = openGathered();
    const message = claim(stores);
    record(stores);
    expect(stores.outbox.markData(message, BYTES, NOW)).toBe(false);
    stores.outbox.settle(message, PENDING, NOW);
    expect(claim(stores).reminders).toMatchObject([{ credential: 'crates-io' }]);
  });

  it('goes by what is recorded, also where nobody took the reminder out of the message', () => {
    const until = daysFromNow(2).toISOString();
    for (const column of [`acknowledged_until = '${until}'`, `retired_at = '${NOW.toISOString()}'`]) {
      const stores = openGathered();
      const message = claim(stores);
      stores.db.connection.exec(`UPDATE credential SET ${column} WHERE name = 'npm'`);
      expect(stores.outbox.markData(message, BYTES, NOW)).toBe(false);
    }
  });

  it('goes on once the time of an acknowledgement is over', () => {
    const stores = openGathered();
    stores.register.acknowledge('npm', daysFromNow(2), NOW);
    const message = claim(stores, daysFromNow(2));
    stores.db.connection.exec(
      `UPDATE credential SET acknowledged_until = '${daysFromNow(2).toISOString()}' WHERE name = 'crates-io'`,
    );
    expect(stores.outbox.markData(message, BYTES, daysFromNow(2))).toBe(true);
  });

  it('refuses once a reminder was left out, except for the message without it', () => {
    const stores = openGathered();
    const message = claim(stores);
    const [first, ...others] = message.reminders;
    if (first) stores.outbox.leaveOut(message, first, later(MINUTE_MS));
    expect(stores.outbox.markData(message, BYTES, NOW)).toBe(false);
    expect(stores.outbox.markData({ ...message, reminders: others }, BYTES, NOW)).toBe(true);
  });
});

describe('Outbox.leaveOut', () => {
  it('E21: owes it alone, later, and never in two messages at once', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.leaveOut(message, aReminder({ credential: 'npm' }), later(MINUTE_MS));
    stores.outbox.settle(message, SENT, NOW);
    expect(stores.outbox.gather(later(MINUTE_MS - 1), dayBegan)).toBe(0);
    expect(stores.outbox.gather(later(MINUTE_MS), dayBegan)).toBe(1);
    expect(claim(stores, later(MINUTE_MS)).reminders).toMatchObject([{ credential: 'npm' }]);
  });

  it('ends a message that it leaves empty', () => {
    const stores = openGathered();
    const message = claim(stores);
    for (const reminder of message.reminders) stores.outbox.leaveOut(message, reminder, later(MINUTE_MS));
    expect(theMessage(stores)).toMatchObject({ state: 'cancelled', next_attempt_at: null });
    expect(stores.outbox.settle(message, PENDING, NOW)).toBe(false);
    expect(stores.outbox.gather(later(MINUTE_MS), dayBegan)).toBe(2);
    expect(claim(stores, later(MINUTE_MS)).reminders).toHaveLength(2);
  });

  it('does not bring back what a rotation has cancelled meanwhile', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.register.addVersion('crates-io', aVersion(), NOW);
    stores.outbox.leaveOut(message, aReminder(), later(MINUTE_MS));
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([
      { state: 'cancelled', tries: 0 },
      { state: 'carried', tries: 0 },
    ]);
  });

  it('E21: gives up after the fifth time', () => {
    const stores = openGathered();
    const states: unknown[] = [];
    for (let hour = 0; hour < 5; hour++) {
      const now = later(hour * 60 * MINUTE_MS);
      stores.outbox.gather(now, dayBegan);
      stores.outbox.leaveOut(claim(stores, now), aReminder(), later(60 * MINUTE_MS, now));
      states.push(rowsOf(stores.db, 'reminder')[0]?.['state']);
      stores.outbox.recover(now);
    }
    expect(states).toEqual(['owed', 'owed', 'owed', 'owed', 'dead']);
  });
});

describe('Outbox.split', () => {
  it('E25: makes two of one, most urgent first, both due now', () => {
    const stores = openGathered();
    owe(stores, { topic: 'revoked', leadDays: 3 }, { topic: 'rotated', leadDays: 7 });
    stores.outbox.gather(NOW, dayBegan);
    expect(stores.outbox.split(claim(stores, NOW), later(MINUTE_MS))).toBe(true);
    const parts = [claim(stores, later(MINUTE_MS)), claim(stores, later(MINUTE_MS))];
    expect(parts.map(({ reminders }) => reminders.map(({ leadDays }) => leadDays))).toEqual([
      [3, 7],
      [14, 14],
    ]);
    expect(rowsOf(stores.db, 'message')).toMatchObject([
      { split: 1, digest: 1, urgency: -9500 },
      { split: 1, digest: 1, urgency: 14 },
    ]);
  });

  it('E25: does not split a single reminder', () => {
    const stores = openGathered();
    stores.register.retire('npm', NOW);
    const message = claim(stores);
    expect(stores.outbox.split(message, NOW)).toBe(false);
    expect(theMessage(stores)).toMatchObject({ state: 'in-flight' });
  });
});

describe('Outbox.retry', () => {
  it('I7: brings back what was given up, for a person who asks, and says so in the history', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.settle(message, DEAD, NOW);
    expect(stores.outbox.retry(message.id, SOON)).toBe(true);
    expect(stores.history.list().at(-1)).toMatchObject({ type: 'mail.retried', subject: String(message.id) });
    expect(claim(stores, SOON)).toMatchObject({ attempts: 1, refusals: 0, payload: undefined });
  });

  it('brings a try that waits forward', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.settle(message, { ...PENDING, nextAttemptAt: daysFromNow(1) }, NOW);
    expect(stores.outbox.retry(message.id, NOW)).toBe(true);
    expect(claim(stores, NOW).id).toBe(message.id);
  });

  it.each<[string, (stores: Stores, message: ClaimedMessage) => unknown]>([
    ['was sent', ({ outbox }, message) => outbox.settle(message, SENT, NOW)],
    ['is going out', ({ outbox }, message) => outbox.markData(message, BYTES, NOW)],
    [
      'is nobody’s concern any more',
      ({ outbox, register }, message) => {
        outbox.settle(message, DEAD, NOW);
        for (const name of ['crates-io', 'npm']) register.retire(name, NOW);
      },
    ],
  ])('I7: leaves alone what %s', (_name, change) => {
    const stores = openGathered();
    const message = claim(stores);
    change(stores, message);
    const before = everything(stores);
    expect(stores.outbox.retry(message.id, NOW)).toBe(false);
    expect(stores.outbox.retry(4711, NOW)).toBe(false);
    expect(everything(stores)).toEqual(before);
  });
});

describe('alarmedRecipients', () => {
  it.each<[string, (stores: Stores, message: ClaimedMessage) => unknown, number]>([
    ['was sent', ({ outbox }, message) => outbox.settle(message, SENT, NOW), 1],
    ['may have arrived', ({ outbox }, message) => outbox.settle(message, AMBIGUOUS, NOW), 1],
    ['is going out', ({ outbox }, message) => outbox.markData(message, BYTES, NOW), 1],
    [
      'may have arrived before a repeat failed',
      (stores, message) => {
        stores.outbox.settle(message, AMBIGUOUS, NOW);
        stores.outbox.settle(claim(stores), PENDING, NOW);
      },
      1,
    ],
    ['has not begun', () => undefined, 0],
    ['did not get through', ({ outbox }, message) => outbox.settle(message, PENDING, NOW), 0],
    ['was given up', ({ outbox }, message) => outbox.settle(message, DEAD, NOW), 0],
  ])('counts whom a mail about it %s', (_name, then, count) => {
    const stores = openGathered();
    then(stores, claim(stores));
    expect(alarmedRecipients(stores.db, 'crates-io', 1)).toEqual(
      Array.from({ length: count }, () => ({ channel: 'mail', recipient: 'ada@example.org' })),
    );
    expect(alarmedRecipients(stores.db, 'crates-io', 2)).toEqual([]);
  });
});

describe('an undeliverable message', () => {
  it('is nobody’s concern any more once a rotation has answered all that it carried', () => {
    const stores = openGathered();
    stores.outbox.settle(claim(stores), DEAD, NOW);
    stores.register.addVersion('crates-io', aVersion({ version: 2 }), NOW);
    expect(stores.outbox.counts().dead).toBe(1);
    stores.register.addVersion('npm', aVersion({ version: 2 }), NOW);
    expect(stores.outbox.counts().dead).toBe(0);
    expect(stores.outbox.waiting()).toEqual([]);
    expect(theMessage(stores)).toMatchObject({ state: 'dead' });
  });

  it('is nobody’s concern any more once a tighter reminder has got through', () => {
    const stores = openGathered();
    stores.outbox.settle(claim(stores), DEAD, NOW);
    owe(stores, { leadDays: 7 }, { leadDays: 7, credential: 'npm' });
    stores.outbox.gather(NOW, dayBegan);
    expect(stores.outbox.counts().dead).toBe(1);
    stores.outbox.settle(claim(stores), SENT, NOW);
    expect(stores.outbox.counts().dead).toBe(0);
  });

  it('has its credentials planned again, so that somebody else is told', () => {
    const stores = openGathered();
    const plans = ['crates-io', 'npm'].map((credential) => ({
      credential,
      steps: [],
      nextPlanAt: undefined,
    }));
    stores.outbox.toPlan(NOW, 10);
    stores.outbox.apply(plans);
    stores.outbox.settle(claim(stores), DEAD, NOW);
    expect([...stores.outbox.toPlan(NOW, 10)].sort()).toEqual(['crates-io', 'npm']);
  });
});
