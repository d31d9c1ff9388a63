// Pieces as the wire writes them, e.g. 'GENERAL_RED(14)', and as people read them.

/** @typedef {{ kind: string, color: 'RED' | 'BLACK', points: number, id: string }} Piece `id` is the wire string */

const CHARACTERS = {
  RED: { GENERAL: '帥', ADVISOR: '仕', ELEPHANT: '相', CHARIOT: '俥', HORSE: '傌', CANNON: '炮', SOLDIER: '兵' },
  BLACK: { GENERAL: '將', ADVISOR: '士', ELEPHANT: '象', CHARIOT: '車', HORSE: '馬', CANNON: '砲', SOLDIER: '卒' },
};

/** @returns {Piece} */
export function parsePiece(id) {
  const match = /^([A-Z]+)_(RED|BLACK)\((\d+)\)$/.exec(id);
  if (match === null) throw new Error(`Not a piece: ${id}`);
  return { kind: match[1], color: match[2], points: Number(match[3]), id };
}

export function characterOf(piece) {
  return CHARACTERS[piece.color][piece.kind] ?? '?';
}

export function nameOf(piece) {
  return piece.kind.charAt(0) + piece.kind.slice(1).toLowerCase();
}

/** e.g. 'red General, 14 points' */
export function describe(piece) {
  return `${piece.color.toLowerCase()} ${nameOf(piece)}, ${piece.points} ${piece.points === 1 ? 'point' : 'points'}`;
}
