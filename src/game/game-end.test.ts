import { expect, test } from 'vitest';
import { finalOrder, isGameOver, sharedRanks, winners } from './game-end.js';

test('the game ends at 50 and not at 49', () => {
  expect(isGameOver([49, 0, 0, 0])).toBe(false);
  expect(isGameOver([0, 0, 50, 0])).toBe(true);
});

test('nobody has won while the game goes on', () => {
  expect(winners([49, 48, 47, 46])).toEqual([]);
});

test('of several above 50 the highest wins, tied ones together', () => {
  expect(winners([50, 53, 51, 0])).toEqual([1]);
  expect(winners([50, 53, 51, 53])).toEqual([1, 3]);
});

test('the final order puts tied totals by seat', () => {
  expect(finalOrder([-3, 53, 10, 53])).toEqual([1, 3, 2, 0]);
});

test('shared ranks give equal totals the better rank and skip the next', () => {
  expect(sharedRanks([53, 10, 53, -3])).toEqual([1, 3, 1, 4]);
  expect(sharedRanks([7, 7, 7, 7])).toEqual([1, 1, 1, 1]);
});
