import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describeError } from '../domain/error.ts';
import { visible } from '../history/words.ts';

const MOST_LINES = 5;

/**
 * What is wrong with the pages of a database; undefined: nothing that SQLite can see. A changed letter in a text is none of it:
 * that is what the chain of the history is for.
 *
 * `quick` leaves out whether each index holds what its table holds, and takes a fraction of the time
 * (https://sqlite.org/pragma.html#pragma_integrity_check).
 */
export function findDamage(connection: Sqlite.Database, how: 'quick' | 'full'): string | undefined {
  try {
    const lines = connection
      .prepare(`PRAGMA ${how === 'quick' ? 'quick_check' : 'integrity_check'}(${MOST_LINES})`)
      .pluck()
      .all() as string[];
    return lines.length === 1 && lines[0] === 'ok' ? undefined : lines.join('; ');
  } catch (error) {
    return describeError(error);
  }
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** Tables of SQLite's own are left out; triggers and views it has none, whatever somebody calls his. */
const SCHEMA = `SELECT type, name, sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR type IN ('trigger', 'view'))`;
/** Columns of JSON that are read wherever the program runs. */
const JSON_COLUMNS = [
  ['credential', 'declaration'],
  ['rotation', 'chosen'],
] as const;

/**
 * What no program of ours has written, although SQLite finds nothing wrong with it: a schema with another letter or
 * with something more in it (a trigger can undo whatever is written), JSON that is none. `expected`: makes of an empty database one with the schema of this program.
 */
export function findNonsense(
  connection: Sqlite.Database,
  expected: (empty: Sqlite.Database) => void,
): string | undefined {
  try {
    const wrong = findForeign(connection, expected);
    if (wrong) return wrong;
    for (const [table, column] of JSON_COLUMNS) {
      const bad = connection
        .prepare(`SELECT count(*) FROM ${table} WHERE NOT json_valid(${column})`)
        .pluck()
        .get();
      if (bad !== 0) return `${bad} of the table ${table} cannot be read`;
    }
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

function findForeign(
  connection: Sqlite.Database,
  expected: (empty: Sqlite.Database) => void,
): string | undefined {
  if (digestOfSchema(connection) === knownDigest()) return undefined;
  const rows = connection.prepare(SCHEMA).all() as SchemaRow[];
  const ours = schemaBy(expected);
  const there = new Map(rows.map((row) => [titleOf(row), row.sql]));
  const changed = ours.find((row) => there.get(titleOf(row)) !== row.sql);
  if (changed) return `the ${titleOf(changed)} is not what it was made as`;
  const left = new Set(ours.map(titleOf));
  // Also one that is there twice, as somebody can make it who writes the schema by hand.
  const extra = rows.find((row) => !left.delete(titleOf(row)));
  return extra && `the ${visible(titleOf(extra))} is none of ours`;
}

function titleOf({ type, name }: SchemaRow): string {
  return `${type} ${name}`;
}

/** SHA-256 over everything that the schema is made of, in hexadecimal. */
export function digestOfSchema(connection: Sqlite.Database): string {
  const rows = connection.prepare(`${SCHEMA} ORDER BY type, name`).raw().all();
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

/** That of this program. To make the schema anew and compare takes a tenth of a start; where this is out of date, that is done. */
function knownDigest(): string | undefined {
  try {
    return readFileSync(new URL('../../migrations/schema.sha256', import.meta.url), 'utf8').trim();
  } catch {
    return undefined;
  }
}

let made: readonly SchemaRow[] | undefined;

function schemaBy(expected: (empty: Sqlite.Database) => void): readonly SchemaRow[] {
  if (made) return made;
  const empty = new Sqlite(':memory:');
  try {
    expected(empty);
    made = empty.prepare(SCHEMA).all() as SchemaRow[];
    return made;
  } finally {
    empty.close();
  }
}

/** Bytes of the database and its write-ahead log. */
export function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
