import { fromInstant } from './columns.ts';
import type { Database } from './database.ts';
import { endIfEmpty } from './reminders.ts';

interface OwedRow {
  credential: string;
  version: number;
  topic: string;
  lead_days: number;
  recipient: number;
  urgent: number;
  tries: number;
}

/**
 * Its time has come. What happened at an instant that lies further ahead than any wait was noted by a clock that has been put
 * back since; what falls due by a date waits for that.
 */
export const FALLEN_DUE = `state = 'owed' AND (due_at <= @now OR (due_at > @tooFar AND urgent = 1 AND topic <> 'expiry'))`;

/**
 * Puts what is owed and due into messages, one a recipient. What may wait, waits while the recipient has had the day's one
 * mail; a message that has surely not gone out takes what is new along. Called inside a transaction.
 *
 * @returns how many reminders were put into messages
 */
export function gather(db: Database, now: Date, tooFar: Date, dayBegan: () => Date): number {
  const due = db
    .prepare(
      `SELECT credential, version, topic, lead_days, recipient, urgent, tries FROM reminder
       WHERE ${FALLEN_DUE}
         AND (not_before IS NULL OR not_before <= @now OR not_before > @tooFar)
       ORDER BY due_at`,
    )
    .all({ now: fromInstant(now), tooFar: fromInstant(tooFar) }) as OwedRow[];
  if (due.length === 0) return 0;
  const began = fromInstant(dayBegan());
  let carried = 0;
  for (const [recipient, rows] of Map.groupBy(due, (row) => row.recipient)) {
    const [waiting, ...others] = openMessages(db, recipient);
    const had = db
      .prepare('SELECT digest_at >= @began AND digest_at <= @now FROM recipient WHERE id = +@recipient')
      .pluck()
      .get({ recipient, began, now: fromInstant(now) });
    // What could not be rendered has waited for its hour already.
    const going = waiting || had !== 1 ? rows : rows.filter(({ urgent, tries }) => urgent === 1 || tries > 0);
    if (going.length === 0) continue;
    const message = waiting ?? insertMessage(db, recipient);
    for (const other of others) merge(db, other, message);
    for (const row of going) carry(db, row, message);
    refresh(db, message, now, going);
    carried += going.length;
  }
  return carried;
}

/**
 * Messages to a recipient that have surely not gone out, and are not parts of one that was too large. What the server has said
 * no to for good is tried again alone: it must not take new ones down with it, nor be kept from its end by them.
 */
function openMessages(db: Database, recipient: number): readonly number[] {
  return db
    .prepare(
      "SELECT id FROM message WHERE recipient = +? AND state = 'pending' AND repeats = 0 AND refusals = 0 AND split = 0 ORDER BY id",
    )
    .pluck()
    .all(recipient) as number[];
}

export function insertMessage(db: Database, recipient: number, split = false): number {
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO message (recipient, state, digest, split, urgency, attempts, repeats, refusals, claim)
       VALUES (?, 'pending', 0, ?, 0, 0, 0, 0, 0)`,
    )
    .run(recipient, split ? 1 : 0);
  return Number(lastInsertRowid);
}

function merge(db: Database, from: number, into: number): void {
  db.prepare("UPDATE reminder SET message = +? WHERE message = +? AND state = 'carried'").run(into, from);
  db.prepare(
    'UPDATE message SET digest = MAX(digest, (SELECT digest FROM message WHERE id = +?)) WHERE id = +?',
  ).run(from, into);
  endIfEmpty(db, from);
}

function carry(db: Database, row: OwedRow, message: number): void {
  db.prepare(
    `UPDATE reminder SET state = 'carried', message = +@message, not_before = NULL
     WHERE credential = @credential AND version = +@version AND topic = @topic AND lead_days = +@lead_days
       AND recipient = +@recipient`,
  ).run({
    message,
    credential: row.credential,
    version: row.version,
    topic: row.topic,
    lead_days: row.lead_days,
    recipient: row.recipient,
  });
}

/** With something new in it, it is a new message: due now, with all its tries. */
function refresh(db: Database, message: number, now: Date, added: readonly { urgent: number }[]): void {
  db.prepare(
    `UPDATE message SET next_attempt_at = @now, attempts = 0, last_code = NULL, last_error = NULL,
       digest = MAX(digest, @digest), urgency = ${URGENCY}
     WHERE id = +@message`,
  ).run({ message, now: fromInstant(now), digest: added.some(({ urgent }) => urgent === 0) ? 1 : 0 });
}

/**
 * Days left of the most pressing thing in a message. What is at stake at once comes first, in the order of the harm; what can
 * wait any time last.
 */
export const URGENCY = `(SELECT MIN(CASE topic WHEN 'leaked' THEN -9700 WHEN 'revoked' THEN -9500 WHEN 'unconfirmed' THEN -9400
  WHEN 'changed' THEN -9300 WHEN 'history' THEN -9290 WHEN 'recipients' THEN -9280 WHEN 'configuration' THEN -9200
  WHEN 'findings' THEN CASE urgent WHEN 1 THEN -9100 ELSE 6000 END WHEN 'expiry' THEN MAX(lead_days, -9000)
  WHEN 'old-token' THEN CASE urgent WHEN 1 THEN -9600 ELSE 7000 END WHEN 'rotated' THEN 8000 ELSE 9000 END)
  FROM reminder WHERE message = +@message AND state = 'carried')`;
