import { describe, expect, it } from 'vitest';
import type { ClaimedMessage, NextState, PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
import { aDeclaration, aReminder, aVersion, later, MINUTE_MS, NOW } from '../support/builders.ts';
import type { Stores } from '../support/database.ts';
import { openStores, rowsOf } from '../support/database.ts';

const GRACE = 'grace@example.org';
const HOUR_MS = 60 * MINUTE_MS;
const SENT: NextState = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined };
const LATER: NextState = { state: 'pending', nextAttemptAt: later(HOUR_MS), code: 451, error: 'later' };
const UNANSWERED: NextState = {
  state: 'ambiguous',
  nextAttemptAt: later(HOUR_MS),
  code: undefined,
  error: 'x',
};
/** The hour of the day's one mail, last and next. */
const HOUR = later(-30 * MINUTE_MS);
const NEXT_HOUR = later(24 * HOUR_MS, HOUR);

interface Owing extends Partial<ReminderKey> {
  readonly dueAt?: Date;
  readonly urgent?: boolean;
}

const NAMES = ['a', 'b', 'c', 'd'];

/** Nothing is owed yet; credentials a to d are known. */
function open(): Stores {
  const stores = openStores(NAMES.map((name) => aDeclaration({ name })));
  for (const name of NAMES) stores.register.addVersion(name, aVersion(), NOW);
  return stores;
}

function owe(stores: Stores, ...owing: readonly Owing[]): void {
  const steps = owing.map(
    ({ dueAt = NOW, urgent = false, ...key }): PlanStep => ({
      kind: 'owe',
      key: aReminder(key),
      dueAt,
      urgent,
    }),
  );
  stores.outbox.apply([{ credential: 'a', steps, nextPlanAt: undefined }]);
}

function gather(stores: Stores, now = NOW): number {
  return stores.outbox.gather(now, () => (now < NEXT_HOUR ? HOUR : NEXT_HOUR));
}

function take(stores: Stores, now = NOW): ClaimedMessage {
  const message = stores.outbox.claim('this-run', now, ['mail']);
  if (!message) throw new Error('there is nothing to claim');
  return message;
}

/** Each message that is not over, by its state and what it carries. */
function openOnes(stores: Stores): readonly string[] {
  return stores.outbox
    .waiting()
    .map(
      ({ id, state, reminders }) =>
        [
          id,
          state,
          reminders
            .map(({ credential }) => credential)
            .sort()
            .join(''),
        ] as const,
    )
    .sort(([a], [b]) => a - b)
    .map(([, state, names]) => `${state} ${names}`);
}

/** The day's one mail about `a` has gone out. */
function afterDigest(): Stores {
  const stores = open();
  owe(stores, { credential: 'a' });
  gather(stores);
  stores.outbox.settle(take(stores), SENT, NOW);
  return stores;
}

describe('Outbox.gather', () => {
  it('puts all that is due for one recipient into one message', () => {
    const stores = open();
    owe(
      stores,
      { credential: 'a' },
      { credential: 'b', urgent: true },
      { credential: 'a', recipient: GRACE },
      { credential: 'b', channel: 'webhook' },
    );
    expect(gather(stores)).toBe(4);
    const recipients = rowsOf(stores.db, 'recipient').map((row) => [
      row['id'],
      row['channel'],
      row['address'],
    ]);
    expect(rowsOf(stores.db, 'message').map((row) => row['recipient'])).toEqual(recipients.map(([id]) => id));
    expect(recipients.map(([, ...rest]) => rest)).toEqual([
      ['mail', 'ada@example.org'],
      ['mail', GRACE],
      ['webhook', 'ada@example.org'],
    ]);
  });

  it('leaves alone what is not due yet, to the millisecond', () => {
    const stores = open();
    owe(stores, { dueAt: later(1), credential: 'a' });
    expect(gather(stores)).toBe(0);
    expect(gather(stores, later(1))).toBe(1);
  });

  it('compares instants, not texts: what is due at a full second is due a millisecond later', () => {
    const stores = open();
    owe(stores, { credential: 'a' }, { credential: 'b', dueAt: later(500) });
    expect(gather(stores, later(1))).toBe(1);
  });

  it('asks when the day began only where something is due', () => {
    const stores = open();
    owe(stores, { credential: 'a', dueAt: later(1) });
    const asked: Date[] = [];
    const dayBegan = () => {
      asked.push(NOW);
      return NOW;
    };
    stores.outbox.gather(NOW, dayBegan);
    expect(asked).toEqual([]);
    stores.outbox.gather(later(1), dayBegan);
    expect(asked).toHaveLength(1);
  });

  describe('when the recipient has had the day’s one mail', () => {
    it('keeps what may wait until the next hour', () => {
      const stores = afterDigest();
      owe(stores, { credential: 'b' });
      expect(gather(stores)).toBe(0);
      expect(gather(stores, later(-1, NEXT_HOUR))).toBe(0);
      expect(gather(stores, NEXT_HOUR)).toBe(1);
    });

    it('lets what is urgent go at once and alone', () => {
      const stores = afterDigest();
      owe(stores, { credential: 'b' }, { credential: 'c', urgent: true });
      expect(gather(stores)).toBe(1);
      expect(openOnes(stores)).toEqual(['pending c']);
      stores.outbox.settle(take(stores), SENT, later(HOUR_MS));
      expect(gather(stores, NEXT_HOUR)).toBe(1);
      expect(openOnes(stores)).toEqual(['pending b']);
    });

    it('makes no other recipient wait', () => {
      const stores = afterDigest();
      owe(stores, { credential: 'b', recipient: GRACE });
      expect(gather(stores)).toBe(1);
    });

    it('counts one whose answer was lost as had, and one that failed as not had', () => {
      for (const [next, gathered] of [
        [UNANSWERED, 0],
        [LATER, 1],
      ] as const) {
        const stores = open();
        owe(stores, { credential: 'a' });
        gather(stores);
        const message = take(stores);
        stores.outbox.markData(message, new Uint8Array([1]), NOW);
        stores.outbox.settle(message, next, NOW);
        owe(stores, { credential: 'b' });
        expect(gather(stores)).toBe(gathered);
      }
    });

    it('counts one that was going out when the process ended as had', () => {
      const stores = open();
      owe(stores, { credential: 'a' });
      gather(stores);
      stores.outbox.markData(take(stores), new Uint8Array([1]), NOW);
      stores.outbox.recover(NOW);
      owe(stores, { credential: 'b' });
      expect(gather(stores)).toBe(0);
    });

    it('does not count an urgent one as the day’s one mail', () => {
      const stores = open();
      owe(stores, { credential: 'a', urgent: true });
      gather(stores);
      stores.outbox.settle(take(stores), SENT, NOW);
      owe(stores, { credential: 'b' });
      expect(gather(stores)).toBe(1);
    });

    it('G2: does not believe that it went out in the future', () => {
      const stores = afterDigest();
      owe(stores, { credential: 'b', dueAt: later(-48 * HOUR_MS) });
      expect(stores.outbox.gather(later(-48 * HOUR_MS), () => later(-49 * HOUR_MS))).toBe(1);
    });
  });

  describe('when a message to the recipient waits', () => {
    function waiting(next: NextState = LATER): Stores {
      const stores = open();
      owe(stores, { credential: 'a' }, { credential: 'b' });
      gather(stores);
      stores.outbox.settle(take(stores), next, NOW);
      return stores;
    }

    it('takes what is new along, and is due now with all its tries', () => {
      const stores = waiting();
      owe(stores, { credential: 'c' }, { credential: 'd', urgent: true });
      expect(gather(stores, later(MINUTE_MS))).toBe(2);
      expect(openOnes(stores)).toEqual(['pending abcd']);
      expect(rowsOf(stores.db, 'message')).toMatchObject([
        { next_attempt_at: later(MINUTE_MS).toISOString(), attempts: 0, last_error: null, last_code: null },
      ]);
    });

    it('takes what may wait along also where the day’s one mail has gone out', () => {
      const stores = afterDigest();
      owe(stores, { credential: 'b', urgent: true }, { credential: 'c' });
      gather(stores);
      owe(stores, { credential: 'd', urgent: true });
      gather(stores);
      expect(openOnes(stores)).toEqual(['pending bcd']);
    });

    it('is as urgent as what it takes along', () => {
      const stores = waiting();
      owe(stores, { credential: 'c', recipient: GRACE, leadDays: 7 });
      gather(stores);
      owe(stores, { credential: 'c', leadDays: -1 });
      gather(stores);
      expect(take(stores).recipient).toBe('ada@example.org');
    });

    it('E6: adds nothing to one that may have been delivered', () => {
      const stores = open();
      owe(stores, { credential: 'a' });
      gather(stores);
      const message = take(stores);
      stores.outbox.markData(message, new Uint8Array([1]), NOW);
      stores.outbox.settle(message, UNANSWERED, NOW);
      owe(stores, { credential: 'b', urgent: true });
      gather(stores);
      expect(openOnes(stores)).toEqual(['ambiguous a', 'pending b']);
      stores.outbox.settle(take(stores), SENT, NOW);
      // Nor to a repeat of it that did not get through.
      stores.outbox.settle(
        take(stores, later(HOUR_MS)),
        { ...LATER, nextAttemptAt: later(3 * HOUR_MS) },
        NOW,
      );
      owe(stores, { credential: 'c', urgent: true });
      gather(stores);
      expect(openOnes(stores)).toEqual(['pending a', 'pending c']);
    });

    it('E25: adds nothing to a part of one that was too large', () => {
      const stores = open();
      owe(stores, { credential: 'a' }, { credential: 'b' });
      gather(stores);
      expect(stores.outbox.split(take(stores), NOW)).toBe(true);
      owe(stores, { credential: 'c' });
      gather(stores);
      expect(openOnes(stores)).toEqual(['pending a', 'pending b', 'pending c']);
    });

    it('E5, I8: adds nothing to one that was refused for good, and does not keep it from its end', () => {
      const stores = waiting({ ...LATER, refused: true });
      owe(stores, { credential: 'c', urgent: true });
      gather(stores);
      expect(openOnes(stores)).toEqual(['pending ab', 'pending c']);
      expect(rowsOf(stores.db, 'message')).toMatchObject([
        { refusals: 1, next_attempt_at: later(HOUR_MS).toISOString() },
        { refusals: 0, next_attempt_at: NOW.toISOString() },
      ]);
    });

    it('adds nothing to one that is going out', () => {
      const stores = open();
      owe(stores, { credential: 'a' });
      gather(stores);
      take(stores);
      owe(stores, { credential: 'b' });
      gather(stores);
      expect(openOnes(stores)).toEqual(['in-flight a', 'pending b']);
    });

    it('makes one of two that were held up apart, and that one is the day’s one mail', () => {
      const stores = open();
      owe(stores, { credential: 'a', urgent: true });
      gather(stores);
      const first = take(stores);
      owe(stores, { credential: 'b' });
      gather(stores);
      stores.outbox.settle(first, LATER, NOW);
      owe(stores, { credential: 'c', urgent: true });
      gather(stores);
      expect(openOnes(stores)).toEqual(['pending abc']);
      stores.outbox.settle(take(stores), SENT, NOW);
      owe(stores, { credential: 'd' });
      expect(gather(stores)).toBe(0);
    });
  });

  describe('when a reminder could not be rendered', () => {
    function leftOut(now = NOW): Stores {
      const stores = open();
      owe(stores, { credential: 'a' }, { credential: 'b' });
      gather(stores);
      const message = take(stores);
      stores.outbox.leaveOut(message, aReminder({ credential: 'b' }), later(HOUR_MS, now));
      stores.outbox.settle(message, SENT, now);
      return stores;
    }

    it('E21: puts it into a message of its own an hour later, whatever else went out that day', () => {
      const stores = leftOut();
      expect(gather(stores, later(HOUR_MS - 1))).toBe(0);
      expect(gather(stores, later(HOUR_MS))).toBe(1);
      expect(openOnes(stores)).toEqual(['pending b']);
    });

    it('E21: leaves it alone once it is dead', () => {
      const stores = leftOut();
      stores.db.connection.exec("UPDATE reminder SET state = 'dead' WHERE credential = 'b'");
      expect(gather(stores, later(HOUR_MS))).toBe(0);
    });
  });
});
