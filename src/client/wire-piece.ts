import { isPiece, pointsOf, type Piece } from '../game/pieces.js';

/** The piece of a wire string such as `GENERAL_RED(14)`; undefined unless the points are that piece's own. */
export function pieceOf(text: string): Piece | undefined {
  const bracket = text.indexOf('(');
  const name = text.slice(0, bracket);
  return bracket > 0 && isPiece(name) && text === wirePiece(name) ? name : undefined;
}

export function wirePiece(piece: Piece): string {
  return `${piece}(${pointsOf(piece)})`;
}
