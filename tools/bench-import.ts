// npm run bench:import [-- --rows 100000 --rounds 5]: how long it takes until the rows of a CSV file stand in the database, beside the
// sqlite3 shell's `.import` of the same file. Ours reads and checks every cell, computes each expiry, and writes for each credential
// its row, its version and two chained entries of the history, in one transaction that waits for the disk; the shell writes the cells
// as they are into one table with the same key, likewise in WAL with synchronous=FULL. The configuration is not part of it: it is
// limited to what can be read in a moment. Rounds are interleaved, and the medians are compared. The shell is left out where it is not installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openOwners } from '../src/cli/import-entry.ts';
import { readRows } from '../src/cli/import-rows.ts';
import { readTable } from '../src/cli/import-table.ts';
import { openDatabase } from '../src/sqlite/database.ts';
import { addNewCredentials } from '../src/sqlite/import.ts';
import { createInstallation } from '../src/sqlite/installation.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } },
});
const ROWS = Number(values.rows);
const now = new Date('2026-11-23T09:30:00Z');
const owners = ['ada', 'grace', 'joan', 'mary', 'rosa'];
const columns = [
  'name',
  'kind',
  'owner',
  'repo',
  'environment',
  'secret',
  'created',
  'expires',
  'lifetime',
  'purpose',
];
const folder = mkdtempSync(join(tmpdir(), 'reseal-bench-'));
const csv = join(folder, 'credentials.csv');

function writeCsv(): void {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const day = String((index % 28) + 1).padStart(2, '0');
    const owner = owners[index % owners.length];
    return `credential-${index},crates-io-token,${owner},example/widgets-${index},release,CARGO_REGISTRY_TOKEN,2026-06-${day},,365d,publishes widgets ${index}`;
  });
  writeFileSync(csv, `${[columns.join(','), ...rows].join('\n')}\n`);
}

interface Parts {
  readonly parsed: number;
  readonly checked: number;
  readonly written: number;
}

async function ours(round: number): Promise<Parts> {
  const db = openDatabase(join(folder, `ours-${round}.db`), 'create', () => now);
  createInstallation(db, 'bench', now);
  const started = performance.now();
  const table = await readTable(readFileSync(csv), csv);
  const parsed = performance.now();
  const declared = owners.map((name) => ({ name, email: `${name}@example.org` }));
  const entries = readRows(table, {
    where: csv,
    owners: openOwners(declared),
    owner: undefined,
    declaredAt: new Map(),
    now,
  });
  const checked = performance.now();
  addNewCredentials(db, { installId: 'bench', actor: 'bench@host' }, entries, now);
  const written = performance.now();
  const count = db.connection.prepare('SELECT count(*) FROM version').pluck().get();
  if (count !== ROWS) throw new Error(`${count} versions instead of ${ROWS}`);
  db.close();
  return { parsed: parsed - started, checked: checked - parsed, written: written - checked };
}

/** Without the start of the shell: what an empty run of it takes is taken off. @returns undefined where there is none */
function shell(round: number): number | undefined {
  const file = join(folder, `shell-${round}.db`);
  const table = `CREATE TABLE credential (${columns.map((name) => `${name} TEXT${name === 'name' ? ' PRIMARY KEY' : ''}`).join(', ')}) STRICT;`;
  const run = (...commands: readonly string[]): number => {
    const started = performance.now();
    const { error, status } = spawnSync('sqlite3', [file, ...commands], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (error || status !== 0) return Number.NaN;
    return performance.now() - started;
  };
  run('PRAGMA journal_mode = WAL;', table);
  const empty = run('SELECT 1;');
  const taken = run('PRAGMA synchronous = FULL;', `.import --csv --skip 1 ${csv} credential`);
  return Number.isNaN(taken) ? undefined : taken - empty;
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);

try {
  writeCsv();
  const all: Parts[] = [];
  const peers: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    all.push(await ours(round));
    const peer = shell(round);
    if (peer !== undefined) peers.push(peer);
  }
  const of = (part: (parts: Parts) => number) => median(all.map(part));
  const total = of(({ parsed, checked, written }) => parsed + checked + written);
  const parts = `CSV ${seconds(of(({ parsed }) => parsed))} s, checks ${seconds(of(({ checked }) => checked))} s, database ${seconds(of(({ written }) => written))} s`;
  const peer =
    peers.length > 0 ? `${seconds(median(peers))} s | ${(total / median(peers)).toFixed(1)}×` : '– | –';
  console.log('| what | reseal | of which | sqlite3 shell, `.import` | ratio |\n|---|---|---|---|---|');
  console.log(`| ${ROWS} credentials imported | ${seconds(total)} s | ${parts} | ${peer} |`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
