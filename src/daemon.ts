import { schedule } from 'node-cron';
import { pino } from 'pino';
import type { App, Places, World } from './app.ts';
import { daemonLockPath, loadConfig, openApp, openUsedDatabase } from './app.ts';
import { AppError, describeError, isAppError } from './domain/error.ts';
import { settingsPage } from './github/settings-page.ts';
import { openMailChannel, openSealStore } from './outside.ts';
import type { Round } from './remind/deliver.ts';
import { deliverDue, planAll } from './remind/deliver.ts';
import { recoverRotations } from './rotate/recover.ts';
import type { SecretStore } from './rotate/rotation.ts';
import type { Database } from './sqlite/database.ts';
import { recordBeat } from './sqlite/installation.ts';
import { acquireLock } from './sqlite/lock.ts';

export interface DaemonOptions {
  readonly places: Places;
  readonly world: World;
  /** Do what is due and return. */
  readonly once: boolean;
}

type Log = (fields: Readonly<Record<string, string | number | undefined>>) => void;

/**
 * The long-running service. The clock only wakes it: what it does is whatever is due and not done, so that a missed
 * wake-up, a sleeping machine or a restart loses nothing.
 *
 * @returns the exit code
 * @throws AppError conflict when another daemon holds the lock
 */
export async function runDaemon({ places, world, once }: DaemonOptions): Promise<number> {
  const db = openUsedDatabase(places, world);
  const lock = acquireLock(daemonLockPath(places));
  if (!lock) {
    db.close();
    throw new AppError('conflict', 'another daemon is running on this data', {
      hints: ['one is enough: stop the other first'],
    });
  }
  const log = openLog();
  const stop = stopSignal();
  try {
    const daemon = await startDaemon(db, places, world, log, stop);
    const good = await daemon.cycle();
    if (once) return good ? daemon.undelivered() : 3;
    if (!stop.stopping()) await wakeEachMinute(daemon, stop);
    log({ event: 'daemon.stopped' });
    return 0;
  } finally {
    lock.release();
    db.close();
  }
}

async function startDaemon(db: Database, places: Places, world: World, log: Log, stop: Stop) {
  let loaded = await loadConfig(places, world, db, true);
  const epoch = world.randomBytes(8).toString('hex');
  let app = openApp(db, loaded.config, places, world);
  const recovered = app.outbox.recover(epoch, world.now());
  log({ event: 'daemon.started', pid: process.pid, recovered });
  /** A broken file keeps the last good configuration working: a typing error must not silence reminders. */
  const reload = async () => {
    try {
      const next = await loadConfig(places, world, db, true);
      if (next.sha256 === loaded.sha256) return;
      loaded = next;
      app = openApp(db, next.config, places, world);
      log({ event: 'config.loaded' });
    } catch (error) {
      log({ event: 'config.refused', detail: describeError(error) });
    }
  };
  const round = async () => {
    await reload();
    app.syncRegister();
    await recover(app, log);
    const due = await openRound(app, epoch, log, stop);
    const unplanned = planAll(due);
    const { sent, failed } = await deliverDue(due);
    recordBeat(db, 'cycle', world.now());
    if (failed + unplanned === 0) recordBeat(db, 'good-cycle', world.now());
    if (sent + failed > 0) log({ event: 'cycle', sent, failed });
    if (!due.channel) log({ event: 'mail.not-configured', waiting: app.outbox.counts().pending });
  };
  return {
    /** 1 while mail that is due could not be handed over. */
    undelivered: () => (app.outbox.counts().pending + app.outbox.counts().dead > 0 ? 1 : 0),
    /** What a full disk or a busy database stops is told, and is due again in a minute; a bug ends the daemon. */
    cycle: async () => {
      try {
        await round();
        return true;
      } catch (error) {
        if (!isAppError(error)) throw error;
        log({ event: 'cycle.failed', detail: error.message });
        return false;
      }
    },
  };
}

async function recover(app: App, log: Log): Promise<void> {
  if (app.rotations.unfinished().length === 0) return;
  let store: SecretStore | undefined;
  let reason: unknown;
  try {
    store = await openSealStore(app.config, app.world);
  } catch (error) {
    reason = error;
  }
  await recoverRotations({
    log: app.rotations,
    store: () => {
      if (!store) throw reason;
      return store;
    },
    isOpen: app.isRotationOpen,
    now: app.world.now,
    report: log,
  });
}

async function openRound(app: App, epoch: string, log: Log, stop: Stop): Promise<Round> {
  const { config } = app;
  return {
    outbox: app.outbox,
    credentials: app.register.list,
    policy: app.policy,
    context: {
      policy: app.policy,
      command: config.reminders.command,
      settingsPage: (destination) => settingsPage(config.github.apiUrl, destination),
    },
    channel: await openMailChannel(config),
    epoch,
    now: app.world.now,
    report: log,
    stopping: stop.stopping,
  };
}

/** node-cron is a wake-up and no more: a slot that it misses is made up for by the next. */
async function wakeEachMinute(daemon: { cycle: () => Promise<boolean> }, stop: Stop): Promise<void> {
  let running: Promise<void> | undefined;
  let failure: unknown;
  const wake = async () => {
    try {
      await daemon.cycle();
    } catch (error) {
      failure = error;
      stop.stop();
    } finally {
      running = undefined;
    }
  };
  const task = schedule('* * * * *', () => {
    running ??= wake();
  });
  await stop.stopped;
  await task.destroy();
  await running;
  if (failure) throw failure;
}

interface Stop {
  readonly stopping: () => boolean;
  readonly stopped: Promise<void>;
  readonly stop: () => void;
}

/** The first SIGTERM or SIGINT lets the mail that is going out finish; the second ends the process at once. */
function stopSignal(): Stop {
  let stopping = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    stopping = true;
    resolve();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(signal === 'SIGTERM' ? 143 : 130);
      stop();
    });
  }
  return { stopping: () => stopping, stopped: promise, stop };
}

const TROUBLE = /^mail\.(?!sent)|\.(failed|refused|unread|unconfirmed)$/;

/** One JSON line an event on stderr, of named fields only. */
function openLog(): Log {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  return ({ event, ...fields }) =>
    logger[TROUBLE.test(String(event)) ? 'warn' : 'info'](fields, String(event));
}
