// npm run bench:verify [-- --runs 20] [--pipelines 100]: the sqlrite pipeline, verified against stand-ins whose every answer takes 50 ms,
// beside its longest chain of calls that need one another; the same again where GitHub may say that nothing changed; and a hundred
// pipelines one after the other, against what GitHub publishes as limits. Nothing outside this machine is asked.
import { parseArgs } from 'node:util';
import { measureMany, measureVerify } from '../test/support/verify-speed.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, pipelines: { type: 'string', default: '100' } },
});
const LATENCY_MS = 50;

const { chain, first, again, requests, unchanged } = await measureVerify(LATENCY_MS, Number(values.runs));
const floor = chain * LATENCY_MS;
const median = (numbers: readonly number[]) =>
  numbers.toSorted((one, other) => one - other)[Math.floor((numbers.length - 1) / 2)] ?? 0;
const row = (what: string, ms: number) =>
  console.log(`| ${what} | ${ms.toFixed(0)} ms | ${(ms / floor).toFixed(2)} × |`);

console.log(
  `${values.runs} runs, ${LATENCY_MS} ms an answer, ${requests} requests, longest chain ${chain}: ${floor} ms\n`,
);
console.log('| | median | of the chain |\n|---|--:|--:|');
row('nothing known before', median(first));
row(`again: ${unchanged} answers of GitHub unchanged (304)`, median(again));

const many = await measureMany(Number(values.pipelines));
console.log(
  `\n${values.pipelines} pipelines one after the other: ${many.requests} requests to GitHub, at most ${many.atOnce} at once (limit 100), at most ${many.pointsAMinute} points in a minute (limit 900)`,
);
