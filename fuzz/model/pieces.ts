// The rules once more, from their text alone (rules.md R1 to R20): nothing here is shared with the product.

/** A piece is written NAME_COLOUR, as in `GENERAL_RED`. */
export type ModelPiece = string;

const POINTS: Readonly<Record<string, readonly [red: number, black: number, copies: number]>> = {
  GENERAL: [14, 13, 1],
  ADVISOR: [12, 11, 2],
  ELEPHANT: [10, 9, 2],
  CHARIOT: [8, 7, 2],
  HORSE: [6, 5, 2],
  CANNON: [4, 3, 2],
  SOLDIER: [2, 1, 5],
};

interface Known {
  readonly name: string;
  readonly colour: string;
  readonly points: number;
  readonly copies: number;
}

/** R2.1 */
export const KINDS: ReadonlyMap<ModelPiece, Known> = new Map<ModelPiece, Known>(
  Object.entries(POINTS).flatMap(([name, [red, black, copies]]) => [
    [`${name}_RED`, { name, colour: 'RED', points: red, copies }] as const,
    [`${name}_BLACK`, { name, colour: 'BLACK', points: black, copies }] as const,
  ]),
);

export function points(piece: ModelPiece): number {
  return KINDS.get(piece)!.points;
}

export function total(pieces: readonly ModelPiece[]): number {
  let sum = 0;
  for (const piece of pieces) sum += points(piece);
  return sum;
}

/** Whether these are the 32 pieces, in any order. */
export function isWholeSet(pieces: readonly ModelPiece[]): boolean {
  const count = (kind: ModelPiece): number => pieces.filter((piece) => piece === kind).length;
  return pieces.length === 32 && [...KINDS].every(([kind, { copies }]) => count(kind) === copies);
}

/** R4.1 */
export function isWeak(hand: readonly ModelPiece[]): boolean {
  return !hand.some((piece) => points(piece) > 9);
}
