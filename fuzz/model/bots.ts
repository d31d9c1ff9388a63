import { type ModelPiece, points, total } from './pieces.js';
import { typeOf } from './plays.js';

const STRONG = [
  'THREE_OF_A_KIND',
  'STRAIGHT',
  'FOUR_OF_A_KIND',
  'EXTENDED_STRAIGHT',
  'FIVE_OF_A_KIND',
  'DOUBLE_STRAIGHT',
];

const known = new Map<number, readonly (readonly number[])[]>();

/** All choices of `size` positions below `held`, in lexicographic order. */
function choices(held: number, size: number): readonly (readonly number[])[] {
  const key = held * 10 + size;
  const found = known.get(key) ?? choicesFrom(held, size, 0);
  known.set(key, found);
  return found;
}

function choicesFrom(held: number, size: number, first: number): number[][] {
  if (size === 0) return [[]];
  const found: number[][] = [];
  for (let position = first; position <= held - size; position++) {
    for (const rest of choicesFrom(held, size - 1, position + 1)) found.push([position, ...rest]);
  }
  return found;
}

/** R18 */
export function botDeclaration(
  hand: readonly ModelPiece[],
  position: number,
  before: readonly number[],
  zeroBarred: boolean,
): number {
  let strong = 0;
  let opening = hand.includes('GENERAL_RED') || hand.includes('GENERAL_BLACK');
  for (let size = 3; size <= 6; size++) {
    for (const choice of choices(hand.length, size)) {
      const pieces = choice.map((index) => hand[index]!);
      const type = typeOf(pieces);
      if (!STRONG.includes(type)) continue;
      strong++;
      if ((type === 'STRAIGHT' || type === 'EXTENDED_STRAIGHT') && total(pieces) >= 20) opening = true;
    }
  }
  let score = strong + (opening ? 1 : 0) + (position === 0 ? 1 : 0);
  if (strong === 0 && !hand.some((piece) => points(piece) >= 9)) score = 0;
  score = Math.max(1, Math.min(7, score));
  const sum = before.reduce((all, value) => all + value, 0);
  const allowed = [0, 1, 2, 3, 4, 5, 6, 7].filter(
    (value) => !(position === 3 && value === 8 - sum) && !(zeroBarred && value === 0),
  );
  if (allowed.includes(score)) return score;
  return score > allowed.at(-1)! ? allowed.at(-1)! : allowed[0]!;
}

/** R19: positions in the order chosen. */
export function botPlay(hand: readonly ModelPiece[], required: number | null): readonly number[] {
  let best: readonly number[] | null = null;
  let bestSum = -1;
  for (let size = required ?? 1; size <= (required ?? 6) && size <= hand.length; size++) {
    for (const choice of choices(hand.length, size)) {
      const pieces = choice.map((index) => hand[index]!);
      if (typeOf(pieces) === 'INVALID') continue;
      const sum = total(pieces);
      if (sum > bestSum) [best, bestSum] = [choice, sum];
    }
  }
  if (best !== null) return best;
  const lowestFirst = hand.map((piece, index) => ({ index, points: points(piece) }));
  lowestFirst.sort((a, b) => a.points - b.points || a.index - b.index);
  return lowestFirst.slice(0, required ?? 0).map(({ index }) => index);
}

/** R20, of a weak hand. */
export function botAccepts(round: number, ownTotal: number, others: readonly number[], roll: number): boolean {
  return roll < (round > 10 && ownTotal - Math.max(...others) > 10 ? 0.4 : 0.8);
}
