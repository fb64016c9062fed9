import type { Database } from '../../src/sqlite/database.ts';
import { openDatabases } from './database.ts';
import type { Finding } from './oracle.ts';
import type { RunOptions } from './run.ts';
import { runSchedule } from './run.ts';
import { makeSchedule } from './schedule.ts';
import type { Counts } from './session.ts';

export interface Failure {
  readonly seed: number;
  readonly findings: readonly Finding[];
}

export interface Totals {
  schedules: number;
  readonly counts: Counts;
  readonly failures: Failure[];
}

/** Runs the schedules of one seed after the other. */
export async function runSeeds(
  first: number,
  count: number,
  options: RunOptions & { readonly until?: (failures: readonly Failure[]) => boolean } = {},
): Promise<Totals> {
  const databases = openDatabases();
  const totals: Totals = { schedules: 0, counts: { ...NO_COUNTS }, failures: [] };
  try {
    for (let seed = first; seed < first + count; seed++) {
      const { findings, counts } = await runSchedule(makeSchedule(seed), databases.next(), options);
      totals.schedules++;
      for (const name of Object.keys(counts) as (keyof Counts)[]) totals.counts[name] += counts[name];
      if (findings.length === 0) continue;
      totals.failures.push({ seed, findings });
      if (options.until?.(totals.failures)) break;
    }
  } finally {
    databases.close();
  }
  return totals;
}

/** One database for one schedule. */
export async function withDatabase<T>(use: (next: () => Database) => Promise<T>): Promise<T> {
  const databases = openDatabases();
  try {
    return await use(databases.next);
  } finally {
    databases.close();
  }
}

export const NO_COUNTS: Readonly<Counts> = {
  simulatedMs: 0,
  owed: 0,
  accepted: 0,
  crashes: 0,
  lostAnswers: 0,
  repeats: 0,
  staleRepeats: 0,
  diskFull: 0,
  secondWorkers: 0,
  rounds: 0,
  lost: 0,
};
