import { expect, test } from 'vitest';
import { DEPTH_MAX, isTooDeep } from './message-depth.js';

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const maps = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

test.each([
  ['lists', lists],
  ['maps', maps],
])('%s within each other count up to the limit', (_what, nested) => {
  expect(isTooDeep(nested(DEPTH_MAX))).toBe(false);
  expect(isTooDeep(nested(DEPTH_MAX + 1))).toBe(true);
});

test('what stands beside each other is not deep, and brackets in texts are none', () => {
  expect(isTooDeep(`[${Array.from({ length: 1_000 }, () => '[{}]').join()}]`)).toBe(false);
  expect(isTooDeep(JSON.stringify({ text: '['.repeat(1_000), quoted: '"\\"[['.repeat(100) }))).toBe(false);
  expect(isTooDeep(`["\\\\",${lists(DEPTH_MAX)}]`)).toBe(true);
});
