import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from 'vitest';
import type { Finished, Running } from '../../src/sandbox/run.ts';
import type { Visit } from '../../src/sandbox/visitor.ts';
import { openPage, submitForm } from '../../src/sandbox/visitor.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { Installed } from './installed.ts';
import { install, installAndRecord, openedForm, PLACE, secretOf, statusOf } from './installed.ts';
import type { Copies, Copy, Step, Stop } from './stop-at.ts';

/** How the token is given. */
export type Way = 'form' | '--stdin';

/** An installation with version 1, whose next `rotate` can be interrupted at a step. */
export interface Interrupted {
  readonly one: Installed;
  /** The program sends itself `signal` at that step of the next command. */
  arm(step: Step, signal: NodeJS.Signals): void;
  /** The next command copies its database at each commit. @returns what it copied, to be called when it has ended */
  copy(): () => readonly Copy[];
  /** Starts a rotation. */
  start(way: Way): Rotating;
  /** What a person who looks at it now is told of the credential. */
  shown(): Promise<Shown>;
  /** The events of one round of the daemon that are about rotations. */
  round(): Promise<readonly string[]>;
  /** What the database holds, read beside the program. */
  kept(): Kept;
  /** Whether GitHub holds the new token. */
  holdsNew(): boolean;
}

export interface Rotating {
  readonly running: Running;
  /** The page that answers the submission, or that none came whole; undefined without a form. */
  readonly page: Promise<Visit | 'cut off'> | undefined;
  readonly ended: Promise<Finished & { readonly signal: NodeJS.Signals | null }>;
}

export interface Shown {
  readonly code: number;
  readonly version: number | null;
  readonly unsettled: string | null;
  readonly nextReminderAt: string | null;
  readonly destination: string | undefined;
}

export interface Kept {
  readonly journal: string;
  readonly versions: readonly number[];
  /** Entries in the history that say "rotated". */
  readonly rotated: number;
  /** Reminders of version 1's expiry that are still to go out, or on their way, or out. */
  readonly oldReminders: number;
  readonly owedOfOld: number;
}

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'stop-at.ts')).href;
let template: string | undefined;
// Of the file that imports this: each has its own.
afterAll(() => {
  if (template) rmSync(template, { recursive: true, force: true });
});

export async function openInterrupted(): Promise<Interrupted> {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-step-'));
  const stepFile = join(folder, 'step.json');
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, RESEAL_TEST_STEP: stepFile };
  const installed = await install({}, env);
  const one: Installed = {
    ...installed,
    [Symbol.asyncDispose]: async () => {
      await installed[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  template ??= await makeTemplate();
  cpSync(template, one.installation.dataDir, { recursive: true });
  return {
    one,
    arm: (step, signal) => writeFileSync(stepFile, JSON.stringify({ step, signal } satisfies Stop)),
    copy: () => {
      writeFileSync(stepFile, JSON.stringify({ into: folder } satisfies Copies));
      return () =>
        readFileSync(join(folder, 'copies.jsonl'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Copy);
    },
    start: (way) => rotate(one, way),
    shown: () => show(one),
    round: async () => {
      const { stderr } = await one.program.run('daemon', '--once');
      return [...stderr.matchAll(/"msg":"(rotation\.[a-z]+)"/g)].map(([, event = '']) => event);
    },
    kept: () => look(one),
    holdsNew: () => Buffer.from(secretOf(one).opened).toString() === one.sandbox.offeredToken,
  };
}

/** The data of an installation with version 1, made once: what each test would else begin with. */
async function makeTemplate(): Promise<string> {
  const first = await installAndRecord();
  const folder = mkdtempSync(join(tmpdir(), 'reseal-template-'));
  cpSync(first.installation.dataDir, folder, { recursive: true });
  await first[Symbol.asyncDispose]();
  return folder;
}

function rotate(one: Installed, way: Way): Rotating {
  const { offeredToken } = one.sandbox;
  const args = ['--json', 'rotate', 'crates-io'];
  const running =
    way === 'form' ? one.program.start(...args) : one.program.feed(`${offeredToken}\n`, ...args, '--stdin');
  const page = way === 'form' ? visit(one, running).catch((): 'cut off' => 'cut off') : undefined;
  const ended = running.finished.then((finished) => ({ ...finished, signal: running.child.signalCode }));
  return { running, page, ended };
}

async function visit(one: Installed, running: Running): Promise<Visit> {
  const address = await openedForm(running);
  const fields = { token: one.sandbox.offeredToken, expiration: '365d' };
  return submitForm(address, await openPage(address), fields);
}

async function show(one: Installed): Promise<Shown> {
  const { code, status } = await statusOf(one);
  const [shown] = status.credentials;
  if (!shown) throw new Error('status shows no credential');
  const { version, unsettled, destinations } = shown;
  const { nextReminderAt } = shown as unknown as { nextReminderAt: string | null };
  return { code, version, unsettled, nextReminderAt, destination: destinations[0]?.state };
}

function look({ installation }: Installed): Kept {
  const db = openDatabase(join(installation.dataDir, 'reseal.db'), 'use', () => new Date());
  const one = (sql: string) => db.connection.prepare(sql).pluck().get();
  const old =
    "SELECT count(*) FROM reminder WHERE credential = 'crates-io' AND version = 1 AND topic = 'expiry'";
  try {
    return {
      journal: String(
        one(`SELECT state || '/' || COALESCE((SELECT group_concat(state) FROM rotation_destination
          WHERE rotation = id), '') FROM rotation ORDER BY opened_at DESC LIMIT 1`),
      ),
      versions: db.connection
        .prepare("SELECT version FROM version WHERE credential = 'crates-io' ORDER BY version")
        .pluck()
        .all() as number[],
      rotated: Number(one("SELECT count(*) FROM event WHERE type = 'credential.rotated'")),
      oldReminders: Number(one(`${old} AND state IN ('owed', 'carried', 'covered')`)),
      owedOfOld: Number(one(`${old} AND state = 'owed'`)),
    };
  } finally {
    db.close();
  }
}

export const PUT_PATH = `/secrets/${PLACE.secret}$`;
