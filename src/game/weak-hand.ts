import { pointsOf, type Piece } from './pieces.js';
import { SEATS, type PerSeat, type Seat } from './seats.js';

/** The dearest piece a weak hand may hold, ELEPHANT_BLACK (rules.md R4.1). */
const WEAK_POINTS_MAX = 9;

/** A hand without any of the 8 strong pieces, those above 9 points (rules.md R4.1). */
export function isWeakHand(hand: readonly Piece[]): boolean {
  return hand.every((piece) => pointsOf(piece) <= WEAK_POINTS_MAX);
}

/** The seats to be asked about a redeal, by seat number (rules.md R4.2, R5.1). */
export function weakSeats(hands: PerSeat<readonly Piece[]>): Seat[] {
  return SEATS.filter((seat) => isWeakHand(hands[seat]));
}
