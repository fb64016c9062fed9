import { chunks, formatTold, MOST_NAMED } from '../history/about.ts';
import { FIRST_REPEAT_MS, LONGEST_WAIT_MS } from '../remind/outcome.ts';
import type { Addressee, Circuit, NextState, Outbox, ReminderKey, ServiceFault } from '../remind/reminder.ts';
import { claim, leaveOut, markData, recover, settle, split } from './claims.ts';
import { fromInstant, KEPT_INTEGER, KEPT_TEXT, toInstant } from './columns.ts';
import type { Database } from './database.ts';
import { FALLEN_DUE, gather } from './gather.ts';
import type { History } from './history.ts';
import type { ReminderRow } from './reminders.ts';
import { applyStep, SELECT_REMINDER, toKey, toReminder } from './reminders.ts';
import { counts, nextAttemptAt, owed, retry, trouble, waiting } from './waiting.ts';

/** How often a lost answer is repeated. */
export interface OutboxOptions {
  readonly maxRepeats: number;
}

/** What the history tells of mail: how it ended, for good or perhaps. That it began is durable before its first byte leaves. */
const RECORDED: Partial<Record<NextState['state'], string>> = {
  sent: 'mail.sent',
  dead: 'mail.given-up',
  ambiguous: 'mail.unanswered',
};

export function openOutbox(db: Database, history: History, { maxRepeats }: OutboxOptions): Outbox {
  const tooFar = (now: Date) => new Date(now.getTime() + LONGEST_WAIT_MS);
  return {
    isIdle: (now) =>
      db
        .prepare(
          `SELECT EXISTS (SELECT 1 FROM credential WHERE plan_at <= @now)
             OR EXISTS (SELECT 1 FROM reminder WHERE ${FALLEN_DUE})
             OR EXISTS (SELECT 1 FROM message WHERE next_attempt_at IS NOT NULL AND (next_attempt_at <= @now OR next_attempt_at > @tooFar))
             OR EXISTS (SELECT 1 FROM message WHERE state = 'in-flight')`,
        )
        .pluck()
        .get({ now: fromInstant(now), tooFar: fromInstant(tooFar(now)) }) === 0,
    toPlan: (now, limit) => {
      const rows = db
        .prepare(
          `SELECT name, plan_at FROM credential WHERE plan_at <= ? ORDER BY plan_at LIMIT ${KEPT_INTEGER}`,
        )
        .all(fromInstant(now), limit) as { name: string; plan_at: string }[];
      // What changes from here on changes what is planned from what was read, and is to be seen by `apply`.
      if (rows[0]?.plan_at === '')
        db.relaxed(() => db.prepare("UPDATE credential SET plan_at = '0' WHERE plan_at = ''").run());
      return rows.map(({ name }) => name);
    },
    replanAll: () => {
      db.relaxed(() =>
        db.prepare("UPDATE credential SET plan_at = '0' WHERE plan_at > '0' OR plan_at IS NULL").run(),
      );
    },
    remindersOf: (credential, version) =>
      (
        db
          .prepare(
            `${SELECT_REMINDER} WHERE r.credential = ${KEPT_TEXT} AND r.version IN (0, ${KEPT_INTEGER})`,
          )
          .all(credential, version) as ReminderRow[]
      ).map(toReminder),
    apply: (plans) =>
      db.relaxed(() => {
        for (const { credential, steps, nextPlanAt: at } of plans) {
          for (const step of steps) applyStep(db, step);
          db.prepare("UPDATE credential SET plan_at = ? WHERE name = ? AND plan_at IS NOT ''").run(
            fromInstant(at),
            credential,
          );
        }
      }),
    gather: (now, dayBegan) => {
      // Looking is free, and mostly there is nothing: only what is found opens a transaction.
      const due = db
        .prepare(`SELECT 1 FROM reminder WHERE ${FALLEN_DUE} LIMIT 1`)
        .pluck()
        .get({ now: fromInstant(now), tooFar: fromInstant(tooFar(now)) });
      return due === undefined ? 0 : db.relaxed(() => gather(db, now, tooFar(now), dayBegan));
    },
    claim: (epoch, now, channels) => {
      const due = db.prepare('SELECT 1 FROM message WHERE next_attempt_at IS NOT NULL LIMIT 1').pluck().get();
      if (due === undefined) return undefined;
      return db.relaxed(() => claim(db, { epoch, now, tooFar: tooFar(now), channels }));
    },
    markData: (message, payload, now) => db.transaction(() => markData(db, message, payload, now)),
    settle: (message, next, at) =>
      db.transaction(() => {
        const settled = settle(db, message, next, at);
        const type = RECORDED[next.state];
        if (settled && type) {
          const result =
            next.error ?? (next.state === 'sent' ? `accepted with ${next.code ?? 'no code'}` : '');
          noteMail(history, { ...message, type, result }, at);
        }
        if (settled && next.state === 'dead') letFormerGo(db, message.reminders);
        return settled;
      }),
    leaveOut: (message, reminder, until) => db.transaction(() => leaveOut(db, message, reminder, until)),
    split: (message, now) => db.transaction(() => split(db, message, now)),
    recover: (now) => {
      healWaits(db, now, tooFar(now));
      const any = db.prepare("SELECT 1 FROM message WHERE state = 'in-flight' LIMIT 1").pluck().get();
      if (any === undefined) return 0;
      const firstRepeatAt = new Date(now.getTime() + FIRST_REPEAT_MS);
      return db.transaction(() => {
        const begun = begunMessages(db);
        const { claimed } = recover(db, { now, firstRepeatAt, maxRepeats });
        const result = 'stopped while the mail was going out';
        for (const message of begun) noteMail(history, { ...message, type: 'mail.unanswered', result }, now);
        return begun.length + claimed;
      });
    },
    counts: () => counts(db),
    trouble: () => trouble(db),
    nextAttemptAt: (credential) => nextAttemptAt(db, credential),
    waiting: () => waiting(db),
    owed: () => owed(db),
    retry: (id, at) =>
      db.transaction(() => {
        const found = retry(db, id, at);
        if (found) noteRetry(db, history, id, at);
        return found;
      }),
    ...circuits(db),
  };
}

interface Mail extends Addressee {
  readonly id: number;
  readonly reminders: readonly ReminderKey[];
}

/** One entry about a message, which names what it was about; of a very large one several. */
function noteMail(
  history: History,
  {
    type,
    result,
    id,
    channel,
    recipient,
    reminders,
  }: Mail & { readonly type: string; readonly result: string },
  at: Date,
): void {
  for (const part of chunks(reminders.map(formatTold), MOST_NAMED))
    history.append(
      { type, subject: recipient, result, detail: { message: id, channel, reminders: part } },
      at,
    );
}

function noteRetry(db: Database, history: History, id: number, at: Date): void {
  for (const part of chunks(carriedBy(db, id).map(formatTold), MOST_NAMED))
    history.append(
      { type: 'mail.retried', subject: String(id), result: 'by a person', detail: { reminders: part } },
      at,
    );
}

/** Those whose data had begun, and whose end nobody has noted. */
function begunMessages(db: Database): readonly Mail[] {
  const rows = db
    .prepare(
      `SELECT m.id, p.channel, p.address AS recipient FROM message AS m JOIN recipient AS p ON p.id = m.recipient
       WHERE m.state = 'in-flight' AND m.stage = 'data'`,
    )
    .all() as { id: number; channel: string; recipient: string }[];
  return rows.map((row) => ({ ...row, reminders: carriedBy(db, row.id) }));
}

function carriedBy(db: Database, message: number): readonly ReminderKey[] {
  const rows = db
    .prepare(`${SELECT_REMINDER} WHERE r.message = +? AND r.state = 'carried'`)
    .all(message) as ReminderRow[];
  return rows.map(toKey);
}

/** An address that takes no more mail is why many a one is replaced: its last notice is no more to anybody, save in the history. */
function letFormerGo(db: Database, reminders: readonly ReminderKey[]): void {
  for (const { credential, version, topic, leadDays, channel, recipient } of reminders) {
    if (topic !== 'recipients') continue;
    applyStep(db, { kind: 'drop', key: { credential, version, topic, leadDays, channel, recipient } });
  }
}

/**
 * What a clock that has been put back since had put off is due now, and stays so: else it would wait anew once the clock has
 * come within a day of that date.
 */
function healWaits(db: Database, now: Date, tooFar: Date): void {
  const which = { now: fromInstant(now), tooFar: fromInstant(tooFar) };
  const any = db
    .prepare('SELECT 1 FROM message WHERE next_attempt_at > @tooFar LIMIT 1')
    .pluck()
    .get({ tooFar: which.tooFar });
  if (any === undefined) return;
  db.relaxed(() =>
    db.prepare('UPDATE message SET next_attempt_at = @now WHERE next_attempt_at > @tooFar').run(which),
  );
}

interface CircuitRow {
  channel: string;
  fault: ServiceFault;
  reason: string;
  failures: number;
  since: string;
  next_try_at: string;
}

function circuits(db: Database): Pick<Outbox, 'circuits' | 'openCircuit' | 'closeCircuit'> {
  return {
    circuits: () =>
      (
        db
          .prepare('SELECT channel, fault, reason, failures, since, next_try_at FROM circuit')
          .all() as CircuitRow[]
      ).map(
        ({ since, next_try_at, ...row }): Circuit => ({
          ...row,
          since: toInstant(since),
          nextTryAt: toInstant(next_try_at),
        }),
      ),
    openCircuit: ({ since, nextTryAt, ...circuit }) => {
      db.transaction(() =>
        db
          .prepare(
            `INSERT INTO circuit (channel, fault, reason, failures, since, next_try_at)
             VALUES (@channel, @fault, @reason, @failures, @since, @nextTryAt)
             ON CONFLICT (channel) DO UPDATE SET fault = @fault, reason = @reason, failures = @failures, next_try_at = @nextTryAt`,
          )
          .run({ ...circuit, since: fromInstant(since), nextTryAt: fromInstant(nextTryAt) }),
      );
    },
    closeCircuit: (channel) => {
      db.transaction(() => db.prepare('DELETE FROM circuit WHERE channel = ?').run(channel));
    },
  };
}

/** Who has been told of a version or of a change since, or is about to learn of it: they are told when it is replaced. */
export function alarmedRecipients(db: Database, credential: string, version: number): readonly Addressee[] {
  return db
    .prepare(
      `SELECT DISTINCT p.channel, p.address AS recipient FROM reminder AS r JOIN recipient AS p ON p.id = r.recipient
         JOIN message AS m ON m.id = r.message
       WHERE r.credential = +@credential AND r.state IN ('carried', 'covered')
         AND ((r.version = +@version AND r.topic NOT IN ('rotated', 'standing', 'changed', 'old-token'))
           OR (r.version = 0 AND r.topic = 'changed' AND r.due_at >=
             COALESCE((SELECT recorded_at FROM version WHERE credential = @credential AND version = +@version), '')))
         AND (m.state = 'ambiguous' OR m.repeats > 0
           -- What was covered before the mail went out was not in it.
           OR (r.state = 'carried' AND (m.state = 'sent' OR (m.state = 'in-flight' AND m.stage = 'data'))))`,
    )
    .all({ credential, version }) as Addressee[];
}
