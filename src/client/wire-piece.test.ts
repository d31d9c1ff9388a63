import { expect, test } from 'vitest';
import { fullSet } from '../game/pieces.js';
import { pieceOf, wirePiece } from './wire-piece.js';

test('every piece has its points in brackets', () => {
  expect(wirePiece('GENERAL_RED')).toBe('GENERAL_RED(14)');
  for (const piece of fullSet()) expect(pieceOf(wirePiece(piece))).toBe(piece);
});

test.each(['GENERAL_RED', 'GENERAL_RED(13)', 'general_red(14)', 'PAWN_RED(1)', 'GENERAL_RED(14) ', '(14)', ''])(
  'does not take %j for a piece',
  (text) => {
    expect(pieceOf(text)).toBeUndefined();
  },
);
