import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GitHubOptions } from '../../src/sandbox/github.ts';
import type { Installation } from '../../src/sandbox/installation.ts';
import { makeInstallation } from '../../src/sandbox/installation.ts';
import type { Program, Running } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { LeakWatch } from './leaks.ts';
import { watchForLeaks } from './leaks.ts';

export const ROOT = join(import.meta.dirname, '../..');
/** The program as it ships, made by the global set-up. */
export const PROGRAM = join(ROOT, 'dist/main.js');
export const PLACE = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };
const DAY_MS = 86_400_000;
/** Where secrets are meant to lie. */
const SECRET_FILES = ['github_seal_token', 'github_verify_token', 'smtp_url', 'heartbeat_url', 'webhook_url'];

export interface Installed extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly installation: Installation;
  readonly program: Program;
  /** A HOME and a folder for temporary files of its own, for a test that starts the program by itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that the token and the other secrets could be left in; searched when this is disposed of. */
  readonly leaks: LeakWatch;
  /** Moves GitHub's clock; ours stays. */
  advanceGitHub(ms: number): void;
}

/** The built program on the shipped example, beside stand-ins; not initialised yet. */
export async function install(
  github: Pick<GitHubOptions, 'tls' | 'enterpriseVersion'> & { readonly pipeline?: boolean } = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Installed> {
  let ahead = 0;
  const sandbox = await startSandbox(PLACE, daysAgo(358), () => new Date(Date.now() + ahead), github);
  const installation = makeInstallation(sandbox);
  const environment = { ...makeEnvironment(installation), ...env };
  const leaks = watch(sandbox, installation, environment.HOME);
  const program = openProgram(PROGRAM, installation, environment);
  return {
    sandbox,
    installation,
    program,
    environment,
    leaks,
    advanceGitHub: (ms) => {
      ahead += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await program.stopAll();
      const { leaks: found } = await leaks.search();
      await sandbox.close();
      installation.remove();
      if (found.length > 0) throw new Error(`a secret was left behind:\n${found.join('\n')}`);
    },
  };
}

function makeEnvironment({ folder }: Installation) {
  const home = join(folder, 'home');
  const temporary = join(folder, 'tmp');
  for (const path of [home, temporary]) mkdirSync(path);
  return { HOME: home, XDG_CACHE_HOME: join(home, '.cache'), TMPDIR: temporary };
}

function watch(sandbox: Sandbox, { folder, dataDir }: Installation, home: string): LeakWatch {
  const secretFiles = SECRET_FILES.map((name) => join(folder, name));
  const { github, cratesIo, mail, pipeline, sealToken, offeredToken } = sandbox;
  const verifies = pipeline ? { other: `token ${pipeline.verifyToken}` } : {};
  return watchForLeaks({
    places: { folder, secretFiles, home, project: ROOT },
    databasePath: join(dataDir, 'reseal.db'),
    services: [
      { sink: 'GitHub requests', listener: github, authorization: `token ${sealToken}`, ...verifies },
      { sink: 'crates.io requests', listener: cratesIo, authorization: offeredToken },
    ],
    mail,
    canaries: {
      'the token': offeredToken,
      'the token for sealing': sealToken,
      ...(pipeline ? { 'the token for verifying': pipeline.verifyToken } : {}),
      'the password of the mail server': new URL(mail.url).password,
    },
  });
}

/** The same with its database, and version 1 recorded as made 358 days ago. */
export async function installAndRecord(...options: Parameters<typeof install>): Promise<Installed> {
  const installed = await install(...options);
  await installed.program.run('init');
  await installed.program.run('record', 'crates-io', '--created', dateOf(daysAgo(358)), '--lifetime', '365d');
  return installed;
}

export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

export function dateOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** Follows `rotate --json` until its form is open. */
export async function openedForm(running: Running): Promise<string> {
  for await (const line of running.lines) {
    const step = JSON.parse(line) as { step: string; address?: string };
    if (step.step === 'form' && step.address) return step.address;
  }
  throw new Error(`the form did not open: ${(await running.finished).stderr}`);
}

export interface StatusJson {
  readonly schemaVersion: number;
  readonly credentials: readonly {
    readonly name: string;
    readonly state: string;
    readonly version: number | null;
    readonly expiresAt: string | null;
    readonly expirySource: string;
    readonly daysLeft: number | null;
    readonly unsettled: string | null;
    readonly destinations: readonly { readonly state: string }[];
  }[];
  readonly deliveries: Readonly<Record<'pending' | 'inFlight' | 'sent' | 'ambiguous' | 'dead', number>>;
  readonly daemon: { readonly lastBeatAt: string | null };
}

export async function statusOf({ program }: Installed): Promise<{ code: number; status: StatusJson }> {
  const { code, stdout } = await program.run('--json', 'status');
  return { code, status: JSON.parse(stdout) as StatusJson };
}

export function secretOf({ sandbox }: Installed): NonNullable<ReturnType<Sandbox['github']['secret']>> {
  const secret = sandbox.github.secret(PLACE.repo, PLACE.environment, PLACE.secret);
  if (!secret) throw new Error('GitHub holds no such secret');
  return secret;
}
