import { join } from 'node:path';
import { openStores } from '../../src/app.ts';
import { addDays } from '../../src/domain/calendar.ts';
import { MAX_REPEATS } from '../../src/remind/outcome.ts';
import type { ReminderPolicy } from '../../src/remind/policy.ts';
import { openDatabase } from '../../src/sqlite/database.ts';

export const START = new Date('2026-01-01T12:00:00Z');

export const POLICY: ReminderPolicy = {
  timezone: 'Europe/Lisbon',
  hour: 9,
  escalate: undefined,
  addresses: new Map([['ada', 'ada@example.org']]),
  webhooks: [],
};

export function openBench(folder: string, name: string, policy: ReminderPolicy = POLICY) {
  const path = join(folder, `${name}.db`);
  const db = openDatabase(path, 'create', () => START);
  const stores = openStores(db, { installId: 'bench', actor: 'bench@host', policy, maxRepeats: MAX_REPEATS });
  return { path, db, policy, ...stores };
}
export type Bench = ReturnType<typeof openBench>;

/** Registered and recorded, each with `days` to live, spread evenly over that time. */
export function fill(bench: Bench, count: number, days: number, ownerOf: (index: number) => string): void {
  const declaration = (name: string, owner: string) =>
    JSON.stringify({ name, kind: 'generic', owner, scopes: [], planned: false, destinations: [] });
  const credential = bench.db.prepare(
    "INSERT INTO credential (name, declaration, declared, first_seen_at, plan_at) VALUES (?, ?, 1, ?, '')",
  );
  const version = bench.db.prepare(
    `INSERT INTO version (credential, version, lifetime_days, expiry, expires_at, expiry_source, standing, checked, recorded_at)
     VALUES (?, 1, ?, 'known', ?, 'entered', 'good', 'not-asked', ?)`,
  );
  bench.db.transaction(() => {
    for (let index = 0; index < count; index++) {
      const name = `credential-${index}`;
      const age = (index * 7919) % days;
      const recordedAt = addDays(START, -age).toISOString();
      credential.run(name, declaration(name, ownerOf(index)), recordedAt);
      version.run(name, days, addDays(START, days - age).toISOString(), recordedAt);
    }
  });
}

export function planning(bench: Bench, now: () => Date) {
  return {
    outbox: bench.outbox,
    find: bench.register.find,
    policy: bench.policy,
    now,
    report: () => undefined,
  };
}
