// How long it takes until the rows of a CSV file stand in the database, beside the sqlite3 shell's `.import` of the same file. Ours reads
// and checks every cell, computes each expiry, and writes for each credential its row, its version and two chained entries of the
// history, in one transaction that waits for the disk; the shell writes the cells as they are into one table with the same key, likewise
// in WAL with synchronous=FULL. The configuration is not part of it: it is limited to what can be read in a moment.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOwners } from '../../src/cli/import-entry.ts';
import { readRows } from '../../src/cli/import-rows.ts';
import { readTable } from '../../src/cli/import-table.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { addNewCredentials } from '../../src/sqlite/import.ts';
import { createInstallation } from '../../src/sqlite/installation.ts';
import { benchmark, timesAtMost } from './benchmark.ts';
import { isInstalled, openFolder } from './program.ts';
import { compare, inTurns, median } from './rounds.ts';

const ROWS = 100_000;
const NOW = new Date('2026-11-23T09:30:00Z');
const OWNERS = ['ada', 'grace', 'joan', 'mary', 'rosa'];
const COLUMNS = 'name,kind,owner,repo,environment,secret,created,expires,lifetime,purpose'.split(',');

function writeCsv(path: string): void {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const day = String((index % 28) + 1).padStart(2, '0');
    const owner = OWNERS[index % OWNERS.length];
    return `credential-${index},crates-io-token,${owner},example/widgets-${index},release,CARGO_REGISTRY_TOKEN,2026-06-${day},,365d,publishes widgets ${index}`;
  });
  writeFileSync(path, `${[COLUMNS.join(','), ...rows].join('\n')}\n`);
}

function clear(database: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${database}${end}`, { force: true });
}

/** @returns seconds */
async function ours(database: string, csv: string): Promise<number> {
  clear(database);
  const db = openDatabase(database, 'create', () => NOW);
  try {
    createInstallation(db, 'bench', NOW);
    const started = performance.now();
    const declared = OWNERS.map((name) => ({ name, email: `${name}@example.org` }));
    const entries = readRows(await readTable(readFileSync(csv), csv), {
      where: csv,
      owners: openOwners(declared),
      owner: undefined,
      declaredAt: new Map(),
      now: NOW,
    });
    addNewCredentials(db, { installId: 'bench', actor: 'bench@host' }, entries, NOW);
    const taken = performance.now() - started;
    const count = db.connection.prepare('SELECT count(*) FROM version').pluck().get();
    if (count !== ROWS) throw new Error(`${count} versions instead of ${ROWS}`);
    return taken / 1000;
  } finally {
    db.close();
  }
}

/** Without the start of the shell: what an empty run of it takes is taken off. @returns seconds */
function shell(database: string, csv: string): number {
  clear(database);
  const run = (...commands: readonly string[]): number => {
    const started = performance.now();
    const { error, status } = spawnSync('sqlite3', [database, ...commands], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (error || status !== 0) throw new Error(`sqlite3 ended with ${error?.message ?? status}`);
    return (performance.now() - started) / 1000;
  };
  const columns = COLUMNS.map((name) => `${name} TEXT${name === 'name' ? ' PRIMARY KEY' : ''}`);
  run('PRAGMA journal_mode = WAL;', `CREATE TABLE credential (${columns.join(', ')}) STRICT;`);
  const empty = run('SELECT 1;');
  return run('PRAGMA synchronous = FULL;', `.import --csv --skip 1 ${csv} credential`) - empty;
}

export const importing = benchmark({
  name: 'import',
  lines: {
    rows: {
      what: `${ROWS.toLocaleString('en-US')} credentials imported from CSV`,
      unit: 's',
      beside: "the sqlite3 shell's `.import`",
      goals: [timesAtMost(1.5)],
    },
  },
  measure: async ({ rounds }) => {
    using folder = openFolder();
    const csv = join(folder.path, 'credentials.csv');
    writeCsv(csv);
    const hasShell = isInstalled('sqlite3');
    const taken = await inTurns(
      {
        ours: () => ours(join(folder.path, 'ours.db'), csv),
        shell: () => (hasShell ? shell(join(folder.path, 'shell.db'), csv) : Number.NaN),
      },
      Math.min(rounds, 5),
    );
    const { ours: reseal } = taken;
    return {
      rows: hasShell ? compare(reseal, taken.shell) : { reseal: median(reseal), beside: 'not installed' },
    };
  },
});
