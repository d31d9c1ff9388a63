import { z } from 'zod';
import type { PerSeat, Piece, PlayKind, Refusal, RefusalReason, RoundScore, Seat, StarterReason } from './rules.js';

interface RoundScoreOf extends RoundScore {
  readonly declared: number;
  readonly captured: number;
  readonly total: number;
}

/**
 * What happened, in the past tense: journaled with the message that caused it, published once that is durable.
 * Hands are in no event: they follow from the seed, and nobody who listens should have to hide them.
 */
export type RoomEvent =
  | { readonly type: 'roomCreated'; readonly code: string; readonly hostName: string }
  | { readonly type: 'hostArrived' }
  | { readonly type: 'playerJoined'; readonly seat: Seat; readonly name: string }
  | { readonly type: 'botSeated'; readonly seat: Seat; readonly replaced: Removed | null }
  | { readonly type: 'seatFreed'; readonly seat: Seat; readonly why: 'removed' | 'left'; readonly who: Removed | null }
  | { readonly type: 'gameStarted' }
  | { readonly type: 'dealingStarted'; readonly round: number; readonly deal: number; readonly multiplier: number }
  | { readonly type: 'weakHandsFound'; readonly seats: readonly Seat[] }
  | { readonly type: 'redealAnswered'; readonly seat: Seat; readonly accept: boolean; readonly last: boolean }
  | { readonly type: 'redealWarned' }
  | { readonly type: 'redealUnanswered'; readonly seats: readonly Seat[] }
  | { readonly type: 'dealingFinished'; readonly redealt: boolean }
  | { readonly type: 'roundStarted'; readonly round: number; readonly starter: Seat; readonly reason: StarterReason }
  | { readonly type: 'declarationStarted' }
  | { readonly type: 'declared'; readonly seat: Seat; readonly value: number }
  | { readonly type: 'turnStarted'; readonly number: number; readonly leader: Seat }
  | { readonly type: 'played'; readonly seat: Seat; readonly pieces: readonly Piece[]; readonly last: boolean }
  | TurnWon
  | { readonly type: 'turnResultsShown' }
  | { readonly type: 'turnResultsEnded' }
  | { readonly type: 'roundScored'; readonly round: number; readonly scores: PerSeat<RoundScoreOf> }
  | {
      readonly type: 'gameEnded';
      readonly winners: readonly Seat[];
      readonly totals: PerSeat<number>;
      readonly ranks: PerSeat<number>; // equal totals share the better one
    }
  | { readonly type: 'playerDisconnected'; readonly seat: Seat }
  | { readonly type: 'playerReconnected'; readonly seat: Seat }
  | { readonly type: 'playerLeft'; readonly seat: Seat }
  | { readonly type: 'hostChanged'; readonly from: Seat; readonly to: Seat }
  | { readonly type: 'clockShifted'; readonly outageMs: number }
  | { readonly type: 'roomClosed'; readonly why: CloseReason };

/** A person who lost a seat: whom to tell. */
interface Removed {
  readonly name: string;
  readonly session: string;
}

/** Whole in itself, so that it can still be told to a player who comes back later. */
export interface TurnWon {
  readonly type: 'turnWon';
  readonly number: number;
  readonly winner: Seat;
  readonly piles: number;
  readonly plays: readonly {
    readonly seat: Seat;
    readonly pieces: readonly Piece[];
    readonly type: PlayKind;
    readonly value: number;
  }[];
  readonly roundPiles: PerSeat<number>;
  readonly declared: PerSeat<number>;
  readonly handsEmpty: boolean;
}

export type CloseReason = 'hostLeft' | 'hostNeverCame' | 'abandoned' | 'finished' | 'operator' | 'shutdown';
export type EventOf<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>;

/** Why a room refuses, besides the rules of the game. */
export type RoomRefusalReason =
  | RefusalReason
  | 'wrongPhase' // the room's state does not know that message
  | 'alreadyStarted'
  | 'roomFull'
  | 'nameTaken'
  | 'notSeated' // the session has no claim to that seat
  | 'notHost'
  | 'hostSeat' // the host can neither be replaced nor removed
  | 'seatEmpty' // the game starts with four
  | 'gameOver'
  | 'alreadyHere' // connected and present: nothing to do
  | 'notDue'; // a timer that nothing waits for

export type RoomRefusal = Refusal<RoomRefusalReason>;

/** What the machine emits: events of an applied message, or one refusal and nothing else. */
export type Emitted =
  | RoomEvent
  | { readonly type: 'happened'; readonly events: readonly RoomEvent[] }
  | { readonly type: 'refused'; readonly refusal: RoomRefusal };

/** Journaled events are our own and hashed: reading checks that the tag is there, and keeps everything else. */
export const roomEvent = z.custom<RoomEvent>(
  (value) => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string',
  'an event is an object with a type',
);
