import type { ClaimedMessage, NextState, ReminderKey } from '../remind/reminder.ts';
import { fromInstant, KEPT_INTEGER, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import { insertMessage, URGENCY } from './gather.ts';
import type { ReminderRow } from './reminders.ts';
import {
  anyPointless,
  BY_KEY,
  countFresh,
  coverByTighter,
  dropStale,
  endIfEmpty,
  keyOf,
  SELECT_REMINDER,
  toKey,
} from './reminders.ts';

// From the claim of a message to what became of it. Every change asks for the claim: an outdated holder can change nothing.

interface MessageRow {
  id: number;
  channel: string;
  address: string;
  attempts: number;
  repeats: number;
  refusals: number;
  claim: number;
  payload: Uint8Array | null;
}

export interface Claiming {
  readonly epoch: string;
  readonly now: Date;
  /** A later attempt than this is a clock's error, and is not kept. */
  readonly tooFar: Date;
  readonly channels: readonly string[];
}

/** Takes the most urgent message that is due, after dropping from it what has become pointless. Inside a transaction. */
export function claim(db: Database, { epoch, now, tooFar, channels }: Claiming): ClaimedMessage | undefined {
  const next = db
    .prepare(
      `SELECT m.id FROM message AS m JOIN recipient AS p ON p.id = m.recipient
       WHERE m.next_attempt_at IS NOT NULL AND m.state IN ('pending', 'ambiguous')
         AND (m.next_attempt_at <= @now OR m.next_attempt_at > @tooFar)
         AND p.channel IN (SELECT value FROM json_each(@channels))
       ORDER BY m.urgency, m.id LIMIT 1`,
    )
    .pluck();
  const which = {
    now: fromInstant(now),
    tooFar: fromInstant(tooFar),
    channels: JSON.stringify(channels),
  };
  for (;;) {
    const id = next.get(which) as number | undefined;
    if (id === undefined) return undefined;
    if (anyPointless(db, id, now)) {
      dropStale(db, id, now);
      coverByTighter(db, id, now);
    }
    if (endIfEmpty(db, id)) continue;
    db.prepare(
      `UPDATE message SET state = 'in-flight', stage = 'claimed', owner_epoch = @epoch, claim = claim + 1, attempts = attempts + 1,
         repeats = repeats + (state = 'ambiguous'), next_attempt_at = NULL WHERE id = +@id`,
    ).run({ epoch, id });
    return read(db, id);
  }
}

function read(db: Database, id: number): ClaimedMessage {
  const row = db
    .prepare(
      `SELECT m.id, p.channel, p.address, m.attempts, m.repeats, m.refusals, m.claim, m.payload
       FROM message AS m JOIN recipient AS p ON p.id = m.recipient WHERE m.id = ${KEPT_INTEGER}`,
    )
    .get(id) as MessageRow;
  const reminders = db
    .prepare(
      `${SELECT_REMINDER} WHERE r.message = ${KEPT_INTEGER} AND r.state = 'carried' ORDER BY r.lead_days, r.credential`,
    )
    .all(id) as ReminderRow[];
  const due = reminders.map((reminder) => reminder.due_at).sort();
  return {
    id,
    channel: row.channel,
    recipient: row.address,
    claim: row.claim,
    attempts: row.attempts,
    repeats: row.repeats,
    refusals: row.refusals,
    // What was surely not delivered is rendered anew, so that it says what is so now.
    payload: row.repeats > 0 ? (row.payload ?? undefined) : undefined,
    firstDueAt: toInstant(due[0] ?? ''),
    reminders: reminders.map((reminder) => ({ ...toKey(reminder), covers: coversOf(db, toKey(reminder)) })),
  };
}

/** Also those that are covered by what it covers: none of them has gone out. */
function coversOf(db: Database, key: ReminderKey): readonly number[] {
  const { credential, version, topic, recipient } = keyOf(db, key);
  const covered = db
    .prepare(
      `SELECT lead_days, covered_by FROM reminder WHERE credential = ? AND version = +? AND topic = ? AND recipient = +?
         AND state = 'covered'`,
    )
    .all(credential, version, topic, recipient) as { lead_days: number; covered_by: number | null }[];
  const said = new Set([key.leadDays]);
  // A set that grows while it is walked: what was added is walked, too.
  for (const by of said) for (const row of covered) if (row.covered_by === by) said.add(row.lead_days);
  said.delete(key.leadDays);
  return [...said];
}

/** The last look before the data: what was recorded since the claim stops the mail here. */
export function markData(
  db: Database,
  { id, claim, reminders }: ClaimedMessage,
  payload: Uint8Array,
  now: Date,
): boolean {
  if (countFresh(db, id, now) !== reminders.length) return false;
  const marked = db
    .prepare(
      "UPDATE message SET stage = 'data', payload = ? WHERE id = +? AND claim = +? AND state = 'in-flight' AND stage = 'claimed'",
    )
    .run(payload, id, claim);
  return marked.changes === 1;
}

/**
 * Writes down what became of it. Whoever holds the claim knows more than a recovery that found it open meanwhile, so its word
 * counts also of a message that was taken for ambiguous.
 */
export function settle(db: Database, message: ClaimedMessage, next: NextState, at: Date): boolean {
  const { changes } = db
    .prepare(
      `UPDATE message SET state = @state, stage = NULL, owner_epoch = NULL, next_attempt_at = @nextAttemptAt,
         last_code = @code, last_error = @error, sent_at = @sentAt,
         refusals = refusals + @refused, attempts = attempts - @untried,
         payload = CASE WHEN @state = 'ambiguous' OR (@state IN ('pending', 'dead') AND repeats > 0) THEN payload END
       WHERE id = +@id AND claim = +@claim AND state IN ('in-flight', 'ambiguous')`,
    )
    .run({
      id: message.id,
      claim: message.claim,
      state: next.state,
      nextAttemptAt: fromInstant(next.nextAttemptAt),
      code: next.code ?? null,
      error: next.error ?? null,
      sentAt: next.state === 'sent' ? fromInstant(at) : null,
      refused: next.refused ? 1 : 0,
      // Due again at once: not the message failed, but the service. However long that lasts, the message has all its tries.
      untried: next.state === 'pending' && next.nextAttemptAt && next.nextAttemptAt <= at ? 1 : 0,
    });
  if (changes !== 1) return false;
  if (next.state === 'sent' || next.state === 'ambiguous') noteDigest(db, message.id, at);
  if (next.state === 'sent') {
    noteGone(db, message);
    coverGivenUp(db, message.reminders);
  }
  if (next.state === 'dead') planAgain(db, message.reminders);
  // All that it carried may have become pointless on the way.
  if (next.state === 'pending' || next.state === 'ambiguous') endIfEmpty(db, message.id);
  return true;
}

/** What was let go of while a second daemon took the message for ambiguous has gone out all the same: it is owed no more. */
function noteGone(db: Database, { id, reminders }: ClaimedMessage): void {
  for (const reminder of reminders)
    db.prepare(
      `UPDATE reminder SET state = 'carried' WHERE ${BY_KEY} AND state IN ('cancelled', 'covered') AND message = +@message`,
    ).run({ ...keyOf(db, reminder), message: id });
}

/** The day's one mail has gone out, or may have. */
function noteDigest(db: Database, message: number, at: Date): void {
  db.prepare(
    `UPDATE recipient SET digest_at = @at
     WHERE id = (SELECT recipient FROM message WHERE id = +@message AND digest = 1)`,
  ).run({ message, at: fromInstant(at) });
}

/** What was given up, or left without an answer, is said by the tighter one that went through. */
function coverGivenUp(db: Database, reminders: readonly ReminderKey[]): void {
  for (const reminder of reminders) {
    // Each of these is one of its own.
    if (reminder.topic === 'rotated' || reminder.topic === 'changed') continue;
    db.prepare(
      `UPDATE reminder SET state = 'covered', covered_by = @leadDays
       WHERE credential = @credential AND version = +@version AND topic = @topic AND recipient = +@recipient
         AND CASE topic WHEN 'standing' THEN lead_days < @leadDays ELSE lead_days > @leadDays END
         AND (state = 'dead' OR (state = 'carried' AND EXISTS (SELECT 1 FROM message AS m
           WHERE m.id = reminder.message AND m.state IN ('dead', 'ambiguous') AND m.next_attempt_at IS NULL)))`,
    ).run(keyOf(db, reminder));
  }
}

/** Somebody else must be told. */
export function planAgain(db: Database, reminders: readonly ReminderKey[]): void {
  for (const { credential } of reminders)
    db.prepare("UPDATE credential SET plan_at = '' WHERE name = ?").run(credential);
}

/** How often a reminder is rendered before it is given up. */
const RENDER_TRIES = 5;

export function leaveOut(db: Database, message: ClaimedMessage, reminder: ReminderKey, until: Date): void {
  if (!isHeld(db, message)) return;
  const left = db
    .prepare(
      `UPDATE reminder SET tries = tries + 1, not_before = @until, message = NULL,
         state = CASE WHEN tries + 1 >= @most THEN 'dead' ELSE 'owed' END
       WHERE ${BY_KEY} AND state = 'carried' AND message = +@message`,
    )
    .run({ ...keyOf(db, reminder), until: fromInstant(until), most: RENDER_TRIES, message: message.id });
  if (left.changes === 1) endIfEmpty(db, message.id);
}

function isHeld(db: Database, { id, claim }: ClaimedMessage): boolean {
  return (
    db
      .prepare("SELECT 1 FROM message WHERE id = +? AND claim = +? AND state = 'in-flight'")
      .pluck()
      .get(id, claim) === 1
  );
}

/**
 * Moves the second half of what a message carries into one of its own. Neither is added to any more. What may have been
 * delivered stays whole, since a repeat is the same mail.
 */
export function split(db: Database, message: ClaimedMessage, now: Date): boolean {
  if (message.reminders.length < 2 || message.repeats > 0 || !isHeld(db, message)) return false;
  const recipient = db
    .prepare('SELECT recipient FROM message WHERE id = +?')
    .pluck()
    .get(message.id) as number;
  const other = insertMessage(db, recipient, true);
  const half = message.reminders.slice(Math.ceil(message.reminders.length / 2));
  for (const reminder of half) {
    db.prepare(`UPDATE reminder SET message = +@other WHERE ${BY_KEY} AND message = +@message`).run({
      ...keyOf(db, reminder),
      other,
      message: message.id,
    });
  }
  for (const part of [message.id, other]) {
    db.prepare(
      `UPDATE message SET state = 'pending', stage = NULL, owner_epoch = NULL, payload = NULL, split = 1, next_attempt_at = @now,
         digest = (SELECT digest FROM message WHERE id = +@whole), urgency = ${URGENCY} WHERE id = +@message`,
    ).run({ message: part, whole: message.id, now: fromInstant(now) });
  }
  return true;
}

export interface Recovery {
  readonly now: Date;
  readonly firstRepeatAt: Date;
  readonly maxRepeats: number;
}

/** Not begun means not sent; begun means that the server may have it. @returns whose mail had begun, and how many had not */
export function recover(
  db: Database,
  { now, firstRepeatAt, maxRepeats }: Recovery,
): { readonly begun: readonly string[]; readonly claimed: number } {
  const begun = db
    .prepare(
      `UPDATE message SET state = 'ambiguous', stage = NULL, owner_epoch = NULL,
         next_attempt_at = CASE WHEN repeats < @maxRepeats THEN @later END,
         last_code = NULL, last_error = 'stopped while the mail was going out'
       WHERE state = 'in-flight' AND stage = 'data' RETURNING id`,
    )
    .pluck()
    .all({ later: fromInstant(firstRepeatAt), maxRepeats }) as number[];
  for (const id of begun) noteDigest(db, id, now);
  const claimed = db
    .prepare(
      `UPDATE message SET state = 'pending', stage = NULL, owner_epoch = NULL, next_attempt_at = @now
       WHERE state = 'in-flight' AND stage = 'claimed'`,
    )
    .run({ now: fromInstant(now) });
  const address = db
    .prepare('SELECT address FROM recipient WHERE id = (SELECT recipient FROM message WHERE id = +?)')
    .pluck();
  return { begun: begun.map((id) => address.get(id) as string), claimed: claimed.changes };
}
