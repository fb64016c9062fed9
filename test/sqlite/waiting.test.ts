import { describe, expect, it } from 'vitest';
import type { ClaimedMessage, NextState, PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
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
import { openStores } from '../support/database.ts';

const RECIPIENTS = ['ada@example.org', 'grace@example.org', 'alan@example.org', 'mary@example.org'];
const RETRY: NextState = { state: 'pending', nextAttemptAt: later(6 * MINUTE_MS), code: 451, error: 'later' };
const DEAD: NextState = { state: 'dead', nextAttemptAt: undefined, code: 550, error: 'no such user' };
const HELD: NextState = { state: 'ambiguous', nextAttemptAt: undefined, code: undefined, error: 'no answer' };
const SENT: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };

function owe(stores: Stores, key: Partial<ReminderKey>, dueAt = NOW): void {
  const step: PlanStep = { kind: 'owe', key: aReminder(key), dueAt, urgent: false };
  stores.outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
}

/** One message each, the lead times in this order, most urgent last. */
function open(recipients = RECIPIENTS): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
  for (const name of ['crates-io', 'npm']) stores.register.addVersion(name, aVersion(), NOW);
  recipients.forEach((recipient, index) => {
    owe(stores, { recipient, leadDays: 10 - index });
  });
  stores.outbox.gather(NOW, () => daysFromNow(-1));
  return stores;
}

function take(stores: Stores): ClaimedMessage {
  const message = stores.outbox.claim('run', NOW, ['mail']);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

describe('Outbox.waiting', () => {
  it('shows what is not delivered and why, most urgent first', () => {
    const stores = open();
    for (const next of [SENT, DEAD, HELD]) stores.outbox.settle(take(stores), next, NOW);
    expect(stores.outbox.waiting()).toMatchObject([
      { recipient: 'alan@example.org', state: 'dead', lastError: 'no such user', nextAttemptAt: undefined },
      {
        recipient: 'grace@example.org',
        state: 'ambiguous',
        lastError: 'no answer',
        nextAttemptAt: undefined,
      },
      {
        recipient: 'ada@example.org',
        state: 'pending',
        lastError: undefined,
        nextAttemptAt: NOW,
        attempts: 0,
      },
    ]);
    expect(stores.outbox.waiting()[0]?.reminders).toEqual([
      aReminder({ recipient: 'alan@example.org', leadDays: 8 }),
    ]);
    expect(stores.outbox.counts()).toEqual({ pending: 1, inFlight: 0, sent: 1, ambiguous: 1, dead: 1 });
  });

  it('shows what is on its way', () => {
    const stores = open(['ada@example.org']);
    take(stores);
    expect(stores.outbox.waiting()).toMatchObject([
      { state: 'in-flight', attempts: 1, nextAttemptAt: undefined },
    ]);
    expect(stores.outbox.counts()).toEqual({ pending: 0, inFlight: 1, sent: 0, ambiguous: 0, dead: 0 });
  });

  it('shows nothing of what is retired', () => {
    const stores = open();
    for (const next of [DEAD, HELD, RETRY]) stores.outbox.settle(take(stores), next, NOW);
    stores.register.retire('crates-io', NOW);
    expect(stores.outbox.waiting()).toEqual([]);
    expect(stores.outbox.counts()).toEqual({ pending: 0, inFlight: 0, sent: 0, ambiguous: 0, dead: 0 });
  });
});

describe('Outbox.owed', () => {
  it('shows what is in no message yet, and what could not be rendered', () => {
    const stores = open(['ada@example.org']);
    owe(stores, { credential: 'npm' }, later(MINUTE_MS));
    expect(stores.outbox.owed()).toMatchObject([
      { credential: 'npm', dueAt: later(MINUTE_MS), state: 'owed' },
    ]);
    stores.db.connection.exec("UPDATE reminder SET state = 'dead' WHERE credential = 'npm'");
    expect(stores.outbox.owed()).toMatchObject([{ credential: 'npm', state: 'dead' }]);
    expect(stores.outbox.counts().dead).toBe(1);
  });
});

describe('Outbox.trouble', () => {
  it('gives the failure of what is tried next, and none where all is well or given up', () => {
    const stores = open(RECIPIENTS.slice(0, 3));
    expect(stores.outbox.trouble()).toBeUndefined();
    stores.outbox.settle(take(stores), DEAD, NOW);
    expect(stores.outbox.trouble()).toBeUndefined();
    stores.outbox.settle(take(stores), { ...RETRY, error: 'much later', nextAttemptAt: daysFromNow(1) }, NOW);
    stores.outbox.settle(take(stores), RETRY, NOW);
    expect(stores.outbox.trouble()).toEqual({ error: 'later', nextAttemptAt: later(6 * MINUTE_MS) });
  });
});

describe('Outbox.nextAttemptAt', () => {
  it('gives the earliest instant at which something of it goes out', () => {
    const stores = open([]);
    owe(stores, {}, later(MINUTE_MS));
    expect(stores.outbox.nextAttemptAt('crates-io')).toEqual(later(MINUTE_MS));
    expect(stores.outbox.nextAttemptAt('npm')).toBeUndefined();
    stores.outbox.gather(later(MINUTE_MS), () => NOW);
    const message = stores.outbox.claim('run', later(MINUTE_MS), ['mail']);
    if (message) stores.outbox.settle(message, RETRY, NOW);
    expect(stores.outbox.nextAttemptAt('crates-io')).toEqual(later(6 * MINUTE_MS));
  });

  it('gives none of what waits for a person', () => {
    const stores = open(['ada@example.org', 'grace@example.org']);
    for (const next of [DEAD, HELD]) stores.outbox.settle(take(stores), next, NOW);
    expect(stores.outbox.nextAttemptAt('crates-io')).toBeUndefined();
  });
});

describe('Outbox.circuits', () => {
  const circuit = { channel: 'mail', fault: 'unreachable', reason: 'refused', failures: 1 } as const;

  it('E1: keeps each channel’s until it is closed, and since when it has failed', () => {
    const { outbox } = open([]);
    expect(outbox.circuits()).toEqual([]);
    outbox.openCircuit({ ...circuit, since: NOW, nextTryAt: later(MINUTE_MS) });
    outbox.openCircuit({ ...circuit, channel: 'webhook', since: NOW, nextTryAt: later(MINUTE_MS) });
    const again = { fault: 'login', reason: '535', failures: 2, nextTryAt: later(2 * MINUTE_MS) } as const;
    outbox.openCircuit({ ...circuit, ...again, since: later(MINUTE_MS) });
    outbox.closeCircuit('webhook');
    expect(outbox.circuits()).toEqual([{ ...circuit, ...again, since: NOW }]);
  });
});
