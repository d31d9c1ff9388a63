import { defineConfig } from 'vitest/config';

// What a mutation run asks: the tests beside the files that it changes (docs/MUTATION.md).
export default defineConfig({
  test: {
    include: ['src/game/**/*.test.ts', 'actors/room/**/*.test.ts', 'actors/mailbox.test.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 30_000,
  },
});
