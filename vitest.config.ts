import { defineConfig } from 'vitest/config';
import { MissingProgramsReporter } from './test/support/missing-programs.js';

export default defineConfig({
  test: {
    reporters: ['default', new MissingProgramsReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{actors,persistence,src,fuzz,bench}/**/*.test.ts',
            'test/{contract,sim,transcripts,checks}/**/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        // Real processes, sockets and browsers: one file at a time, so that two cores are enough.
        test: {
          name: 'e2e',
          include: ['test/{e2e,chaos,attacks}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['actors/**/*.ts', 'persistence/**/*.ts', 'src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90, statements: 90, functions: 90, branches: 85 },
    },
  },
});
