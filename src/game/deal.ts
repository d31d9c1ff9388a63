import type { Piece } from './pieces.js';
import { perSeat, type PerSeat } from './seats.js';

/**
 * A uniformly shuffled copy of `pieces` by Fisher and Yates (rules.md R3.1).
 * @param below source of chance: a uniform whole number from 0 to n - 1; called once for each n from the length down to 2
 * @throws RangeError when `below` leaves its range: a deal that loses or doubles a piece must never reach a table
 */
export function shuffle(pieces: readonly Piece[], below: (n: number) => number): Piece[] {
  const shuffled = [...pieces];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const drawn = below(last + 1);
    if (!(Number.isInteger(drawn) && drawn >= 0 && drawn <= last)) {
      throw new RangeError(`The source of chance gave ${drawn} when asked for a whole number from 0 to ${last}`);
    }
    const piece = shuffled[drawn]!;
    shuffled[drawn] = shuffled[last]!;
    shuffled[last] = piece;
  }
  return shuffled;
}

/** Piece number i goes to seat i mod 4; each hand keeps the order dealt (rules.md R3.1, R3.3). */
export function dealHands(order: readonly Piece[]): PerSeat<readonly Piece[]> {
  return perSeat((seat) => order.filter((_piece, index) => index % 4 === seat));
}
