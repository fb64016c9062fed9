// node tools/simulate.ts --schedules 1000000 --seed N [--jobs 2]: the reminder relay under random schedules, and a report.
// node tools/simulate.ts --replay SEED: one schedule, step by step, made as short as it still goes wrong.
// Ends with 1 where a promise was broken. docs/simulator.md says which there are.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runSchedule } from '../test/simulation/run.ts';
import { makeSchedule } from '../test/simulation/schedule.ts';
import type { Totals } from '../test/simulation/seeds.ts';
import { NO_COUNTS, runSeeds, withDatabase } from '../test/simulation/seeds.ts';
import type { Counts } from '../test/simulation/session.ts';
import { shrink } from '../test/simulation/shrink.ts';

/** So many schedules are one piece of work. */
const PIECE = 500;
/** After so many failures nothing is learned from more of them. */
const MOST_FAILURES = 100;

type Piece = Pick<Totals, 'schedules' | 'counts' | 'failures'>;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      replay: { type: 'string' },
    },
  });
  if (values.replay !== undefined) return replay(wholeNumber(values.replay, 'replay'));
  const [schedules, seed, jobs] = [
    wholeNumber(values.schedules, 'schedules'),
    wholeNumber(values.seed, 'seed'),
    Math.max(1, wholeNumber(values.jobs, 'jobs')),
  ];
  const began = performance.now();
  const totals: Totals = { schedules: 0, counts: { ...NO_COUNTS }, failures: [] };
  let told = 0;
  await share({ schedules, seed, jobs, enough: () => totals.failures.length >= MOST_FAILURES }, (piece) => {
    add(totals, piece);
    for (const { seed: at, findings } of piece.failures.slice(0, 5))
      process.stderr.write(`seed ${at}: ${findings[0]?.invariant}: ${findings[0]?.detail}\n`);
    if (totals.schedules - told < schedules / 20) return;
    told = totals.schedules;
    process.stderr.write(`${totals.schedules} of ${schedules}, ${totals.failures.length} failed\n`);
  });
  process.stdout.write(report(totals, { seed, jobs, seconds: (performance.now() - began) / 1000 }));
  return totals.failures.length > 0 ? 1 : 0;
}

function wholeNumber(text: string, name: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`--${name} is not a whole number`);
}

interface Share {
  readonly schedules: number;
  readonly seed: number;
  readonly jobs: number;
  readonly enough: () => boolean;
}

/** Each job is a process of its own, and takes the next piece when it has done one. */
async function share({ schedules, seed, jobs, enough }: Share, take: (piece: Piece) => void): Promise<void> {
  let next = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(import.meta.filename, [], { env: { ...process.env, RESEAL_SIM_JOB: '1' } });
      const give = () => {
        if (next >= schedules || enough()) return child.disconnect();
        const count = Math.min(PIECE, schedules - next);
        child.send({ first: seed + next, count });
        next += count;
      };
      child.on('message', (piece) => {
        take(piece as Piece);
        give();
      });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a job ended with ${code}`))));
      give();
    });
  await Promise.all(Array.from({ length: jobs }, work));
}

function runJob(): void {
  process.on('message', (message) => {
    const { first, count } = message as { first: number; count: number };
    runSeeds(first, count).then(
      ({ schedules, counts, failures }) => process.send?.({ schedules, counts, failures }),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
}

function add(totals: Totals, piece: Piece): void {
  totals.schedules += piece.schedules;
  for (const name of Object.keys(NO_COUNTS) as (keyof Counts)[]) totals.counts[name] += piece.counts[name];
  totals.failures.push(...piece.failures);
}

const YEAR_MS = 365.25 * 86_400_000;

function report(
  { schedules, counts, failures }: Totals,
  run: { readonly seed: number; readonly jobs: number; readonly seconds: number },
): string {
  const doubled = failures.filter(({ findings }) =>
    findings.some(({ invariant }) => invariant.startsWith('I2')),
  );
  const rows: readonly (readonly [string, number | string])[] = [
    ['schedules', schedules],
    ['simulated years', Math.round(counts.simulatedMs / YEAR_MS)],
    ['rounds of the daemon', counts.rounds],
    ['reminders owed', counts.owed],
    ['mails accepted', counts.accepted],
    ['crashes', counts.crashes],
    ['writes that failed', counts.diskFull],
    ['second daemons', counts.secondWorkers],
    ['lost answers', counts.lostAnswers],
    ['explained repeats', counts.repeats],
    ['of these, partly out of date', counts.staleRepeats],
    ['**lost reminders**', counts.lost],
    ['**schedules with an unexplained duplicate**', doubled.length],
    ['**schedules that broke any promise**', failures.length],
    ['seconds', Math.round(run.seconds)],
    ['first seed', run.seed],
  ];
  const table = rows.map(([name, value]) => `| ${name} | ${value.toLocaleString('en-GB')} |\n`).join('');
  const said = failures.slice(0, 20).map(({ seed, findings }) => {
    const lines = findings.map(({ invariant, detail }) => `  ${invariant}: ${detail}\n`);
    return `\nnode tools/simulate.ts --replay ${seed}\n${lines.join('')}`;
  });
  return `| | |\n|---|---:|\n${table}${said.join('')}`;
}

async function replay(seed: number): Promise<number> {
  return withDatabase(async (next) => {
    const whole = makeSchedule(seed);
    const schedule = await shrink(whole, next);
    const print = (line: string) => process.stdout.write(`${line}\n`);
    const { policy, credentials, issues, maxRepeats } = schedule.world;
    print(`seed ${seed}: ${schedule.steps.length} of ${whole.steps.length} steps`);
    print(`begins ${new Date(schedule.world.start).toISOString()}; ${policy.hour}:00 in ${policy.timezone}`);
    print(`credentials ${credentials.map(({ name, owner }) => `${name} of ${owner}`).join(', ')}`);
    print(
      `issues ${JSON.stringify(issues)}, repeats ${maxRepeats}, escalation ${JSON.stringify(policy.escalate ?? null)}`,
    );
    for (const step of schedule.steps) print(`step ${JSON.stringify(step)}`);
    const { findings } = await runSchedule(schedule, next(), { log: (line) => print(`  ${line}`) });
    for (const { invariant, detail } of findings) print(`BROKEN ${invariant}: ${detail}`);
    if (findings.length === 0) print('every promise was kept');
    return findings.length > 0 ? 1 : 0;
  });
}

if (process.env['RESEAL_SIM_JOB'] === '1') runJob();
else process.exitCode = await main();
