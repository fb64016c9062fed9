// npm run bench [-- NAME… --quick --long --rounds N --node-red DIR --write]: what the program takes, beside its peers and floors, as one
// Markdown table: commands in turns, medians, the Node that runs this on both sides. Nothing outside this machine is asked. NAME is one
// of tools/bench/all.ts; without one, all are run. --long adds what takes minutes. --write puts the tables where README.md and docs/
// have marked a place for them.
//
// npm run bench -- --install-peers: node-red, from the npm registry into .tools/bench, where it is looked for. gh and sqlite3 are
// taken from the PATH, Postfix from where Debian has it. A peer that is not there is said to be missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCHMARKS } from './bench/all.ts';
import type { Benchmark, Figure, Options } from './bench/benchmark.ts';
import { fillPlaces } from './bench/pages.ts';
import { buildProgram, ROOT } from './bench/program.ts';
import type { Measured } from './bench/table.ts';
import { table } from './bench/table.ts';

const PEERS = join(ROOT, '.tools/bench');
const ROUNDS = 15;
const QUICK_ROUNDS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'node-red': { type: 'string', default: PEERS },
    write: { type: 'boolean', default: false },
    'install-peers': { type: 'boolean', default: false },
  },
});

function installPeers(): number {
  mkdirSync(PEERS, { recursive: true });
  const options = ['--prefix', PEERS, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', ['install', ...options, 'node-red@5.0.7'], { stdio: 'inherit' });
  return status ?? 1;
}

function readOptions(): Options {
  const { quick, long } = values;
  const rounds = Number(values.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS));
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Problem('--rounds takes a number from 1 on');
  const nodeRed = join(resolve(values['node-red']), 'node_modules/node-red/red.js');
  return { rounds, quick, long, nodeRed: existsSync(nodeRed) ? nodeRed : undefined };
}

function choose(names: readonly string[]): readonly Benchmark[] {
  const known = BENCHMARKS.map(({ name }) => name);
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0)
    throw new Problem(`no such benchmark: ${strange.join(', ')}. There are ${known.join(', ')}`);
  return BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** One that fails leaves the others their turn. */
async function measure(one: Benchmark, options: Options): Promise<Readonly<Record<string, Figure>>> {
  const started = performance.now();
  const said = (end: string) =>
    process.stderr.write(
      `bench: ${one.name} ${end} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`,
    );
  try {
    const figures = await one.measure(options);
    said('measured');
    return figures;
  } catch (error) {
    process.exitCode = 1;
    said('FAILED');
    console.error(error);
    return Object.fromEntries(Object.keys(one.lines).map((key) => [key, { missing: 'failed' }]));
  }
}

/** Places that name fewer benchmarks get those; a place is left alone where one of its own was not run. */
function write(measured: readonly Measured[], options: Options): void {
  const files = fillPlaces((names) => {
    const wanted = names.length > 0 ? names : BENCHMARKS.map(({ name }) => name);
    const there = measured.filter(([{ name }]) => wanted.includes(name));
    return there.length === wanted.length ? table(there, names, options) : undefined;
  });
  process.stderr.write(`bench: ${files.length > 0 ? `written: ${files.join(', ')}` : 'nothing to write'}\n`);
}

async function main(): Promise<void> {
  if (values['install-peers']) {
    process.exitCode = installPeers();
    return;
  }
  const options = readOptions();
  const chosen = choose(positionals);
  if (values.write && options.quick) throw new Problem('--write takes the full rounds: leave --quick out');
  if (!buildProgram()) throw new Problem('the program cannot be built: the reason stands above');
  const measured: Measured[] = [];
  for (const one of chosen) measured.push([one, await measure(one, options)]);
  console.log(table(measured, positionals, options));
  if (values.write && !process.exitCode) write(measured, options);
}

/** Said in one sentence, without a stack. */
class Problem extends Error {}

await main().catch((error: unknown) => {
  if (!(error instanceof Problem)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
});
