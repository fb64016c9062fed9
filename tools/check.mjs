// npm run check: everything that must hold before a commit, in order of cost; stops at the first that fails.
// --no-tests leaves the suite out, for a caller that has just run it.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const steps = [
  ['biome', 'node_modules/@biomejs/biome/bin/biome', 'check'],
  ['types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['unused code', 'node_modules/knip/bin/knip.js'],
  ['schema', 'tools/schema.ts', '--check'],
  ['rules', 'tools/rules.ts', '--check'],
  ['kinds', 'tools/kinds.ts', '--check'],
  ['man page', 'tools/man.ts', '--check'],
  ['tests', 'node_modules/vitest/vitest.mjs', 'run'],
].filter(([name]) => name !== 'tests' || !process.argv.includes('--no-tests'));

for (const [name, ...command] of steps) {
  const started = performance.now();
  const { status, signal } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) {
    console.error(
      `check: ${name} FAILED (${signal ?? `exit ${status}`}, ${seconds} s); nothing after it was run`,
    );
    process.exit(1);
  }
  console.log(`check: ${name} passed (${seconds} s)`);
}
console.log(`check: all ${steps.length} passed`);
