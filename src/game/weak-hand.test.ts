import { expect, test } from 'vitest';
import { isWeakHand, weakSeats } from './weak-hand.js';

test('a hand up to the black elephant is weak', () => {
  expect(isWeakHand(['ELEPHANT_BLACK', 'ELEPHANT_BLACK', 'CHARIOT_RED', 'SOLDIER_RED'])).toBe(true);
});

test('one red elephant makes a hand strong', () => {
  expect(isWeakHand(['ELEPHANT_RED', 'SOLDIER_RED', 'SOLDIER_RED', 'SOLDIER_RED'])).toBe(false);
});

test('several hands may be weak at once', () => {
  expect(weakSeats([['HORSE_RED'], ['GENERAL_BLACK'], ['ADVISOR_BLACK'], ['ELEPHANT_BLACK']])).toEqual([0, 3]);
});
