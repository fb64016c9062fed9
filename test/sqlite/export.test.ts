import { describe, expect, it } from 'vitest';
import { exportLines, LEFT_OUT, SECTIONS } from '../../src/sqlite/export.ts';
import { aDeclaration, aVersion, NOW } from '../support/builders.ts';
import { openStores, openTestDatabase } from '../support/database.ts';

const HEAD = { exportedAt: NOW.toISOString(), program: '0.1.0' };

function columns(): readonly string[] {
  return openTestDatabase()
    .connection.prepare(
      `SELECT t.name || '.' || c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
       WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1`,
    )
    .pluck()
    .all() as string[];
}

describe('exportLines', () => {
  it('gives one JSON object, a line for each row, with everything that is known', () => {
    const { db, register } = openStores([aDeclaration()]);
    register.addVersion('crates-io', aVersion(), NOW);
    const lines = [...exportLines(db, HEAD)];
    const whole = JSON.parse(lines.join('\n')) as Record<string, Record<string, unknown>[]>;
    expect(whole).toMatchObject({ schemaVersion: 1, ...HEAD });
    expect(Object.keys(whole)).toEqual([
      'schemaVersion',
      'exportedAt',
      'program',
      ...SECTIONS.map(({ name }) => name),
    ]);
    expect(whole['credentials']).toMatchObject([
      { name: 'crates-io', declared: true, declaration: { kind: 'crates-io-token' } },
    ]);
    expect(whole['versions']).toMatchObject([
      { credential: 'crates-io', version: 1, expiresAt: expect.any(String) },
    ]);
    expect(whole['history']?.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(lines.filter((line) => line.includes('"seq"'))).toHaveLength(2);
    expect([...exportLines(db, HEAD)]).toEqual(lines);
  });

  it('names every column of every table, or says that it is left out', () => {
    const exported = SECTIONS.map(({ sql }) => sql).join('\n');
    const isNamed = (column: string) => new RegExp(`\\b${column}\\b`).test(exported);
    const missing = columns().filter((one) => {
      const [table = '', column = ''] = one.split('.');
      return !LEFT_OUT.includes(one) && !LEFT_OUT.includes(`${table}.*`) && !isNamed(column);
    });
    expect(missing).toEqual([]);
    expect(exported).not.toMatch(/fingerprint|payload/);
  });

  it('shows one instant, whatever is written meanwhile, and lets go of it at the end', () => {
    const { db, history } = openStores([aDeclaration()]);
    const other = openTestDatabase(db.connection.name);
    const lines = exportLines(other, HEAD);
    const first = [lines.next().value, lines.next().value];
    history.append({ type: 'test.late', subject: 'reseal', result: '' }, NOW);
    const whole = JSON.parse([...first, ...lines].join('\n')) as { history: unknown[] };
    expect(whole.history).toHaveLength(1);
    expect(other.connection.inTransaction).toBe(false);
  });

  it('lets go of it also where the reader stops early', () => {
    const { db } = openStores([aDeclaration()]);
    for (const line of exportLines(db, HEAD)) if (line.includes('migrations')) break;
    expect(db.connection.inTransaction).toBe(false);
  });
});
