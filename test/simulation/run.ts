import type { ClaimedMessage } from '../../src/remind/reminder.ts';
import type { Database } from '../../src/sqlite/database.ts';
import type { Finding } from './oracle.ts';
import type { Schedule, Step } from './schedule.ts';
import { CALM } from './schedule.ts';
import type { Counts, Session, Variant } from './session.ts';
import { advance, change, openSession, restart } from './session.ts';
import { judgeEnd } from './verdict.ts';
import { openWatch } from './watch.ts';
import { days } from './world.ts';

/** What became of one schedule. */
export interface Result {
  readonly findings: readonly Finding[];
  readonly counts: Counts;
}

export interface RunOptions {
  readonly variant?: Variant | undefined;
  readonly log?: (line: string) => void;
}

/** Runs one schedule, and then lets everything be well, until nothing happens any more. */
export async function runSchedule(
  schedule: Schedule,
  db: Database,
  options: RunOptions = {},
): Promise<Result> {
  const session = openSession(schedule, db, {
    variant: options.variant,
    log: options.log ?? (() => undefined),
  });
  const watch = openWatch(session);
  try {
    for (const step of schedule.steps) {
      await take(session, step, watch.round);
      await endSecondWorkers(session);
      watch.look();
    }
    await settleDown(session, watch.round, watch.look);
  } catch (error) {
    session.findings.push({
      invariant: 'bug',
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  return { findings: session.findings, counts: session.counts };
}

type RoundOf = ReturnType<typeof openWatch>['round'];

async function take(session: Session, step: Step, roundOf: RoundOf): Promise<void> {
  switch (step.kind) {
    case 'advance':
      return advance(session, step.ms);
    case 'change':
      return change(session, step.change);
    case 'restart':
      return restart(session);
    case 'outdated-claim':
      return tryOutdated(session);
    case 'round': {
      await roundOf(step.round);
      if (session.main.dead) restart(session);
    }
  }
}

async function endSecondWorkers(session: Session): Promise<void> {
  for (const { go, over } of session.parked.splice(0)) {
    go();
    await over;
  }
}

/** I10: whoever holds an outdated claim can change nothing. */
function tryOutdated(session: Session): void {
  const { db, stores, findings } = session;
  const outdated = session.claims.findLast((one) => isOutdated(db, one));
  if (!outdated) return;
  const now = new Date(session.now);
  const before = dump(db);
  const [reminder] = outdated.reminders;
  const outbox = session.variant?.outbox?.(stores.outbox, db) ?? stores.outbox;
  outbox.markData(outdated, new Uint8Array([1]), now);
  outbox.settle(
    outdated,
    { state: 'dead', nextAttemptAt: undefined, code: undefined, error: 'outdated' },
    now,
  );
  outbox.split(outdated, now);
  if (reminder) outbox.leaveOut(outdated, reminder, now);
  if (dump(db) !== before)
    findings.push({ invariant: 'I10 outdated claim', detail: `message ${outdated.id} was changed` });
}

function isOutdated(db: Database, { id, claim }: ClaimedMessage): boolean {
  const row = db.prepare('SELECT claim, state FROM message WHERE id = ?').get(id) as {
    claim: number;
    state: string;
  };
  return row.claim > claim || row.state === 'sent' || row.state === 'cancelled';
}

function dump(db: Database): string {
  const rows = ['message', 'reminder'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  return JSON.stringify(rows);
}

/** 25 hours for a message, two for a service that failed as a whole, and a minute until somebody comes round. */
const LONGEST = 27 * 3_600_000 + 60_000;

async function settleDown(session: Session, roundOf: RoundOf, look: () => void): Promise<void> {
  session.log('from here on everything is well');
  await roundOf(CALM);
  look();
  for (let times = 0; times < 2; times++) {
    advance(session, times === 0 ? LONGEST : days(1.1));
    await roundOf(CALM);
    look();
    if (times === 0) judgeClamp(session);
  }
  for (let times = 0; times < 5 && isMarkedByWrongClock(session); times++) {
    advance(session, days(1.1));
    await roundOf(CALM);
    look();
  }
  const before = session.ledger.all.length;
  await roundOf(CALM);
  look();
  if (session.ledger.all.length > before)
    session.findings.push({ invariant: 'I4 quiet', detail: 'it goes on sending with nothing new' });
  const { outbox } = session.stores;
  const shown = { waiting: outbox.waiting(), owed: outbox.owed() };
  session.counts.lost = judgeEnd(session, session.now, shown);
  session.counts.owed = session.db.prepare('SELECT count(*) FROM reminder').pluck().get() as number;
}

/** A clock that has been put back since has sent this day's one mail already. */
function isMarkedByWrongClock({ ledger, truth, backAt, now }: Session): boolean {
  const today = truth.hours.dayOf(now);
  return ledger.all.some(({ tick, at }) => tick < backAt && truth.hours.dayOf(at) === today);
}

/** I9: nothing that waited may wait on, whatever the clock has done. */
function judgeClamp({ db, findings }: Session): void {
  const waiting = db
    .prepare(
      "SELECT id, state, next_attempt_at FROM message WHERE state IN ('pending', 'in-flight') OR (state = 'ambiguous' AND next_attempt_at IS NOT NULL)",
    )
    .all() as { id: number; state: string; next_attempt_at: string | null }[];
  for (const { id, state, next_attempt_at: at } of waiting)
    findings.push({
      invariant: 'I9 waits',
      detail: `message ${id} is ${state} until ${at}, after more than 27 hours`,
    });
}
