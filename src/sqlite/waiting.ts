import type { OutboxCounts, Reminder, Trouble, WaitingMessage } from '../remind/reminder.ts';
import { planAgain } from './claims.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { ReminderRow } from './reminders.ts';
import { SELECT_REMINDER, toKey, toReminder } from './reminders.ts';

// What is not delivered, and why. Looks, and changes nothing but by `retry`.

/** A message that still concerns somebody: what it carried has not been cancelled, nor said by another. */
const CONCERNS = "EXISTS (SELECT 1 FROM reminder WHERE message = m.id AND state = 'carried')";

/** As the index on it says. */
const UNDELIVERED = "m.state IN ('pending', 'in-flight', 'ambiguous', 'dead')";

export function counts(db: Database): OutboxCounts {
  const of = (condition: string) =>
    db.prepare(`SELECT count(*) FROM message AS m WHERE ${condition}`).pluck().get() as number;
  const unrendered = db.prepare("SELECT count(*) FROM reminder WHERE state = 'dead'").pluck().get() as number;
  return {
    pending: of("m.state = 'pending'"),
    inFlight: of("m.state = 'in-flight'"),
    // What a restore made count as sent has no time at which it was.
    sent: of("m.state = 'sent' AND m.sent_at IS NOT NULL"),
    ambiguous: of(`${UNDELIVERED} AND m.state = 'ambiguous' AND ${CONCERNS}`),
    dead: of(`${UNDELIVERED} AND m.state = 'dead' AND ${CONCERNS}`) + unrendered,
  };
}

export function trouble(db: Database): Trouble | undefined {
  const row = db
    .prepare(
      `SELECT m.last_error, m.next_attempt_at FROM message AS m
       WHERE m.next_attempt_at IS NOT NULL AND m.state = 'pending' AND m.last_error IS NOT NULL
       ORDER BY m.next_attempt_at LIMIT 1`,
    )
    .get() as { last_error: string; next_attempt_at: string } | undefined;
  return row && { error: row.last_error, nextAttemptAt: toInstant(row.next_attempt_at) };
}

interface WaitingRow {
  id: number;
  state: WaitingMessage['state'];
  channel: string;
  address: string;
  attempts: number;
  last_error: string | null;
  next_attempt_at: string | null;
}

export function waiting(db: Database): readonly WaitingMessage[] {
  const rows = db
    .prepare(
      `SELECT m.id, m.state, p.channel, p.address, m.attempts, m.last_error, m.next_attempt_at
       FROM message AS m JOIN recipient AS p ON p.id = m.recipient
       WHERE ${UNDELIVERED} AND (m.state = 'in-flight' OR ${CONCERNS})
       ORDER BY m.urgency, m.id`,
    )
    .all() as WaitingRow[];
  const carried = db.prepare(
    `${SELECT_REMINDER} WHERE r.message = +? AND r.state = 'carried' ORDER BY r.lead_days`,
  );
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    channel: row.channel,
    recipient: row.address,
    reminders: (carried.all(row.id) as ReminderRow[]).map(toKey),
    attempts: row.attempts,
    lastError: row.last_error ?? undefined,
    nextAttemptAt: toInstant(row.next_attempt_at),
  }));
}

/** Owed and in no message; also what could not be rendered. */
export function owed(db: Database): readonly Reminder[] {
  return (
    db
      .prepare(`${SELECT_REMINDER} WHERE r.state IN ('owed', 'dead') ORDER BY r.due_at`)
      .all() as ReminderRow[]
  ).map(toReminder);
}

export function nextAttemptAt(db: Database, credential: string): Date | undefined {
  const at = db
    .prepare(
      `SELECT MIN(CASE WHEN r.state = 'owed' THEN r.due_at ELSE m.next_attempt_at END)
       FROM reminder AS r LEFT JOIN message AS m ON m.id = r.message
       WHERE r.credential = +? AND (r.state = 'owed' OR (r.state = 'carried' AND m.next_attempt_at IS NOT NULL))`,
    )
    .pluck()
    .get(credential) as string | null;
  return toInstant(at);
}

/**
 * Sends again what was given up: with all its tries where it surely was not delivered, and as the same bytes once more where it
 * may have been. @returns false when there is no such message
 */
export function retry(db: Database, id: number, at: Date): boolean {
  const { changes } = db
    .prepare(
      `UPDATE message AS m SET next_attempt_at = @at, refusals = 0, attempts = 0,
         state = CASE WHEN state = 'ambiguous' THEN 'ambiguous' ELSE 'pending' END
       WHERE id = +@id AND state IN ('pending', 'ambiguous', 'dead') AND ${CONCERNS}`,
    )
    .run({ id, at: fromInstant(at) });
  if (changes !== 1) return false;
  const carried = db
    .prepare(`${SELECT_REMINDER} WHERE r.message = +? AND r.state = 'carried'`)
    .all(id) as ReminderRow[];
  planAgain(db, carried.map(toKey));
  return true;
}
