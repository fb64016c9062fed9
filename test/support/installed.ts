import { join } from 'node:path';
import type { GitHubOptions } from '../../src/sandbox/github.ts';
import type { Installation } from '../../src/sandbox/installation.ts';
import { makeInstallation } from '../../src/sandbox/installation.ts';
import type { Program, Running } from '../../src/sandbox/run.ts';
import { openProgram } from '../../src/sandbox/run.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { findLeaks } from './canary.ts';
import type { Gathering } from './sinks.ts';
import { gather } from './sinks.ts';

/** The program as it ships, made by the global set-up. */
export const PROGRAM = join(import.meta.dirname, '../../dist/main.js');
export const PLACE = { repo: 'joaoh82/rust_sqlite', environment: 'release', secret: 'CRATES_IO_TOKEN' };
const DAY_MS = 86_400_000;

export interface Installed extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly installation: Installation;
  readonly program: Program;
  /** What the program has left behind so far. */
  readonly sinks: Gathering['collect'];
  /** Moves GitHub's clock; ours stays. */
  advanceGitHub(ms: number): void;
}

/** The built program on the shipped example, beside stand-ins; not initialised yet. */
export async function install(
  github: Pick<GitHubOptions, 'tls' | 'enterpriseVersion'> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Installed> {
  let ahead = 0;
  const sandbox = await startSandbox(PLACE, daysAgo(358), () => new Date(Date.now() + ahead), github);
  const installation = makeInstallation(sandbox);
  const gathering = gather(installation, sandbox, (own) =>
    openProgram(PROGRAM, installation, { ...own, ...env }),
  );
  const { program } = gathering;
  return {
    sandbox,
    installation,
    program,
    sinks: gathering.collect,
    advanceGitHub: (ms) => {
      ahead += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await program.stopAll();
      gathering.stop();
      const leaks = findLeaks(sandbox.offeredToken, gathering.collect());
      await sandbox.close();
      installation.remove();
      // Whatever this test was about: the token must be nowhere.
      if (leaks.length > 0) throw new Error(`the token was left behind: ${leaks.join(', ')}`);
    },
  };
}

/** The same with its database, and version 1 recorded as made 358 days ago. */
export async function installAndRecord(): Promise<Installed> {
  const installed = await install();
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
