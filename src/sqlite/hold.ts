import type { ReminderKey } from '../remind/reminder.ts';
import { fromInstant } from './columns.ts';
import type { Database } from './database.ts';
import { insertMessage } from './gather.ts';
import { endTrouble, listTroubles, recordTrouble } from './installation.ts';
import type { ReminderRow } from './reminders.ts';
import { BY_KEY, endIfEmpty, keyOf, SELECT_REMINDER, toKey } from './reminders.ts';

// A database that is older than what was done with it does not know what has gone out since. While it is held, nothing is sent
// from it: a trigger of migration 0009 stops every message before its data, whoever sends.

/** Holds sending, from `at` on. Where it is held already, it is held since then. */
export function hold(db: Database, detail: string, at: Date): void {
  recordTrouble(db, 'held', detail, at);
}

/** Since when sending is held; undefined: it is not. */
export function heldSince(db: Database): Date | undefined {
  return listTroubles(db).find(({ name }) => name === 'held')?.since;
}

export function release(db: Database): void {
  endTrouble(db, 'held');
}

/** What would go out by itself and fell due by `until`. */
const WOULD_GO = `r.due_at <= @until AND (r.state = 'owed'
  OR (r.state = 'carried' AND m.state IN ('pending', 'in-flight', 'ambiguous') AND (m.next_attempt_at IS NOT NULL OR m.state = 'in-flight')))`;

/**
 * Takes everything that fell due by `until` and would go out for sent: it is not sent any more, and the next lead time comes in its
 * time. What was given up stays so. Called inside a transaction.
 *
 * @returns what that was, by credential
 */
export function assumeSent(db: Database, until: Date): readonly ReminderKey[] {
  const rows = db
    .prepare(
      `${SELECT_REMINDER} WHERE ${WOULD_GO} ORDER BY r.credential, r.version, r.topic, r.lead_days, p.channel, p.address`,
    )
    .all({ until: fromInstant(until) }) as ReminderRow[];
  const keys = rows.map(toKey);
  const sent = new Map<number, number>();
  for (const key of keys) {
    const columns = keyOf(db, key);
    const message = sent.get(columns.recipient) ?? insertAssumed(db, columns.recipient);
    sent.set(columns.recipient, message);
    db.prepare(
      `UPDATE reminder SET state = 'carried', covered_by = NULL, not_before = NULL, message = +@message WHERE ${BY_KEY}`,
    ).run({ ...columns, message });
  }
  for (const message of new Set(rows.flatMap(({ message: id }) => (id === null ? [] : [id]))))
    endIfEmpty(db, message);
  return keys;
}

/** A message without an instant at which it was sent: nobody saw it go. */
function insertAssumed(db: Database, recipient: number): number {
  const id = insertMessage(db, recipient);
  db.prepare(
    "UPDATE message SET state = 'sent', next_attempt_at = NULL, last_error = 'taken for sent before the restore' WHERE id = +?",
  ).run(id);
  return id;
}
