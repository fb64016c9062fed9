import type { App } from './app.ts';
import { AppError, describeError } from './domain/error.ts';
import type { Place } from './history/chain.ts';
import { formatHead } from './history/head.ts';
import { everybody } from './remind/policy.ts';
import type { Topic } from './remind/reminder.ts';
import type { Report } from './remind/sweep.ts';
import { findDamage, findNonsense, sizeOf } from './sqlite/damage.ts';
import type { Database } from './sqlite/database.ts';
import { isDamage } from './sqlite/database.ts';
import { checkChain } from './sqlite/history.ts';
import { heldSince, hold } from './sqlite/hold.ts';
import type { TroubleName } from './sqlite/installation.ts';
import { endTrouble, listTroubles, readInstallId, recordTrouble } from './sqlite/installation.ts';
import { migrate } from './sqlite/migrate.ts';
import { findRewind, noteHead, readHead } from './sqlite/noted-head.ts';
import { KEPT_DAYS, thin } from './sqlite/retention.ts';
import { tellOfDamage } from './storage-mail.ts';

/** A quick check reads some 180 MB a second: a larger database is checked in its first round, not before it. */
const QUICK_BYTES = 500_000_000;
/** A full one reads some 120 MB a second, and nothing else happens meanwhile. */
const DAILY_BYTES = 1_000_000_000;
const DAY_MS = 86_400_000;
/** Entries of the chain that a round computes again: a fifth of a second. */
const ENTRIES_AT_ONCE = 10_000;
const ROWS_AT_ONCE = 500;

/**
 * Before anything is read from it: a database that is damaged is refused, and one that is older than it was seen to be is held.
 *
 * @throws AppError storage
 */
export function inspectAtStart(db: Database, now: Date, log: Report): void {
  const { connection } = db;
  const pages = sizeOf(connection.name) <= QUICK_BYTES ? findDamage(connection, 'quick') : undefined;
  const damage = pages ?? findNonsense(connection, asNew);
  if (damage) {
    throw new AppError('storage', `the database "${connection.name}" is damaged: ${damage}`, {
      hints: [
        'nothing is sent from it, and it was left as it is; put a backup in its place: reseal restore FILE',
      ],
    });
  }
  holdIfRewound(db, now, log);
}

/**
 * Holds a database that does not know what it was seen to know. Whoever is about to send asks for it first.
 *
 * @throws AppError storage, busy
 */
export function holdIfRewound(db: Database, now: Date, log: Report): void {
  const { connection } = db;
  // In one transaction: `resume` notes a new head, and must not be taken for a rewind on its way.
  const detail = db.transaction(() => {
    if (heldSince(db)) return undefined;
    const seen = findRewind(connection, connection.name, readInstallId(db) ?? '');
    if (!seen) return undefined;
    const head = readHead(connection);
    const end = head ? formatHead(head) : 'nothing';
    const found = `its history was seen to reach ${formatHead(seen)}, and ends at ${end}: an older copy was put in its place, its end was cut off, or its write-ahead log was lost. Nothing is sent until \`reseal resume\``;
    hold(db, found, now);
    return found;
  });
  if (detail !== undefined) log({ event: 'storage.held', detail });
}

/** How far the history reaches, for the next look. What was seen before is never given up for less: that is held. */
export function noteReach(db: Database, now: Date, log: Report): void {
  keepTrying(() => {
    holdIfRewound(db, now, log);
    if (heldSince(db)) return;
    const [installId, head] = [readInstallId(db), readHead(db.connection)];
    if (installId && head) noteHead(db.connection.name, installId, head);
  }, log);
}

function asNew(empty: Database['connection']): void {
  migrate(empty, () => new Date(0), undefined, 'none');
}

/** What keeps a database good for years, a little in each round. */
export interface StorageWatch {
  /** First of all in a round. `damaged`: nothing may be done with it; `held`: nothing may be sent from it. */
  look(app: App): Promise<'sound' | 'held' | 'damaged'>;
  /** What a round came upon. @returns whether it is damage, which is then known to everybody */
  cameUpon(app: App, error: unknown): Promise<boolean>;
  /** At the end of a round: how far the history reaches. */
  note(app: App): void;
}

export function openStorageWatch(log: Report): StorageWatch {
  const pages = openPageWatch(log);
  const chain = openChainWatch(log);
  const rows = openRowWatch();
  let noted: string | undefined;
  return {
    look: async (app) => {
      await pages.look(app);
      if (isTrouble(app.db, 'storage')) return 'damaged';
      holdIfRewound(app.db, app.world.now(), log);
      chain.look(app);
      if (heldSince(app.db)) return 'held';
      rows.look(app);
      return 'sound';
    },
    cameUpon: async (app, error) => {
      if (!isDamage(error)) return false;
      await pages.found(app, describeError(error));
      return true;
    },
    note: ({ db, world }) => {
      const hash = readHead(db.connection)?.hash;
      if (hash === noted) return;
      noteReach(db, world.now(), log);
      noted = hash;
    },
  };
}

function openPageWatch(log: Report) {
  let checkedAt: Date | undefined;
  const found = async (app: App, damage: string) => {
    const { db, world } = app;
    const known = isTrouble(db, 'storage');
    log({ event: 'storage.check.failed', detail: damage });
    keepTrying(() => recordTrouble(db, 'storage', damage, world.now()), log);
    if (!known) await tellOfDamage(app, damage, log);
  };
  const look = async (app: App) => {
    const { db, world } = app;
    const now = world.now();
    const every = sizeOf(db.connection.name) > DAILY_BYTES ? 7 : 1;
    if (checkedAt && !isPast(checkedAt, every, now)) return;
    checkedAt = now;
    const damage = findDamage(db.connection, 'full') ?? findNonsense(db.connection, asNew);
    if (damage) await found(app, damage);
    else if (isTrouble(db, 'storage')) endTrouble(db, 'storage');
  };
  return { look, found };
}

/** Once a day, and in the rounds after that while there is more. */
function openRowWatch(): { readonly look: (app: App) => void } {
  let doneAt: Date | undefined;
  return {
    look: ({ db, history, world }) => {
      const now = world.now();
      if (doneAt && !isPast(doneAt, 1, now)) return;
      const thinned = db.transaction(() => {
        const removed = thin(db, now, ROWS_AT_ONCE);
        const count = removed.reminders + removed.messages + removed.outages;
        if (count === 0) return removed;
        const result = `${count} rows that were settled more than ${KEPT_DAYS} days ago were removed`;
        history.append({ type: 'storage.thinned', subject: 'reseal', result, detail: { ...removed } }, now);
        return removed;
      });
      if (Math.max(...Object.values(thinned)) < ROWS_AT_ONCE) doneAt = now;
    },
  };
}

/** Computes the chain of the history again, all of it once a day, a part in each round. */
function openChainWatch(log: Report): { readonly look: (app: App) => void } {
  let from: Place | undefined;
  let beganAt: Date | undefined;
  let isDone = false;
  return {
    look: (app) => {
      const { db, world, identity } = app;
      const now = world.now();
      if (isDone && beganAt && !isPast(beganAt, 1, now)) return;
      if (isDone || !beganAt) [from, beganAt, isDone] = [undefined, now, false];
      const { broken, upTo, more } = checkChain(db, identity.installId, {
        ...(from && { from }),
        limit: ENTRIES_AT_ONCE,
      });
      from = upTo;
      isDone = !more;
      if (broken) {
        const detail = `entry ${broken.seq} is ${broken.reason === 'out-of-place' ? 'out of place' : broken.reason}`;
        if (begin(app, 'history', detail)) log({ event: 'history.check.failed', detail });
      } else if (isDone) end(app, 'history');
    },
  };
}

/** Everybody is told once, in the transaction that notes it. @returns whether it is new */
export function begin(
  { db, outbox, policy, world }: App,
  name: Topic & TroubleName,
  detail: string,
): boolean {
  const isNew = !isTrouble(db, name);
  const now = world.now();
  db.transaction(() => {
    recordTrouble(db, name, detail, now);
    if (!isNew) return;
    const steps = everybody(policy).map((addressee) => ({
      kind: 'owe' as const,
      // The second in which it began makes it one alarm, however often it is planned.
      key: {
        credential: '*',
        version: Math.floor(now.getTime() / 1000),
        topic: name,
        leadDays: 0,
        ...addressee,
      },
      dueAt: now,
      urgent: true,
    }));
    outbox.apply([{ credential: '*', steps, nextPlanAt: undefined }]);
  });
  return isNew;
}

/** What has not gone out about it need not go out any more. */
export function end({ db, outbox }: App, name: Topic & TroubleName): void {
  if (!isTrouble(db, name)) return;
  db.transaction(() => {
    endTrouble(db, name);
    const open = [...outbox.owed(), ...outbox.waiting().flatMap(({ reminders }) => reminders)];
    const steps = open
      .filter(({ topic }) => topic === name)
      .map(({ credential, version, topic, leadDays, channel, recipient }) => ({
        kind: 'drop' as const,
        key: { credential, version, topic, leadDays, channel, recipient },
      }));
    outbox.apply([{ credential: '*', steps, nextPlanAt: undefined }]);
  });
}

function isTrouble(db: Database, name: TroubleName): boolean {
  return listTroubles(db).some((trouble) => trouble.name === name);
}

/** Also where the clock was put back. */
function isPast(since: Date, days: number, now: Date): boolean {
  return now < since || now.getTime() - since.getTime() >= days * DAY_MS;
}

/** What only makes the next look better must not stop this one. */
function keepTrying(work: () => void, log: Report): void {
  try {
    work();
  } catch (error) {
    log({ event: 'storage.note.failed', detail: describeError(error) });
  }
}
