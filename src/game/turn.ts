import { comparePlays } from './compare.js';
import { sumOfPoints, type Piece } from './pieces.js';
import { PLAY_PIECES_MAX, playType, type PlayKind } from './play-type.js';
import { refuse, type Refusal } from './refusal.js';
import { seatLabel, type Seat } from './seats.js';

/**
 * Who wins the turn: a later play must be of the best one's type and strictly stronger to replace it (rules.md R11).
 * @param sets in order of play, the leader's first
 * @param counted plays marked false are passed over; without it all count (R11.2)
 * @returns index into `sets`, or null when no play counts
 */
export function turnWinner(sets: readonly (readonly Piece[])[], counted?: readonly boolean[]): number | null {
  let best: number | null = null;
  for (let index = 0; index < sets.length; index++) {
    if (counted?.[index] === false) continue;
    if (best === null || comparePlays(sets[best]!, sets[index]!) === 2) best = index;
  }
  return best;
}

/** Piles that the winner captures: as many as the pieces each player played (rules.md R12.1). */
export function pilesWon(pieceCount: number): number {
  return pieceCount;
}

export interface PlayInput {
  readonly seat: Seat; // who plays
  readonly player: Seat | null; // whose turn it is to play
  readonly hand: readonly Piece[]; // of `seat`
  readonly indices: readonly number[]; // positions in the hand, from 0
  readonly requiredCount: number | null; // pieces the leader played; null for the leader
}

export interface AcceptedPlay {
  readonly kind: 'accepted';
  readonly pieces: Piece[]; // in the order of the indices
  readonly rest: Piece[]; // in the order of the hand
  readonly type: PlayKind; // INVALID only for a follower
  readonly value: number; // plain sum of points
}

/** Whether the pieces may be played, and what is played and kept if so (rules.md R10). */
export function judgePlay({ seat, player, hand, indices, requiredCount }: PlayInput): AcceptedPlay | Refusal {
  const who = seatLabel(seat);
  if (player === null) return refuse('notYourTurn', `${who} cannot play: nobody is to play now.`);
  if (seat !== player) {
    return refuse('notYourTurn', `${who} cannot play now: it is ${seatLabel(player)}'s turn to play.`);
  }

  // The count comes first: it bounds all the work on a list whose length the sender chose.
  const count = indices.length;
  if (requiredCount === null && (count < 1 || count > PLAY_PIECES_MAX)) {
    return refuse('wrongPieceCount', `${who} leads and must play 1 to ${PLAY_PIECES_MAX} pieces, not ${count}.`);
  }
  if (requiredCount !== null && count !== requiredCount) {
    return refuse('wrongPieceCount', `${who} must play as many pieces as the leader, ${requiredCount}, not ${count}.`);
  }

  const pieces: Piece[] = [];
  const taken = new Set<number>();
  for (const index of indices) {
    const piece = hand[index];
    // A position beyond the hand is refused, never dropped: dropping it would change the count (D16).
    if (piece === undefined) {
      return refuse('pieceNotHeld', `${who} holds ${hand.length} pieces and has none at position ${index}.`);
    }
    if (taken.has(index)) return refuse('duplicatePiece', `${who} named the piece at position ${index} twice.`);
    taken.add(index);
    pieces.push(piece);
  }

  const type = playType(pieces);
  if (requiredCount === null && type === 'INVALID') {
    return refuse(
      'notAPlay',
      `${who} leads and must play a set with a type; the pieces at positions ${indices.join(', ')} have none.`,
    );
  }
  const rest = hand.filter((_piece, index) => !taken.has(index));
  return { kind: 'accepted', pieces, rest, type, value: sumOfPoints(pieces) };
}
