// node tools/ci-summary.mjs REPORT: reads vitest's JSON report, names every test that did not run, and prints the counts as its
// last line. Exits 1 unless at least one test ran and all of them passed: a test that is skipped proves nothing.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const report = process.argv[2] ?? '';
const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
const tests = files.flatMap((file) =>
  file.assertionResults.map((test) => ({ ...test, file: relative('.', file.name) })),
);
// A file that breaks while it is loaded fails without a single test of its own.
const broken = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const passed = tests.filter((test) => test.status === 'passed');
const failed = tests.filter((test) => test.status === 'failed');
const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');

for (const test of skipped) console.log(`not run (${test.status}): ${test.file}: ${test.fullName}`);
for (const file of broken) console.log(`did not load: ${relative('.', file.name)}`);
if (tests.length === 0) console.log('no test was run');
console.log(`${passed.length} passed, ${failed.length + broken.length} failed, ${skipped.length} skipped`);
process.exitCode = passed.length > 0 && passed.length === tests.length && broken.length === 0 ? 0 : 1;
