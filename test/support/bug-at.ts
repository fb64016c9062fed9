import { existsSync, readFileSync, rmSync } from 'node:fs';
import type SqliteModule from 'better-sqlite3';

// Loaded into the program as it ships, by `node --import`, as stop-at.ts is: where RESEAL_TEST_BUG names a file, something that only
// a bug can do happens at the place that stands there, once. All that is wrapped are Node's `fetch` and better-sqlite3's statements.

export interface Bug {
  /** `write`: when a statement that holds these words has been run · `answer`: when this request has been answered. */
  readonly at:
    | { readonly write: string }
    | { readonly answer: { readonly method: string; readonly path: string } };
  /** `throw`: in the call itself · `later`: where no code of ours waits · `reject`: a promise that nobody looks at. */
  readonly how: 'throw' | 'later' | 'reject';
  /** What is thrown; each holds the text wherever it can. */
  readonly what: 'error' | 'text' | 'object' | 'hostile' | 'group';
  readonly text: string;
}

const path = process.env['RESEAL_TEST_BUG'];
if (path && existsSync(path)) {
  const bug: Bug = JSON.parse(readFileSync(path, 'utf8'));
  // For this process alone.
  rmSync(path);
  if ('write' in bug.at) await atWrite(bug, bug.at.write);
  else atAnswer(bug, bug.at.answer);
}

function happen({ how, ...bug }: Bug): void {
  const thrown = makeThrown(bug);
  if (how === 'throw') throw thrown;
  if (how === 'reject') void Promise.reject(thrown);
  else
    setImmediate(() => {
      throw thrown;
    });
}

function makeThrown({ what, text }: Pick<Bug, 'what' | 'text'>): unknown {
  if (what === 'text') return text;
  if (what === 'object') return { message: text, name: text, code: text, stack: text };
  const error = new TypeError(text, { cause: new Error(text) });
  if (what === 'group') return new AggregateError([error], text);
  if (what === 'error') return Object.assign(error, { code: 'ERR_STRANGE', request: { body: text } });
  const fail = () => {
    throw new Error(text);
  };
  return Object.defineProperties(error, { name: { value: text }, code: { get: fail }, stack: { get: fail } });
}

async function atWrite(bug: Bug, words: string): Promise<void> {
  const { default: Sqlite } = await import('better-sqlite3');
  const real = Sqlite.prototype.prepare;
  let done = false;
  Sqlite.prototype.prepare = function (this: SqliteModule.Database, sql: string) {
    const statement = real.call(this, sql);
    if (done || !sql.includes(words)) return statement;
    const run = statement.run as (...given: unknown[]) => SqliteModule.RunResult;
    statement.run = (...given: unknown[]) => {
      const result = run.call(statement, ...given);
      if (!done) {
        done = true;
        happen(bug);
      }
      return result;
    };
    return statement;
  } as typeof real;
}

function atAnswer(bug: Bug, asked: { readonly method: string; readonly path: string }): void {
  const real = globalThis.fetch;
  let done = false;
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const answer = await real(input, init);
    if (done || (init?.method ?? 'GET') !== asked.method || !new RegExp(asked.path).test(pathname))
      return answer;
    done = true;
    if (bug.how !== 'throw') happen(bug);
    // The first that reads the answer comes upon it.
    else Object.defineProperty(answer, 'headers', { get: () => happen(bug) });
    return answer;
  };
}
