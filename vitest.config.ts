import { defineConfig } from 'vitest/config';

/** `unit`: two files at a time. `e2e`: after them, one file at a time, since its tests share the one Spark session. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          // The runners and the lab's parts are .mjs, and so are their tests.
          include: ['test/**/*.test.{ts,mjs}'],
          exclude: ['test/e2e/**'],
          pool: 'forks',
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
