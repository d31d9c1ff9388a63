import { describe, expect, test } from 'vitest';
import { declareOptions, judgeDeclaration, nextZeroStreak, type DeclarationInput } from './declaration.js';

const FIRST: DeclarationInput = { seat: 1, declarer: 1, value: 3, zeroStreak: 0, sumSoFar: 0, isLast: false };
const LAST: DeclarationInput = { ...FIRST, sumSoFar: 5, isLast: true };

describe('the options', () => {
  test('of the first three are all nine values', () => {
    expect(declareOptions({ zeroStreak: 1, sumSoFar: 5, isLast: false })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
  test('of the last leave out the value that would make 8', () => {
    expect(declareOptions({ zeroStreak: 0, sumSoFar: 5, isLast: true })).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
  });
  test('of the last are all nine when the others exceed 8', () => {
    expect(declareOptions({ zeroStreak: 0, sumSoFar: 9, isLast: true })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
  test('after two zeros leave out 0', () => {
    expect(declareOptions({ zeroStreak: 2, sumSoFar: 0, isLast: false })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
  test('lack both barred values when both bars hold, and one when both bar the 0', () => {
    expect(declareOptions({ zeroStreak: 2, sumSoFar: 5, isLast: true })).toEqual([1, 2, 4, 5, 6, 7, 8]);
    expect(declareOptions({ zeroStreak: 2, sumSoFar: 8, isLast: true })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('the zero streak counts zeros in a row and starts over', () => {
  expect(nextZeroStreak(0, 0)).toBe(1);
  expect(nextZeroStreak(1, 0)).toBe(2);
  expect(nextZeroStreak(2, 1)).toBe(0);
});

describe('a declaration', () => {
  test('in turn and in range is accepted', () => {
    expect(judgeDeclaration(FIRST)).toEqual({ kind: 'accepted', value: 3 });
    expect(judgeDeclaration({ ...FIRST, value: 8 })).toEqual({ kind: 'accepted', value: 8 });
  });
  test('of minus zero is recorded as the zero it equals', () => {
    const judged = judgeDeclaration({ ...FIRST, value: -0 });
    expect(judged).toStrictEqual({ kind: 'accepted', value: 0 });
  });
  test('out of turn is refused', () => {
    expect(judgeDeclaration({ ...FIRST, declarer: 2 })).toEqual({
      kind: 'refused',
      reason: 'notYourTurn',
      sentence: "P2 cannot declare now: it is P3's turn to declare.",
    });
  });
  test('while nobody is to declare is refused', () => {
    expect(judgeDeclaration({ ...FIRST, declarer: null })).toEqual({
      kind: 'refused',
      reason: 'notYourTurn',
      sentence: 'P2 cannot declare: nobody is to declare now.',
    });
  });
  test.each([-1, 9, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('of %d is refused', (value) => {
    expect(judgeDeclaration({ ...FIRST, value })).toEqual({
      kind: 'refused',
      reason: 'valueOutOfRange',
      sentence: `P2 declared ${value}; a declaration is a whole number from 0 to 8.`,
    });
  });
  test.each([true, '3', null])('of %j, which the wire could carry, is refused (D22)', (value) => {
    expect(judgeDeclaration({ ...FIRST, value: value as unknown as number })).toMatchObject({
      reason: 'valueOutOfRange',
    });
  });
  test('that makes the four add up to 8 is refused to the last player only (D2)', () => {
    expect(judgeDeclaration(LAST)).toEqual({
      kind: 'refused',
      reason: 'totalWouldBeEight',
      sentence: 'P2 declares last and cannot declare 3: the four would add up to 8.',
    });
    expect(judgeDeclaration({ ...LAST, value: 4 })).toEqual({ kind: 'accepted', value: 4 });
    expect(judgeDeclaration({ ...LAST, isLast: false })).toEqual({ kind: 'accepted', value: 3 });
  });
  test('of a third zero in a row is refused (D2)', () => {
    expect(judgeDeclaration({ ...FIRST, value: 0, zeroStreak: 2 })).toEqual({
      kind: 'refused',
      reason: 'thirdZero',
      sentence: 'P2 has declared 0 in 2 rounds in a row and must declare 1 or more.',
    });
    expect(judgeDeclaration({ ...FIRST, value: 0, zeroStreak: 1 })).toEqual({ kind: 'accepted', value: 0 });
  });
});
