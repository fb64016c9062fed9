import { openAdoption } from './adopt.ts';
import type { App, Places } from './app.ts';
import { loadConfig, openApp } from './app.ts';
import { watchClock } from './clock.ts';
import { addDays } from './domain/calendar.ts';
import { AppError, describeError, isAppError } from './domain/error.ts';
import type { Served } from './outside.ts';
import { callHeartbeat, openSealStore } from './outside.ts';
import { watchOwnTokens } from './own-tokens.ts';
import type { Round } from './remind/deliver.ts';
import type { Report } from './remind/sweep.ts';
import type { SecretStore } from './rotate/rotation.ts';
import type { Database } from './sqlite/database.ts';
import {
  endTrouble,
  lastBeat,
  listTroubles,
  recordBeat,
  recordOutage,
  recordTrouble,
} from './sqlite/installation.ts';
import { begin, end, inspectAtStart, openStorageWatch } from './storage-watch.ts';
import type { Verifier } from './verification.ts';
import type { VerifyPipeline } from './verify-watch.ts';
import { openVerifyWatch } from './verify-watch.ts';
import { openWatch } from './watch.ts';

/** How the last round went. */
export interface CycleResult {
  /** Something is still due: the next round need not wait for the minute. */
  readonly more: boolean;
  /** What the heartbeat says: `waiting` says nothing, and the silence tells. */
  readonly verdict: 'good' | 'waiting' | 'needs-person';
}

/** While the database is held, it does not know what has gone out. */
const NOTHING_SENT = { more: false, unconfigured: false };
/** How long one round sends before the rest of the work gets its turn. */
const SENDING_MS = 50_000;
/** Everything is planned again so often, so that a plan gone wrong costs a day at most. */
const REPLAN_DAYS = 1;
/** Without a round for so long, reseal was not running. */
const OUTAGE_MS = 3_600_000;

/**
 * The work of the daemon, a round at a time. What only a round needs is loaded by the first, when the page is open.
 *
 * @throws AppError when the configuration cannot be used at the start
 */
export async function openCycle(
  db: Database,
  places: Places,
  world: Served,
  run: Pick<Round, 'epoch' | 'stopping'> & { readonly log: Report },
): Promise<{ readonly round: () => Promise<CycleResult>; readonly app: () => App }> {
  const { log } = run;
  inspectAtStart(db, world.now(), log);
  let loaded = await loadConfig(places, world, db, true);
  let app = openApp(db, loaded.config, places, world);
  app.ensureSomebodyIsTold();
  app.syncRegister();
  endTrouble(db, 'configuration');
  let plannedAllAt: Date | undefined;
  const unwritten: Round['unwritten'] = [];
  const adoption = openAdoption(log);
  const ownTokens = watchOwnTokens(log);
  const watch = openWatch(log);
  const verifyWatch = openVerifyWatch(log);
  const storage = openStorageWatch(log);
  let verifier: Verifier | undefined;
  const clock = watchClock(world.now, async () => {
    const { apiUrl } = app.config.github;
    if (world.courier) return world.courier.readClock(apiUrl);
    const { readGitHubClock } = await import('./github/clock.ts');
    return readGitHubClock({ apiUrl, version: world.version });
  });

  /** A broken file keeps the last good configuration working: a typing error must not silence reminders. */
  const reload = async () => {
    try {
      const next = await loadConfig(places, world, db, true);
      if (next.sha256 !== loaded.sha256) {
        const changed = openApp(db, next.config, places, world);
        changed.ensureSomebodyIsTold();
        changed.syncRegister();
        [loaded, app, plannedAllAt] = [next, changed, undefined];
        log({ event: 'config.loaded' });
      }
      end(app, 'configuration');
    } catch (error) {
      // A database that is busy or full says nothing about the file.
      if (!isAppError(error, 'invalid_config')) throw error;
      if (begin(app, 'configuration', describeError(error)))
        log({ event: 'config.refused', detail: describeError(error) });
    }
  };

  const clockHolds = async (): Promise<boolean> => {
    const wrong = await clock.check();
    const held = listTroubles(db).some(({ name }) => name === 'clock');
    if (wrong) recordTrouble(db, 'clock', wrong, world.now());
    else if (held) {
      endTrouble(db, 'clock');
      plannedAllAt = undefined;
    }
    if ((wrong !== undefined) !== held)
      log({ event: wrong ? 'clock.refused' : 'clock.agrees', detail: wrong ?? '' });
    return wrong === undefined;
  };

  const plan = async (): Promise<number> => {
    const { takeBack } = await import('./remind/deliver.ts');
    const now = world.now();
    takeBack({ outbox: app.outbox, unwritten, now: world.now });
    if (!plannedAllAt || now < plannedAllAt || now >= addDays(plannedAllAt, REPLAN_DAYS)) {
      app.outbox.replanAll();
      plannedAllAt = now;
    }
    if (app.outbox.isIdle(now)) return 0;
    for (const name of app.outbox.toPlan(now, Number.MAX_SAFE_INTEGER)) adoption.note(name);
    const { sweepInSteps } = await import('./remind/sweep.ts');
    const { planningOf } = await import('./sending.ts');
    const steps = sweepInSteps(planningOf(app, log));
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      // Whoever looks at the page, or asks to stop, is not kept waiting; what is not planned now is planned at the next start.
      await new Promise((resolve) => setImmediate(resolve));
      if (run.stopping()) return 0;
    }
  };

  const round = async (): Promise<CycleResult> => {
    try {
      return await work();
    } catch (error) {
      if (!(await storage.cameUpon(app, error))) throw error;
      return finish(app, true, false, log, clock.hear);
    } finally {
      world.courier?.rest();
    }
  };

  const work = async (): Promise<CycleResult> => {
    await reload();
    const state = await storage.look(app);
    if (state === 'damaged') return finish(app, true, false, log, clock.hear);
    noteOutage(db, world.now());
    await recover(app, log);
    if (!(await clockHolds())) return finish(app, true, false, log, clock.hear);
    await ownTokens.look(app);
    const watching = await watch.look(app);
    const verifying = await verifyWatch.look(app, verify);
    const unplanned = await plan();
    await adoption.look(app);
    const { more, unconfigured } = state === 'held' ? NOTHING_SENT : await send();
    storage.note(app);
    return finish(app, unplanned > 0 || unconfigured, more || watching || verifying, log, clock.hear);
  };

  /** Loaded when the first pipeline is due: without one, nobody needs the rules and what reads for them. */
  const verify: VerifyPipeline = async (pipeline) => {
    const { openVerifier } = await import('./verification.ts');
    const { RULES } = await import('./verify/rules/all.ts');
    verifier ??= openVerifier();
    try {
      return await verifier.verify(app, pipeline, RULES);
    } catch (error) {
      if (isAppError(error)) throw error;
      // Whatever strange answer has found a fault of ours: reminders must not wait for it to be mended.
      const what = `${pipeline.name} cannot be verified: ${describeError(error)}`;
      throw new AppError('unavailable', `${what}; please report it`, { cause: error });
    }
  };

  const send = async (): Promise<{ more: boolean; unconfigured: boolean }> => {
    if (app.outbox.waiting().length === 0 && unwritten.length === 0)
      return { more: false, unconfigured: false };
    const until = new Date(world.now().getTime() + SENDING_MS);
    const { deliverDue } = await import('./remind/deliver.ts');
    const { roundOf } = await import('./sending.ts');
    const due = { ...(await roundOf(app, { ...run, report: log, unwritten })), until };
    const { sent, failed } = await deliverDue(due);
    if (sent + failed > 0) log({ event: 'cycle', detail: `${sent} sent, ${failed} not sent` });
    const unreached = app.outbox.waiting().filter(({ channel }) => !due.channels.has(channel));
    if (unreached.length > 0) log({ event: 'mail.not-configured', detail: `${unreached.length} waiting` });
    return { more: world.now() >= until && !run.stopping(), unconfigured: unreached.length > 0 };
  };
  return { round, app: () => app };
}

/** A gap in which nobody came round: mails that stand for what was missed say so. */
function noteOutage(db: Database, now: Date): void {
  const last = lastBeat(db, 'cycle');
  if (last && now.getTime() - last.getTime() > OUTAGE_MS) recordOutage(db, { beganAt: last, endedAt: now });
}

async function recover(app: App, log: Report): Promise<void> {
  if (app.rotations.unfinished().length === 0) return;
  let store: SecretStore | undefined;
  let reason: unknown;
  try {
    store = await openSealStore(app.config, app.world);
  } catch (error) {
    reason = error;
  }
  const { recoverRotations } = await import('./rotate/recover.ts');
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

/** Notes that the round is over, and tells the watcher outside how it went. */
async function finish(
  app: App,
  failed: boolean,
  more: boolean,
  log: Report,
  hear: (shown: Date) => void,
): Promise<CycleResult> {
  const { db, world, outbox } = app;
  const waiting = outbox.waiting();
  const givenUp =
    waiting.some(
      ({ state, nextAttemptAt }) => state === 'dead' || (state === 'ambiguous' && !nextAttemptAt),
    ) || outbox.owed().some(({ state }) => state === 'dead');
  const circuits = outbox.circuits();
  const needsPerson =
    failed || givenUp || listTroubles(db).length > 0 || circuits.some(({ fault }) => fault === 'login');
  const delayed = circuits.length > 0 || waiting.some(({ lastError }) => lastError !== undefined);
  const verdict = needsPerson ? 'needs-person' : delayed ? 'waiting' : 'good';
  recordBeat(db, 'cycle', world.now(), world.host);
  if (verdict === 'good') recordBeat(db, 'good-cycle', world.now(), world.host);
  const answer =
    verdict === 'waiting' ? undefined : await callHeartbeat(app, verdict === 'good' ? 'good' : 'fail');
  if (answer?.ok === false) log({ event: 'heartbeat.failed', detail: answer.reason });
  if (answer?.ok && answer.serverTime) hear(answer.serverTime);
  return { more, verdict };
}
