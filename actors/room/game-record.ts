import { type Fairness, fairnessOf, isGameOver } from './fairness.js';
import type { RoomEvent } from './room-event.js';
import { gameOf, type RoomState } from './room-state.js';
import {
  type PerSeat,
  perSeat,
  type Piece,
  type PlayKind,
  type Seat,
  sharedRanks,
  type StarterReason,
  winners,
} from './rules.js';

/** One step of a room's replay, as far as its record needs it. */
export interface RecordedStep {
  readonly seq: number;
  readonly message: { readonly type: string; readonly toSeq?: number };
  readonly events: readonly RoomEvent[];
  readonly state: RoomState; // after the step
}

/** A finished game from its first deal to its last point, with everything open but who its players are. */
export interface GameRecord extends Fairness {
  readonly seed: string;
  readonly code: string;
  readonly startedAt: number; // ms since the epoch
  readonly endedAt: number;
  readonly players: PerSeat<{ readonly name: string; readonly isBot: boolean }>; // who began
  readonly rounds: readonly RoundRecord[]; // the last ones, where the beginning is not known any more
  readonly totals: PerSeat<number>;
  readonly ranks: PerSeat<number>; // equal totals share the better one
  readonly winners: readonly Seat[];
}

export interface RoundRecord {
  readonly round: number;
  readonly deals: readonly DealRecord[]; // the last one was played
  readonly multiplier: number;
  readonly starter: Seat | null;
  readonly reason: StarterReason | null;
  readonly declarations: readonly { readonly seat: Seat; readonly value: number; readonly byBot: boolean }[]; // in order
  readonly turns: readonly TurnRecord[];
  readonly scores: PerSeat<ScoreRecord> | null;
}

export interface DealRecord {
  readonly deal: number; // from 1 within the round
  readonly hands: PerSeat<readonly Piece[]>; // in the order dealt
  readonly weak: readonly Seat[];
  readonly answers: readonly { readonly seat: Seat; readonly accept: boolean; readonly byBot: boolean }[];
}

export interface TurnRecord {
  readonly number: number; // from 1 within the round
  readonly leader: Seat;
  readonly plays: readonly PlayRecord[]; // in order of play
  readonly winner: Seat | null;
  readonly piles: number; // that the winner got
}

export interface PlayRecord {
  readonly seat: Seat;
  readonly pieces: readonly Piece[];
  readonly type: PlayKind;
  readonly byBot: boolean; // a bot, or one in the place of somebody who was away
}

export interface ScoreRecord {
  readonly declared: number;
  readonly captured: number;
  readonly base: number;
  readonly score: number; // base × multiplier
  readonly total: number;
}

/** What the record keeps of a step. */
interface Moment {
  readonly seq: number;
  readonly byBot: boolean;
  readonly events: readonly RoomEvent[];
  readonly state: RoomState;
}

/** Takes a replay step by step and makes the record of the game at its end. */
export class GameRecorder {
  #moments: Moment[] = [];
  #last: RoomState | null = null;

  add({ seq, message, events, state }: RecordedStep): void {
    this.#last = state;
    // An operator set the room back: what stood behind that entry never came to its end.
    const { toSeq } = message;
    if (toSeq !== undefined) {
      this.#moments = this.#moments.filter((moment) => moment.seq <= toSeq);
    }
    this.#moments.push({ seq, byBot: message.type === 'botTimer', events, state });
  }

  /** @returns null where the game is not over: nothing of it may be told then */
  record(): GameRecord | null {
    const state = this.#last;
    if (state === null || !isGameOver(state)) return null;
    const { seed } = state;
    const { startedAt, endedAt, entrants, scores } = gameOf(state);
    return {
      commitment: fairnessOf(state).commitment,
      seed,
      code: state.code,
      startedAt,
      endedAt: endedAt!,
      players: perSeat((seat) => ({ name: entrants[seat].name, isBot: entrants[seat].playerId === null })),
      rounds: roundsOf(this.#moments),
      totals: scores,
      ranks: sharedRanks(scores),
      winners: winners(scores),
    };
  }
}

/** A round whose beginning is gone is left out whole. */
function roundsOf(moments: readonly Moment[]): readonly RoundRecord[] {
  const rounds: RoundRecord[] = [];
  for (const moment of moments) {
    for (const event of moment.events) {
      if (event.type === 'dealingStarted' && event.deal === 1) rounds.push(newRound(event.round));
      const round = rounds.pop();
      if (round !== undefined) rounds.push(roundWith(round, event, moment));
    }
  }
  return rounds;
}

function newRound(round: number): RoundRecord {
  const nothing = { deals: [], declarations: [], turns: [] };
  return { round, ...nothing, multiplier: 1, starter: null, reason: null, scores: null };
}

function roundWith(round: RoundRecord, event: RoomEvent, { state, byBot }: Moment): RoundRecord {
  switch (event.type) {
    case 'dealingStarted':
      return { ...round, multiplier: event.multiplier };
    case 'weakHandsFound':
      return { ...round, deals: [...round.deals, dealOf(state, event.seats)] };
    case 'dealingFinished':
      return { ...round, deals: [...round.deals, dealOf(state, [])] };
    case 'redealAnswered': {
      const answer = { seat: event.seat, accept: event.accept, byBot };
      return { ...round, deals: lastChanged(round.deals, ({ answers }) => ({ answers: [...answers, answer] })) };
    }
    case 'roundStarted':
      return { ...round, starter: event.starter, reason: event.reason };
    case 'declared':
      return { ...round, declarations: [...round.declarations, { seat: event.seat, value: event.value, byBot }] };
    case 'turnStarted': {
      const turn = { number: event.number, leader: event.leader, plays: [], winner: null, piles: 0 };
      return { ...round, turns: [...round.turns, turn] };
    }
    case 'played': {
      const { seat, pieces } = event;
      const type = gameOf(state).turn!.plays.find((play) => play.seat === seat)!.type;
      const play = { seat, pieces, type, byBot };
      return { ...round, turns: lastChanged(round.turns, ({ plays }) => ({ plays: [...plays, play] })) };
    }
    case 'turnWon':
      return { ...round, turns: lastChanged(round.turns, () => ({ winner: event.winner, piles: event.piles })) };
    case 'roundScored':
      return {
        ...round,
        scores: perSeat((seat) => {
          const { declared, captured, base, score, total } = event.scores[seat];
          return { declared, captured, base, score, total };
        }),
      };
    default:
      return round; // seats, connections and clocks are no part of the game's course
  }
}

/** Hands are in no event: they are those of the state in which a deal was found weak, or found good. */
function dealOf(state: RoomState, weak: readonly Seat[]): DealRecord {
  const { deal, hands } = gameOf(state);
  return { deal, hands, weak, answers: [] };
}

function lastChanged<T>(list: readonly T[], change: (last: T) => Partial<T>): readonly T[] {
  return list.map((item, index) => (index === list.length - 1 ? { ...item, ...change(item) } : item));
}
