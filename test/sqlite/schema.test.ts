import { describe, expect, it } from 'vitest';
import { openTestDatabase } from '../support/database.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

function tables(): readonly { readonly name: string; readonly strict: number }[] {
  return openTestDatabase()
    .connection.prepare(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'",
    )
    .all() as { name: string; strict: number }[];
}

function columns(): readonly Column[] {
  const db = openTestDatabase();
  return tables().flatMap(
    ({ name }) =>
      db.connection
        .prepare('SELECT ? AS "table", name AS "column", type FROM pragma_table_info(?)')
        .all(name, name) as Column[],
  );
}

describe('the schema', () => {
  it('has only STRICT tables', () => {
    expect(tables().length).toBeGreaterThan(8);
    expect(tables().filter(({ strict }) => strict !== 1)).toEqual([]);
  });

  it('no table has a column for a value, and one for what recognises it', () => {
    const telling = /token|value|plain|cipher|seal|encrypt|password|credential_text|fingerprint|hmac/i;
    const found = columns().filter(({ column }) => telling.test(column));
    // Keyed, cut short, and its key is in no database: nobody can tell from it which token it was.
    expect(found).toEqual([{ table: 'version', column: 'fingerprint', type: 'TEXT' }]);
  });

  it('has bytes in one place alone: the mail that is going out', () => {
    expect(columns().filter(({ type }) => type === 'BLOB' || type === 'ANY')).toEqual([
      { table: 'message', column: 'payload', type: 'BLOB' },
    ]);
  });

  it('calls "secret" only the name of a secret at GitHub', () => {
    const found = columns().filter(({ column }) => column === 'secret');
    expect(found.map(({ table }) => table).sort()).toEqual(['destination', 'rotation_destination']);
    expect(columns().filter(({ column }) => /secret/.test(column) && column !== 'secret')).toEqual([]);
  });

  it('has hashes of a configuration file and of the history, and of nothing else', () => {
    const hashes = columns().filter(({ column }) => /hash|sha|digest|checksum|prev/.test(column));
    expect(hashes.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(
      [
        'config_snapshot.sha256',
        'event.hash',
        'event.prev',
        'migration.checksum',
        // When the day's one mail went out; whether it is one.
        'message.digest',
        'recipient.digest_at',
      ].sort(),
    );
  });
});
