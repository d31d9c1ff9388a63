import { expect, test } from 'vitest';
import { dealHands, shuffle } from './deal.js';
import { fullSet, type Piece } from './pieces.js';

test('piece number i goes to seat i mod 4, in the order dealt', () => {
  expect(dealHands(['GENERAL_RED', 'ADVISOR_RED', 'HORSE_RED', 'CANNON_RED', 'SOLDIER_RED', 'SOLDIER_BLACK'])).toEqual([
    ['GENERAL_RED', 'SOLDIER_RED'],
    ['ADVISOR_RED', 'SOLDIER_BLACK'],
    ['HORSE_RED'],
    ['CANNON_RED'],
  ]);
});

test('a forced source of chance forces the deal', () => {
  const pieces: Piece[] = ['GENERAL_RED', 'ADVISOR_RED', 'HORSE_RED'];
  expect(shuffle(pieces, (n) => n - 1)).toEqual(['GENERAL_RED', 'ADVISOR_RED', 'HORSE_RED']);
  expect(shuffle(pieces, () => 0)).toEqual(['ADVISOR_RED', 'HORSE_RED', 'GENERAL_RED']);
});

test('a shuffle leaves the given pieces as they were', () => {
  const pieces = fullSet();
  shuffle(pieces, () => 0);
  expect(pieces).toEqual(fullSet());
});

test('asks chance once for each number from 32 down to 2', () => {
  const asked: number[] = [];
  shuffle(fullSet(), (n) => {
    asked.push(n);
    return 0;
  });
  expect(asked).toEqual(Array.from({ length: 31 }, (_, index) => 32 - index));
});

test.each([-1, 0.5, 32, Number.NaN])('refuses a source of chance that gives %d for one of 32', (drawn) => {
  const refused = new RangeError(`The source of chance gave ${drawn} when asked for a whole number from 0 to 31`);
  expect(() => shuffle(fullSet(), () => drawn)).toThrow(refused);
});

// Goal: no seat is favoured and no piece stays near its place. Method: a chi-square test of where each of 8 pieces
// lands in 40,000 shuffles of a generator with a fixed seed (mulberry32), so the figure is the same in each run.
test('a piece lands in each place equally often', () => {
  const pieces = fullSet()
    .filter((piece, index, all) => all.indexOf(piece) === index)
    .slice(0, 8);
  const shuffles = 40_000;
  const counts = new Map<string, number>();
  const below = mulberry32(2022);
  for (let round = 0; round < shuffles; round++) {
    for (const [place, piece] of shuffle(pieces, below).entries()) {
      const cell = `${piece} ${place}`;
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
  }
  expect(counts.size).toBe(64);
  const expected = shuffles / 8;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 49 degrees of freedom: 85.4 is exceeded by chance once in a thousand. The usual wrong shuffle, which draws from
  // all places at each step, is at several thousands here.
  expect(chiSquare).toBeLessThan(85.4);
});

function mulberry32(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
