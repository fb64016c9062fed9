import { statSync } from 'node:fs';
import { addDays } from '../../src/domain/calendar.ts';
import { deliverDue } from '../../src/remind/deliver.ts';
import type { Channel } from '../../src/remind/reminder.ts';
import { sweep } from '../../src/remind/sweep.ts';
import type { Bench } from './reminders-scene.ts';
import { fill, openBench, POLICY, planning, START } from './reminders-scene.ts';

const CREDENTIALS = 1_000;
const DAYS = 365;
const MINUTES_A_DAY = 1_440;
const MINUTE_MS = 60_000;

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

interface Year {
  /** Seconds on a processor, of the whole process. */
  readonly cpuS: number;
  readonly bytesAMail: number;
}

/** A thousand credentials, each with an owner of its own and rotated every ninety days. */
export async function yearOfSweeps(folder: string): Promise<Year> {
  const owners = Array.from(
    { length: CREDENTIALS },
    (_, index) => [`owner-${index}`, `owner-${index}@example.org`] as const,
  );
  const bench = openBench(folder, 'year', { ...POLICY, addresses: new Map(owners) });
  fill(bench, CREDENTIALS, 90, (index) => `owner-${index}`);
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
  for (let minute = 0; minute < DAYS * MINUTES_A_DAY; minute++) {
    now = new Date(START.getTime() + minute * MINUTE_MS);
    if (minute % MINUTES_A_DAY === 0) rotateExpired(bench, now);
    sweep(at);
    await deliverDue(round);
  }
  const { user, system } = process.cpuUsage(cpu);
  bench.db.connection.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = (statSync(bench.path).size - before) / channel.count();
  bench.db.close();
  return { cpuS: (user + system) / 1e6, bytesAMail: bytes };
}
