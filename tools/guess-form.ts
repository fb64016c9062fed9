// npm run guess [-- --guesses 1000000]: guesses at the address of an open form, and whether an honest tab works meanwhile and
// afterwards. Ends with 1 where one was right, or the tab did not work.
import { parseArgs } from 'node:util';
import { load, openTestForm, submit } from '../test/support/form.ts';
import { guess } from '../test/support/guess.ts';

const { values } = parseArgs({ options: { guesses: { type: 'string', default: '1000000' } } });
const guesses = Number(values.guesses);
const form = await openTestForm([]);
const began = performance.now();
const guessing = guess(form.port, guesses);
const during = (await load(form)).status;
const { hits, statuses, bodies } = await guessing;
const seconds = (performance.now() - began) / 1000;
const after = await submit(form);
const works = during === 200 && after.body.includes('Stored and recorded');
console.log(
  `${guesses} guesses in ${seconds.toFixed(0)} s (${Math.round(guesses / seconds)} a second): ${hits} right`,
);
console.log(
  `answers: ${[...statuses].map(([status, count]) => `${status} × ${count}`).join(', ')}; ${bodies.length} different`,
);
console.log(`the honest tab ${works ? 'worked' : 'DID NOT WORK'} meanwhile and afterwards`);
await form.ended;
process.exitCode = hits === 0 && works ? 0 : 1;
