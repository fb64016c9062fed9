// What the reminders cost: a minute in which nothing is due, and a year of minutes.
import { crossedLeadTimes } from '../../src/domain/expiry.ts';
import { sweep } from '../../src/remind/sweep.ts';
import type { Database } from '../../src/sqlite/database.ts';
import type { Figure } from './benchmark.ts';
import { atMost, benchmark, timesAtMost } from './benchmark.ts';
import { openFolder } from './program.ts';
import type { Bench } from './reminders-scene.ts';
import { fill, openBench, planning, START } from './reminders-scene.ts';
import { yearOfSweeps } from './reminders-year.ts';
import { compare, inTurns, median } from './rounds.ts';

const SMALL = 1_000;
const MIDDLE = 100_000;
const LARGE = 1_000_000;
const MINUTE_MS = 60_000;
/** A sweep is so short that one says nothing. */
const SWEEPS = 500;
const SCANS = 5;

const counted = (count: number) => `${count.toLocaleString('en-US')} credentials`;

/** What an idle minute costs: is anything to be planned, to be gathered, to be sent? */
function idle(bench: Bench, now: Date): number {
  const at = planning(bench, () => now);
  const started = process.hrtime.bigint();
  sweep(at);
  bench.outbox.claim('bench', now, ['mail']);
  return Number(process.hrtime.bigint() - started) / 1000;
}

/** The same question asked by reading everything and comparing dates. */
function naive(db: Database, now: Date): number {
  const started = process.hrtime.bigint();
  const sent = db
    .prepare('SELECT 1 FROM reminder WHERE credential = ? AND version = ? AND lead_days = ?')
    .pluck();
  const rows = db
    .prepare(
      'SELECT credential, version, lifetime_days, expires_at, MAX(version) FROM version GROUP BY credential',
    )
    .iterate() as Iterable<{
    credential: string;
    version: number;
    lifetime_days: number;
    expires_at: string;
  }>;
  let due = 0;
  for (const row of rows) {
    const crossed = crossedLeadTimes(new Date(row.expires_at), row.lifetime_days, now).at(-1);
    if (crossed !== undefined && sent.get(row.credential, row.version, crossed) === undefined) due++;
  }
  if (due < 0) throw new Error('unreachable');
  return Number(process.hrtime.bigint() - started) / 1000;
}

/** Microseconds: sweeps over few and over many, and scans of the many. */
async function measureIdle(folder: string, count: number) {
  const [small, large] = [openBench(folder, `${count}-small`), openBench(folder, `${count}-large`)];
  try {
    fill(small, SMALL, 365, () => 'ada');
    fill(large, count, 365, () => 'ada');
    for (const bench of [small, large]) sweep(planning(bench, () => START));
    const now = new Date(START.getTime() + MINUTE_MS);
    const sweeps = { few: () => idle(small, now), many: () => idle(large, now) };
    const taken = await inTurns(sweeps, SWEEPS);
    return { ...taken, scans: Array.from({ length: SCANS }, () => naive(large.db, now)) };
  } finally {
    for (const { db } of [small, large]) db.close();
  }
}

const beside = `the same with ${counted(SMALL)}`;
const goals = [atMost(50), timesAtMost(10)];
const YEAR = `a year of minute sweeps, ${counted(SMALL)}, each mail composed`;
const LONG: Figure = { missing: 'only with `--long`' };

export const reminders = benchmark({
  name: 'reminders',
  lines: {
    middle: { what: `a sweep with nothing due, ${counted(MIDDLE)}`, unit: 'µs', beside, goals },
    naive: {
      what: `a sweep with nothing due, ${counted(MIDDLE)}`,
      unit: 'µs',
      beside: 'reading all and comparing dates',
      goals: [timesAtMost(0.001)],
    },
    large: { what: `a sweep with nothing due, ${counted(LARGE)}`, unit: 'µs', beside, goals },
    cpu: { what: `${YEAR}: CPU`, unit: 's', goals: [atMost(15)] },
    bytes: { what: `${YEAR}: what a mail leaves behind`, unit: 'bytes', goals: [atMost(300)] },
  },
  measure: async ({ long }) => {
    using folder = openFolder();
    const { few, many, scans } = await measureIdle(folder.path, MIDDLE);
    const large = long ? await measureIdle(folder.path, LARGE) : undefined;
    const year = long ? await yearOfSweeps(folder.path) : undefined;
    return {
      middle: compare(many, few),
      naive: { reseal: median(many), beside: median(scans) },
      large: large ? compare(large.many, large.few) : LONG,
      cpu: year ? { reseal: year.cpuS } : LONG,
      bytes: year ? { reseal: year.bytesAMail } : LONG,
    };
  },
});
