import { KINDS, type ModelPiece, points, total } from './pieces.js';

const HIGH = ['GENERAL', 'ADVISOR', 'ELEPHANT'];
const LOW = ['CHARIOT', 'HORSE', 'CANNON'];

/** R8 */
export function typeOf(pieces: readonly ModelPiece[]): string {
  const size = pieces.length;
  if (size === 1) return 'SINGLE';
  if (size < 1 || size > 6) return 'INVALID';
  const first = KINDS.get(pieces[0]!)!;
  let alike = true;
  for (const piece of pieces) {
    const { name, colour } = KINDS.get(piece)!;
    if (colour !== first.colour) return 'INVALID';
    if (name !== first.name) alike = false;
  }
  if (alike && size === 2) return 'PAIR';
  if (alike && first.name === 'SOLDIER')
    return ['THREE_OF_A_KIND', 'FOUR_OF_A_KIND', 'FIVE_OF_A_KIND'][size - 3] ?? 'INVALID';
  for (const group of [HIGH, LOW]) {
    const counts = group.map((name) => pieces.filter((piece) => KINDS.get(piece)!.name === name).length);
    const inGroup = counts[0]! + counts[1]! + counts[2]!;
    if (inGroup !== size || counts.includes(0)) continue;
    if (size === 3) return 'STRAIGHT';
    if (size === 4) return 'EXTENDED_STRAIGHT';
    if (size === 5) return Math.max(...counts) === 2 ? 'EXTENDED_STRAIGHT_5' : 'INVALID';
    if (size === 6 && group === LOW) return 'DOUBLE_STRAIGHT';
  }
  return 'INVALID';
}

/** R9.2 */
function strengthOf(pieces: readonly ModelPiece[], type: string): number {
  if (!type.startsWith('EXTENDED_STRAIGHT')) return total(pieces);
  return [...new Set(pieces)].reduce((sum, piece) => sum + points(piece), 0);
}

/** R9.4 */
export function compare(first: readonly ModelPiece[], second: readonly ModelPiece[]): 1 | 2 | 0 | -1 {
  const type = typeOf(first);
  if (typeOf(second) !== type) return -1;
  const [a, b] = [strengthOf(first, type), strengthOf(second, type)];
  return a === b ? 0 : a > b ? 1 : 2;
}

/** R11: position in the order of play. */
export function winnerOf(sets: readonly (readonly ModelPiece[])[]): number {
  let best = 0;
  for (let next = 1; next < sets.length; next++) if (compare(sets[best]!, sets[next]!) === 2) best = next;
  return best;
}
