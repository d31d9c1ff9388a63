import { expect, test } from 'vitest';
import { seal } from './seal.js';

test('plain JSON is frozen to its depth', () => {
  const state = { seats: [{ name: 'Ada' }, null], count: 3, on: true, gone: undefined };
  expect(seal(state)).toBeNull();
  expect(() => (state.seats[0]!.name = 'Bo')).toThrow(TypeError);
});

test.each([
  ['a map', { seats: { by: new Map() } }, '/seats/by'],
  ['a date', { at: new Date(0) }, '/at'],
  ['a number that is none', { piles: [1, Number.NaN] }, '/piles/1'],
  ['a function', { act: () => 1 }, '/act'],
  ['nothing in a list', { seats: [undefined] }, '/seats/0'],
])('%s is no JSON, and is named', (_what, state, path) => {
  expect(seal(state)).toBe(path);
});
