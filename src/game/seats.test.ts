import { expect, test } from 'vitest';
import { nextSeat, perSeat, seatLabel, seatOrderFrom, SEATS, withSeat, type PerSeat } from './seats.js';

test('the order from seat 2 goes round the table once', () => {
  expect(seatOrderFrom(2)).toEqual([2, 3, 0, 1]);
});

test('the seat after the last is the first', () => {
  expect(SEATS.map(nextSeat)).toEqual([1, 2, 3, 0]);
});

test('people count seats from P1', () => {
  expect(perSeat(seatLabel)).toEqual(['P1', 'P2', 'P3', 'P4']);
});

test('replacing one value leaves the given values as they were', () => {
  const before: PerSeat<string> = ['a', 'b', 'c', 'd'];
  expect(withSeat(before, 1, 'x')).toEqual(['a', 'x', 'c', 'd']);
  expect(before).toEqual(['a', 'b', 'c', 'd']);
});
