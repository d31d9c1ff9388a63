import { expect, test } from 'vitest';
import { comparePlays } from './compare.js';

test('the stronger of one type wins, on either side', () => {
  expect(comparePlays(['HORSE_RED', 'HORSE_RED'], ['HORSE_BLACK', 'HORSE_BLACK'])).toBe(1);
  expect(comparePlays(['HORSE_BLACK', 'HORSE_BLACK'], ['HORSE_RED', 'HORSE_RED'])).toBe(2);
});

test('no type outranks another', () => {
  expect(
    comparePlays(['SOLDIER_BLACK', 'SOLDIER_BLACK', 'SOLDIER_BLACK'], ['GENERAL_RED', 'ADVISOR_RED', 'ELEPHANT_RED']),
  ).toBe(-1);
});

test('extended straights that double different names tie', () => {
  expect(
    comparePlays(
      ['CHARIOT_RED', 'CHARIOT_RED', 'HORSE_RED', 'CANNON_RED'],
      ['CHARIOT_RED', 'HORSE_RED', 'CANNON_RED', 'CANNON_RED'],
    ),
  ).toBe(0);
});

test('two sets without type compare by plain sums', () => {
  expect(comparePlays(['HORSE_RED', 'HORSE_BLACK'], ['GENERAL_RED', 'SOLDIER_RED'])).toBe(2);
});
