import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Most of these tests wait for a process, a browser or a clock: one for each core keeps the cores busy.
    maxWorkers: '100%',
    // Real processes and a real browser: a busy machine with two cores may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
