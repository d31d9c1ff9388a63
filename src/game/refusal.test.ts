import { expect, test } from 'vitest';
import { isRefusal, refuse } from './refusal.js';

test('a refusal is recognised by its kind, with reasons of the room as well', () => {
  expect(isRefusal(refuse('notYourTurn', 'Wait.'))).toBe(true);
  expect(isRefusal(refuse('roomClosed', 'The room is closed.'))).toBe(true);
});

test.each([[null], [undefined], ['refused'], [{}], [{ kind: 'accepted' }]])('takes %j for no refusal', (value) => {
  expect(isRefusal(value)).toBe(false);
});
