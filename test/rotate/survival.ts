import { expect, onTestFinished } from 'vitest';
import type { Destination } from '../../src/domain/credential.ts';
import { isAppError } from '../../src/domain/error.ts';
import { firstBroken } from '../../src/history/chain.ts';
import type { RotationState } from '../../src/rotate/rotation.ts';
import { MOVES } from '../../src/rotate/rotation.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { INSTALL_ID, rowsOf } from '../support/database.ts';
import type { Scene } from '../support/rotation.ts';
import { BASELINE } from '../support/rotation.ts';
import { TOKEN } from '../support/stand-ins.ts';

// What must hold of a rotation whatever has failed on the way.

/** No run may take longer: every call has a deadline (I25). */
const RUN_MS = 30_000;

export function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('it hangs')), RUN_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** A command ends with 3 then, "refused or failed: nothing was changed". Anything else that is thrown is a bug. */
export function threw(error: unknown): 'threw' {
  if (isAppError(error)) return 'threw';
  throw error;
}

/** For each PUT, as it leaves: how many intents the database file holds by then. */
export function watchIntents(scene: Scene): readonly number[] {
  const intents: number[] = [];
  const witness = openDatabase(scene.stores.db.connection.name, 'use', scene.clock.now);
  onTestFinished(() => witness.close());
  const count = witness.connection.prepare('SELECT TOTAL(attempts) FROM rotation_destination').pluck();
  scene.beforeRequest = (method) => void (method === 'PUT' && intents.push(Number(count.get())));
  return intents;
}

/** Notes every move of the journal beside it, in the same transactions. */
export function watchMoves({ stores }: Scene): void {
  stores.db.connection.exec(
    `CREATE TEMP TABLE moved (origin TEXT, target TEXT);
     CREATE TEMP TRIGGER note_move AFTER UPDATE OF state ON main.rotation
     BEGIN INSERT INTO moved VALUES (OLD.state, NEW.state); END`,
  );
}

export function holders(scene: Scene): readonly Destination[] {
  return scene.rotation.destinations.filter((place) => scene.stored(place) === TOKEN);
}

interface Move {
  readonly origin: RotationState;
  readonly target: RotationState;
}

/** I11, I13: the journal moves along its edges only; one version for each entry "rotated", counting up by one. */
export function expectConsistent(scene: Scene): void {
  const { db, history } = scene.stores;
  const moves = rowsOf(db, 'temp.moved') as unknown as readonly Move[];
  expect(moves.filter(({ origin, target }) => !MOVES[origin].includes(target))).toEqual([]);
  const versions = rowsOf(db, 'version').map((row) => row['version']);
  const rotated = scene.events().filter((type) => type === 'credential.rotated');
  expect(versions).toEqual(rotated.map((_, index) => index + 1));
  expect(firstBroken(history.list(), INSTALL_ID)).toBeUndefined();
}

/** I12: what the journal says has failed is not stored; what it has verified is, and GitHub showed it as newer. */
export function expectTrueJournal(scene: Scene): void {
  const stored = holders(scene);
  const rows = rowsOf(scene.stores.db, 'rotation_destination');
  for (const row of rows) {
    const holds = stored.some(({ environment }) => environment === row['environment']);
    if (row['state'] === 'failed') expect(holds).toBe(false);
    if (row['state'] !== 'verified') continue;
    expect(holds).toBe(true);
    expect(Date.parse(String(row['remote_updated_at']))).toBeGreaterThan(BASELINE.getTime());
  }
  const state = scene.state();
  if (state === 'failed' || state === 'abandoned' || state === undefined) expect(stored).toEqual([]);
  if (state === 'recorded') expect(rows.some((row) => row['state'] === 'verified')).toBe(true);
}
