// npm run bench:rotate [-- --runs 30]: from the issuer's answer to "verified", against a stand-in whose every answer takes a while: how
// many round trips, and how long beyond them. And a hundred destinations on a simulated clock against the pace that GitHub asks for.
import { parseArgs } from 'node:util';
import { measureRotation, measureSpread } from '../test/support/rotate-speed.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const runs = Math.max(1, Number(values.runs) || 30);

console.log('| a round trip takes | round trips | median beyond them | 95 % beyond them |');
console.log('|--:|--:|--:|--:|');
for (const latencyMs of [0, 20, 100]) {
  const measured = [];
  for (let run = 0; run < runs; run++) measured.push(await measureRotation(latencyMs));
  const beyond = measured.map(({ beyondMs }) => beyondMs).toSorted((a, b) => a - b);
  const at = (part: number) => `${(beyond[Math.floor((beyond.length - 1) * part)] ?? 0).toFixed(1)} ms`;
  console.log(
    `| ${latencyMs} ms | ${Math.max(...measured.map(({ trips }) => trips))} | ${at(0.5)} | ${at(0.95)} |`,
  );
}
const { seconds, floorSeconds } = await measureSpread(100);
console.log(
  `\n100 destinations: ${seconds.toFixed(1)} s on a simulated clock, ${(seconds / floorSeconds).toFixed(3)} × the ${floorSeconds} s between the writes`,
);
