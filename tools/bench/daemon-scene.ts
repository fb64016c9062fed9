// What tools/bench/daemon.ts measures: the daemon on throw-away installations, and what it is measured by.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { GitHubSandbox } from '../../src/sandbox/github.ts';
import { startGitHub } from '../../src/sandbox/github.ts';
import type { MailSink } from '../../src/sandbox/mail.ts';
import { startMailSink } from '../../src/sandbox/mail.ts';

const CREDENTIALS = 20;
const REPOSITORY = 'example/crates';
const PATIENCE_MS = 30_000;
/** A daemon that was busy comes round again with the next minute. */
const TICK_MS = 90_000;

/** A process that runs until it is disposed of. */
export interface Started extends AsyncDisposable {
  readonly pid: number;
  /** From its start to its first answer; undefined: it answers nothing. */
  readonly healthyMs: number | undefined;
}

export interface Candidate {
  start(): Promise<Started>;
  /** What is done to it after a start, one after the other; each is over when it resolves. */
  readonly acts: ReadonlyMap<string, (running: Started) => Promise<void>>;
}

export interface Scene extends AsyncDisposable {
  /** By name; the first is the bare process. */
  readonly candidates: ReadonlyMap<string, Candidate>;
}

/**
 * @param program the built program
 * @param nodeRed its red.js
 */
export async function openScene(options: {
  readonly program: string;
  readonly nodeRed: string | undefined;
}): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-bench-'));
  const github = await startGitHub();
  const mail = await startMailSink({
    credentials: { user: 'reseal', password: randomBytes(16).toString('hex') },
  });
  const token = furnish(github);
  writeFileSync(join(folder, 'smtp_url'), `${mail.url}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'github_token'), `${token}\n`, { mode: 0o600 });
  const bare = join(folder, 'bare.mjs');
  writeFileSync(bare, 'setInterval(() => undefined, 60_000);\n');
  const plain = await install(folder, 'plain', { ...options, github, mail, withToken: false });
  const candidates = new Map<string, Candidate>([
    ['Node with one timer', { start: () => startProcess([bare]), acts: new Map() }],
    ['`reseal daemon`', { start: plain.start, acts: new Map([['after a mail', plain.mail]]) }],
  ]);
  const watching = await install(folder, 'watching', { ...options, github, mail, withToken: true });
  candidates.set('`reseal daemon` with a token of GitHub, after its first looks', {
    start: watching.start,
    acts: new Map([['after a mail', watching.mail]]),
  });
  if (options.nodeRed) candidates.set('node-red', await nodeRed(folder, options.nodeRed));
  return {
    candidates,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([github.close(), mail.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @returns a token that may read and seal there */
function furnish(github: GitHubSandbox): string {
  github.addRepository({ fullName: REPOSITORY });
  github.addEnvironment(REPOSITORY, 'release');
  for (let index = 0; index < CREDENTIALS; index++)
    github.addSecret({
      repository: REPOSITORY,
      environment: 'release',
      name: `TOKEN_${index}`,
      value: randomBytes(16).toString('hex'),
      at: new Date(),
    });
  const token = `github_pat_${randomBytes(24).toString('hex')}`;
  github.addToken(token, {
    permissions: { environments: 'write', metadata: 'read' },
    repositories: [REPOSITORY],
  });
  return token;
}

async function install(
  folder: string,
  name: string,
  given: {
    readonly program: string;
    readonly github: GitHubSandbox;
    readonly mail: MailSink;
    readonly withToken: boolean;
  },
) {
  const port = await freePort();
  const config = join(folder, `${name}.yaml`);
  const seal = given.withToken ? `, seal: { token-file: ${folder}/github_token, owner: ada }` : '';
  const credentials = Array.from(
    { length: CREDENTIALS },
    (_, index) =>
      `  crate-${index}: { kind: generic, owner: ada, lifetime: 365d, destinations: [{ repo: ${REPOSITORY}, environment: release, secret: TOKEN_${index} }] }`,
  );
  writeFileSync(
    config,
    `version: 1
github: { api-url: "${given.github.apiUrl}"${seal} }
mail: { url-file: ${folder}/smtp_url, from: reseal <reseal@example.org> }
web: { port: ${port} }
owners: { ada: { email: ada@example.org } }
credentials:
${credentials.join('\n')}
`,
    { mode: 0o600 },
  );
  const common = [given.program, '--config', config, '--data-dir', join(folder, name)];
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, [...common, ...args], { stdio: 'ignore' });
  run('init');
  const settle = () => {
    for (let index = 0; index < CREDENTIALS; index++) run('record', `crate-${index}`, '--never');
  };
  settle();
  return {
    start: () => startProcess([...common, 'daemon'], `http://127.0.0.1:${port}/healthz`),
    mail: async ({ pid }: Started) => {
      const before = given.mail.messages.length;
      run('record', 'crate-0', '--expires', new Date(Date.now() + 20 * 3_600_000).toISOString());
      process.kill(pid, 'SIGHUP');
      await given.mail.waitForMessages(before + 1, { timeoutMs: TICK_MS });
      run('record', 'crate-0', '--never');
    },
  };
}

async function nodeRed(folder: string, entry: string): Promise<Candidate> {
  const port = await freePort();
  const home = join(folder, 'node-red');
  mkdirSync(home);
  const settings = join(home, 'settings.js');
  writeFileSync(settings, `module.exports = { uiHost: '127.0.0.1', telemetry: { enabled: false } };\n`);
  return {
    start: () =>
      startProcess([entry, '-u', home, '-s', settings, '-p', `${port}`], `http://127.0.0.1:${port}/`),
    acts: new Map(),
  };
}

async function startProcess(args: readonly string[], url?: string): Promise<Started> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    if (url) await firstAnswer(new URL(url), child);
  } catch (error) {
    await end(child);
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    healthyMs: url === undefined ? undefined : performance.now() - startedAt,
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Asked again every two milliseconds. */
async function firstAnswer(url: URL, child: ChildProcess): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await isAnswered(url))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > until) throw new Error(`nothing answers at ${url}`);
    await pause(2);
  }
}

function isAnswered({ hostname, port, pathname }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () =>
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`),
    );
    socket.once('data', (chunk) => resolve(chunk.toString('latin1').startsWith('HTTP/1.1 200')));
    socket.once('error', () => resolve(false));
    socket.once('close', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
