// npm run bench:rotate [-- --runs 30] [--gh 50]: from the issuer's answer to "verified", against a stand-in for GitHub whose every answer
// takes a while: how many round trips, and how long beyond them; GitHub's own client beside it; and a hundred destinations on a
// simulated clock against the pace that GitHub asks for. Needs `npm run build` first, and nothing outside this machine.
import { parseArgs } from 'node:util';
import { hasGh, makeAuthority } from '../test/support/gh.ts';
import type { Way } from '../test/support/rotate-process.ts';
import { startSlowGitHub } from '../test/support/rotate-process.ts';
import { measureRotation, measureSpread } from '../test/support/rotate-speed.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '30' }, gh: { type: 'string', default: '50' } },
});
const runs = Math.max(1, Number(values.runs) || 30);
const TRIPS = 3;
const GOAL_MS = 25;

function at(part: number, numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * part)] ?? 0;
}

const ms = (number: number) => `${number.toFixed(1)} ms`;

interface Measured {
  readonly trips: number;
  readonly beyondMs: number;
  readonly standInMs?: number;
}

function row(what: string, latencyMs: number, measured: readonly Measured[]): void {
  const trips = new Set(measured.map((one) => one.trips));
  if (trips.size !== 1 || !trips.has(TRIPS)) throw new Error(`not ${TRIPS} round trips: ${[...trips]}`);
  const beyond = measured.map(({ beyondMs }) => beyondMs);
  const floor = TRIPS * latencyMs;
  const cells = [
    what,
    `${latencyMs} ms`,
    TRIPS,
    ms(at(0.5, beyond)),
    ms(at(0.95, beyond)),
    ms(
      at(
        0.5,
        measured.map(({ standInMs = 0 }) => standInMs),
      ),
    ),
    floor === 0 ? '–' : `${((floor + at(0.5, beyond)) / floor).toFixed(2)} ×`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

console.log(`${runs} runs each; the goal is ${GOAL_MS} ms beyond the round trips\n`);
console.log(
  '| | a round trip takes | round trips | beyond, median | beyond, 95 % | of it the stand-in | of the floor |',
);
console.log('|---|--:|--:|--:|--:|--:|--:|');
for (const latencyMs of [0, 20, 100]) {
  const warm: Measured[] = [];
  for (let run = 0; run < runs; run++) warm.push(await measureRotation(latencyMs));
  row('one process, warm', latencyMs, warm);
  await using slow = await startSlowGitHub(latencyMs);
  for (const way of ['form', 'stdin'] satisfies readonly Way[]) {
    const fresh: Measured[] = [];
    for (let run = 0; run < runs; run++) fresh.push(await slow.rotate(way));
    row(`a process each, ${way}`, latencyMs, fresh);
  }
}

await besideGh(Number(values.gh));

const { seconds, floorSeconds, busiest } = await measureSpread(100);
console.log(
  `\n100 destinations: ${seconds.toFixed(1)} s on a simulated clock, ${(seconds / floorSeconds).toFixed(3)} × the ${floorSeconds} s between the writes`,
);
console.log(
  `at most ${busiest.pointsAMinute} of 900 points and ${busiest.writesAMinute} of 80 writes in a minute, ${busiest.writesAnHour} of 500 writes in an hour, ${busiest.writesASecond} write in a second`,
);

/** Whole processes, over TLS, one secret each: `gh` asks for the key and writes; reseal looks before and after, and asks the issuer. */
async function besideGh(latencyMs: number): Promise<void> {
  if (!hasGh) {
    console.log('\ngh is not installed: not compared');
    return;
  }
  using authority = makeAuthority();
  await using slow = await startSlowGitHub(latencyMs, authority);
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let run = 0; run < runs; run++) {
    theirs.push(await slow.ghSecretSet());
    ours.push((await slow.rotate('stdin')).wholeMs);
  }
  const [gh, reseal] = [at(0.5, theirs), at(0.5, ours)];
  console.log(
    `\nwhole processes over TLS, ${latencyMs} ms a round trip, median: gh secret set ${gh.toFixed(0)} ms, reseal rotate --stdin ${reseal.toFixed(0)} ms: ${(reseal / gh).toFixed(2)} ×`,
  );
}
