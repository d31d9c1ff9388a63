import { defineConfig } from 'vitest/config';

/** Tests that are quick enough to be asked about each mutant (docs/MUTATION.md); of these, a folder's own. */
const QUICK = [
  'src/game/*.test.ts',
  'actors/mailbox.test.ts',
  'actors/room/{purity,room-rows,room-view,seats,timing}.test.ts',
  'fuzz/short-fuzz.test.ts',
];
const folder = process.env['MUTATION_TESTS'] ?? '';

export default defineConfig({
  test: {
    include: QUICK.filter((pattern) => pattern.startsWith(folder)),
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 60_000,
  },
});
