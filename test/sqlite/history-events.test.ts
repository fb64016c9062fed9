import { describe, expect, it } from 'vitest';
import type { ReminderKey } from '../../src/remind/reminder.ts';
import { checkChain, entriesAbout } from '../../src/sqlite/history.ts';
import { aReminder, aVersion, DESTINATION, knownUntil, later, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { INSTALL_ID, openStores, rowsOf } from '../support/database.ts';

const SENT = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined } as const;
const DEAD = { state: 'dead', nextAttemptAt: undefined, code: 550, error: '550 no such user' } as const;
const PENDING = { state: 'pending', nextAttemptAt: later(60_000), code: 450, error: '450 later' } as const;

function owe(stores: Stores, ...keys: readonly Partial<ReminderKey>[]): void {
  const steps = keys.map((key) => ({ kind: 'owe' as const, key: aReminder(key), dueAt: NOW, urgent: true }));
  stores.outbox.apply([{ credential: 'crates-io', steps, nextPlanAt: undefined }]);
  stores.outbox.gather(NOW, () => NOW);
}

function claim(stores: Stores) {
  const message = stores.outbox.claim('run', NOW, ['mail']);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

const said = (stores: Stores) =>
  stores.history
    .list()
    .filter(({ type }) => /^(mail|rotation|credential.rotated)/.test(type))
    .map(({ type, subject, result, detail }) => ({ type, subject, result, detail: JSON.parse(detail) }));

function opened(): Stores {
  const stores = openStores();
  stores.register.addVersion('crates-io', aVersion(), NOW);
  return stores;
}

describe('what the history tells of mail', () => {
  it('a delivered one, to whom, with which answer, and about which credentials', () => {
    const stores = opened();
    owe(stores, { leadDays: 14 }, { credential: '*', version: 7, topic: 'configuration', leadDays: 0 });
    stores.outbox.settle(claim(stores), SENT, NOW);
    const [entry] = said(stores);
    expect(entry).toMatchObject({
      type: 'mail.sent',
      subject: 'ada@example.org',
      result: 'accepted with 250',
      detail: { channel: 'mail', message: 1 },
    });
    expect([...(entry?.detail.reminders ?? [])].sort()).toEqual([
      '* 7 configuration 0',
      'crates-io 1 expiry 14',
    ]);
    expect(entriesAbout(stores.db, 'crates-io').at(-1)?.type).toBe('mail.sent');
  });

  it('nothing of a try that comes to nothing', () => {
    const stores = opened();
    owe(stores, { leadDays: 14 });
    stores.outbox.settle(claim(stores), PENDING, NOW);
    expect(said(stores)).toEqual([]);
  });

  it('nothing of an answer that came under an outdated claim', () => {
    const stores = opened();
    owe(stores, { leadDays: 14 });
    const message = claim(stores);
    expect(stores.outbox.settle({ ...message, claim: message.claim - 1 }, SENT, NOW)).toBe(false);
    expect(said(stores)).toEqual([]);
  });

  it('one that was given up, one that was cut off, and that a person has it sent again', () => {
    const stores = opened();
    owe(stores, { leadDays: 14 });
    const message = claim(stores);
    stores.outbox.settle(message, DEAD, NOW);
    stores.outbox.retry(message.id, NOW);
    const again = claim(stores);
    stores.outbox.markData(again, new Uint8Array([1]), NOW);
    stores.outbox.recover(NOW);
    const reminders = ['crates-io 1 expiry 14'];
    expect(said(stores)).toMatchObject([
      {
        type: 'mail.given-up',
        subject: 'ada@example.org',
        result: '550 no such user',
        detail: { reminders },
      },
      { type: 'mail.retried', subject: '1', detail: { reminders } },
      { type: 'mail.unanswered', subject: 'ada@example.org', detail: { message: 1, reminders } },
    ]);
  });

  it('of a very large one several entries, each of a size that can be read, with everything in them', () => {
    const stores = opened();
    const many = Array.from({ length: 1_200 }, (_, index) => ({
      credential: '*',
      version: index,
      topic: 'configuration' as const,
    }));
    owe(stores, ...many);
    stores.outbox.settle(claim(stores), SENT, NOW);
    const parts = said(stores).map(({ detail }) => detail.reminders.length);
    expect(parts).toEqual([500, 500, 200]);
    expect(checkChain(stores.db, INSTALL_ID).broken).toBeUndefined();
  });
});

describe('the last notice to somebody who is told no more', () => {
  it('is nobody’s concern where the address takes no mail any more, save in the history', () => {
    const stores = opened();
    owe(stores, { credential: '*', version: 5, topic: 'recipients', leadDays: 0 });
    stores.outbox.settle(claim(stores), DEAD, NOW);
    expect(stores.outbox.counts()).toMatchObject({ dead: 0 });
    expect(stores.outbox.waiting()).toEqual([]);
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ topic: 'recipients', state: 'cancelled' }]);
    expect(said(stores)).toMatchObject([{ type: 'mail.given-up', result: '550 no such user' }]);
  });
});

describe('what the history tells of a rotation', () => {
  const CHOSEN = {
    expiry: knownUntil('2027-11-23'),
    lifetimeDays: 365,
    createdAt: NOW,
    checked: 'live',
  } as const;

  it('each step, in the order of what it does', () => {
    const stores = opened();
    const { rotations } = stores;
    rotations.open({ id: 'r1', credential: 'crates-io', openedAt: NOW, pid: 42, host: 'here' });
    rotations.move('r1', 'submitted', NOW);
    rotations.move('r1', 'opened', NOW, 'a submission was refused');
    rotations.move('r1', 'submitted', NOW);
    rotations.move('r1', 'checked', NOW);
    const intent = {
      destination: DESTINATION,
      keyId: 'k',
      baselineUpdatedAt: undefined,
      intendedAt: NOW,
      localAt: NOW,
    };
    rotations.intend('r1', intent, CHOSEN);
    rotations.settleDestination('r1', DESTINATION, { state: 'stored', at: NOW });
    rotations.settleDestination('r1', DESTINATION, { state: 'verified', at: NOW, remoteUpdatedAt: NOW });
    rotations.move('r1', 'stored', NOW);
    rotations.move('r1', 'verified', NOW);
    rotations.record('r1', CHOSEN, NOW);
    expect(said(stores)).toMatchObject([
      { type: 'rotation.opened', result: 'r1' },
      { type: 'rotation.submitted', result: 'r1' },
      { type: 'rotation.refused', result: 'r1', detail: { reason: 'a submission was refused' } },
      { type: 'rotation.submitted', result: 'r1' },
      { type: 'rotation.checked', result: 'r1' },
      { type: 'rotation.intended', detail: { ...DESTINATION, checked: 'live' } },
      { type: 'rotation.stored', detail: DESTINATION },
      { type: 'rotation.verified', detail: DESTINATION },
      { type: 'credential.rotated', result: 'version 2', detail: { rotation: 'r1', checked: 'live' } },
    ]);
  });

  it('why a place has failed', () => {
    const stores = opened();
    const { rotations } = stores;
    rotations.open({ id: 'r1', credential: 'crates-io', openedAt: NOW, pid: 42, host: 'here' });
    for (const state of ['submitted', 'checked'] as const) rotations.move('r1', state, NOW);
    const intent = {
      destination: DESTINATION,
      keyId: 'k',
      baselineUpdatedAt: undefined,
      intendedAt: NOW,
      localAt: NOW,
    };
    rotations.intend('r1', intent, CHOSEN);
    rotations.settleDestination('r1', DESTINATION, { state: 'failed', at: NOW, detail: 'GitHub said no' });
    expect(said(stores).at(-1)).toMatchObject({
      type: 'rotation.failed',
      detail: { ...DESTINATION, reason: 'GitHub said no' },
    });
  });
});
