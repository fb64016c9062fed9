import Sqlite from 'better-sqlite3';

/** One call to the database. `committed`: of a transaction that is durable, and whose success has not been heard of yet. */
export type DatabaseCall = 'begin' | 'statement' | 'commit' | 'committed';

type Watcher = (call: DatabaseCall) => void;

let watched: Sqlite.Database | undefined;
let watcher: Watcher | undefined;

/** From now on each call to this connection is told first; what `before` throws is what the call throws. */
export function watchCalls(connection: Sqlite.Database, before: Watcher): { end(): void } {
  watched = connection;
  watcher = before;
  return {
    end: () => {
      watched = undefined;
      watcher = undefined;
    },
  };
}

export function sqliteError(code: string): Error {
  return new Sqlite.SqliteError(`made up: ${code}`, code);
}

function tell(connection: Sqlite.Database, call: DatabaseCall): void {
  if (connection === watched) watcher?.(call);
}

// The library is wrapped, not our own code, and before anything of ours has bound what it offers.
const scratch = new Sqlite(':memory:');
const statements = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as Record<string, unknown>;
scratch.close();
for (const name of ['run', 'get', 'all'] as const) {
  const real = statements[name] as (...given: unknown[]) => unknown;
  statements[name] = function (this: Sqlite.Statement, ...given: unknown[]) {
    // Those of a transaction are told below. To go back never fails: SQLite gives the transaction up whatever happens.
    if (!/^(BEGIN|COMMIT|ROLLBACK)/.test(this.source)) tell(this.database, 'statement');
    return real.apply(this, given);
  };
}
const transaction = Sqlite.prototype.transaction;
Sqlite.prototype.transaction = function (this: Sqlite.Database, work: (...given: unknown[]) => unknown) {
  const inner = transaction.call(this, (...given: unknown[]) => {
    const result = work(...given);
    tell(this, 'commit');
    return result;
  });
  const immediate = (...given: unknown[]) => {
    tell(this, 'begin');
    const result = inner.immediate(...given);
    tell(this, 'committed');
    return result;
  };
  return { immediate };
} as unknown as typeof transaction;
