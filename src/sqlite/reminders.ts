import type { Addressee, MessageState, PlanStep, Reminder, ReminderKey } from '../remind/reminder.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

export interface ReminderRow {
  credential: string;
  version: number;
  topic: Reminder['topic'];
  lead_days: number;
  channel: string;
  address: string;
  due_at: string;
  urgent: number;
  state: Reminder['state'];
  message: number | null;
  message_state: MessageState | null;
}

export const SELECT_REMINDER = `
  SELECT r.credential, r.version, r.topic, r.lead_days, p.channel, p.address, r.due_at, r.urgent, r.state, r.message,
    m.state AS message_state
  FROM reminder AS r JOIN recipient AS p ON p.id = r.recipient LEFT JOIN message AS m ON m.id = r.message`;

/** Of one reminder, by `keyOf`. */
export const BY_KEY = `credential = @credential AND version = +@version AND topic = @topic AND lead_days = +@leadDays
  AND recipient = +@recipient`;

const INSERT = `
  INSERT INTO reminder (credential, version, topic, lead_days, recipient, due_at, tries, urgent, state, covered_by)
  VALUES (@credential, @version, @topic, @leadDays, @recipient, @dueAt, 0, @urgent, @state, @by)
  ON CONFLICT (credential, version, topic, lead_days, recipient)`;

/** Whether the message that carries a reminder is in one of these states. */
const isIn = (...states: readonly MessageState[]) =>
  `EXISTS (SELECT 1 FROM message AS m WHERE m.id = reminder.message AND m.state IN (${states.map((state) => `'${state}'`).join(', ')}))`;

/** Whether the message that carried a reminder, whose answer was lost, is to be repeated. */
const REPEATED = `EXISTS (SELECT 1 FROM message AS m WHERE m.id = reminder.message AND m.next_attempt_at IS NOT NULL
  AND (m.state = 'ambiguous' OR m.repeats > 0))`;

/** Owed once, however often it is planned: the key decides. Called inside a transaction. */
export function applyStep(db: Database, step: PlanStep): void {
  const key = keyOf(db, step.key);
  switch (step.kind) {
    case 'owe':
      db.prepare(
        // A repeat that still goes out says all that it said the first time, this too.
        `${INSERT} DO UPDATE SET state = CASE WHEN ${REPEATED} THEN 'carried' ELSE 'owed' END, due_at = @dueAt,
             urgent = @urgent, message = CASE WHEN ${REPEATED} THEN message END
           WHERE state = 'cancelled' OR (state = 'owed' AND due_at > @dueAt)
             OR (state = 'covered' AND NOT EXISTS (SELECT 1 ${TIGHTER_ONE} AND t.state IN ('carried', 'dead')))`,
      ).run({ ...key, dueAt: fromInstant(step.dueAt), urgent: step.urgent ? 1 : 0, state: 'owed', by: null });
      return;
    case 'cover':
      // What has gone out meanwhile, or is going out, is not taken back.
      db.prepare(
        `${INSERT} DO UPDATE SET state = 'covered', covered_by = @by WHERE state = 'owed'
           OR (state = 'carried' AND ${isIn('pending', 'ambiguous')})`,
      ).run({ ...key, dueAt: fromInstant(step.dueAt), urgent: 0, state: 'covered', by: step.by });
      endEmpty(db, key);
      return;
    case 'drop':
      db.prepare(
        `UPDATE reminder SET state = 'cancelled' WHERE ${BY_KEY}
           AND (state = 'owed' OR (state = 'carried' AND ${isIn('pending', 'ambiguous', 'dead')}))`,
      ).run(key);
      endEmpty(db, key);
  }
}

/** The columns of a key. */
export function keyOf(
  db: Database,
  { credential, version, topic, leadDays, ...addressee }: ReminderKey,
): { credential: string; version: number; topic: string; leadDays: number; recipient: number } {
  return { credential, version, topic, leadDays, recipient: recipientId(db, addressee) };
}

export function recipientId(db: Database, { channel, recipient: address }: Addressee): number {
  const find = db.prepare('SELECT id FROM recipient WHERE channel = ? AND address = ?').pluck();
  const known = find.get(channel, address) as number | undefined;
  if (known !== undefined) return known;
  const { lastInsertRowid } = db
    .prepare('INSERT INTO recipient (channel, address) VALUES (?, ?)')
    .run(channel, address);
  return Number(lastInsertRowid);
}

function endEmpty(db: Database, key: ReturnType<typeof keyOf>): void {
  const message = db.prepare(`SELECT message FROM reminder WHERE ${BY_KEY}`).pluck().get(key) as
    | number
    | null;
  if (message !== null) endIfEmpty(db, message);
}

/**
 * A message that nothing is left of must not go out. One that may have gone out, or was given up, stays what it is, and is
 * nobody's concern any more. @returns whether nothing is left
 */
export function endIfEmpty(db: Database, message: number): boolean {
  const left = db
    .prepare("SELECT 1 FROM reminder WHERE message = +? AND state = 'carried' LIMIT 1")
    .pluck()
    .get(message);
  if (left !== undefined) return false;
  db.prepare(
    `UPDATE message SET next_attempt_at = NULL, payload = NULL, stage = NULL, owner_epoch = NULL,
       state = CASE WHEN state = 'ambiguous' OR repeats > 0 THEN 'ambiguous' ELSE 'cancelled' END
     WHERE id = +? AND (state IN ('pending', 'ambiguous') OR (state = 'in-flight' AND stage = 'claimed'))`,
  ).run(message);
  return true;
}

/** What is still so: not retired, of the current version where it is of one, and not settled. */
const CURRENT = `SELECT 1 FROM credential AS c WHERE c.name = reminder.credential AND c.retired_at IS NULL
  AND (reminder.topic = 'changed'
    OR reminder.version = COALESCE((SELECT MAX(version) FROM version WHERE credential = c.name), 0))`;
const UNSETTLED = `CASE reminder.topic
  WHEN 'unconfirmed' THEN EXISTS (SELECT 1 FROM rotation AS o WHERE o.credential = reminder.credential AND o.state = 'unconfirmed')
  WHEN 'changed' THEN EXISTS (SELECT 1 FROM destination AS d WHERE d.credential = reminder.credential AND d.state IN ('changed-elsewhere', 'missing')
    AND unixepoch(d.changed_at) / 86400 = -reminder.lead_days)
  WHEN 'old-token' THEN EXISTS (SELECT 1 FROM version AS n JOIN version AS v ON v.credential = n.credential AND v.version = n.version - 1
    WHERE n.credential = reminder.credential AND n.rotation IS NOT NULL AND v.revoked_at IS NULL AND v.standing <> 'revoked'
      AND (v.expires_at IS NULL OR v.expires_at > @now))
  ELSE 1 END`;
/** What a run of a pipeline has found is told for as long as no later one has overtaken all of it. */
const TO_TELL = `SELECT 1 FROM finding AS f WHERE f.pipeline = substr(reminder.credential, length('pipeline:') + 1)
  AND f.change_run = reminder.version`;
const OUTDATED = `CASE WHEN reminder.credential = '*' THEN 0 WHEN reminder.topic = 'findings' THEN NOT EXISTS (${TO_TELL})
  ELSE NOT EXISTS (${CURRENT}) OR NOT ${UNSETTLED} END`;
/** Put off by an acknowledgement. An old token that has leaked is urgent, and is not. */
const PUT_OFF = `(reminder.topic = 'expiry' OR (reminder.topic = 'old-token' AND reminder.urgent = 0))
  AND EXISTS (SELECT 1 FROM credential AS c WHERE c.name = reminder.credential AND c.acknowledged_until > @now)`;

/** Lets go of what has become pointless in a message whose data has not begun. @returns whether nothing is left */
export function dropStale(db: Database, message: number, now: Date): boolean {
  const dropped = db
    .prepare(
      `UPDATE reminder SET state = 'cancelled' WHERE message = +@message AND state = 'carried' AND ${OUTDATED}`,
    )
    .run({ message, now: fromInstant(now) });
  const delivered = db
    .prepare("SELECT repeats > 0 OR state = 'ambiguous' FROM message WHERE id = +?")
    .pluck()
    .get(message);
  // Where it may have been delivered, whoever acknowledged it knows; else it is owed again when the time is over.
  const change =
    delivered === 1
      ? "state = 'covered'"
      : `state = 'owed', message = NULL,
         due_at = (SELECT acknowledged_until FROM credential WHERE name = reminder.credential)`;
  const postponed = db
    .prepare(`UPDATE reminder SET ${change} WHERE message = +@message AND state = 'carried' AND ${PUT_OFF}`)
    .run({ message, now: fromInstant(now) });
  return dropped.changes + postponed.changes > 0 && endIfEmpty(db, message);
}

/** A tighter reminder of the same series (of the monthly ones a later one). */
const TIGHTER_ONE = `FROM reminder AS t WHERE t.credential = reminder.credential AND t.version = reminder.version
  AND t.topic = reminder.topic AND t.recipient = reminder.recipient AND t.topic IN ('expiry', 'revoked', 'leaked', 'standing', 'unconfirmed', 'old-token')
  AND CASE t.topic WHEN 'standing' THEN t.lead_days > reminder.lead_days ELSE t.lead_days < reminder.lead_days END`;
/** The one that is due, goes out, or has gone out, and says it too. */
const TIGHTER = `${TIGHTER_ONE}
  AND ((t.state = 'owed' AND t.due_at <= @now) OR (t.state = 'carried' AND EXISTS (SELECT 1 FROM message AS m WHERE m.id = t.message
    AND (m.state IN ('in-flight', 'sent') OR m.next_attempt_at IS NOT NULL))))`;

/** Whether anything in a message has become pointless: mostly nothing has, and this one look is all. */
export function anyPointless(db: Database, message: number, now: Date): boolean {
  return (
    db
      .prepare(
        `SELECT 1 FROM reminder WHERE message = +@message AND state = 'carried'
           AND ((${OUTDATED}) OR (${PUT_OFF}) OR EXISTS (SELECT 1 ${TIGHTER})) LIMIT 1`,
      )
      .pluck()
      .get({ message, now: fromInstant(now) }) !== undefined
  );
}

/**
 * A plan leaves alone what is going out at that moment. Where that did not get through, a tighter one has been owed meanwhile,
 * and one mail is enough.
 */
export function coverByTighter(db: Database, message: number, now: Date): void {
  db.prepare(
    `UPDATE reminder SET state = 'covered', covered_by = (SELECT MIN(t.lead_days) ${TIGHTER})
     WHERE message = +@message AND state = 'carried' AND EXISTS (SELECT 1 ${TIGHTER})`,
  ).run({ message, now: fromInstant(now) });
}

/**
 * What a new version, an acknowledgement or a retirement makes of everything that is owed for a credential. Called in the
 * transaction that records it; what is on its way is looked at again before its data begins.
 */
export function letGo(db: Database, credential: string, now: Date): void {
  const which = { credential, now: fromInstant(now) };
  db.prepare(
    `UPDATE reminder SET state = 'cancelled' WHERE credential = +@credential AND state IN ('owed', 'dead') AND ${OUTDATED}`,
  ).run(which);
  db.prepare(
    `UPDATE reminder SET due_at = (SELECT acknowledged_until FROM credential WHERE name = +@credential)
     WHERE credential = +@credential AND state = 'owed' AND ${PUT_OFF}`,
  ).run(which);
  const messages = db
    .prepare(
      `SELECT DISTINCT m.id FROM reminder AS r JOIN message AS m ON m.id = r.message
       WHERE r.credential = +@credential AND r.state = 'carried'
         AND (m.state IN ('pending', 'ambiguous', 'dead') OR (m.state = 'in-flight' AND m.stage = 'claimed'))`,
    )
    .pluck()
    .all({ credential }) as number[];
  for (const message of messages) dropStale(db, message, now);
}

/** How many reminders of a message still hold. */
export function countFresh(db: Database, message: number, now: Date): number {
  return db
    .prepare(
      `SELECT count(*) FROM reminder WHERE message = +@message AND state = 'carried' AND NOT (${OUTDATED}) AND NOT (${PUT_OFF})`,
    )
    .pluck()
    .get({ message, now: fromInstant(now) }) as number;
}

export function toKey(row: ReminderRow): ReminderKey {
  return {
    credential: row.credential,
    version: row.version,
    topic: row.topic,
    leadDays: row.lead_days,
    channel: row.channel,
    recipient: row.address,
  };
}

export function toReminder(row: ReminderRow): Reminder {
  return {
    ...toKey(row),
    dueAt: toInstant(row.due_at),
    urgent: row.urgent === 1,
    state: row.state,
    messageState: row.message_state ?? undefined,
  };
}
