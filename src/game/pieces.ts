export type PieceName = 'GENERAL' | 'ADVISOR' | 'ELEPHANT' | 'CHARIOT' | 'HORSE' | 'CANNON' | 'SOLDIER';
export type Colour = 'RED' | 'BLACK';

/** A piece is its kind, e.g. `SOLDIER_RED`: two copies of one kind never differ in effect (rules.md R2.2). */
export type Piece = `${PieceName}_${Colour}`;

export interface PieceKind {
  readonly piece: Piece;
  readonly name: PieceName;
  readonly colour: Colour;
  readonly points: number; // 1 to 14, no two kinds alike
  readonly copies: number; // in the full set of 32
}

function kind(name: PieceName, colour: Colour, points: number, copies: number): PieceKind {
  return { piece: `${name}_${colour}`, name, colour, points, copies };
}

/** The 14 kinds, dearest first (rules.md R2.1). */
export const PIECE_KINDS: readonly PieceKind[] = [
  kind('GENERAL', 'RED', 14, 1),
  kind('GENERAL', 'BLACK', 13, 1),
  kind('ADVISOR', 'RED', 12, 2),
  kind('ADVISOR', 'BLACK', 11, 2),
  kind('ELEPHANT', 'RED', 10, 2),
  kind('ELEPHANT', 'BLACK', 9, 2),
  kind('CHARIOT', 'RED', 8, 2),
  kind('CHARIOT', 'BLACK', 7, 2),
  kind('HORSE', 'RED', 6, 2),
  kind('HORSE', 'BLACK', 5, 2),
  kind('CANNON', 'RED', 4, 2),
  kind('CANNON', 'BLACK', 3, 2),
  kind('SOLDIER', 'RED', 2, 5),
  kind('SOLDIER', 'BLACK', 1, 5),
];

const KIND_BY_PIECE: ReadonlyMap<string, PieceKind> = new Map(PIECE_KINDS.map((each) => [each.piece, each]));

export function isPiece(text: string): text is Piece {
  return KIND_BY_PIECE.has(text);
}

export function kindOf(piece: Piece): PieceKind {
  return KIND_BY_PIECE.get(piece)!;
}

export function pointsOf(piece: Piece): number {
  return kindOf(piece).points;
}

export function sumOfPoints(pieces: readonly Piece[]): number {
  let sum = 0;
  for (const piece of pieces) sum += pointsOf(piece);
  return sum;
}

/** All 32 pieces in the order of `PIECE_KINDS`; shuffle before dealing (rules.md R3.1). */
export function fullSet(): Piece[] {
  return PIECE_KINDS.flatMap(({ piece, copies }) => Array.from({ length: copies }, () => piece));
}
