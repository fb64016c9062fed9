import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type SqliteModule from 'better-sqlite3';

// Loaded into the program as it ships, by `node --import`. Where RESEAL_TEST_STEP names a file, the process sends itself a signal at the
// step that stands there, between two of its own instructions, where nobody outside could hit it; else nothing happens. The program
// itself has no such place: what is wrapped are Node's `fetch` and the transactions of better-sqlite3.

/** `request`: just before one leaves · `answer`: come, and nobody has seen it · `commit`: before or after that of a transaction. */
export type Step =
  | {
      readonly at: 'request' | 'answer';
      readonly method: string;
      readonly path: string;
      readonly nth?: number;
    }
  /** Of the journal once it is through: rotation, then its destinations, such as `intended/stored`. */
  | { readonly at: 'before-commit' | 'after-commit'; readonly journal: string };

export interface Stop {
  readonly step: Step;
  readonly signal: NodeJS.Signals;
}

/** Instead of a stop: the files of the database are copied before and after each commit, into a folder for each. */
export interface Copies {
  readonly into: string;
}

/** What stood in the database at a copy, as the program saw it; one line of JSON each in `copies.jsonl`. */
export interface Copy {
  readonly at: 'before-commit' | 'after-commit';
  /** Undefined: there was none yet. */
  readonly journal: string | undefined;
  /** `PRAGMA synchronous` (2: FULL) and `journal_mode` of the connection that commits. */
  readonly synchronous: number;
  readonly mode: string;
  readonly folder: string;
}

const path = process.env['RESEAL_TEST_STEP'];
if (path && existsSync(path)) {
  const order: Stop | Copies = JSON.parse(readFileSync(path, 'utf8'));
  // For this process alone.
  rmSync(path);
  if ('into' in order) await copyAtCommits(order.into);
  else if ('method' in order.step) watchRequests(order.step, order.signal);
  else await stopAtCommit(order.step, order.signal);
}

function watchRequests(step: Extract<Step, { method: string }>, signal: NodeJS.Signals): void {
  const real = globalThis.fetch;
  let left = step.nth ?? 1;
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const isIt =
      (init?.method ?? 'GET') === step.method && new RegExp(step.path).test(pathname) && --left === 0;
    if (isIt && step.at === 'request') process.kill(process.pid, signal);
    const answer = await real(input, init);
    if (isIt && step.at === 'answer') process.kill(process.pid, signal);
    return answer;
  };
}

type Connection = SqliteModule.Database;

type AtCommit = (at: 'before-commit' | 'after-commit', connection: Connection) => void;

async function watchCommits(look: AtCommit): Promise<void> {
  const { default: Sqlite } = await import('better-sqlite3');
  const real = Sqlite.prototype.transaction;
  Sqlite.prototype.transaction = function (this: Connection, work: (...given: unknown[]) => unknown) {
    const inner = real.call(this, (...given: unknown[]) => {
      const result = work(...given);
      look('before-commit', this);
      return result;
    });
    const immediate = (...given: unknown[]) => {
      const result = inner.immediate(...given);
      look('after-commit', this);
      return result;
    };
    return { immediate };
  } as unknown as typeof real;
}

async function stopAtCommit(step: Extract<Step, { journal: string }>, signal: NodeJS.Signals): Promise<void> {
  let done = false;
  await watchCommits((at, connection) => {
    if (done || at !== step.at || journalOf(connection) !== step.journal) return;
    done = true;
    process.kill(process.pid, signal);
  });
}

async function copyAtCommits(into: string): Promise<void> {
  let count = 0;
  await watchCommits((at, connection) => {
    count += 1;
    const folder = join(into, String(count));
    mkdirSync(folder);
    for (const end of ['', '-wal']) {
      const file = `${connection.name}${end}`;
      if (existsSync(file)) copyFileSync(file, join(folder, `reseal.db${end}`));
    }
    const read = (name: string) => connection.pragma(name, { simple: true });
    const copy: Copy = {
      at,
      journal: journalOf(connection),
      synchronous: Number(read('synchronous')),
      mode: String(read('journal_mode')),
      folder,
    };
    appendFileSync(join(into, 'copies.jsonl'), `${JSON.stringify(copy)}\n`);
  });
}

function journalOf(connection: Connection): string | undefined {
  try {
    return connection
      .prepare(
        `SELECT state || '/' || COALESCE((SELECT group_concat(state) FROM rotation_destination WHERE rotation = id), '')
         FROM rotation ORDER BY opened_at DESC LIMIT 1`,
      )
      .pluck()
      .get() as string | undefined;
  } catch {
    // There is no journal yet.
    return undefined;
  }
}
