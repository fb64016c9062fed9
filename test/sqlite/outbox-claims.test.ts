import { describe, expect, it } from 'vitest';
import type { ClaimedMessage, NextState } from '../../src/remind/reminder.ts';
import { alarmedRecipients, cancelOutdated } from '../../src/sqlite/outbox.ts';
import { aDeclaration, aReminder, aVersion, later, MINUTE_MS, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const BYTES = new Uint8Array([0, 1, 2, 13, 10, 46, 13, 10, 255]);
const SENT: NextState = { state: 'sent', nextAttemptAt: NOW, code: 250, error: undefined };
const AMBIGUOUS: NextState = { state: 'ambiguous', nextAttemptAt: NOW, code: undefined, error: 'no answer' };
const PENDING: NextState = { state: 'pending', nextAttemptAt: NOW, code: undefined, error: 'no connection' };

/** Two reminders in one message, gathered. */
function openGathered(): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
  for (const name of ['crates-io', 'npm']) {
    stores.register.addVersion(name, aVersion(), NOW);
    stores.outbox.apply([{ kind: 'owe', key: aReminder({ credential: name }), dueAt: NOW }], NOW);
  }
  stores.outbox.gather(NOW);
  return stores;
}

function claim(stores: Stores, epoch = 'first-run', now = NOW): ClaimedMessage {
  const message = stores.outbox.claim(epoch, now);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

function theMessage(stores: Stores) {
  return rowsOf(stores.db, 'message')[0];
}

describe('a claim that was taken over', () => {
  /** The first run was stopped and its message recovered and claimed by the second. */
  function takenOver() {
    const stores = openGathered();
    const stale = claim(stores);
    stores.outbox.recover('second-run', NOW);
    const fresh = claim(stores, 'second-run');
    return { stores, stale, fresh };
  }

  it.each<[string, (stores: Stores, stale: ClaimedMessage) => unknown]>([
    ['keepPayload', ({ outbox }, stale) => outbox.keepPayload(stale, BYTES)],
    ['markData', ({ outbox }, stale) => outbox.markData(stale)],
    ['settle', ({ outbox }, stale) => outbox.settle(stale, SENT, NOW)],
    [
      'leaveOut',
      ({ outbox }, stale) => outbox.leaveOut(stale, stale.reminders[0]?.id ?? 0, later(MINUTE_MS)) ?? false,
    ],
  ])('I10: can change nothing (%s)', (_name, change) => {
    const { stores, stale } = takenOver();
    const before = [rowsOf(stores.db, 'message'), rowsOf(stores.db, 'reminder')];
    expect(change(stores, stale)).toBe(false);
    expect([rowsOf(stores.db, 'message'), rowsOf(stores.db, 'reminder')]).toEqual(before);
  });

  it('leaves the holder everything it needs', () => {
    const { stores, fresh } = takenOver();
    expect(stores.outbox.keepPayload(fresh, BYTES)).toBe(true);
    expect(stores.outbox.markData(fresh)).toBe(true);
    expect(stores.outbox.settle(fresh, SENT, NOW)).toBe(true);
  });

  it('can change nothing after the message is settled either', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.settle(message, SENT, NOW);
    expect(stores.outbox.markData(message)).toBe(false);
    expect(stores.outbox.settle(message, PENDING, NOW)).toBe(false);
    expect(stores.outbox.keepPayload(message, BYTES)).toBe(false);
    expect(theMessage(stores)).toMatchObject({ state: 'sent', sent_at: NOW.toISOString() });
  });
});

describe('Outbox.recover', () => {
  it('E9: takes back at once what had not begun', () => {
    const stores = openGathered();
    claim(stores);
    expect(stores.outbox.recover('second-run', NOW)).toBe(1);
    expect(theMessage(stores)).toMatchObject({ state: 'pending', stage: null });
    expect(claim(stores, 'second-run')).toMatchObject({ attempts: 2, repeats: 0 });
  });

  it('E10: takes for ambiguous what had begun, and repeats the very bytes under the same Message-ID', () => {
    const stores = openGathered();
    const first = claim(stores);
    stores.outbox.keepPayload(first, BYTES);
    stores.outbox.markData(first);
    expect(stores.outbox.recover('second-run', NOW)).toBe(1);
    expect(theMessage(stores)).toMatchObject({
      state: 'ambiguous',
      last_error: expect.stringContaining('stopped'),
    });
    expect(stores.outbox.claim('second-run', later(15 * MINUTE_MS - 1))).toBeUndefined();
    const repeat = claim(stores, 'second-run', later(15 * MINUTE_MS));
    expect(repeat).toMatchObject({ repeats: 1, messageId: first.messageId, id: first.id });
    expect(Buffer.from(repeat.payload ?? []).equals(BYTES)).toBe(true);
  });

  it('E11: leaves alone what was settled, and what this run holds itself', () => {
    const stores = openGathered();
    const message = claim(stores);
    expect(stores.outbox.recover('first-run', NOW)).toBe(0);
    stores.outbox.settle(message, SENT, NOW);
    expect(stores.outbox.recover('second-run', NOW)).toBe(0);
    expect(theMessage(stores)).toMatchObject({ state: 'sent' });
  });

  it('sends nothing more often, however often it is killed before the data', () => {
    const stores = openGathered();
    for (let run = 0; run < 50; run++) {
      claim(stores, `run-${run}`);
      stores.outbox.recover(`run-${run + 1}`, NOW);
    }
    expect(stores.outbox.counts()).toEqual({ pending: 1, inFlight: 0, sent: 0, ambiguous: 0, dead: 0 });
  });
});

describe('a lost answer', () => {
  it('is repeated as often as configured, then stays visible', () => {
    const stores = openGathered();
    const repeats: number[] = [];
    for (;;) {
      const message = stores.outbox.claim('first-run', NOW);
      if (!message) break;
      repeats.push(message.repeats);
      stores.outbox.keepPayload(message, BYTES);
      stores.outbox.markData(message);
      stores.outbox.settle(message, AMBIGUOUS, NOW);
    }
    expect(repeats).toEqual([0, 1, 2]);
    expect(stores.outbox.counts()).toMatchObject({ ambiguous: 1 });
  });

  it('keeps its bytes also where a repeat of it did not get through, and another reminder fell away', () => {
    const stores = openGathered();
    const first = claim(stores);
    stores.outbox.keepPayload(first, BYTES);
    stores.outbox.markData(first);
    stores.outbox.settle(first, AMBIGUOUS, NOW);
    stores.outbox.settle(claim(stores), PENDING, NOW);
    stores.register.addVersion('npm', aVersion(), NOW);
    expect(Buffer.from(claim(stores).payload ?? []).equals(BYTES)).toBe(true);
  });
});

describe('what was surely not delivered', () => {
  it('is rendered anew, so that it says what is so by then', () => {
    const stores = openGathered();
    const first = claim(stores);
    stores.outbox.keepPayload(first, BYTES);
    stores.outbox.settle(first, PENDING, NOW);
    expect(claim(stores)).toMatchObject({ payload: undefined, messageId: first.messageId });
  });
});

describe('Outbox.markData', () => {
  it('is durable before it returns', () => {
    const stores = openGathered();
    const message = claim(stores);
    expect(stores.outbox.markData(message)).toBe(true);
    expect(theMessage(stores)).toMatchObject({ state: 'in-flight', stage: 'data', owner_epoch: 'first-run' });
  });

  it('E22: refuses once a rotation is recorded of anything that the mail speaks of', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.register.addVersion('npm', aVersion(), NOW);
    expect(stores.outbox.markData(message)).toBe(false);
    stores.outbox.settle(message, PENDING, NOW);
    expect(claim(stores).reminders).toMatchObject([{ credential: 'crates-io' }]);
  });

  it('refuses once a reminder was left out, except for the message without it', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.leaveOut(message, message.reminders[0]?.id ?? 0, later(MINUTE_MS));
    expect(stores.outbox.markData(message)).toBe(false);
    expect(stores.outbox.markData({ ...message, reminders: message.reminders.slice(1) })).toBe(true);
  });
});

describe('Outbox.leaveOut', () => {
  it('owes it alone, later, and never in two messages at once', () => {
    const stores = openGathered();
    const message = claim(stores);
    const left = message.reminders[0];
    stores.outbox.leaveOut(message, left?.id ?? 0, later(MINUTE_MS));
    stores.outbox.settle(message, SENT, NOW);
    expect(stores.outbox.gather(later(MINUTE_MS - 1))).toBe(0);
    expect(stores.outbox.gather(later(MINUTE_MS))).toBe(1);
    const alone = claim(stores, 'first-run', later(MINUTE_MS));
    expect(alone.reminders.map(({ id }) => id)).toEqual([left?.id]);
    expect(alone.messageId).not.toBe(message.messageId);
  });

  it('gives a message that was left empty its place again', () => {
    const stores = openGathered();
    const message = claim(stores);
    for (const { id } of message.reminders) stores.outbox.leaveOut(message, id, later(MINUTE_MS));
    stores.outbox.settle(message, PENDING, NOW);
    expect(stores.outbox.claim('first-run', NOW)).toBeUndefined();
    expect(theMessage(stores)).toMatchObject({ state: 'cancelled' });
    expect(stores.outbox.gather(later(MINUTE_MS))).toBe(1);
    expect(claim(stores, 'first-run', later(MINUTE_MS)).reminders).toHaveLength(2);
    expect(rowsOf(stores.db, 'message')).toHaveLength(1);
  });

  it('does not bring back what a rotation has cancelled meanwhile', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.register.addVersion('crates-io', aVersion(), NOW);
    stores.outbox.leaveOut(message, message.reminders[0]?.id ?? 0, later(MINUTE_MS));
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ state: 'cancelled' }, { state: 'carried' }]);
  });
});

describe('cancelOutdated', () => {
  it('ends what is owed or waits, of earlier versions alone', () => {
    const stores = openGathered();
    stores.outbox.apply([{ kind: 'owe', key: aReminder({ leadDays: 7 }), dueAt: NOW }], NOW);
    stores.outbox.apply([{ kind: 'owe', key: aReminder({ version: 2 }), dueAt: NOW }], NOW);
    cancelOutdated(stores.db, 'crates-io', 2);
    expect(
      rowsOf(stores.db, 'reminder').map((row) => [row['credential'], row['version'], row['state']]),
    ).toEqual([
      ['crates-io', 1, 'cancelled'],
      ['npm', 1, 'carried'],
      ['crates-io', 1, 'cancelled'],
      ['crates-io', 2, 'owed'],
    ]);
  });

  it('does not take back what has begun to go out, nor what was sent', () => {
    const stores = openGathered();
    const message = claim(stores);
    stores.outbox.markData(message);
    cancelOutdated(stores.db, 'crates-io', 2);
    expect(stores.outbox.settle(message, SENT, NOW)).toBe(true);
    cancelOutdated(stores.db, 'crates-io', 2);
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ state: 'carried' }, { state: 'carried' }]);
  });
});

describe('alarmedRecipients', () => {
  it.each<[string, (stores: Stores, message: ClaimedMessage) => unknown, number]>([
    ['was sent', ({ outbox }, message) => outbox.settle(message, SENT, NOW), 1],
    ['may have arrived', ({ outbox }, message) => outbox.settle(message, AMBIGUOUS, NOW), 1],
    ['is going out', ({ outbox }, message) => outbox.markData(message), 1],
    ['has not begun', () => undefined, 0],
    ['did not get through', ({ outbox }, message) => outbox.settle(message, PENDING, NOW), 0],
  ])('counts whom a mail about it %s', (_name, then, count) => {
    const stores = openGathered();
    then(stores, claim(stores));
    expect(alarmedRecipients(stores.db, 'crates-io', 1)).toHaveLength(count);
    expect(alarmedRecipients(stores.db, 'crates-io', 2)).toEqual([]);
  });
});

describe('an undeliverable message', () => {
  it('is nobody’s concern any more once a rotation has answered all that it carried', () => {
    const stores = openGathered();
    const dead: NextState = { state: 'dead', nextAttemptAt: NOW, code: 550, error: 'refused' };
    stores.outbox.settle(claim(stores), dead, NOW);
    stores.register.addVersion('crates-io', aVersion({ version: 2 }), NOW);
    stores.outbox.claim('first-run', NOW);
    expect(stores.outbox.counts().dead).toBe(1);
    stores.register.addVersion('npm', aVersion({ version: 2 }), NOW);
    stores.outbox.claim('first-run', NOW);
    expect(stores.outbox.counts().dead).toBe(0);
  });
});
