import { expect, test } from 'vitest';
import { paceOf } from './pace.js';

test('each part takes the same messages, but those to rooms that begin with an old machine', () => {
  let seconds = 0;
  const { whole, unwatched, machine, least } = paceOf({ seed: 7, steps: 100, rounds: 1, now: () => 1_000 * seconds++ });
  expect(whole[0]).toBeGreaterThanOrEqual(100);
  expect(unwatched).toEqual(whole);
  expect(machine[0]).toBeLessThanOrEqual(whole[0]!);
  expect(machine[0]).toBeGreaterThan(whole[0]! / 2);
  expect(least).toEqual([100]);
});
