import { PIECE_KINDS, type Piece, type PieceName } from './pieces.js';

/**
 * What decides the type of a set in one number: how many pieces of each name it has, and how many are red.
 * Three bits a count, so a tally holds at most 7 pieces; no play has more than 6 (rules.md R8).
 * The tally of a set is the sum of the tallies of its pieces: `tallyOf('HORSE_RED') + tallyOf('HORSE_BLACK')`.
 */
export type Tally = number;

const BITS_PER_COUNT = 3;
const NAMES: readonly PieceName[] = ['GENERAL', 'ADVISOR', 'ELEPHANT', 'CHARIOT', 'HORSE', 'CANNON', 'SOLDIER'];
const ONE_RED: Tally = 1 << (BITS_PER_COUNT * NAMES.length);

const TALLY_BY_PIECE: ReadonlyMap<Piece, Tally> = new Map(
  PIECE_KINDS.map(({ piece, name, colour }) => [
    piece,
    (1 << (BITS_PER_COUNT * NAMES.indexOf(name))) + (colour === 'RED' ? ONE_RED : 0),
  ]),
);

export function tallyOf(piece: Piece): Tally {
  return TALLY_BY_PIECE.get(piece)!;
}
