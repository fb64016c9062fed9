// npm run build && npm run bench:start [-- --rounds 25]: how long a start takes beside that of an empty program of the same Node. Each
// round runs every command once, each time beginning with another; the ratio is the median of the rounds' own ratios. `gh` is left out
// where it is not installed. Nothing outside this machine is asked.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '25' } } });
const CREDENTIALS = 20;
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'reseal-bench-'));
const empty = join(folder, 'empty.mjs');
const config = join(folder, 'config.yaml');
const common = [program, '--config', config, '--data-dir', join(folder, 'data')];

function prepare(): void {
  writeFileSync(empty, '');
  const credentials = Array.from(
    { length: CREDENTIALS },
    (_, index) =>
      `  crate-${index}: { kind: crates-io-token, owner: joao, destinations: [{ repo: example/crate-${index}, environment: release, secret: TOKEN }] }`,
  );
  const text = `version: 1\nowners: { joao: { email: joao@example.org } }\ncredentials:\n${credentials.join('\n')}\n`;
  writeFileSync(config, text, { mode: 0o600 });
  execFileSync(process.execPath, [...common, 'init'], { stdio: 'ignore' });
  for (let index = 0; index < CREDENTIALS; index++)
    execFileSync(process.execPath, [...common, 'record', `crate-${index}`, '--never'], { stdio: 'ignore' });
}

const node = (...args: readonly string[]) => ({ file: process.execPath, args });
const commands = new Map([
  ['an empty program', node(empty)],
  ['`reseal --version`', node(program, '--version')],
  [`\`reseal status\`, ${CREDENTIALS} credentials`, node(...common, 'status')],
  ['`gh secret list --help`', { file: 'gh', args: ['secret', 'list', '--help'] }],
]);

const median = (numbers: readonly number[]) =>
  numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;

function run({ file, args }: { readonly file: string; readonly args: readonly string[] }): number {
  const started = performance.now();
  spawnSync(file, args, { stdio: 'ignore' });
  return performance.now() - started;
}

try {
  prepare();
  if (spawnSync('gh', ['--version']).error) commands.delete('`gh secret list --help`');
  const names = [...commands.keys()];
  const taken = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const index of names.keys()) {
      const name = names[(index + round) % names.length] ?? '';
      const command = commands.get(name);
      if (command) taken.get(name)?.push(run(command));
    }
  const floor = taken.get('an empty program') ?? [];
  console.log(`Node ${process.versions.node}, ${values.rounds} rounds\n`);
  console.log('| start to end | median | of an empty program |\n|---|--:|--:|');
  for (const [name, times] of taken) {
    const ratio = median(times.map((time, round) => time / (floor[round] ?? Number.NaN)));
    console.log(`| ${name} | ${median(times).toFixed(0)} ms | ${ratio.toFixed(2)} × |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
