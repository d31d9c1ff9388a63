import { expect, test } from 'vitest';
import { scoreRound } from './scoring.js';

test('a kept zero scores 3 and is no perfect round', () => {
  expect(scoreRound(0, 0, 1)).toEqual({ base: 3, bonus: 3, hit: 0, score: 3, perfect: false });
});

test('a broken zero costs the piles captured', () => {
  expect(scoreRound(0, 4, 1)).toEqual({ base: -4, bonus: 0, hit: -4, score: -4, perfect: false });
});

test('a hit scores the declaration and 5, and is a perfect round', () => {
  expect(scoreRound(3, 3, 1)).toEqual({ base: 8, bonus: 5, hit: 3, score: 8, perfect: true });
});

test('a miss costs the difference, above or below', () => {
  expect(scoreRound(3, 1, 1)).toEqual({ base: -2, bonus: 0, hit: -2, score: -2, perfect: false });
  expect(scoreRound(3, 5, 1)).toEqual({ base: -2, bonus: 0, hit: -2, score: -2, perfect: false });
});

test('the multiplier raises gains and penalties and leaves the base', () => {
  expect(scoreRound(3, 3, 4)).toMatchObject({ base: 8, score: 32 });
  expect(scoreRound(3, 1, 4)).toMatchObject({ base: -2, score: -8 });
});
