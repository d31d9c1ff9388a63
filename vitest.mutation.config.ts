import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Tests that are quick enough to be asked about each mutant (docs/MUTATION.md). */
const QUICK = [
  'src/game/*.test.ts',
  'actors/mailbox.test.ts',
  'actors/room/*.test.ts',
  'actors/room/versions/*.test.ts',
  'fuzz/short-fuzz.test.ts',
];

/** Whole games and properties, in ascending order of the time they take. */
const LONG = [
  'src/game/vectors',
  'src/game/properties',
  'actors/room/room-rows',
  'fuzz/short-fuzz',
  'actors/room/room-machine',
  'actors/room/versions/version-1',
  'actors/room/vectors',
  'actors/room/properties',
].map((name) => `${name}.test.ts`);

/** A mutant's run ends with the first test that fails, so the quick ones come first. */
class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)));
  }
}

export default defineConfig({
  test: {
    include: process.env['MUTATION_TESTS']?.split(' ') ?? QUICK,
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 60_000,
    // One worker for all files of a mutant's run: modules are loaded once. The next mutant gets a new one.
    isolate: false,
    sequence: { sequencer: QuickFirst },
  },
});
