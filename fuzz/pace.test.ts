import { expect, test } from 'vitest';
import { paceOf } from './pace.js';

test('each part of a run leaves something out, and is faster than what holds it', () => {
  const { whole, unwatched, machine, least } = paceOf({ seed: 7, steps: 1_000, rounds: 3 });
  const best = (rates: readonly number[]) => Math.max(...rates);
  expect([whole, unwatched, machine, least].map(({ length }) => length)).toEqual([3, 3, 3, 3]);
  expect(best(unwatched)).toBeGreaterThan(best(whole));
  expect(best(machine)).toBeGreaterThan(best(unwatched));
  expect(best(least)).toBeGreaterThan(best(machine));
});
