import { pointsOf, type Piece } from './pieces.js';
import { PLAY_PIECES_MAX, playTypeOfTally, type PlayType } from './play-type.js';
import { tallyOf } from './tally.js';

const HAND_PIECES_MAX = 8;

/** A choice of pieces of one hand that has a type. */
export interface ValidPlay {
  readonly positions: readonly number[]; // in the hand, ascending
  readonly type: PlayType;
  readonly sum: number; // plain sum of points
}

/** All ascending lists of `size` positions below 8 in lexicographic order: [0,1], [0,2] … [6,7]. */
function positionLists(size: number): (readonly number[])[] {
  if (size === 0) return [[]];
  return positionLists(size - 1)
    .flatMap((list) => Array.from({ length: HAND_PIECES_MAX }, (_, position) => [...list, position]))
    .filter((list) => list.length < 2 || list.at(-2)! < list.at(-1)!);
}

const LISTS_BY_SIZE = Array.from({ length: PLAY_PIECES_MAX + 1 }, (_, size) => positionLists(size));

/**
 * All choices of `countMin` to `countMax` pieces that have a type: smaller ones first, those of one size in
 * lexicographic order of positions (rules.md R19.1, R19.2). Equal pieces at different positions are different choices.
 * @throws RangeError for a hand of more than 8 pieces: no deal makes one, and its plays would go missing in silence
 */
export function validPlays(hand: readonly Piece[], countMin: number, countMax: number): ValidPlay[] {
  const held = hand.length;
  if (held > HAND_PIECES_MAX) throw new RangeError(`A hand of ${held} pieces; a hand has at most ${HAND_PIECES_MAX}`);
  // Looked up once a piece, not once a subset: 8 look-ups instead of about a thousand.
  const tallies = hand.map(tallyOf);
  const points = hand.map(pointsOf);

  const plays: ValidPlay[] = [];
  for (let size = countMin; size <= Math.min(countMax, held, PLAY_PIECES_MAX); size++) {
    for (const positions of LISTS_BY_SIZE[size]!) {
      if (positions[size - 1]! >= held) continue;
      let tally = 0;
      for (const position of positions) tally += tallies[position]!;
      const type = playTypeOfTally(tally);
      if (type === 'INVALID') continue;
      let sum = 0;
      for (const position of positions) sum += points[position]!;
      plays.push({ positions, type, sum });
    }
  }
  return plays;
}
