import { expect, test } from 'vitest';
import { poisonRun } from './poison-run.js';

// The long form, which also holds the p99 of healthy rooms against a limit: npm run chaos:poison
test('rooms that throw lose nothing, end no process, and go on when they are released from quarantine', async () => {
  const result = await poisonRun({
    seed: 7,
    rooms: 12,
    faults: 60,
    windows: 2,
    windowMs: 1_500,
    poisonMs: 3_000,
    thinkMs: 40,
  });

  expect(result).toMatchObject({ lost: [], twice: [], brokenChains: [], notSound: [], unhandled: 0, giveUps: 0 });
  expect(result.faults).toBeGreaterThanOrEqual(50);
  expect(result.restarts).toBeGreaterThanOrEqual(result.faults);
  expect(result.byKind).toMatchObject({ transient: expect.any(Number), persistent: expect.any(Number) });
  expect(result.poisoned).toBe(1);
  expect(result.byKind['poisoned']).toBeGreaterThan(0);
  expect(result.deadLetters).toBeGreaterThan(0);
  expect(result.goOn).toBe(result.quarantined.poisoned + result.quarantined.others);
  expect(result.acknowledged).toBeGreaterThan(200);
});
