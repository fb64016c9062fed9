import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStores as wire } from '../../src/app.ts';
import type { Declaration } from '../../src/domain/credential.ts';
import { planRegister } from '../../src/register/register.ts';
import { MAX_REPEATS } from '../../src/remind/outcome.ts';
import type { Database } from '../../src/sqlite/database.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { aDeclaration, aPolicy, NOW } from './builders.ts';

export const INSTALL_ID = 'an-installation';

/** A folder of the running test's own, removed when it is over. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reseal-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A real database file with the real migrations. */
export function openTestDatabase(path: string = join(makeFolder(), 'reseal.db')): Database {
  const db = openDatabase(path, 'create', () => NOW);
  onTestFinished(() => db.close());
  return db;
}

export type Stores = ReturnType<typeof openStores>;

/** The stores over one database, wired as the program wires them, with these credentials declared. */
export function openStores(
  declarations: readonly Declaration[] = [aDeclaration()],
  db: Database = openTestDatabase(),
) {
  const policy = aPolicy();
  const stores = wire(db, { installId: INSTALL_ID, actor: 'ada@host', policy, maxRepeats: MAX_REPEATS });
  const { register } = stores;
  register.apply(planRegister(declarations, register.list()), NOW);
  return { db, ...stores };
}

/** Every row of a table, as SQLite gives it. */
export function rowsOf(db: Database, table: string): readonly Record<string, unknown>[] {
  return db.connection.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];
}
