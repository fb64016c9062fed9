import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStores } from '../../src/app.ts';
import { addDays } from '../../src/domain/calendar.ts';
import { MAX_REPEATS } from '../../src/remind/outcome.ts';
import { EXAMPLE, makeInstallation } from '../../src/sandbox/installation.ts';
import type { Running } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { readInstallId } from '../../src/sqlite/installation.ts';
import { aPolicy } from './builders.ts';
import { PLACE, PROGRAM } from './installed.ts';
import type { Sample } from './soak-sample.ts';
import { takeSample } from './soak-sample.ts';
import { freePort } from './stand-ins.ts';

// The built daemon over days of accelerated time. Its clock is a file that Debian's libfaketime reads (`FAKETIME_TIMESTAMP_FILE` in
// faketime(1)); timers keep to the real time, so that no answer comes too late. A SIGHUP is what the minute is else: it wakes it.

const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
export const canSoak = FAKETIME !== undefined && existsSync('/proc/self/status');

const CREDENTIALS = Array.from({ length: 40 }, (_, index) => `token-${String(index).padStart(2, '0')}`);
/** Days that the versions of the beginning have left: one after the other falls due, and some expire on the way. */
const DAYS_LEFT = (index: number) => 2 + ((index * 7) % 61);
const MINUTE_MS = 60_000;
/** A signal that comes at the very end of a round is lost, and sent again. */
const AGAIN_MS = 25;
const PATIENCE_MS = 30_000;

export interface SoakOptions {
  readonly days: number;
  /** Simulated minutes from round to round: 1 as in life, 4 at most, since the daemon takes more for a clock that jumped. */
  readonly minutes: number;
  /** Simulated hours from sample to sample. */
  readonly every: number;
  readonly onSample?: (sample: Sample) => void;
}

export interface Soak {
  readonly samples: readonly Sample[];
  readonly rounds: number;
  readonly mails: number;
  /** Mails with a Message-ID that another had before. */
  readonly repeated: number;
  readonly requests: number;
  readonly code: number;
  readonly seconds: number;
}

/** @throws where the daemon ends, or says nothing for half a minute */
export async function soak({ days, minutes, every, onSample }: SoakOptions): Promise<Soak> {
  const began = performance.now();
  const scene = await openScene();
  const samples: Sample[] = [];
  let rounds = 0;
  try {
    const { running, round } = await scene.start();
    for (let minute = 0; minute <= days * 24 * 60; minute += minutes) {
      if (minute > 0) scene.advance(minutes);
      await round();
      rounds += 1;
      if (minute % (24 * 60) < minutes) scene.recordOne(Math.floor(minute / (24 * 60)));
      if (minute % (every * 60) >= minutes) continue;
      await scene.visit();
      const sample = await scene.sample(running, minute / (24 * 60));
      samples.push(sample);
      onSample?.(sample);
    }
    running.child.kill('SIGTERM');
    const { code } = await running.finished;
    return { samples, rounds, code, ...scene.traffic(), seconds: (performance.now() - began) / 1000 };
  } finally {
    await scene.close();
  }
}

async function openScene() {
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const sandbox = await startStandIns(now);
  const watcher = await startWatcher(now);
  const port = await freePort();
  const installation = makeInstallation(sandbox, exampleWith(port));
  const { folder, dataDir } = installation;
  writeFileSync(join(folder, 'heartbeat_url'), `${watcher.url}\n`, { mode: 0o600 });
  const [clock, collected, databasePath] = [
    join(folder, 'clock'),
    join(folder, 'collected'),
    join(dataDir, 'reseal.db'),
  ];
  showTime(clock, ahead);
  const program = openProgram(PROGRAM, installation, environmentOf(clock, collected));
  return {
    advance: (minutes: number) => {
      ahead += minutes * MINUTE_MS;
      showTime(clock, ahead);
    },
    start: async () => {
      await program.run('init');
      recordAll(databasePath, now());
      const running = program.start('daemon');
      // It comes by itself; before that, the signal would end it.
      await oneRound(running, watcher.next, () => undefined);
      return { running, round: () => oneRound(running, watcher.next) };
    },
    recordOne: (day: number) => {
      const name = CREDENTIALS[day % CREDENTIALS.length] ?? '';
      withRegister(databasePath, (register) => register.addVersion(name, aVersion(now(), 90), now()));
    },
    visit: async () => {
      for (const path of ['/', '/metrics', '/healthz'])
        await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer();
    },
    sample: async (running: Running, day: number) => {
      rmSync(collected, { force: true });
      running.child.kill('SIGUSR2');
      await until(() => existsSync(collected));
      return takeSample(running, databasePath, { day, memory: JSON.parse(readFileSync(collected, 'utf8')) });
    },
    traffic: () => trafficOf(sandbox),
    close: async () => {
      await program.stopAll();
      await Promise.all([sandbox.close(), watcher.close()]);
      installation.remove();
    },
  };
}

/** GitHub holds a secret for each credential since long ago. */
async function startStandIns(now: () => Date): Promise<Sandbox> {
  const { repo: repository, environment } = PLACE;
  const at = addDays(now(), -300);
  const sandbox = await startSandbox(PLACE, at, now, { pipeline: true });
  for (const name of CREDENTIALS)
    sandbox.github.addSecret({ repository, environment, name: secretOf(name), at });
  return sandbox;
}

/** In one step: whoever reads the file while it is written must not see half of it. */
function showTime(clock: string, ahead: number): void {
  writeFileSync(`${clock}.new`, `+${ahead / 1000}`);
  renameSync(`${clock}.new`, clock);
}

function environmentOf(clock: string, collected: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: FAKETIME ?? '',
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NODE_OPTIONS: `--expose-gc --import ${new URL('collect.mjs', import.meta.url)}`,
    RESEAL_COLLECTED: collected,
  };
}

/** Until the watcher is called, which a round does last of all. */
async function oneRound(
  { child, finished }: Running,
  next: () => Promise<void>,
  wake: () => void = () => void child.kill('SIGHUP'),
): Promise<void> {
  const beat = next().then(() => true);
  const end = performance.now() + PATIENCE_MS;
  do {
    wake();
    if (await Promise.race([beat, sleep(AGAIN_MS)])) {
      // What follows the answer: the end of the round.
      await sleep(1);
      return;
    }
  } while (child.exitCode === null && child.signalCode === null && performance.now() < end);
  child.kill('SIGTERM');
  throw new Error(`the daemon said nothing: ${(await finished).stderr.slice(-2_000)}`);
}

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) throw new Error('the daemon does not say how much memory it holds');
    await sleep(2);
  }
}

/** The example with all these credentials, and a page on this port. */
function exampleWith(port: number): string {
  const { repo, environment } = PLACE;
  const more = CREDENTIALS.map(
    (name) =>
      `  ${name}: { kind: generic, owner: joao, destinations: [{ repo: ${repo}, environment: ${environment}, secret: ${secretOf(name)} }] }`,
  );
  return (
    readFileSync(EXAMPLE, 'utf8')
      .replace('port: 8766', () => `port: ${port}`)
      .replace('\ncredentials:\n', () => `\ncredentials:\n${more.join('\n')}\n`)
      // `makeInstallation` looks for it, to have any port.
      .replace('\nweb: ', () => '\n# port: 8766\nweb: ')
  );
}

function secretOf(name: string): string {
  return name.toUpperCase().replace('-', '_');
}

function aVersion(at: Date, days: number) {
  const expiry = { kind: 'known', at: addDays(at, days), source: 'entered' } as const;
  return { expiry, lifetimeDays: 90, createdAt: undefined, checked: 'not-asked' } as const;
}

type Register = ReturnType<typeof openStores>['register'];

function withRegister(path: string, use: (register: Register) => void): void {
  const db = openDatabase(path, 'use', () => new Date());
  try {
    const installId = readInstallId(db) ?? '';
    const addresses = new Map(['joao', 'backup'].map((name) => [name, `${name}@example.org`]));
    const options = {
      installId,
      actor: 'soak@host',
      policy: aPolicy({ addresses }),
      maxRepeats: MAX_REPEATS,
    };
    db.transaction(() => use(openStores(db, options).register));
  } finally {
    db.close();
  }
}

function recordAll(path: string, at: Date): void {
  withRegister(path, (register) => {
    for (const [index, name] of CREDENTIALS.entries())
      register.addVersion(name, aVersion(at, DAYS_LEFT(index)), at);
  });
}

function trafficOf({ mail, github, npm, pipeline }: Sandbox) {
  const ids = mail.messages.map(({ raw }) => /^message-id:\s*(\S+)/im.exec(raw.toString('latin1'))?.[1]);
  return {
    mails: ids.length,
    repeated: ids.length - new Set(ids).size,
    requests: [github, npm, pipeline?.pypi].reduce((sum, one) => sum + (one?.requests.length ?? 0), 0),
  };
}

/** The watcher outside, by the same clock. */
async function startWatcher(now: () => Date) {
  let heard: (() => void)[] = [];
  const server = createServer((_request, response) => {
    response.setHeader('date', now().toUTCString());
    response.end('OK');
    const [all, none] = [heard, []];
    heard = none;
    for (const tell of all) tell();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/beat`,
    next: () => new Promise<void>((resolve) => heard.push(resolve)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
