import { expect, test } from 'vitest';
import { fullSet, isPiece, kindOf, PIECE_KINDS, sumOfPoints } from './pieces.js';

test('the full set has 32 pieces worth 192 points', () => {
  expect(fullSet().length).toBe(32);
  expect(sumOfPoints(fullSet())).toBe(192);
});

test('points identify the kind', () => {
  expect(PIECE_KINDS.map(({ points }) => points)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test('a kind tells its name and colour apart', () => {
  expect(kindOf('CANNON_BLACK')).toEqual({
    piece: 'CANNON_BLACK',
    name: 'CANNON',
    colour: 'BLACK',
    points: 3,
    copies: 2,
  });
});

test.each(['', 'GENERAL', 'GENERAL_GREEN', 'general_red', 'GENERAL_RED ', 'constructor', '__proto__'])(
  'takes %j for no piece',
  (text) => {
    expect(isPiece(text)).toBe(false);
  },
);

test('no pieces are worth nothing', () => {
  expect(sumOfPoints([])).toBe(0);
});
