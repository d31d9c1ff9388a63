import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { chance, unit } from './chance.js';

const WHOLE_WORD = 2 ** 32;

/** As docs/REPLAYS.md tells it to whoever checks a deal. */
function wordsOf(text: string, blocks: number): number[] {
  return Array.from({ length: blocks }, (_, counter) =>
    createHash('sha256').update(`${text}/${counter}`).digest(),
  ).flatMap((block) => Array.from({ length: 8 }, (_, word) => block.readUInt32BE(word * 4)));
}

test('draws are the words of SHA-256 over seed, key and a counter, eight to a block', () => {
  const below = chance('seed', 'deal', 2, 1);
  expect(Array.from({ length: 24 }, () => below(WHOLE_WORD))).toEqual(wordsOf('seed/deal/2/1', 3));
});

test('keys that read alike without their borders draw otherwise', () => {
  expect(chance('seed', 'deal', 1, 11)(WHOLE_WORD)).not.toBe(chance('seed', 'deal', 11, 1)(WHOLE_WORD));
});

test('a word beyond the last whole multiple is drawn again, so that no result is likelier than another', () => {
  const n = 2 ** 31 + 1;
  const below = chance('seed', 'any');
  const fair = wordsOf('seed/any', 4).filter((word) => word < n);
  expect(fair.length).toBeGreaterThan(8);
  expect(Array.from({ length: fair.length }, () => below(n))).toEqual(fair);
});

test('a unit is a word as a part of all of them', () => {
  expect(unit(() => 0)).toBe(0);
  expect(unit((n) => n - 1)).toBe(1 - 1 / WHOLE_WORD);
});
