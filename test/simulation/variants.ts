import type { ClaimedMessage, Outbox, PlanStep, ReminderKey } from '../../src/remind/reminder.ts';
import type { Database } from '../../src/sqlite/database.ts';
import type { Variant } from './session.ts';

// Ways in which the relay could be wrong, each a well-known one. They wrap the outbox; nothing of them is in the program.

type Broken = (inner: Outbox, db: Database) => Partial<Outbox>;

function variant(name: string, broken: Broken): Variant {
  return { name, outbox: (inner, db) => ({ ...inner, ...broken(inner, db) }) };
}

const SENT = { state: 'sent', nextAttemptAt: undefined, code: 250, error: undefined } as const;

/** As the database has it, whoever holds it. */
function claimOf(db: Database, { id }: ClaimedMessage): number {
  return db.prepare('SELECT claim FROM message WHERE id = ?').pluck().get(id) as number;
}

function mapSteps(
  inner: Outbox,
  change: (step: PlanStep, now: Date) => PlanStep,
): Pick<Outbox, 'apply' | 'toPlan'> {
  let now = new Date(0);
  return {
    toPlan: (at, limit) => {
      now = at;
      return inner.toPlan(at, limit);
    },
    apply: (plans) =>
      inner.apply(plans.map((plan) => ({ ...plan, steps: plan.steps.map((step) => change(step, now)) }))),
  };
}

export const VARIANTS: readonly Variant[] = [
  variant('marks as sent before it sends', (inner) => ({
    markData: (message, payload, now) =>
      inner.markData(message, payload, now) && inner.settle(message, SENT, now),
  })),
  variant('does not ask for the claim', (inner, db) => ({
    markData: (message, payload) => {
      db.prepare("UPDATE message SET state = 'in-flight', stage = 'data', payload = ? WHERE id = ?").run(
        payload,
        message.id,
      );
      return true;
    },
    settle: (message, next, at) => inner.settle({ ...message, claim: claimOf(db, message) }, next, at),
  })),
  variant('takes nothing back after a crash', () => ({ recover: () => 0 })),
  variant('makes keys from the clock', (inner) =>
    mapSteps(inner, (step, now) =>
      step.kind === 'owe' && step.key.topic === 'expiry'
        ? { ...step, key: { ...step.key, leadDays: Math.floor(now.getTime() / 86_400_000) } }
        : step,
    ),
  ),
  variant('takes a lost answer for yes', (inner) => ({
    settle: (message, next, at) => inner.settle(message, next.state === 'ambiguous' ? SENT : next, at),
  })),
  variant('takes a lost answer for no', (inner) => ({
    settle: (message, next, at) =>
      inner.settle(
        message,
        next.state === 'ambiguous' ? { ...next, state: 'pending', nextAttemptAt: at } : next,
        at,
      ),
  })),
  variant('repeats at once and without end', (inner) => ({
    settle: (message, next, at) =>
      inner.settle(message, next.state === 'ambiguous' ? { ...next, nextAttemptAt: at } : next, at),
  })),
  variant('renders a repeat anew', (inner) => ({
    claim: (epoch, now, channels) => {
      const message = inner.claim(epoch, now, channels);
      return message && { ...message, payload: undefined };
    },
  })),
  variant('takes what had begun for not begun', (inner, db) => ({
    recover: (now) => {
      db.prepare("UPDATE message SET stage = 'claimed' WHERE state = 'in-flight'").run();
      return inner.recover(now);
    },
  })),
  variant('does not look again before the data', (_inner, db) => ({
    markData: ({ id, claim }, payload) =>
      db
        .prepare(
          "UPDATE message SET stage = 'data', payload = ? WHERE id = ? AND claim = ? AND state = 'in-flight' AND stage = 'claimed'",
        )
        .run(payload, id, claim).changes === 1,
  })),
  variant('sends every reminder that was missed', (inner, db) => ({
    ...mapSteps(inner, (step) =>
      step.kind === 'cover' ? { kind: 'owe', key: step.key, dueAt: step.dueAt, urgent: false } : step,
    ),
    // The claim would still cover them.
    claim: (epoch, now, channels) => {
      const message = inner.claim(epoch, now, channels);
      if (!message || message.payload) return message;
      const covered = db
        .prepare(
          `UPDATE reminder SET state = 'carried' WHERE message = ? AND state = 'covered'
           RETURNING credential, version, topic, lead_days AS leadDays`,
        )
        .all(message.id) as Pick<ReminderKey, 'credential' | 'version' | 'topic' | 'leadDays'>[];
      const { channel, recipient } = message;
      return {
        ...message,
        reminders: [
          ...message.reminders,
          ...covered.map((key) => ({ ...key, channel, recipient, covers: [] })),
        ],
      };
    },
  })),
  variant('stops at the first that fails', (inner) => {
    let failed = false;
    return {
      recover: (now) => {
        failed = false;
        return inner.recover(now);
      },
      settle: (message, next, at) => {
        failed ||= next.state !== 'sent';
        return inner.settle(message, next, at);
      },
      claim: (epoch, now, channels) => (failed ? undefined : inner.claim(epoch, now, channels)),
    };
  }),
  variant('forgets what was refused', (inner) => ({
    settle: (message, next, at) => inner.settle(message, next.refused ? SENT : next, at),
  })),
  variant('sends as often as something is due', (inner) => ({
    gather: (now) => inner.gather(now, () => new Date(now.getTime() + 1)),
  })),
  variant('waits as long as a wrong clock said', (inner, db) => ({
    recover: (now) => {
      const far = db
        .prepare('SELECT id, next_attempt_at FROM message WHERE next_attempt_at > ?')
        .all(now.toISOString()) as { id: number; next_attempt_at: string }[];
      const taken = inner.recover(now);
      for (const { id, next_attempt_at } of far)
        db.prepare('UPDATE message SET next_attempt_at = ? WHERE id = ?').run(next_attempt_at, id);
      return taken;
    },
    claim: (epoch, now, channels) => {
      const due = db
        .prepare('SELECT 1 FROM message WHERE next_attempt_at <= ?')
        .pluck()
        .get(now.toISOString());
      return due === undefined ? undefined : inner.claim(epoch, now, channels);
    },
  })),
  variant('plans before it takes back what was going out', (inner) => {
    let planned = false;
    return {
      gather: (now, dayBegan) => {
        planned = true;
        return inner.gather(now, dayBegan);
      },
      recover: (now) => {
        if (!planned) return 0;
        planned = false;
        return inner.recover(now);
      },
    };
  }),
  variant('tells of the first change and of no other', (inner, db) => {
    const isOther = ({ kind, key }: PlanStep) =>
      kind === 'owe' &&
      key.topic === 'changed' &&
      db
        .prepare("SELECT 1 FROM reminder WHERE credential = ? AND topic = 'changed' AND lead_days > ?")
        .get(key.credential, key.leadDays) !== undefined;
    return {
      apply: (plans) =>
        inner.apply(plans.map((plan) => ({ ...plan, steps: plan.steps.filter((step) => !isOther(step)) }))),
    };
  }),
  variant('forgets that an old token lives on', (inner) => ({
    apply: (plans) =>
      inner.apply(
        plans.map((plan) => ({
          ...plan,
          steps: plan.steps.filter(({ kind, key }) => kind !== 'owe' || key.topic !== 'old-token'),
        })),
      ),
  })),
];
