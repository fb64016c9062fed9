import type { Places, World } from './app.ts';
import { daemonLockPath, openUsedDatabase } from './app.ts';
import { openCourier } from './courier.ts';
import type { CycleResult } from './cycle.ts';
import { openCycle } from './cycle.ts';
import { AppError, isAppError } from './domain/error.ts';
import type { KeptPage } from './kept-page.ts';
import { endPageTrouble, keepPage } from './kept-page.ts';
import { openLog } from './log.ts';
import type { Report } from './remind/sweep.ts';
import type { Database } from './sqlite/database.ts';
import { lastDaemon, recordBeat } from './sqlite/installation.ts';
import type { Lock } from './sqlite/lock.ts';
import { acquireLock } from './sqlite/lock.ts';
import { holdIfRewound } from './storage-watch.ts';

export interface DaemonOptions {
  readonly places: Places;
  readonly world: World;
  /** Do what is due and return. */
  readonly once: boolean;
}

/** What is on its way when the daemon is told to stop gets so long to be answered. */
const GRACE_MS = 8_000;

/**
 * The long-running service. The clock only wakes it: what it does is whatever is due and not done, so that a missed
 * wake-up, a sleeping machine or a restart loses nothing.
 *
 * @returns the exit code
 * @throws AppError conflict when another daemon holds the lock
 */
export async function runDaemon({ places, world, once }: DaemonOptions): Promise<number> {
  keepYoungGenerationSmall();
  const db = openUsedDatabase(places, world);
  let lock: Lock | undefined;
  let page: KeptPage | undefined;
  try {
    lock = takeDaemonLock(db, places, world);
    const log = openLog();
    const stop = stopSignal();
    const epoch = world.randomBytes(8).toString('hex');
    // What runs once gives its memory back by ending.
    const courier = once ? undefined : openCourier(process.argv[1] ?? '', world.version);
    const cycle = await openCycle(db, places, { ...world, courier }, { epoch, stopping: stop.stopping, log });
    endPageTrouble(db);
    log({ event: 'daemon.started', detail: `process ${process.pid}` });
    const round = tolerant(cycle.round, log);
    if (once) return await runOnce(round, () => cycle.app().outbox.counts());
    page = keepPage(cycle.app, log);
    // Before the first round, which may take long, and before what only that needs is loaded: whoever started the daemon waits for it.
    await page.keep();
    const ended = await Promise.race([keepRunning(round, stop, page.keep), stop.graceOver]);
    log({ event: 'daemon.stopped', detail: ended ?? 'nothing was on its way' });
    // What is still on its way must not be waited for: how far it got stands in the database.
    if (ended) process.exit(0);
    return 0;
  } finally {
    await page?.close();
    lock?.release();
    db.close();
  }
}

/** @throws AppError conflict naming the process that holds it */
export function takeDaemonLock(db: Database, places: Places, world: World): Lock {
  const lock = acquireLock(daemonLockPath(places));
  if (lock) {
    recordBeat(db, 'started', world.now(), world.host);
    return lock;
  }
  const holder = lastDaemon(db);
  const who = holder ? ` (process ${holder.pid}${holder.host ? ` on ${holder.host}` : ''})` : '';
  throw new AppError('conflict', `a daemon is running on this data already${who}`, {
    hints: ['one is enough: stop the other first'],
  });
}

/**
 * The daemon's lock, for a command that sends where none runs. A database that is older than it was seen to be is held by then, as
 * the daemon holds it: look for that (`heldSince`) before anything is sent.
 *
 * @returns undefined: a daemon runs, and sends
 */
export function takeSendingLock(db: Database, places: Places, world: World, log: Report): Lock | undefined {
  let lock: Lock | undefined;
  try {
    lock = takeDaemonLock(db, places, world);
    holdIfRewound(db, world.now(), log);
    return lock;
  } catch (error) {
    lock?.release();
    if (isAppError(error, 'conflict')) return undefined;
    throw error;
  }
}

/** What a full disk or a busy database stops is told, and is due again in a minute; a bug ends the daemon. */
function tolerant(round: () => Promise<CycleResult>, log: Report): () => Promise<CycleResult | undefined> {
  return async () => {
    try {
      return await round();
    } catch (error) {
      if (!isAppError(error)) throw error;
      log({ event: 'cycle.failed', detail: error.message });
      // What the disk did not take may be lost although a later try succeeds: only a new start knows what is there.
      if ((error.cause as { code?: unknown } | undefined)?.code === 'SQLITE_IOERR_FSYNC') throw error;
      return undefined;
    }
  };
}

/** 1 while mail that is due could not be handed over. */
async function runOnce(
  round: () => Promise<CycleResult | undefined>,
  counts: () => { readonly pending: number; readonly dead: number },
): Promise<number> {
  for (;;) {
    const result = await round();
    if (!result) return 3;
    if (!result.more) return counts().pending + counts().dead > 0 ? 1 : 0;
  }
}

/** node-cron is a wake-up and no more: a slot that it misses is made up for by the next. */
async function keepRunning(
  round: () => Promise<CycleResult | undefined>,
  stop: Stop,
  keepPageOpen: () => Promise<void>,
): Promise<undefined> {
  let running: Promise<void> | undefined;
  const wake = async () => {
    try {
      while (!stop.stopping() && (await round())?.more);
    } finally {
      running = undefined;
    }
    // The round may have loaded another configuration.
    void keepPageOpen();
  };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let hasFailed = false;
  const wakeUp = () => {
    // What a bug has left, only a new start knows.
    if (hasFailed) return;
    running ??= wake().catch((error) => {
      hasFailed = true;
      failure.reject(error);
    });
  };
  // A round that runs has read the configuration already.
  const reload = () => {
    if (running) void running.then(wakeUp);
    else wakeUp();
  };
  process.on('SIGHUP', reload);
  wakeUp();
  const { schedule } = await import('node-cron');
  const task = schedule('* * * * *', wakeUp);
  try {
    await Promise.race([stop.stopped, failure.promise]);
    await task.destroy();
    await Promise.race([running, failure.promise]);
    return undefined;
  } finally {
    // What asks for a round now must not end the process before it has said why it ends.
    process.off('SIGHUP', reload).on('SIGHUP', () => undefined);
    await task.destroy();
  }
}

/**
 * V8 lets the space for new objects grow by the busiest second, to some forty MiB with their copies, and rarely takes it back: for a
 * process that does nothing most of the time the first MiB suffices.
 */
function keepYoungGenerationSmall(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
}

interface Stop {
  readonly stopping: () => boolean;
  readonly stopped: Promise<void>;
  /** What was on its way has had its time. */
  readonly graceOver: Promise<string>;
}

/** The first SIGTERM or SIGINT lets the mail that is going out finish; the second ends the process at once. */
function stopSignal(): Stop {
  let stopping = false;
  const stopped = Promise.withResolvers<void>();
  const graceOver = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(signal === 'SIGTERM' ? 143 : 130);
      stopping = true;
      stopped.resolve();
      setTimeout(() => graceOver.resolve('without waiting for what is on its way'), GRACE_MS).unref();
    });
  }
  return { stopping: () => stopping, stopped: stopped.promise, graceOver: graceOver.promise };
}
