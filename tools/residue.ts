// node tools/residue.ts [--runs 10]: how often a token stands in the memory of its process when the rotation is done and nothing but
// the exit is left. Linux only; needs the built program (npm run build).
import { parseArgs } from 'node:util';
import type { Way } from '../test/support/residue.ts';
import { measureResidue, WAYS } from '../test/support/residue.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Math.max(1, Number(values.runs) || 10);

console.log(`Node ${process.versions.node}, ${process.platform}-${process.arch}, ${runs} runs each\n`);
console.log('| way | whole copies, median | most | parts of 12 bytes and more, median | most |');
console.log('|---|---|---|---|---|');
for (const way of Object.keys(WAYS) as Way[]) {
  const found = [];
  for (let run = 0; run < runs; run++) found.push(await measureResidue(way));
  const figures = [found.map(({ whole }) => whole), found.map(({ parts }) => parts)].map(medianAndMost);
  console.log(`| ${way} | ${figures.join(' | ')} |`);
}

function medianAndMost(counts: readonly number[]): string {
  const sorted = counts.toSorted((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)]} | ${sorted.at(-1)}`;
}
