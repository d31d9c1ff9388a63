import { type Random, seededRandom } from '../src/client/random.js';

/** A seed that follows from two others: neighbours give streams that have nothing to do with each other. */
export function mixed(seed: number, index: number): number {
  let hash = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

export function randomOf(seed: number, index: number): Random {
  return seededRandom(mixed(seed, index));
}

/** A whole number from 0 to n - 1. */
export function below(random: Random, n: number): number {
  return Math.floor(random() * n);
}
