import type { Piece } from './pieces.js';
import { SEATS, type PerSeat, type Seat } from './seats.js';

export type StarterReason = 'accepted_redeal' | 'has_general_red' | 'won_last_turn' | 'default';

export interface StarterInput {
  readonly redealStarter: Seat | null; // starter made by the last redeal of this round
  readonly round: number; // from 1
  readonly hands: PerSeat<readonly Piece[]>; // after all dealing
  readonly lastTurnWinner: Seat | null; // of the previous round
}

/**
 * Who declares first and leads the first turn, by the first rule that fits (rules.md R6).
 * The reason is always that of the rule applied, also where a later rule names the same seat (D10).
 */
export function roundStarter({ redealStarter, round, hands, lastTurnWinner }: StarterInput): {
  readonly seat: Seat;
  readonly reason: StarterReason;
} {
  if (redealStarter !== null) return { seat: redealStarter, reason: 'accepted_redeal' };
  if (round === 1) {
    const holder = SEATS.find((seat) => hands[seat].includes('GENERAL_RED'));
    if (holder !== undefined) return { seat: holder, reason: 'has_general_red' };
  } else if (lastTurnWinner !== null) {
    return { seat: lastTurnWinner, reason: 'won_last_turn' };
  }
  return { seat: 0, reason: 'default' };
}
