import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Real processes and a real browser: a busy machine with two cores may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
