import type { MessageState, PlanStep, Reminder, ReminderKey } from '../remind/reminder.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';

export interface ReminderRow {
  id: number;
  credential: string;
  version: number;
  topic: Reminder['topic'];
  lead_days: number;
  channel: string;
  recipient: string;
  due_at: string;
  state: Reminder['state'];
  message: string | null;
  message_state: MessageState | null;
}

export const SELECT_REMINDER = `
  SELECT r.id, r.credential, r.version, r.topic, r.lead_days, r.channel, r.recipient, r.due_at, r.state, r.message,
    m.state AS message_state
  FROM reminder AS r LEFT JOIN message AS m ON m.id = r.message`;

const INSERT_REMINDER = `
  INSERT INTO reminder (credential, version, topic, lead_days, channel, recipient, due_at, state, covered_by, created_at)`;
const KEY_VALUES = '@credential, @version, @topic, @leadDays, @channel, @recipient';

/** Owed once, however often it is planned: the key decides. Called inside a transaction. */
export function applyStep(db: Database, step: PlanStep, at: Date): void {
  const dates = { dueAt: fromInstant(step.dueAt), at: fromInstant(at) };
  if (step.kind === 'owe') {
    db.connection
      .prepare(`${INSERT_REMINDER} VALUES (${KEY_VALUES}, @dueAt, 'owed', NULL, @at) ON CONFLICT DO NOTHING`)
      .run({ ...step.key, ...dates });
    return;
  }
  // What has gone out meanwhile, or is going out, is not taken back.
  db.connection
    .prepare(
      `${INSERT_REMINDER} VALUES (${KEY_VALUES}, @dueAt, 'covered', @by, @at)
       ON CONFLICT (credential, version, topic, lead_days, channel, recipient) DO UPDATE SET state = 'covered', covered_by = @by
       WHERE state = 'owed'
         OR (state = 'carried' AND message IN (SELECT id FROM message WHERE message.state = 'pending'))`,
    )
    .run({ ...step.key, ...dates, by: findReminder(db, step.by) });
  cancelEmpty(db);
}

function findReminder(db: Database, key: ReminderKey): number {
  return db.connection
    .prepare(
      `SELECT id FROM reminder WHERE credential = @credential AND version = @version AND topic = @topic
         AND lead_days = @leadDays AND channel = @channel AND recipient = @recipient`,
    )
    .pluck()
    .get({ ...key }) as number;
}

/** Ends what a retirement, an acknowledgement or a newer version has made pointless: not begun, unclear, or undeliverable. */
export function cancelStale(db: Database, now: Date): void {
  db.connection
    .prepare(
      `UPDATE reminder SET state = 'cancelled'
       WHERE state = 'carried'
         AND message IN (SELECT id FROM message WHERE state IN ('pending', 'ambiguous', 'dead'))
         AND EXISTS (SELECT 1 FROM credential AS c WHERE c.name = reminder.credential
           AND (c.retired_at IS NOT NULL
             OR (reminder.topic = 'expiry' AND c.acknowledged_until > @now)
             OR reminder.version < (SELECT MAX(version) FROM version WHERE credential = c.name)))`,
    )
    .run({ now: fromInstant(now) });
  cancelEmpty(db);
}

/** A message that nothing is left of must not go out, and is nobody's concern any more. */
export function cancelEmpty(db: Database): void {
  db.connection
    .prepare(
      `UPDATE message SET state = 'cancelled', payload = NULL
       WHERE state IN ('pending', 'ambiguous', 'dead')
         AND NOT EXISTS (SELECT 1 FROM reminder WHERE message = message.id AND state = 'carried')`,
    )
    .run();
}

export function toKey(row: ReminderRow): ReminderKey {
  return {
    credential: row.credential,
    version: row.version,
    topic: row.topic,
    leadDays: row.lead_days,
    channel: row.channel,
    recipient: row.recipient,
  };
}

export function toReminder(row: ReminderRow): Reminder {
  return {
    ...toKey(row),
    id: row.id,
    dueAt: toInstant(row.due_at),
    state: row.state,
    messageState: row.message_state ?? undefined,
  };
}
