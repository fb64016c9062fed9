// npm run fault-matrix [-- REPORT [--check]]: writes docs/fault-matrix.md from vitest's JSON report, and runs the suite for one where
// none is given: each fault with the tests whose titles name it, and how they went. --check compares instead, and fails where the
// page says something else. Either fails where a row has no passing test.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { FAULTS } from '../test/faults/rows.ts';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

interface Proof {
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

const PAGE = 'docs/fault-matrix.md';
const GROUPS: Readonly<Record<string, string>> = {
  A: 'A rotation that is interrupted',
  B: 'GitHub',
  C: 'The check with crates.io',
  D: 'The token and the form',
  E: 'Reminders and mail',
  F: 'Storage',
  G: 'Time',
  H: 'Configuration, process, operation',
};

/** `E9, E10: …` proves both; so does `… (A2)` at the end of a title, alone or in a group of titles. I… are invariants. */
function idsIn(title: string): readonly string[] {
  const before = /^((?:[A-I]\d{1,2}(?:, | and )?)+)(?::| \()/.exec(title)?.[1] ?? '';
  const after = /\(((?:[A-I]\d{1,2}(?:, )?)+)\)$/.exec(title)?.[1] ?? '';
  return [...`${before} ${after}`.matchAll(/[A-H]\d{1,2}/g)].map(([id]) => id);
}

function proofsIn(report: Report): ReadonlyMap<string, readonly Proof[]> {
  const proofs = new Map<string, Proof[]>();
  for (const { name, assertionResults } of report.testResults) {
    for (const { ancestorTitles, title, status } of assertionResults) {
      const ids = new Set([...ancestorTitles, title].flatMap(idsIn));
      const proof = { file: relative('.', name), title: [...ancestorTitles, title].join(' › '), status };
      for (const id of ids) proofs.set(id, [...(proofs.get(id) ?? []), proof]);
    }
  }
  return proofs;
}

function resultOf(proofs: readonly Proof[]): string {
  if (proofs.length === 0) return 'no test yet';
  if (proofs.some(({ status }) => status === 'failed')) return '**failed**';
  if (proofs.some(({ status }) => status === 'passed')) return 'passed';
  return 'not run';
}

function pageOf(proofs: ReadonlyMap<string, readonly Proof[]>): string {
  const ids = Object.keys(FAULTS);
  const proven = ids.filter((id) => resultOf(proofs.get(id) ?? []) === 'passed');
  const sections = Object.entries(GROUPS).map(([group, title]) => {
    const rows = ids
      .filter((id) => id.startsWith(group))
      .map((id) => {
        const tests = proofs.get(id) ?? [];
        const files = [...new Set(tests.map(({ file }) => file))].sort().map((file) => `\`${file}\``);
        return `| ${id} | ${FAULTS[id]} | ${resultOf(tests)} | ${files.join(', ')} |`;
      });
    return `## ${group}. ${title}\n\n| id | fault | result | where |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Faults

What can go wrong, and the tests that bring it about: their titles name the id. Written by \`npm run fault-matrix\` from a run of the
whole suite; do not edit it by hand.

${proven.length} of ${ids.length} rows are proven.

${sections.join('\n')}`;
}

function runSuite(): string {
  const report = join(mkdtempSync(join(tmpdir(), 'reseal-faults-')), 'tests.json');
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  spawnSync(process.execPath, vitest, { stdio: 'inherit' });
  return report;
}

const [given, flag] = process.argv.slice(2);
const reportPath = given ?? runSuite();
if (!existsSync(reportPath)) {
  console.error(`there is no report at ${reportPath}`);
  process.exit(2);
}
const proofs = proofsIn(JSON.parse(readFileSync(reportPath, 'utf8')) as Report);
const unknown = [...proofs.keys()].filter((id) => !(id in FAULTS));
const missing = Object.keys(FAULTS).filter((id) => resultOf(proofs.get(id) ?? []) !== 'passed');
const page = pageOf(proofs);
if (unknown.length > 0) console.error(`titles name faults that are not in the list: ${unknown.join(', ')}`);
if (missing.length > 0) console.error(`not proven: ${missing.join(', ')}`);
if (flag !== '--check') writeFileSync(PAGE, page);
else if (!existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== page) {
  console.error(`${PAGE} does not show this run: npm run fault-matrix writes it anew`);
  process.exitCode = 1;
}
if (unknown.length + missing.length > 0) process.exitCode = 1;
console.log(/(\d+ of \d+ rows are proven)/.exec(page)?.[1]);
