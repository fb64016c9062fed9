import { daemonLockPath } from '../app.ts';
import { formatInstant } from '../domain/calendar.ts';
import type { Database } from '../sqlite/database.ts';
import type { InstallationTrouble } from '../sqlite/installation.ts';
import { lastBeat, lastDaemon, listTroubles } from '../sqlite/installation.ts';
import { isLocked } from '../sqlite/lock.ts';
import type { Check } from './check.ts';
import type { Remark } from './line.ts';
import { ok, problem, unknown } from './line.ts';
import type { Scene } from './scene.ts';
import { needing } from './scene.ts';

export interface DaemonFacts {
  readonly now: Date;
  /** Name of this machine. */
  readonly host: string;
  /** Whether somebody holds the daemon's lock, as far as can be seen from here. */
  readonly isLocked: boolean;
  /** Who said last that it was the daemon. */
  readonly last: { readonly pid: number; readonly host: string | null } | undefined;
  /** When it last came round, and when nothing asked for a person then. */
  readonly cycleAt: Date | undefined;
  readonly goodAt: Date | undefined;
  readonly troubles: readonly InstallationTrouble[];
}

const STALE_MS = 15 * 60_000;
/** As often as `daemon --once` is run by a timer at the least. */
const TIMER_MS = 25 * 3_600_000;
const START = 'start it: docker compose up -d, or systemctl start reseal, or reseal daemon';

/** Whether somebody sends what is due (H12), and whether it is seen from here (F15). */
export const daemon: Check = {
  id: 'daemon',
  title: 'Daemon',
  run: (scene) => needing(scene.db, 'daemon', (db) => judgeDaemon(factsOf(scene, db))),
};

function factsOf({ places, world }: Scene, db: Database): DaemonFacts {
  return {
    now: world.now(),
    host: world.host,
    isLocked: isLocked(daemonLockPath(places)),
    last: lastDaemon(db),
    cycleAt: lastBeat(db, 'cycle'),
    goodAt: lastBeat(db, 'good-cycle'),
    troubles: listTroubles(db),
  };
}

export function judgeDaemon(facts: DaemonFacts): readonly Remark[] {
  return [judgeRunning(facts), ...judgeRounds(facts), ...facts.troubles.map(judgeTrouble)];
}

function judgeRunning({ now, host, isLocked: locked, last, cycleAt }: DaemonFacts): Remark {
  const subject = 'process';
  const age = cycleAt && now.getTime() - cycleAt.getTime();
  const who = last ? `process ${last.pid}${last.host ? ` on ${last.host}` : ''}` : 'a process';
  if (locked) return ok(subject, `it runs: ${who}`);
  if (age === undefined) return problem(subject, 'it has never run: no mail goes out without it', START);
  const when = `it came round at ${formatInstant(cycleAt ?? now)}`;
  if (age < STALE_MS && last?.host && last.host !== host) {
    const text = `${when} on ${last.host}, and its lock is not seen from ${host}: two machines share one database, which locks do not protect`;
    const next =
      'run every command where the daemon runs, such as: docker compose exec reseal reseal doctor; then it sees the lock';
    return problem(subject, text, next);
  }
  if (age < TIMER_MS) {
    const text = `it does not run now; ${when}, so that a timer may run "daemon --once"`;
    return unknown(subject, text, `if there is no such timer, ${START}`);
  }
  return problem(
    subject,
    `it does not run: ${when} for the last time, and no mail has gone out since`,
    START,
  );
}

function judgeRounds({ now, isLocked: locked, cycleAt, goodAt }: DaemonFacts): readonly Remark[] {
  if (!locked) return [];
  const age = (at: Date | undefined) => (at ? now.getTime() - at.getTime() : Number.POSITIVE_INFINITY);
  const since = (at: Date | undefined) => (at ? formatInstant(at) : 'never');
  if (age(cycleAt) > STALE_MS) {
    const text = `it holds its lock and does not come round (last: ${since(cycleAt)})`;
    return [problem('rounds', text, 'look at its log, and restart it')];
  }
  if (age(goodAt) > STALE_MS) {
    const text = `it comes round, and something has asked for a person since the last good one (${since(goodAt)})`;
    return [problem('rounds', text, 'see what: reseal status')];
  }
  return [ok('rounds', `the last one was good, at ${since(goodAt)}`)];
}

const REMEDIES: Readonly<Record<string, string>> = {
  clock: 'set this machine’s clock by NTP',
  configuration: 'correct the file; the daemon takes it within a minute',
  held: 'look at what has gone out since, then: reseal resume',
  storage: 'put a backup in the place of the database: reseal restore FILE',
  history: 'look at it with: reseal history --check',
};

function judgeTrouble({ name, detail, since }: DaemonFacts['troubles'][number]): Remark {
  const next = REMEDIES[name] ?? 'see its log';
  return problem(name, `since ${formatInstant(since)}: ${detail}`, next);
}
