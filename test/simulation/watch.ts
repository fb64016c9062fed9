import { round } from './round.ts';
import type { RoundPlan } from './schedule.ts';
import type { Session } from './session.ts';

interface Row {
  readonly id: number;
  readonly state: string;
  readonly carried: number;
}

/** Looks at the tables after every step: what has ended stays ended, and what is due is tried. */
export function openWatch(session: Session): {
  readonly look: () => void;
  readonly round: (plan: RoundPlan) => Promise<void>;
} {
  const before = new Map<number, Row>();
  const { db, findings } = session;
  const rows = () =>
    db
      .prepare(
        `SELECT id, state, (SELECT count(*) FROM reminder WHERE message = m.id AND state = 'carried') AS carried FROM message AS m`,
      )
      .all() as Row[];
  return {
    /** I7 */
    look: () => {
      for (const row of rows()) {
        const was = before.get(row.id);
        before.set(row.id, row);
        if (!was) continue;
        const ended =
          was.state === 'sent' ||
          was.state === 'cancelled' ||
          (was.state === 'dead' && !session.ledger.retried.has(row.id));
        if (ended && row.state !== was.state)
          findings.push({
            invariant: 'I7 ended',
            detail: `message ${row.id} was ${was.state} and is ${row.state}`,
          });
        if (was.state === 'sent' && row.carried < was.carried)
          findings.push({
            invariant: 'I7 ended',
            detail: `message ${row.id} was sent, and a reminder was taken out of it`,
          });
      }
    },
    /** I8: whatever became of one message, every other that was due has been tried too. */
    round: async (plan) => {
      session.disturbed = false;
      const began = new Date(session.now).toISOString();
      const full = session.counts.diskFull;
      const whole = await round(session, session.main, plan);
      if (!whole || session.disturbed || session.counts.diskFull > full) return;
      const left = db
        .prepare(
          `SELECT m.id FROM message AS m JOIN recipient AS p ON p.id = m.recipient
           WHERE m.state IN ('pending', 'ambiguous') AND m.next_attempt_at <= ? AND p.channel NOT IN (SELECT channel FROM circuit)`,
        )
        .pluck()
        .all(began);
      if (left.length > 0)
        findings.push({
          invariant: 'I8 held up',
          detail: `messages ${left.join(', ')} were due and not tried`,
        });
    },
  };
}
