import Sqlite from 'better-sqlite3';
import { openDatabase } from '../../src/sqlite/database.ts';
import { NOW } from './builders.ts';
import { statementsOf } from './old-databases.ts';

// A process that opens a database as the program does, and is killed before the statement of this number (from 1; 0: never) that its
// migrations run, of all that they execute or run. It prints how many there were.

const [path = '', number = '0'] = process.argv.slice(2);
const { exec, prepare } = Sqlite.prototype;
let count = 0;

function oneMore(): void {
  count += 1;
  if (count === Number(number)) process.kill(process.pid, 'SIGKILL');
}

Sqlite.prototype.exec = function (this: Sqlite.Database, sql: string) {
  for (const statement of statementsOf(sql)) {
    oneMore();
    exec.call(this, statement);
  }
  return this;
};
Sqlite.prototype.prepare = function (this: Sqlite.Database, sql: string) {
  const statement = prepare.call(this, sql);
  const run = statement.run.bind(statement) as (...values: unknown[]) => Sqlite.RunResult;
  statement.run = (...values: unknown[]) => {
    oneMore();
    return run(...values);
  };
  return statement;
} as typeof prepare;

openDatabase(path, 'use', () => NOW).close();
process.stdout.write(String(count));
