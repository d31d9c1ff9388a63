import { expect, test } from 'vitest';
import { killRun } from './kill-run.js';

// The long form: npm run chaos:kill -- --kills 200
test('nothing acknowledged is lost or applied twice, and nothing was shown that is not in the journal, when the server is killed in the middle of games', async () => {
  const result = await killRun({ kills: 3, seed: 7, rooms: 4 });

  expect(result).toMatchObject({
    lost: [],
    twice: [],
    brokenChains: [],
    notInJournal: [],
    failures: [],
    violations: [],
  });
  expect(result.acknowledged).toBeGreaterThan(50);
  expect(result.frames).toBeGreaterThan(100);
  expect(result.resent).toBeGreaterThan(0);
});
