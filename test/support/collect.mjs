// Loaded into the program by --import, with --expose-gc: on SIGUSR2 it gives back all memory that is not in use, as V8 does by itself
// where nothing happens for a while, and writes what is left to the file in RESEAL_COLLECTED.
import { renameSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const file = process.env.RESEAL_COLLECTED;
process.on('SIGUSR2', async () => {
  for (let time = 0; time < 3; time += 1) {
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    // What is finalised is let go of in the next turn.
    await setImmediate();
  }
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.new`, file);
});
