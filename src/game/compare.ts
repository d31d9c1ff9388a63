import type { Piece } from './pieces.js';
import { playType, strength } from './play-type.js';

/** 1 the first is stronger, 2 the second, 0 a tie, -1 not comparable. */
export type Comparison = 1 | 2 | 0 | -1;

/**
 * Compares two plays: only the same type compares, no type outranks another (rules.md R9).
 * Two sets without a type compare by their plain sums; that never decides a turn, because a leader's play has a type.
 */
export function comparePlays(first: readonly Piece[], second: readonly Piece[]): Comparison {
  const type = playType(first);
  if (playType(second) !== type) return -1;
  const difference = strength(first, type) - strength(second, type);
  if (difference === 0) return 0;
  return difference > 0 ? 1 : 2;
}
