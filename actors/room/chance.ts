import { hash } from 'node:crypto';

/** A stream of uniform whole numbers below `n`. */
export type Below = (n: number) => number;

const WORD_BYTES = 4;
const WORD_RANGE = 2 ** 32;

/**
 * Chance as a pure function of seed and key: SHA-256 in counter mode. Each use has its own key, so that no draw helps
 * to guess another, and a replay draws the same.
 * @param seed of the room, hex
 * @param key what the draw is for, e.g. `deal`, round, deal number
 */
export function chance(seed: string, ...key: readonly (string | number)[]): Below {
  const prefix = [seed, ...key].join('/');
  let block = Buffer.alloc(0);
  let offset = 0;
  let counter = 0;
  const word = (): number => {
    if (offset === block.length) {
      block = hash('sha256', `${prefix}/${counter++}`, 'buffer');
      offset = 0;
    }
    const value = block.readUInt32BE(offset);
    offset += WORD_BYTES;
    return value;
  };
  return (n) => {
    // Words beyond the last whole multiple of n are drawn again: otherwise small results were more likely.
    const limit = WORD_RANGE - (WORD_RANGE % n);
    let value = word();
    while (value >= limit) value = word();
    return value % n;
  };
}

/** A number in [0, 1) with 32 bits. */
export function unit(below: Below): number {
  return below(WORD_RANGE) / WORD_RANGE;
}
