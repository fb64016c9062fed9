import { describe, expect, it } from 'vitest';
import { planCredential } from '../../src/remind/plan.ts';
import type { ReminderKey } from '../../src/remind/reminder.ts';
import type { RotationState } from '../../src/rotate/rotation.ts';
import { MOVES } from '../../src/rotate/rotation.ts';
import { openRotationLog } from '../../src/sqlite/rotations.ts';
import {
  aDeclaration,
  aPolicy,
  aReminder,
  aVersion,
  DESTINATION,
  daysFromNow,
  knownUntil,
  later,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const STATES = Object.keys(MOVES) as RotationState[];
const BASELINE = daysFromNow(-300);
const CHOSEN = {
  expiry: knownUntil('2027-11-23'),
  lifetimeDays: 365,
  createdAt: NOW,
  checked: 'live',
} as const;
const INTENT = {
  destination: DESTINATION,
  keyId: 'key-1',
  baselineUpdatedAt: BASELINE,
  intendedAt: later(1000),
  localAt: NOW,
};

function openRotation(stores: Stores = openStores(), id = 'r1'): Stores {
  stores.rotations.open({ id, credential: 'crates-io', openedAt: NOW, pid: 42, host: 'here' });
  return stores;
}

/** A rotation as it is right before it is recorded. */
function verified(stores: Stores = openStores()): Stores {
  openRotation(stores);
  for (const state of ['submitted', 'checked'] as const) stores.rotations.move('r1', state, NOW);
  stores.rotations.intend('r1', INTENT, CHOSEN);
  const change = { at: NOW, remoteUpdatedAt: later(2000) };
  stores.rotations.settleDestination('r1', DESTINATION, { ...change, state: 'stored', requestId: 'A:1' });
  stores.rotations.move('r1', 'stored', NOW);
  stores.rotations.settleDestination('r1', DESTINATION, { ...change, state: 'verified' });
  stores.rotations.move('r1', 'verified', NOW);
  return stores;
}

function owe({ outbox }: Stores, key: ReminderKey): void {
  const step = { kind: 'owe', key, dueAt: NOW, urgent: false } as const;
  outbox.apply([{ credential: 'crates-io', steps: [step], nextPlanAt: undefined }]);
}

const gather = ({ outbox }: Stores) => outbox.gather(NOW, () => BASELINE);
const claim = ({ outbox }: Stores) => outbox.claim('run', NOW, ['mail']);

function everything({ db }: Stores): unknown {
  return [
    'rotation',
    'rotation_destination',
    'version',
    'destination',
    'reminder',
    'event',
    'credential',
  ].map((table) => rowsOf(db, table));
}

describe('RotationLog.move', () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'I11: from %s to %s only along the allowed moves',
    (from, to) => {
      const stores = openRotation();
      stores.db.connection.prepare('UPDATE rotation SET state = ?').run(from);
      const move = () => stores.rotations.move('r1', to, NOW, 'because');
      if (MOVES[from].includes(to)) {
        move();
        expect(rowsOf(stores.db, 'rotation')).toMatchObject([{ state: to, detail: 'because' }]);
      } else {
        expect(move).toThrow(`does not go from ${from} to ${to}`);
        expect(rowsOf(stores.db, 'rotation')).toMatchObject([{ state: from }]);
      }
    },
  );

  it('never leaves an end', () => {
    for (const end of ['recorded', 'rejected', 'abandoned', 'failed'] as const)
      expect(MOVES[end]).toEqual([]);
  });

  it.each(['rejected', 'abandoned', 'failed'] as const)('tells the history of an end: %s', (end) => {
    const { rotations, history } = openRotation();
    rotations.move('r1', end, NOW, 'the form was closed');
    expect(history.list().at(-1)).toMatchObject({
      type: `rotation.${end}`,
      subject: 'crates-io',
      result: 'r1',
      detail: '{"reason":"the form was closed"}',
    });
  });
});

describe('RotationLog.intend', () => {
  function checked(): Stores {
    const stores = openRotation();
    for (const state of ['submitted', 'checked'] as const) stores.rotations.move('r1', state, NOW);
    return stores;
  }

  it('is durable before anything is sent: where, with which key, and what it is to become', () => {
    const stores = checked();
    stores.rotations.intend('r1', INTENT, CHOSEN);
    const [entry] = openStores([aDeclaration()], stores.db).rotations.unfinished();
    expect(entry).toMatchObject({
      id: 'r1',
      state: 'intended',
      pid: 42,
      host: 'here',
      openedAt: NOW,
      chosen: CHOSEN,
      destinations: [
        {
          destination: DESTINATION,
          state: 'intended',
          baselineUpdatedAt: BASELINE,
          intendedAt: later(1000),
          remoteUpdatedAt: undefined,
        },
      ],
    });
    expect(stores.history.list().at(-1)).toMatchObject({ type: 'rotation.intended', subject: 'crates-io' });
  });

  it('keeps the first baseline when the same is tried again with another key', () => {
    const stores = checked();
    stores.rotations.intend('r1', INTENT, CHOSEN);
    stores.rotations.intend('r1', { ...INTENT, keyId: 'key-2', baselineUpdatedAt: NOW }, CHOSEN);
    expect(rowsOf(stores.db, 'rotation_destination')).toMatchObject([
      { key_id: 'key-2', attempts: 2, baseline_updated_at: BASELINE.toISOString() },
    ]);
  });

  it('is refused before the check, and leaves nothing', () => {
    const stores = openRotation();
    const before = everything(stores);
    expect(() => stores.rotations.intend('r1', INTENT, CHOSEN)).toThrow(
      'does not go from opened to intended',
    );
    expect(everything(stores)).toEqual(before);
  });

  it.each([
    { ...CHOSEN, expiry: { kind: 'never', source: 'entered' }, lifetimeDays: undefined } as const,
    { ...CHOSEN, expiry: { kind: 'unknown', source: 'unknown' }, createdAt: undefined } as const,
  ])('gives back the version that was chosen (%#)', (chosen) => {
    const stores = checked();
    stores.rotations.intend('r1', INTENT, chosen);
    expect(stores.rotations.unfinished()[0]?.chosen).toEqual(chosen);
  });
});

describe('RotationLog.settleDestination', () => {
  it('keeps what GitHub said, and does not forget it with the next look', () => {
    const stores = openRotation();
    for (const state of ['submitted', 'checked'] as const) stores.rotations.move('r1', state, NOW);
    stores.rotations.intend('r1', INTENT, CHOSEN);
    const answer = { requestId: 'A:1', remoteUpdatedAt: later(2000), detail: 'created', at: NOW };
    stores.rotations.settleDestination('r1', DESTINATION, { ...answer, state: 'stored' });
    expect(rowsOf(stores.db, 'rotation_destination')).toMatchObject([{ state: 'stored', detail: 'created' }]);
    stores.rotations.settleDestination('r1', DESTINATION, { state: 'verified', at: later(1) });
    expect(rowsOf(stores.db, 'rotation_destination')).toMatchObject([
      { state: 'verified', request_id: 'A:1', remote_updated_at: later(2000).toISOString(), detail: null },
    ]);
    expect(
      stores.history
        .list()
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(['rotation.stored', 'rotation.verified']);
  });
});

describe('RotationLog.record', () => {
  it('records version, destination, cancelled reminders, notice and history in one step', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aVersion({ expiry: knownUntil(daysFromNow(7)) }), BASELINE);
    owe(stores, aReminder({ leadDays: 7 }));
    verified(stores);
    expect(stores.rotations.record('r1', CHOSEN, NOW)).toBe(2);

    expect(stores.register.find('crates-io')).toMatchObject({
      current: { ...CHOSEN, version: 2 },
      destinations: [
        { destination: DESTINATION, version: 2, state: 'verified', remoteUpdatedAt: later(2000) },
      ],
    });
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([
      { version: 1, topic: 'expiry', state: 'cancelled' },
      { version: 2, topic: 'rotated', state: 'owed', urgent: 1, recipient: 1 },
    ]);
    expect(rowsOf(stores.db, 'recipient')).toMatchObject([
      { id: 1, channel: 'mail', address: 'ada@example.org' },
    ]);
    expect(stores.outbox.toPlan(NOW, 10)).toEqual(['crates-io']);
    expect(stores.rotations.unfinished()).toEqual([]);
    expect(stores.history.list().filter(({ type }) => type === 'credential.rotated')).toHaveLength(1);
  });

  it('old reminders are gone, and none is owed for the new version', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aVersion({ expiry: knownUntil(daysFromNow(7)) }), BASELINE);
    verified(stores);
    stores.rotations.record('r1', CHOSEN, NOW);
    const credential = stores.register.find('crates-io');
    if (!credential) throw new Error('there is no credential');
    expect(planCredential(credential, [], aPolicy(), NOW).steps).toEqual([]);
  });

  it('sends one notice to the owner, however often the daemon looks', () => {
    const stores = verified();
    stores.rotations.record('r1', CHOSEN, NOW);
    expect([gather(stores), gather(stores)]).toEqual([1, 0]);
    expect(claim(stores)?.reminders).toMatchObject([{ topic: 'rotated', version: 1 }]);
    expect(claim(stores)).toBeUndefined();
  });

  it('tells also those who were mailed about the version before', () => {
    const stores = openStores();
    stores.register.addVersion('crates-io', aVersion(), BASELINE);
    const key = aReminder({ recipient: 'grace@example.org' });
    owe(stores, key);
    gather(stores);
    const message = claim(stores);
    if (!message) throw new Error('there is no message');
    stores.outbox.settle(
      message,
      { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined },
      NOW,
    );
    verified(stores);
    stores.rotations.record('r1', CHOSEN, NOW);
    const notices = rowsOf(stores.db, 'reminder').filter((row) => row['topic'] === 'rotated');
    const address = stores.db.connection.prepare('SELECT address FROM recipient WHERE id = ?').pluck();
    expect(notices.map((row) => address.get(row['recipient'])).sort()).toEqual([
      'ada@example.org',
      'grace@example.org',
    ]);
  });

  it('A12: keeps nothing of it when any part fails', () => {
    const stores = verified();
    const failing = openRotationLog(stores.db, stores.history, () => {
      throw new Error('the disk is full');
    });
    const before = everything(stores);
    expect(() => failing.record('r1', CHOSEN, NOW)).toThrow('the disk is full');
    expect(everything(stores)).toEqual(before);
    expect(stores.rotations.record('r1', CHOSEN, NOW)).toBe(1);
  });

  it('makes one version of one rotation, and no second', () => {
    const stores = verified();
    stores.rotations.record('r1', CHOSEN, NOW);
    expect(() => stores.rotations.record('r1', CHOSEN, NOW)).toThrow('UNIQUE');
    expect(rowsOf(stores.db, 'version')).toHaveLength(1);
  });

  it('writes down a destination that nobody looked at again as unconfirmed, and a failed one not at all', () => {
    const stores = openRotation();
    for (const state of ['submitted', 'checked'] as const) stores.rotations.move('r1', state, NOW);
    const places = ['stored', 'failed', 'verified'] as const;
    for (const state of places) {
      const destination = { ...DESTINATION, environment: state };
      stores.rotations.intend('r1', { ...INTENT, destination }, CHOSEN);
      stores.rotations.settleDestination('r1', destination, { state, at: NOW });
    }
    stores.rotations.record('r1', CHOSEN, NOW);
    const states = rowsOf(stores.db, 'destination').map((row) => [row['environment'], row['state']]);
    expect(Object.fromEntries(states)).toEqual({ stored: 'unconfirmed', verified: 'verified' });
  });

  it('settles an earlier rotation that was unconfirmed: the value there now is the new one', () => {
    const stores = openRotation(openStores(), 'earlier');
    stores.db.connection.exec("UPDATE rotation SET state = 'unconfirmed'");
    verified(stores);
    expect(stores.rotations.unsettled('crates-io').map(({ id }) => id)).toEqual(['earlier', 'r1']);
    stores.rotations.record('r1', CHOSEN, NOW);
    expect(stores.rotations.unsettled('crates-io')).toEqual([]);
    expect(rowsOf(stores.db, 'rotation')).toMatchObject([{ state: 'abandoned' }, { state: 'recorded' }]);
  });

  it('settles no rotation of another credential, and none that is open', () => {
    const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
    stores.rotations.open({ id: 'other', credential: 'npm', openedAt: NOW, pid: 1, host: 'here' });
    stores.db.connection.exec("UPDATE rotation SET state = 'unconfirmed'");
    openRotation(stores, 'open');
    verified(stores);
    stores.rotations.record('r1', CHOSEN, NOW);
    const states = rowsOf(stores.db, 'rotation').map((row) => [row['id'], row['state']]);
    expect(Object.fromEntries(states)).toEqual({ other: 'unconfirmed', open: 'opened', r1: 'recorded' });
  });
});

describe('RotationLog.unfinished', () => {
  it.each(STATES)('counts a rotation that is %s', (state) => {
    const stores = openRotation();
    stores.db.connection.prepare('UPDATE rotation SET state = ?').run(state);
    const ended = ['recorded', 'rejected', 'abandoned', 'failed'].includes(state);
    expect(stores.rotations.unfinished()).toHaveLength(ended ? 0 : 1);
    expect(stores.rotations.unsettled('crates-io')).toHaveLength(ended ? 0 : 1);
    expect(stores.rotations.unsettled('another')).toEqual([]);
  });
});
