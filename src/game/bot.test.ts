import { describe, expect, test } from 'vitest';
import { botAcceptsRedeal, botDeclare, botPlay } from './bot.js';
import type { Piece } from './pieces.js';
import { validPlays } from './valid-plays.js';

const FIVE_SOLDIERS: Piece[] = ['SOLDIER_RED', 'SOLDIER_RED', 'SOLDIER_RED', 'SOLDIER_RED', 'SOLDIER_RED'];
const HOPELESS: Piece[] = [
  'SOLDIER_RED',
  'SOLDIER_BLACK',
  'SOLDIER_RED',
  'SOLDIER_BLACK',
  'CANNON_RED',
  'HORSE_BLACK',
  'CHARIOT_RED',
  'CANNON_BLACK',
];

test('five soldiers make the sixteen strong sets of rules.md R18.1', () => {
  expect(validPlays(FIVE_SOLDIERS, 3, 6).length).toBe(10 + 5 + 1);
});

test('valid plays of a hand that no deal makes are refused', () => {
  const refused = new RangeError('A hand of 10 pieces; a hand has at most 8');
  expect(() => validPlays([...FIVE_SOLDIERS, ...FIVE_SOLDIERS], 1, 6)).toThrow(refused);
});

describe('the bot declares', () => {
  const declare = { hand: HOPELESS, position: 1, declaredBefore: [3], zeroBarred: false };

  test('1 with a hopeless hand, in any position (D8)', () => {
    expect(botDeclare(declare)).toBe(1);
    expect(botDeclare({ ...declare, position: 0, declaredBefore: [] })).toBe(1);
  });
  test('7 at most', () => {
    expect(botDeclare({ ...declare, hand: [...FIVE_SOLDIERS, 'GENERAL_RED', 'HORSE_RED', 'CANNON_RED'] })).toBe(7);
  });
  test('one more with a straight worth 20 or more, and not with one worth 18', () => {
    const four: Piece[] = [...HOPELESS.slice(0, 4), 'CHARIOT_RED', 'HORSE_RED', 'CANNON_RED', 'CANNON_RED'];
    // Two straights of 18 and one extended straight of 22, which is the strong opening.
    expect(botDeclare({ ...declare, hand: four })).toBe(4);
    const three: Piece[] = [...HOPELESS.slice(0, 4), 'CHARIOT_RED', 'HORSE_RED', 'CANNON_RED', 'HORSE_BLACK'];
    expect(botDeclare({ ...declare, hand: three })).toBe(1);
  });
  test('one more with a general, and one more when it starts', () => {
    const hand: Piece[] = [...HOPELESS.slice(0, 5), 'GENERAL_RED', 'SOLDIER_RED', 'HORSE_RED'];
    expect(botDeclare({ ...declare, hand })).toBe(2);
    expect(botDeclare({ ...declare, hand, position: 0, declaredBefore: [] })).toBe(3);
  });
  test('6 when it is last and 7 would make 8', () => {
    expect(
      botDeclare({
        hand: [...FIVE_SOLDIERS, 'GENERAL_RED', 'HORSE_RED', 'CANNON_RED'],
        position: 3,
        declaredBefore: [0, 1, 0],
        zeroBarred: false,
      }),
    ).toBe(6);
  });
  test('the lowest allowed value when its own is barred (D8)', () => {
    const last = { hand: HOPELESS, position: 3, declaredBefore: [3, 2, 2] };
    expect(botDeclare({ ...last, zeroBarred: false })).toBe(0);
    expect(botDeclare({ ...last, zeroBarred: true })).toBe(2);
  });
});

describe('the bot plays', () => {
  test('the dearest set when it leads', () => {
    expect(botPlay(['GENERAL_RED', 'CHARIOT_RED', 'HORSE_RED', 'CANNON_RED'], null)).toEqual([1, 2, 3]);
  });
  test('the smaller of two equally dear sets, and the first in hand order of one size', () => {
    expect(botPlay(['HORSE_RED', 'HORSE_RED', 'ADVISOR_RED', 'ADVISOR_RED', 'GENERAL_RED'], 1)).toEqual([4]);
    expect(botPlay(['HORSE_RED', 'HORSE_RED', 'ADVISOR_RED'], null)).toEqual([2]);
    expect(botPlay(['SOLDIER_BLACK', 'HORSE_RED', 'HORSE_RED'], 1)).toEqual([1]);
  });
  test('the cheapest pieces when no set of the size has a type, equal ones in hand order', () => {
    expect(botPlay(['GENERAL_RED', 'SOLDIER_RED', 'HORSE_BLACK', 'SOLDIER_RED', 'CANNON_BLACK'], 3)).toEqual([1, 3, 4]);
    expect(botPlay(['HORSE_RED', 'CANNON_BLACK', 'SOLDIER_RED'], 2)).toEqual([2, 1]);
  });
});

describe('the bot accepts a redeal', () => {
  const ask = { hand: HOPELESS, round: 11, ownTotal: 30, otherTotals: [19, 0, -5] };

  test('with chance 0.8', () => {
    expect(botAcceptsRedeal({ ...ask, round: 10, roll: 0.79 })).toBe(true);
    expect(botAcceptsRedeal({ ...ask, round: 10, roll: 0.8 })).toBe(false);
  });
  test('with chance 0.4 when it is more than 10 ahead after round 10', () => {
    expect(botAcceptsRedeal({ ...ask, roll: 0.39 })).toBe(true);
    expect(botAcceptsRedeal({ ...ask, roll: 0.4 })).toBe(false);
    expect(botAcceptsRedeal({ ...ask, ownTotal: 29, roll: 0.79 })).toBe(true);
  });
  test('with chance 0.3 for a strong hand, 0.6 when that is worth less than 60, though neither is ever asked', () => {
    const others: Piece[] = ['ADVISOR_RED', 'ELEPHANT_RED', 'ELEPHANT_RED', 'CHARIOT_RED', 'CANNON_RED'];
    const worth60: Piece[] = ['GENERAL_RED', ...others, 'SOLDIER_BLACK', 'SOLDIER_BLACK'];
    const worth59: Piece[] = ['GENERAL_BLACK', ...others, 'SOLDIER_BLACK', 'SOLDIER_BLACK'];
    expect(botAcceptsRedeal({ ...ask, round: 1, hand: worth60, roll: 0.3 })).toBe(false);
    expect(botAcceptsRedeal({ ...ask, round: 1, hand: worth59, roll: 0.59 })).toBe(true);
    expect(botAcceptsRedeal({ ...ask, round: 1, hand: worth59, roll: 0.6 })).toBe(false);
  });
});
