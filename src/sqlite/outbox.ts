import { createHash } from 'node:crypto';
import { addDays } from '../domain/calendar.ts';
import type { ClaimedMessage, MessageState, Outbox } from '../remind/reminder.ts';
import { fromInstant, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import type { ReminderRow } from './reminders.ts';
import { applyStep, cancelEmpty, cancelStale, SELECT_REMINDER, toKey, toReminder } from './reminders.ts';

interface MessageRow {
  id: string;
  channel: string;
  recipient: string;
  attempts: number;
  repeats: number;
  refusals: number;
  claim: number;
  payload: Uint8Array | null;
  message_id: string;
}

/** What the relay must know: who we are in a Message-ID, and how often a lost answer is repeated. */
export interface OutboxOptions {
  readonly installId: string;
  /** Domain part of every Message-ID. */
  readonly domain: string;
  readonly maxRepeats: number;
}

/** No try waits longer than this (the longest pause is six hours): a later date is a clock's error, and is not kept. */
const LONGEST_WAIT_DAYS = 25 / 24;

export function openOutbox(db: Database, options: OutboxOptions): Outbox {
  const { connection } = db;
  return {
    remindersOf: (credential, version) =>
      (
        connection
          .prepare(`${SELECT_REMINDER} WHERE r.credential = ? AND r.version = ?`)
          .all(credential, version) as ReminderRow[]
      ).map(toReminder),
    apply: (plan, at) =>
      db.transaction(() => {
        for (const step of plan) applyStep(db, step, at);
      }),
    gather: (now) => db.transaction(() => gather(db, options, now)),
    claim: (epoch, now) => db.transaction(() => claim(db, options, epoch, now)),
    keepPayload: ({ id, claim: held }, payload) =>
      connection
        .prepare("UPDATE message SET payload = ? WHERE id = ? AND claim = ? AND state = 'in-flight'")
        .run(payload, id, held).changes === 1,
    markData: (message) => markData(db, message),
    settle: (message, next, at) =>
      connection
        .prepare(
          `UPDATE message SET state = @state, stage = NULL, owner_epoch = NULL, next_attempt_at = @nextAttemptAt,
             last_code = @code, last_error = @error, sent_at = @sentAt, refusals = refusals + (COALESCE(@code, 0) >= 500)
           WHERE id = @id AND claim = @claim AND state = 'in-flight'`,
        )
        .run({
          id: message.id,
          claim: message.claim,
          state: next.state,
          nextAttemptAt: fromInstant(next.nextAttemptAt),
          code: next.code ?? null,
          error: next.error ?? null,
          sentAt: next.state === 'sent' ? fromInstant(at) : null,
        }).changes === 1,
    leaveOut: (message, reminder, until) => {
      connection
        .prepare(
          `UPDATE reminder SET state = 'owed', message = NULL, due_at = @until
           WHERE id = @reminder AND message = @id AND state = 'carried'
             AND EXISTS (SELECT 1 FROM message WHERE id = @id AND claim = @claim AND state = 'in-flight')`,
        )
        .run({ reminder, until: fromInstant(until), id: message.id, claim: message.claim });
    },
    recover: (epoch, now) => db.transaction(() => recover(db, epoch, now)),
    counts: () => counts(db),
    trouble: () => trouble(db),
    nextAttemptAt: (credential) =>
      toInstant(
        connection
          .prepare(
            `SELECT MIN(CASE WHEN m.id IS NULL THEN r.due_at ELSE m.next_attempt_at END)
             FROM reminder AS r LEFT JOIN message AS m ON m.id = r.message
             WHERE r.credential = ? AND (r.state = 'owed' OR (r.state = 'carried' AND m.state = 'pending'))`,
          )
          .pluck()
          .get(credential) as string | null,
      ),
  };
}

/** Ends every open reminder of earlier versions. Called in the transaction that records a version. */
export function cancelOutdated(db: Database, credential: string, version: number): void {
  const { connection } = db;
  connection
    .prepare(
      `UPDATE reminder SET state = 'cancelled' WHERE credential = @credential AND version < @version
         AND (state = 'owed' OR (state = 'carried'
           AND message IN (SELECT id FROM message WHERE state IN ('pending', 'in-flight') AND stage IS NOT 'data')))`,
    )
    .run({ credential, version });
  cancelEmpty(db);
}

/** Who has been mailed about a version, or is about to learn of it: they are told when it is replaced. */
export function alarmedRecipients(db: Database, credential: string, version: number): readonly string[] {
  return db.connection
    .prepare(
      `SELECT DISTINCT r.recipient FROM reminder AS r JOIN message AS m ON m.id = r.message
       WHERE r.credential = ? AND r.version = ? AND r.topic <> 'rotated' AND r.state = 'carried'
         AND (m.state IN ('sent', 'ambiguous') OR (m.state = 'in-flight' AND m.stage = 'data'))`,
    )
    .pluck()
    .all(credential, version) as string[];
}

function gather(db: Database, options: OutboxOptions, now: Date): number {
  const due = db.connection
    .prepare(`${SELECT_REMINDER} WHERE r.state = 'owed' AND r.due_at <= ? ORDER BY r.id`)
    .all(fromInstant(now)) as ReminderRow[];
  const groups = Map.groupBy(due, (row) => `${row.channel}\n${row.recipient}`);
  for (const rows of groups.values()) {
    const id = messageKey(rows);
    const first = rows.map((row) => row.due_at).sort()[0];
    db.connection
      .prepare(
        `INSERT INTO message (id, channel, recipient, state, attempts, repeats, refusals, claim, next_attempt_at,
           first_due_at, message_id, created_at)
         VALUES (@id, @channel, @recipient, 'pending', 0, 0, 0, 0, @now, @first, @messageId, @now)
         ON CONFLICT (id) DO UPDATE SET state = 'pending', next_attempt_at = @now WHERE state = 'cancelled'`,
      )
      .run({
        id,
        channel: rows[0]?.channel,
        recipient: rows[0]?.recipient,
        now: fromInstant(now),
        first,
        messageId: rfcMessageId(id, options),
      });
    const carry = db.connection.prepare("UPDATE reminder SET state = 'carried', message = ? WHERE id = ?");
    for (const row of rows) carry.run(id, row.id);
  }
  return groups.size;
}

/** Each field is preceded by its length, so that no two sets of keys read alike. */
function messageKey(rows: readonly ReminderRow[]): string {
  const hash = createHash('sha256');
  for (const row of [...rows].sort((a, b) => a.id - b.id)) {
    for (const field of [row.credential, row.version, row.topic, row.lead_days, row.channel, row.recipient]) {
      hash.update(`${String(field).length}:${field}`);
    }
  }
  return hash.digest('hex');
}

/** Deterministic, and without a name, an address or a date inside (RFC 5322 §3.6.4). */
function rfcMessageId(id: string, { installId, domain }: OutboxOptions): string {
  const digest = createHash('sha256').update(installId).update('\0').update(id).digest('hex').slice(0, 32);
  return `<${digest}@${domain}>`;
}

/** What a rotation, a retirement or an acknowledgement has made pointless is cancelled first, in the same transaction. */
function claim(db: Database, options: OutboxOptions, epoch: string, now: Date): ClaimedMessage | undefined {
  cancelStale(db, now);
  const row = db.connection
    .prepare(
      `UPDATE message SET state = 'in-flight', stage = 'claimed', owner_epoch = @epoch, claim = claim + 1,
         attempts = attempts + 1, repeats = repeats + (state = 'ambiguous')
       WHERE id = (
         SELECT m.id FROM message AS m JOIN reminder AS r ON r.message = m.id AND r.state = 'carried'
         WHERE (m.next_attempt_at <= @now OR m.next_attempt_at > @tooFar)
           AND (m.state = 'pending' OR (m.state = 'ambiguous' AND m.repeats < @maxRepeats))
         GROUP BY m.id ORDER BY MIN(r.lead_days), m.first_due_at LIMIT 1)
       RETURNING id, channel, recipient, attempts, repeats, refusals, claim, payload, message_id`,
    )
    .get({
      epoch,
      now: fromInstant(now),
      tooFar: fromInstant(addDays(now, LONGEST_WAIT_DAYS)),
      maxRepeats: options.maxRepeats,
    }) as MessageRow | undefined;
  if (!row) return undefined;
  const reminders = db.connection
    .prepare(`${SELECT_REMINDER} WHERE r.message = ? AND r.state = 'carried' ORDER BY r.id`)
    .all(row.id) as ReminderRow[];
  const covers = db.connection.prepare('SELECT lead_days FROM reminder WHERE covered_by = ?').pluck();
  return {
    id: row.id,
    channel: row.channel,
    recipient: row.recipient,
    claim: row.claim,
    attempts: row.attempts,
    repeats: row.repeats,
    refusals: row.refusals,
    // What was surely not delivered is rendered anew, so that it says what is so now.
    payload: row.repeats > 0 ? (row.payload ?? undefined) : undefined,
    messageId: row.message_id,
    reminders: reminders.map((reminder) => ({
      ...toKey(reminder),
      id: reminder.id,
      covers: covers.all(reminder.id) as number[],
    })),
  };
}

/** The last look before the data: a rotation recorded since the claim stops the mail here. */
function markData(db: Database, message: ClaimedMessage): boolean {
  const open = db.connection
    .prepare(
      `UPDATE message SET stage = 'data' WHERE id = @id AND claim = @claim AND state = 'in-flight'
         AND (SELECT count(*) FROM reminder WHERE message = @id AND state = 'carried') >= @carried`,
    )
    .run({ id: message.id, claim: message.claim, carried: message.reminders.length });
  return open.changes === 1;
}

/** What another run had claimed: not begun means not sent; begun means that the server may have it. */
function recover(db: Database, epoch: string, now: Date): number {
  const begun = db.connection
    .prepare(
      `UPDATE message SET state = 'ambiguous', stage = NULL, next_attempt_at = @later, last_error = 'stopped while the mail was going out'
       WHERE state = 'in-flight' AND stage = 'data' AND owner_epoch <> @epoch`,
    )
    .run({ epoch, later: fromInstant(addDays(now, 15 / 1440)) });
  const claimed = db.connection
    .prepare(
      `UPDATE message SET state = 'pending', stage = NULL, next_attempt_at = @now
       WHERE state = 'in-flight' AND stage = 'claimed' AND owner_epoch <> @epoch`,
    )
    .run({ epoch, now: fromInstant(now) });
  return begun.changes + claimed.changes;
}

function counts(db: Database): ReturnType<Outbox['counts']> {
  const rows = db.connection.prepare('SELECT state, count(*) AS n FROM message GROUP BY state').all() as {
    state: MessageState;
    n: number;
  }[];
  const of = (state: MessageState) => rows.find((row) => row.state === state)?.n ?? 0;
  return {
    pending: of('pending'),
    inFlight: of('in-flight'),
    sent: of('sent'),
    ambiguous: of('ambiguous'),
    dead: of('dead'),
  };
}

function trouble(db: Database): ReturnType<Outbox['trouble']> {
  const row = db.connection
    .prepare(
      `SELECT last_error, next_attempt_at FROM message
       WHERE state = 'pending' AND last_error IS NOT NULL ORDER BY next_attempt_at LIMIT 1`,
    )
    .get() as { last_error: string; next_attempt_at: string } | undefined;
  return row && { error: row.last_error, nextAttemptAt: toInstant(row.next_attempt_at) };
}
