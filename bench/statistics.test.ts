import { expect, test } from 'vitest';
import { mean, spreadOf } from './statistics.js';

test('the median of an even number of rounds lies between the two in the middle', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
  expect(spreadOf([30, 10, 20])).toEqual({ min: 10, median: 20, max: 30 });
  expect(spreadOf([7])).toEqual({ min: 7, median: 7, max: 7 });
});

test('nothing measured gives no figure', () => {
  expect(() => spreadOf([])).toThrow(RangeError);
  expect(() => mean([])).toThrow(RangeError);
  expect(mean([1, 2, 6])).toBe(3);
});
