import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Whose tests start processes or browsers, or wrap a library for the whole process: each file gets a process of its own. */
const ALONE = ['browser', 'cli', 'e2e', 'faults', 'packaging', 'rotate', 'simulation'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // Many of these tests wait for a process, a browser or a clock: more of them than there are cores keep the cores busy.
    maxWorkers: Math.max(2, Math.ceil(availableParallelism() * 1.5)),
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ALONE, globalSetup: ['test/support/build.ts'] },
      },
      {
        extends: true,
        // Files that share a process: a third less CPU, since our code and its libraries are loaded once for all.
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false },
      },
    ],
    // Real processes and a real browser: a busy machine with two cores may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
