import { describe, expect, it } from 'vitest';
import { dayNumber } from '../../src/remind/lead.ts';
import { planCredential } from '../../src/remind/plan.ts';
import type { ClaimedMessage, NextState, PlanStep, ReminderKey, Topic } from '../../src/remind/reminder.ts';
import { alarmedRecipients } from '../../src/sqlite/outbox.ts';
import {
  aDeclaration,
  aPolicy,
  aReminder,
  aVersion,
  DESTINATION,
  daysFromNow,
  later,
  MINUTE_MS,
  NOW,
} from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';
import { aNewVersion, beginUnconfirmed, rotateTo } from '../support/open-ends.ts';

const DAY = dayNumber(NOW);
const SENT: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };
const AGAIN: NextState = { state: 'pending', nextAttemptAt: NOW, code: undefined, error: 'no connection' };
const HELD: NextState = { state: 'ambiguous', nextAttemptAt: undefined, code: undefined, error: 'no answer' };
const NAME = 'crates-io';
const dayBegan = () => daysFromNow(-1);

type Owing = Partial<ReminderKey> & { readonly urgent?: boolean };

function owe(stores: Stores, ...owing: readonly Owing[]): void {
  const steps = owing.map(
    ({ urgent = true, ...key }): PlanStep => ({ kind: 'owe', key: aReminder(key), dueAt: NOW, urgent }),
  );
  stores.outbox.apply([{ credential: NAME, steps, nextPlanAt: undefined }]);
}

/** One version recorded by hand. */
function open(): Stores {
  const stores = openStores([aDeclaration(), aDeclaration({ name: 'npm' })]);
  for (const name of [NAME, 'npm']) stores.register.addVersion(name, aVersion(), daysFromNow(-30));
  return stores;
}

const gather = ({ outbox }: Stores, now = NOW) => outbox.gather(now, dayBegan);

const claim = ({ outbox }: Stores, now = NOW) => outbox.claim('run', now, ['mail']);

function claimed(stores: Stores): ClaimedMessage {
  const message = claim(stores);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

/** Each open end, with what makes it so, the reminder of it, and what settles it. */
const OPEN_ENDS: readonly (readonly [
  string,
  (stores: Stores) => unknown,
  Owing,
  (stores: Stores) => unknown,
])[] = [
  [
    'a rotation is unconfirmed',
    (stores) => beginUnconfirmed(stores, NAME, NOW),
    { topic: 'unconfirmed', leadDays: -DAY },
    ({ rotations }) => rotations.move(rotations.unsettled(NAME)[0]?.id ?? '', 'failed', later(1)),
  ],
  [
    'a secret is another’s',
    ({ rotations }) => rotations.disown(NAME, DESTINATION, NOW),
    { topic: 'changed', version: 0, leadDays: -DAY },
    ({ register }) =>
      register.noteLook(
        NAME,
        DESTINATION,
        { state: 'verified', read: true, nextLookAt: daysFromNow(1), detail: {} },
        later(1),
      ),
  ],
  [
    'an old token lives on',
    (stores) => rotateTo(stores, NAME, aNewVersion('2027-11-23'), daysFromNow(-1)),
    { topic: 'old-token', version: 2, leadDays: -14, urgent: false },
    ({ register }) => register.revokeFormer(NAME, later(1)),
  ],
];

describe.each(OPEN_ENDS)('a reminder that %s', (_what, begin, owing, settle) => {
  const opened = () => {
    const stores = open();
    begin(stores);
    stores.outbox.toPlan(NOW, 10);
    // What a rotation itself has owed is not what is looked at here.
    stores.db.connection.exec('DELETE FROM reminder');
    owe(stores, owing);
    gather(stores);
    return stores;
  };

  it('goes out for as long as it is so', () => {
    const stores = opened();
    const message = claimed(stores);
    expect(message.reminders).toMatchObject([{ topic: owing.topic, leadDays: owing.leadDays }]);
    expect(stores.outbox.markData(message, new Uint8Array([1]), NOW)).toBe(true);
  });

  it('is not claimed once it is settled, though nobody has planned since', () => {
    const stores = opened();
    settle(stores);
    expect(claim(stores)).toBeUndefined();
    expect(rowsOf(stores.db, 'reminder')).toMatchObject([{ state: 'cancelled' }]);
    expect(stores.outbox.waiting()).toEqual([]);
  });

  it('stops before its data where it is settled after the claim', () => {
    const stores = opened();
    const message = claimed(stores);
    settle(stores);
    expect(stores.outbox.markData(message, new Uint8Array([1]), NOW)).toBe(false);
    stores.outbox.settle(message, AGAIN, NOW);
    expect(claim(stores)).toBeUndefined();
  });

  it('is planned again when it is settled, and then owed to nobody', () => {
    const stores = opened();
    settle(stores);
    expect(stores.outbox.toPlan(NOW, 10)).toContain(NAME);
    const credential = stores.register.find(NAME);
    if (!credential) throw new Error('there is no credential');
    const rows = stores.outbox.remindersOf(NAME, credential.current?.version ?? 0);
    const { steps } = planCredential(credential, rows, aPolicy(), later(MINUTE_MS));
    expect(steps.filter(({ kind, key }) => kind === 'owe' && key.topic === owing.topic)).toEqual([]);
    expect(steps.filter(({ kind }) => kind === 'drop')).toMatchObject([
      { kind: 'drop', key: { topic: owing.topic } },
    ]);
  });

  it('is let go of with the credential', () => {
    const stores = opened();
    stores.register.retire(NAME, NOW);
    expect(claim(stores)).toBeUndefined();
  });
});

describe('an acknowledgement', () => {
  const acknowledged = (...owing: readonly Owing[]) => {
    const stores = open();
    rotateTo(stores, NAME, aNewVersion('2027-11-23'), NOW);
    beginUnconfirmed(stores, NAME, later(1));
    stores.rotations.disown(NAME, DESTINATION, NOW);
    stores.db.connection.exec('DELETE FROM reminder; DELETE FROM message');
    owe(stores, ...owing);
    gather(stores);
    stores.register.acknowledge(NAME, daysFromNow(5), NOW);
    return stores;
  };

  it('puts off what asks for the end of an old token, until then', () => {
    const stores = acknowledged({ topic: 'old-token', version: 2, leadDays: -14, urgent: false });
    expect(claim(stores)).toBeUndefined();
    gather(stores, daysFromNow(4.9));
    expect(claim(stores, daysFromNow(4.9))).toBeUndefined();
    gather(stores, daysFromNow(5));
    expect(claim(stores, daysFromNow(5))?.reminders).toMatchObject([{ topic: 'old-token', leadDays: -14 }]);
  });

  it('puts off nothing of one that has leaked, of a change, and of what is unconfirmed', () => {
    const stores = acknowledged(
      { topic: 'old-token', version: 2, leadDays: -1, urgent: true },
      { topic: 'changed', version: 0, leadDays: -DAY },
      { topic: 'unconfirmed', version: 2, leadDays: -DAY },
    );
    expect(
      claim(stores)
        ?.reminders.map(({ topic }) => topic)
        .sort(),
    ).toEqual(['changed', 'old-token', 'unconfirmed']);
  });
});

describe('what was given up, or left without an answer', () => {
  /** One today, one on the day after. */
  const changeTwo = ({ rotations }: Stores) => {
    rotations.disown(NAME, DESTINATION, NOW);
    rotations.disown(NAME, { ...DESTINATION, repo: 'example/gadgets' }, daysFromNow(1));
  };
  const afterwards = (topic: Topic, version: number) => {
    const stores = open();
    beginUnconfirmed(stores, NAME, NOW);
    changeTwo(stores);
    owe(stores, { topic, version, leadDays: -DAY });
    gather(stores);
    stores.outbox.settle(claimed(stores), HELD, NOW);
    owe(stores, { topic, version, leadDays: -DAY - 1 });
    gather(stores);
    stores.outbox.settle(claimed(stores), SENT, NOW);
    return rowsOf(stores.db, 'reminder').map(({ state }) => state);
  };

  it('is said by a later mail about the same rotation', () => {
    expect(afterwards('unconfirmed', 1)).toEqual(['carried', 'covered']);
  });

  it('is said by no other change', () => {
    expect(afterwards('changed', 0)).toEqual(['carried', 'carried']);
  });

  it('is covered by a tighter one at the claim, but for a change', () => {
    for (const [topic, version, left] of [
      ['unconfirmed', 2, [-DAY - 1]],
      ['old-token', 2, [-DAY - 1]],
      ['changed', 0, [-DAY - 1, -DAY]],
    ] as const) {
      const stores = open();
      rotateTo(stores, NAME, aNewVersion('2027-11-23'), daysFromNow(-1));
      beginUnconfirmed(stores, NAME, NOW);
      stores.db.connection.exec('DELETE FROM reminder');
      changeTwo(stores);
      owe(stores, { topic, version, leadDays: -DAY }, { topic, version, leadDays: -DAY - 1 });
      gather(stores);
      expect(claimed(stores).reminders.map(({ leadDays }) => leadDays)).toEqual(left);
    }
  });
});

describe('Outbox.remindersOf', () => {
  it('gives those of the version, and those of none', () => {
    const stores = open();
    owe(
      stores,
      { version: 1 },
      { version: 2 },
      { topic: 'changed', version: 0, leadDays: -DAY },
      { credential: 'npm', topic: 'changed', version: 0, leadDays: -DAY },
    );
    const keys = stores.outbox.remindersOf(NAME, 1).map(({ version, topic }) => `${topic} ${version}`);
    expect(keys.sort()).toEqual(['changed 0', 'expiry 1']);
  });
});

describe('the most urgent message', () => {
  it('is that of the worst, in the order of the harm', () => {
    const stores = open();
    beginUnconfirmed(stores, NAME, NOW);
    stores.rotations.disown(NAME, DESTINATION, NOW);
    const order: readonly Owing[] = [
      { topic: 'leaked', leadDays: 0 },
      { topic: 'old-token', leadDays: -1 },
      { topic: 'revoked', leadDays: 0 },
      { topic: 'unconfirmed', leadDays: -DAY },
      { topic: 'changed', version: 0, leadDays: -DAY },
      { topic: 'expiry', leadDays: -20_000 },
      { topic: 'expiry', leadDays: 60 },
      { topic: 'old-token', leadDays: -14, urgent: false },
      { topic: 'rotated', leadDays: 0 },
      { topic: 'standing', leadDays: 24_322 },
    ];
    order.forEach((one, index) => {
      owe(stores, { ...one, recipient: `${index}@example.org` });
    });
    gather(stores);
    const rows = stores.db.connection
      .prepare(
        'SELECT p.address FROM message AS m JOIN recipient AS p ON p.id = m.recipient ORDER BY urgency',
      )
      .pluck()
      .all() as string[];
    expect(rows).toEqual(order.map((_, index) => `${index}@example.org`));
  });
});

describe('alarmedRecipients', () => {
  const told = (owing: Owing, begin: (stores: Stores) => unknown) => {
    const stores = open();
    begin(stores);
    stores.db.connection.exec('DELETE FROM reminder');
    owe(stores, { ...owing, recipient: 'grace@example.org' });
    gather(stores);
    stores.outbox.settle(claimed(stores), SENT, NOW);
    const version = stores.register.find(NAME)?.current?.version ?? 0;
    return alarmedRecipients(stores.db, NAME, version).map(({ recipient }) => recipient);
  };

  it.each(OPEN_ENDS.slice(0, 2))('counts whoever was told that %s', (_what, begin, owing) => {
    expect(told(owing, begin)).toEqual(['grace@example.org']);
  });

  it('does not count who was asked for the end of an older token', () => {
    const [, begin, owing] = OPEN_ENDS[2] ?? [];
    expect(told(owing ?? {}, begin ?? (() => undefined))).toEqual([]);
  });

  it('does not count who was told of a change that the version before has answered', () => {
    const stores = open();
    stores.rotations.disown(NAME, DESTINATION, NOW);
    owe(stores, { topic: 'changed', version: 0, leadDays: -DAY, recipient: 'grace@example.org' });
    gather(stores);
    stores.outbox.settle(claimed(stores), SENT, NOW);
    expect(alarmedRecipients(stores.db, NAME, 1)).toHaveLength(1);
    stores.register.addVersion(NAME, aVersion(), later(1));
    expect(alarmedRecipients(stores.db, NAME, 2)).toEqual([]);
  });
});
