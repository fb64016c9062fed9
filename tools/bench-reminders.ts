// npm run bench: what the reminders cost, as ratios from interleaved runs on this machine. Never a gate.
// RESEAL_BENCH_LARGE=1000000 (default) sets the size of the large register.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStores } from '../src/app.ts';
import { addDays, DAY_MS, lastLocalHour } from '../src/domain/calendar.ts';
import { crossedLeadTimes } from '../src/domain/expiry.ts';
import { deliverDue } from '../src/remind/deliver.ts';
import { MAX_REPEATS } from '../src/remind/outcome.ts';
import type { ReminderPolicy } from '../src/remind/policy.ts';
import type { Channel } from '../src/remind/reminder.ts';
import { sweep } from '../src/remind/sweep.ts';
import type { Database } from '../src/sqlite/database.ts';
import { openDatabase } from '../src/sqlite/database.ts';

const SMALL = 1_000;
const LARGE = Number(process.env['RESEAL_BENCH_LARGE'] ?? 1_000_000);
const DAYS = Number(process.env['RESEAL_BENCH_DAYS'] ?? 365);
const START = new Date('2026-01-01T12:00:00Z');
const MINUTE_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'reseal-bench-'));

const POLICY: ReminderPolicy = {
  timezone: 'Europe/Lisbon',
  hour: 9,
  escalate: undefined,
  addresses: new Map([['ada', 'ada@example.org']]),
  webhooks: [],
};

function openBench(name: string, policy: ReminderPolicy = POLICY) {
  const path = join(folder, `${name}.db`);
  const db = openDatabase(path, 'create', () => START);
  const stores = openStores(db, { installId: 'bench', actor: 'bench@host', policy, maxRepeats: MAX_REPEATS });
  return { path, db, policy, ...stores };
}
type Bench = ReturnType<typeof openBench>;

/** Registered and recorded, each with `days` to live, spread evenly over that time. */
function fill(bench: Bench, count: number, days: number, ownerOf: (index: number) => string): void {
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

function planning(bench: Bench, now: () => Date) {
  return {
    outbox: bench.outbox,
    find: bench.register.find,
    policy: bench.policy,
    now,
    report: () => undefined,
  };
}

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

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function benchIdle(): void {
  const [small, large] = [openBench('small'), openBench('large')];
  for (const [bench, count] of [
    [small, SMALL],
    [large, LARGE],
  ] as const) {
    fill(bench, count, 365, () => 'ada');
    sweep(planning(bench, () => START));
  }
  const times = { small: [] as number[], large: [] as number[], naive: [] as number[] };
  const now = new Date(START.getTime() + MINUTE_MS);
  for (let round = 0; round < 500; round++) {
    times.small.push(idle(small, now));
    times.large.push(idle(large, now));
    if (round % 100 === 0) times.naive.push(naive(large.db, now));
  }
  const [a, b, c] = [median(times.small), median(times.large), median(times.naive)];
  console.log(`a sweep with nothing due, ${SMALL} credentials      ${a.toFixed(1)} µs (median of 500)`);
  console.log(
    `the same, ${LARGE} credentials                ${b.toFixed(1)} µs, ${(b / a).toFixed(2)} × the small one`,
  );
  console.log(
    `reading them all and comparing dates            ${(c / 1000).toFixed(0)} ms, ${Math.round(c / b)} × the sweep`,
  );
  small.db.close();
  large.db.close();
}

/** Every day, whatever has expired gets a new version of ninety days. */
function rotateExpired(bench: Bench, now: Date): void {
  const expired = bench.db
    .prepare(
      'SELECT credential, MAX(version) AS version, expires_at FROM version GROUP BY credential HAVING expires_at < ?',
    )
    .all(now.toISOString()) as { credential: string }[];
  const version = { lifetimeDays: 90, createdAt: undefined, checked: 'not-asked' } as const;
  for (const { credential } of expired) {
    const expiry = { kind: 'known', at: addDays(now, 90), source: 'entered' } as const;
    bench.register.addVersion(credential, { ...version, expiry }, now);
  }
}

/** Takes everything at once: what is measured is our own work. */
function instantChannel(): Channel & { readonly count: () => number } {
  let count = 0;
  const encoder = new TextEncoder();
  return {
    name: 'mail',
    count: () => count,
    render: async ({ subject, text }) => encoder.encode(`${subject}\n\n${text}`),
    send: async (_recipient, _payload, onData) => {
      onData();
      count++;
      return { kind: 'accepted', code: 250 };
    },
    close: () => undefined,
  };
}

async function benchYear(): Promise<void> {
  const owners = Array.from(
    { length: SMALL },
    (_, index) => [`owner-${index}`, `owner-${index}@example.org`] as const,
  );
  const bench = openBench('year', { ...POLICY, addresses: new Map(owners) });
  fill(bench, SMALL, 90, (index) => `owner-${index}`);
  const channel = instantChannel();
  const context = {
    policy: bench.policy,
    command: 'reseal',
    settingsPage: () => undefined,
    outages: [],
    undelivered: [],
    configurationTrouble: undefined,
    calendar: undefined,
  };
  let now = START;
  const at = planning(bench, () => now);
  const round = {
    ...at,
    context: () => context,
    identity: { installId: 'bench', domain: 'example.org' },
    channels: new Map([['mail', channel]]),
    epoch: 'bench',
    stopping: () => false,
    unwritten: [],
  };
  sweep(at);
  bench.db.connection.pragma('wal_checkpoint(TRUNCATE)');
  const before = statSync(bench.path).size;
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let minute = 0; minute < DAYS * 24 * 60; minute++) {
    now = new Date(START.getTime() + minute * MINUTE_MS);
    if (minute % 1440 === 0) rotateExpired(bench, now);
    sweep(at);
    await deliverDue(round);
  }
  const { user, system } = process.cpuUsage(cpu);
  bench.db.connection.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = (statSync(bench.path).size - before) / channel.count();
  const days = (now.getTime() - START.getTime()) / DAY_MS;
  console.log(
    `a year of minute sweeps, ${SMALL} credentials       ${((user + system) / 1e6).toFixed(1)} s of CPU, ${((performance.now() - started) / 1000).toFixed(1)} s, ${channel.count()} mails in ${Math.round(days)} days`,
  );
  console.log(`database that a mail leaves behind              ${Math.round(bytes)} bytes`);
  bench.db.close();
}

try {
  console.log(
    `Node ${process.versions.node}, ${process.platform}-${process.arch}; day began at ${lastLocalHour(START, 9, 'Europe/Lisbon').toISOString()}`,
  );
  benchIdle();
  await benchYear();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
