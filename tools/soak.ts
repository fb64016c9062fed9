// npm run build && npm run soak [-- --days 30 --minutes 1 --every 6]: the built daemon with 40 credentials and a pipeline over thirty
// days of accelerated time, a round for each minute of them, and what its process holds on the way. Ends with 1 where memory drifts by
// 10 MB or descriptors are not flat, two days of warming up left out. Needs Linux and Debian's libfaketime.
import { parseArgs } from 'node:util';
import { canSoak, soak } from '../test/support/soak.ts';
import type { Figures } from '../test/support/soak-figures.ts';
import { isSound, summarise, WARM_UP_DAYS } from '../test/support/soak-figures.ts';
import type { Sample } from '../test/support/soak-sample.ts';

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '1' },
    every: { type: 'string', default: '6' },
  },
});

function wholeNumber(name: keyof typeof values): number {
  if (/^[1-9]\d{0,3}$/.test(values[name])) return Number(values[name]);
  throw new Error(`--${name} is not a whole number above 0`);
}

function row({ day, resident, live, descriptors, threads, database, log }: Sample): string {
  const sizes = [resident, live].map((size) => size.toFixed(1));
  return `| ${[day.toFixed(2), ...sizes, descriptors, threads, database.toFixed(2), log.toFixed(2)].join(' | ')} |\n`;
}

if (!canSoak) throw new Error('this needs /proc and libfaketime (Debian: apt-get install libfaketime)');
process.stdout.write(
  '| day | resident MB | live MB | descriptors | threads | database MB | log MB |\n|---|---|---|---|---|---|---|\n',
);
const result = await soak({
  days: wholeNumber('days'),
  minutes: wholeNumber('minutes'),
  every: wholeNumber('every'),
  onSample: (sample) => process.stdout.write(row(sample)),
});
const figures = summarise(result.samples);
const line = (what: string, { trend, shift }: Figures['live']) =>
  `${what}: ${megabytes(trend)} by its trend, ${megabytes(shift)} from the first third to the last`;
const megabytes = (size: number) => `${size >= 0 ? '+' : ''}${size.toFixed(2)} MB`;
const counts = (thirds: Figures['threads']) =>
  thirds.map(({ middle, most }) => `${middle}, ${most}`).join('; ');
process.stdout.write(`
${result.rounds} rounds, ${result.mails} mails (${result.repeated} repeated), ${result.requests} requests, in ${result.seconds.toFixed(0)} s
from day ${WARM_UP_DAYS} on:
${line('resident memory', figures.resident)}
${line('live memory', figures.live)}
descriptors, by thirds (the middle, the most): ${counts(figures.descriptors)}
threads: ${counts(figures.threads)}
the daemon ended with ${result.code}
`);
process.exitCode = isSound(figures) && result.code === 0 && result.repeated === 0 ? 0 : 1;
