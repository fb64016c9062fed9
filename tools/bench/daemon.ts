// What an idle daemon takes, beside a bare Node process with one timer and beside node-red: memory, CPU time, and how soon it answers. The
// daemon has twenty credentials and a stand-in for GitHub and for the mail server. In turns, each process alone while its memory is
// read. Linux only, since all of it stands in /proc.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Figure, Line, Options } from './benchmark.ts';
import { atMost, benchmark, timesAtMost } from './benchmark.ts';
import type { Candidate, Scene, Started } from './daemon-scene.ts';
import { openScene } from './daemon-scene.ts';
import { PROGRAM } from './program.ts';
import { compare, median } from './rounds.ts';

const BARE = 'Node with one timer';
const DAEMON = '`reseal daemon`';
const WATCHING = '`reseal daemon` with a token of GitHub, after its first looks';
const NODE_RED = 'node-red';
const AFTER_MAIL = 'after a mail';
/** A start has settled by then: what is loaded is loaded, and the first round is over. */
const SETTLED_MS = 2_500;
const MINUTE_MS = 60_000;
const MINUTES = 3;

/** MiB that lie in memory (VmRSS, proc_pid_status(5)). */
function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/**
 * Milliseconds on a processor: of all threads (proc_pid_schedstat(5): nanoseconds), and of the processes that it has started and that
 * have ended (proc_pid_stat(5), fields 16 and 17, in hundredths of a second).
 */
function cpuMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const spent = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = 0, system = 0] = rest.split(' ').slice(13, 15).map(Number);
  return spent.reduce((sum, one) => sum + one, 0) / 1e6 + (user + system) * 10;
}

/** A number a round, by what was measured. */
type Taken = Map<string, number[]>;

function note(taken: Taken, key: string, number: number): void {
  taken.set(key, [...(taken.get(key) ?? []), number]);
}

async function measureStart(name: string, candidate: Candidate, taken: Taken): Promise<void> {
  await using running = await candidate.start();
  if (running.healthyMs !== undefined) note(taken, `${name}: healthy`, running.healthyMs);
  await pause(SETTLED_MS);
  note(taken, `${name}: idle`, residentMib(running.pid));
  for (const [act, perform] of candidate.acts) {
    await perform(running);
    await pause(SETTLED_MS);
    note(taken, `${name}: ${act}`, residentMib(running.pid));
  }
}

/** All of them side by side, from one middle of a minute to another. */
async function measureMinutes({ candidates }: Scene, taken: Taken): Promise<void> {
  const running: [string, Started][] = [];
  try {
    for (const [name, candidate] of candidates) running.push([name, await candidate.start()]);
    await pause(MINUTE_MS + ((1.5 * MINUTE_MS - (Date.now() % MINUTE_MS)) % MINUTE_MS));
    for (let minute = 0; minute < MINUTES; minute++) {
      const before = running.map(([, { pid }]) => cpuMs(pid));
      await pause(MINUTE_MS);
      for (const [index, [name, { pid }]] of running.entries())
        note(taken, `${name}: minute`, cpuMs(pid) - (before[index] ?? 0));
    }
  } finally {
    for (const [, one] of running) await one[Symbol.asyncDispose]();
  }
}

async function measureScene({ nodeRed, long, rounds }: Options): Promise<Taken> {
  const taken: Taken = new Map();
  await using scene = await openScene({ program: PROGRAM, nodeRed });
  for (let round = 0; round < (long ? rounds : Math.min(rounds, 3)); round++)
    for (const [name, candidate] of scene.candidates) await measureStart(name, candidate, taken);
  if (long) await measureMinutes(scene, taken);
  return taken;
}

function figure(taken: Taken, reseal: string, beside: string): Figure {
  const [own, other] = [taken.get(reseal), taken.get(beside)];
  if (!own) return { missing: 'only with `--long`' };
  return other ? compare(own, other) : { reseal: median(own), beside: 'not installed' };
}

const memory = (when: string, beside: string): Line => ({
  what: `${when}: memory`,
  unit: 'MiB',
  beside,
});

const MINUTE = `${DAEMON}: CPU of an idle minute`;

export const daemon = benchmark({
  name: 'daemon',
  lines: {
    idle: { ...memory(`${DAEMON}, idle`, BARE), goals: [timesAtMost(1.65)] },
    idleByPeer: memory(`${DAEMON}, idle`, NODE_RED),
    afterMail: memory(`${DAEMON}, idle ${AFTER_MAIL}`, BARE),
    watching: memory(WATCHING, BARE),
    healthy: {
      what: `${DAEMON}: start to healthy`,
      unit: 'ms',
      beside: NODE_RED,
      goals: [atMost(100)],
    },
    minute: { what: MINUTE, unit: 'ms', beside: BARE, goals: [atMost(5)] },
    minuteByPeer: { what: MINUTE, unit: 'ms', beside: NODE_RED },
  },
  measure: async (options) => {
    const taken = process.platform === 'linux' ? await measureScene(options) : undefined;
    const of = (name: string, what: string, peer: string, its = what): Figure =>
      taken ? figure(taken, `${name}: ${what}`, `${peer}: ${its}`) : { missing: 'read on Linux only' };
    return {
      idle: of(DAEMON, 'idle', BARE),
      idleByPeer: of(DAEMON, 'idle', NODE_RED),
      afterMail: of(DAEMON, AFTER_MAIL, BARE, 'idle'),
      watching: of(WATCHING, 'idle', BARE),
      healthy: of(DAEMON, 'healthy', NODE_RED),
      minute: of(DAEMON, 'minute', BARE),
      minuteByPeer: of(DAEMON, 'minute', NODE_RED),
    };
  },
});
