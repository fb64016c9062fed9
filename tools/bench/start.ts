// How long a start takes, beside an empty program of the same Node and beside GitHub's own client. Nothing outside this machine is asked.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchmark, timesAtMost } from './benchmark.ts';
import { isInstalled, node, openFolder, PROGRAM, timed } from './program.ts';
import { compare, inTurns, median } from './rounds.ts';

const CREDENTIALS = 20;
const EMPTY = 'an empty program';
const STATUS = `\`reseal status\`, ${CREDENTIALS} credentials`;
const GH = ['secret', 'list', '--help'];

/** An installation as it is on most days: every credential has a date ahead, and its reminders were planned. @returns the arguments that choose it */
function install(folder: string): readonly string[] {
  const config = join(folder, 'config.yaml');
  const common = [PROGRAM, '--config', config, '--data-dir', join(folder, 'data')];
  const names = Array.from({ length: CREDENTIALS }, (_, index) => `crate-${index}`);
  const credentials = names.map(
    (name) =>
      `  ${name}: { kind: crates-io-token, owner: joao, destinations: [{ repo: example/${name}, environment: release, secret: TOKEN }] }`,
  );
  // Nothing answers there: the round that plans asks GitHub for its clock.
  const text = `version: 1\ngithub: { api-url: 'http://127.0.0.1:1' }\nowners: { joao: { email: joao@example.org } }\ncredentials:\n${credentials.join('\n')}\n`;
  writeFileSync(config, text, { mode: 0o600 });
  // What needs a person ends with 1.
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [...common, ...args], { stdio: 'ignore' });
  run('init');
  for (const [index, name] of names.entries()) {
    const ends = new Date(Date.now() + (100 + index) * 86_400_000);
    run('record', name, '--expires', ends.toISOString().slice(0, 10));
  }
  run('daemon', '--once');
  return common;
}

export const start = benchmark({
  name: 'start',
  lines: {
    version: { what: '`reseal --version`', unit: 'ms', beside: EMPTY, goals: [timesAtMost(1.5)] },
    status: { what: STATUS, unit: 'ms', beside: EMPTY, goals: [timesAtMost(1.8)] },
    statusByGh: { what: STATUS, unit: 'ms', beside: `\`gh ${GH.join(' ')}\``, goals: [timesAtMost(1.1)] },
  },
  measure: async ({ rounds }) => {
    using folder = openFolder();
    const empty = join(folder.path, 'empty.mjs');
    writeFileSync(empty, '');
    const common = install(folder.path);
    const hasGh = isInstalled('gh');
    const taken = await inTurns(
      {
        empty: () => timed(node(empty)),
        version: () => timed(node(PROGRAM, '--version')),
        status: () => timed(node(...common, 'status')),
        gh: () => (hasGh ? timed({ file: 'gh', args: GH }) : Number.NaN),
      },
      rounds,
    );
    return {
      version: compare(taken.version, taken.empty),
      status: compare(taken.status, taken.empty),
      statusByGh: hasGh
        ? compare(taken.status, taken.gh)
        : { reseal: median(taken.status), beside: 'not installed' },
    };
  },
});
