/** Why the rules do not allow what a player asked for. The room has further reasons of its own. */
export type RefusalReason =
  | 'notYourTurn' // somebody else, or nobody, is to declare or play (rules.md R7.1, R10.1)
  | 'valueOutOfRange' // a declaration that is no whole number from 0 to 8 (R7.1, D22)
  | 'totalWouldBeEight' // the last declaration would make the four add up to 8 (R7.2, D2)
  | 'thirdZero' // a third declaration of 0 in a row (R7.3, D2)
  | 'wrongPieceCount' // the leader not 1 to 6 pieces, a follower not as many as the leader (R10.2, R10.3)
  | 'pieceNotHeld' // a position outside the hand (R10.4, D16)
  | 'duplicatePiece' // a position named twice (R10.4)
  | 'notAPlay' // the leader's pieces have no type (R10.2)
  | 'notAsked' // a redeal answer of somebody whose hand is not weak (R5.1)
  | 'alreadyAnswered'; // a second redeal answer (R5.1)

/** An answer, not an error: the state stays as it was, and the player is told why (rules.md D4). */
export interface Refusal<R extends string = RefusalReason> {
  readonly kind: 'refused';
  readonly reason: R; // for programs
  readonly sentence: string; // for people
}

export function refuse<R extends string>(reason: R, sentence: string): Refusal<R> {
  return { kind: 'refused', reason, sentence };
}

export function isRefusal(value: unknown): value is Refusal<string> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused';
}
