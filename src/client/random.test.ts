import { expect, test } from 'vitest';
import { backoffMs, pick, seededRandom } from './random.js';

test('one seed is one sequence, spread over [0, 1)', () => {
  const take = (seed: number): number[] => Array.from({ length: 1000 }, seededRandom(seed));
  expect(take(1)).toEqual(take(1));
  expect(take(1)).not.toEqual(take(2));
  expect(Math.min(...take(1))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...take(1))).toBeLessThan(1);
  const mean = take(3).reduce((sum, value) => sum + value, 0) / 1000;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});

test('picks nothing from nothing', () => {
  expect(() => pick(() => 0, [])).toThrow('There is nothing to pick from');
});

test('pauses double up to a limit, and are never cut by more than half', () => {
  expect([0, 1, 2, 9, 1000].map((failures) => backoffMs(() => 1, failures))).toEqual([250, 500, 1000, 8000, 8000]);
  expect(backoffMs(() => 0, 1)).toBe(250);
});
