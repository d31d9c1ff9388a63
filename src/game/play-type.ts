import { pointsOf, sumOfPoints, type Colour, type Piece, type PieceName } from './pieces.js';
import { tallyOf, type Tally } from './tally.js';

export type PlayType =
  | 'SINGLE'
  | 'PAIR'
  | 'THREE_OF_A_KIND'
  | 'STRAIGHT'
  | 'FOUR_OF_A_KIND'
  | 'EXTENDED_STRAIGHT'
  | 'FIVE_OF_A_KIND'
  | 'EXTENDED_STRAIGHT_5'
  | 'DOUBLE_STRAIGHT';

export type PlayKind = PlayType | 'INVALID';

/** Pieces in the largest play, the double straight (rules.md R8, R10.2). */
export const PLAY_PIECES_MAX = 6;

const HIGH_GROUP: readonly PieceName[] = ['GENERAL', 'ADVISOR', 'ELEPHANT'];
const LOW_GROUP: readonly PieceName[] = ['CHARIOT', 'HORSE', 'CANNON'];

/** Every name-by-name form of the table in rules.md R8, e.g. `[PAIR, [HORSE, HORSE]]`. */
function* forms(): Generator<[PlayType, readonly PieceName[]]> {
  for (const name of [...HIGH_GROUP, ...LOW_GROUP, 'SOLDIER'] as const) {
    yield ['SINGLE', [name]];
    yield ['PAIR', [name, name]];
  }
  yield ['THREE_OF_A_KIND', ['SOLDIER', 'SOLDIER', 'SOLDIER']];
  yield ['FOUR_OF_A_KIND', ['SOLDIER', 'SOLDIER', 'SOLDIER', 'SOLDIER']];
  yield ['FIVE_OF_A_KIND', ['SOLDIER', 'SOLDIER', 'SOLDIER', 'SOLDIER', 'SOLDIER']];
  for (const group of [HIGH_GROUP, LOW_GROUP]) {
    yield ['STRAIGHT', group];
    for (const one of group) {
      yield ['EXTENDED_STRAIGHT', [...group, one]];
      yield ['EXTENDED_STRAIGHT_5', [...group, ...group.filter((name) => name !== one)]];
    }
  }
  yield ['DOUBLE_STRAIGHT', [...LOW_GROUP, ...LOW_GROUP]];
}

function tallyOfNames(names: readonly PieceName[], colour: Colour): Tally {
  return names.reduce((tally, name) => tally + tallyOf(`${name}_${colour}`), 0);
}

// Holds sets of one colour only: a mixed set has a red count between, and so finds nothing.
const TYPE_BY_TALLY: ReadonlyMap<Tally, PlayType> = new Map(
  [...forms()].flatMap(([type, names]) => [
    [tallyOfNames(names, 'RED'), type],
    [tallyOfNames(names, 'BLACK'), type],
  ]),
);

/** @param tally of at most 6 pieces */
export function playTypeOfTally(tally: Tally): PlayKind {
  return TYPE_BY_TALLY.get(tally) ?? 'INVALID';
}

/** The one type of a set, whatever the order of its pieces (rules.md R8). */
export function playType(pieces: readonly Piece[]): PlayKind {
  if (pieces.length > PLAY_PIECES_MAX) return 'INVALID';
  let tally = 0;
  for (const piece of pieces) tally += tallyOf(piece);
  return playTypeOfTally(tally);
}

/**
 * What two plays of the same type are compared by (rules.md R9.2): the sum of points, but in extended straights each
 * of the three names counts once. `ADVISOR_RED ADVISOR_RED GENERAL_RED ELEPHANT_RED` is 12 + 14 + 10 = 36.
 * @param type the type of `pieces`
 */
export function strength(pieces: readonly Piece[], type: PlayKind): number {
  if (type !== 'EXTENDED_STRAIGHT' && type !== 'EXTENDED_STRAIGHT_5') return sumOfPoints(pieces);
  // The pieces are of one colour, so different names are different pieces.
  let sum = 0;
  for (const piece of new Set(pieces)) sum += pointsOf(piece);
  return sum;
}
