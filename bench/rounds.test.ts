import { expect, test } from 'vitest';
import { beside, interleaved } from './rounds.js';

test('the order is rotated from round to round, and the comparison runs before and after each round', async () => {
  const order: string[] = [];
  const runner = (name: string) => () => {
    order.push(name);
    return Promise.resolve(order.length);
  };
  const measured = await interleaved(3, runner('raw'), [
    { name: 'a', run: runner('a') },
    { name: 'b', run: runner('b') },
  ]);
  expect(order.join(' ')).toBe('raw a b raw b a raw a b raw');
  expect(measured.get('a')).toEqual([
    { result: 2, before: 1, after: 4 },
    { result: 6, before: 4, after: 7 },
    { result: 8, before: 7, after: 10 },
  ]);
  expect(beside(measured.get('b')!, (result) => result)).toEqual([2.5, 5.5, 8.5]);
});
