import { describe, expect, test } from 'vitest';
import { isPiece, type Piece } from './pieces.js';
import { playType, strength } from './play-type.js';

function set(text: string): Piece[] {
  return text.split(' ').filter(isPiece);
}

describe('the type of a set', () => {
  test.each([
    ['GENERAL_BLACK', 'SINGLE'],
    ['HORSE_RED HORSE_RED', 'PAIR'],
    ['SOLDIER_BLACK SOLDIER_BLACK', 'PAIR'],
    ['SOLDIER_RED SOLDIER_RED SOLDIER_RED', 'THREE_OF_A_KIND'],
    ['ELEPHANT_RED GENERAL_RED ADVISOR_RED', 'STRAIGHT'],
    ['CANNON_BLACK CHARIOT_BLACK HORSE_BLACK', 'STRAIGHT'],
    ['SOLDIER_RED SOLDIER_RED SOLDIER_RED SOLDIER_RED', 'FOUR_OF_A_KIND'],
    ['ADVISOR_RED GENERAL_RED ELEPHANT_RED ADVISOR_RED', 'EXTENDED_STRAIGHT'],
    ['SOLDIER_BLACK SOLDIER_BLACK SOLDIER_BLACK SOLDIER_BLACK SOLDIER_BLACK', 'FIVE_OF_A_KIND'],
    ['CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_RED CANNON_RED', 'EXTENDED_STRAIGHT_5'],
    ['CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_RED HORSE_RED CANNON_RED', 'DOUBLE_STRAIGHT'],
  ])('%s is %s', (text, type) => {
    expect(playType(set(text))).toBe(type);
  });

  test.each([
    ['no pieces', ''],
    ['a pair of two colours', 'HORSE_RED HORSE_BLACK'],
    ['three soldiers of two colours', 'SOLDIER_RED SOLDIER_RED SOLDIER_BLACK'],
    ['a straight of two colours', 'CHARIOT_RED HORSE_BLACK CANNON_RED'],
    ['a straight across the groups', 'ELEPHANT_RED CHARIOT_RED HORSE_RED'],
    ['four pieces of two names', 'CHARIOT_RED CHARIOT_RED HORSE_RED HORSE_RED'],
    ['five pieces of a group with two colours', 'CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_RED CANNON_BLACK'],
    ['a double straight of two colours', 'CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_BLACK HORSE_BLACK CANNON_BLACK'],
    [
      'seven pieces that hold a double straight',
      'CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_RED HORSE_RED CANNON_RED SOLDIER_RED',
    ],
  ])('%s has no type', (_name, text) => {
    expect(playType(set(text))).toBe('INVALID');
  });

  test('eight cannons, whose count would overflow into one soldier, have no type either', () => {
    expect(playType(Array.from({ length: 8 }, () => 'CANNON_BLACK' as const))).toBe('INVALID');
  });
});

describe('strength', () => {
  test('of an extended straight counts each name once', () => {
    expect(strength(set('ADVISOR_RED ADVISOR_RED GENERAL_RED ELEPHANT_RED'), 'EXTENDED_STRAIGHT')).toBe(36);
    expect(
      strength(set('CHARIOT_BLACK HORSE_BLACK CANNON_BLACK HORSE_BLACK CANNON_BLACK'), 'EXTENDED_STRAIGHT_5'),
    ).toBe(15);
  });
  test('of any other type counts every piece', () => {
    expect(strength(set('HORSE_RED HORSE_RED'), 'PAIR')).toBe(12);
    expect(strength(set('CHARIOT_RED HORSE_RED CANNON_RED CHARIOT_RED HORSE_RED CANNON_RED'), 'DOUBLE_STRAIGHT')).toBe(
      36,
    );
  });
  test('of a set without type counts every piece', () => {
    expect(strength(set('HORSE_RED HORSE_RED SOLDIER_BLACK'), 'INVALID')).toBe(13);
  });
});
