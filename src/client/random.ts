/** A source of chance: uniform in [0, 1). */
export type Random = () => number;

/** The same numbers for the same seed (mulberry32). For thinking times and tests, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @throws RangeError for an empty list */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('There is nothing to pick from');
  return item;
}

/** 250, 500, 1000 … up to `maxMs`, each shortened by up to half so that clients do not come back in step. */
export function backoffMs(random: Random, failures: number, firstMs = 250, maxMs = 8000): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 30), maxMs) * (0.5 + random() / 2);
}
