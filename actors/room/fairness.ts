import { hash } from 'node:crypto';
import { gameOf, type RoomState } from './room-state.js';

/** What everybody may know of a room's seed. */
export interface Fairness {
  readonly commitment: string; // SHA-256 of the seed as it is written (64 hex digits), in hex: binds the server to it
  readonly seed: string | null; // null until the game is over: all hands follow from it
}

/**
 * The commitment can be told from the start: the seed has 256 bits, so nobody finds it by trying, and no draw of the
 * room hashes the seed alone (`chance.ts` always appends a key), so the commitment is no draw either.
 */
export function fairnessOf(state: RoomState): Fairness {
  return { commitment: hash('sha256', state.seed), seed: isGameOver(state) ? state.seed : null };
}

/** Whether nothing of the room's game is secret any more. A room that closed in the middle keeps its secrets. */
export function isGameOver(state: RoomState): boolean {
  return state.game !== null && gameOf(state).endedAt !== null;
}
