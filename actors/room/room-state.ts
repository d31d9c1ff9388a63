import type { PerSeat, Piece, PlayKind, RedealAnswers, RoundScore, Seat, StarterReason } from './rules.js';

/** Everything a room knows, as plain JSON. With the machine's state value it is the whole room: nothing lives elsewhere. */
export interface RoomState {
  readonly code: string; // six characters 0-9A-F, what players type and see
  readonly seed: string; // 256 bits in hex; all chance of the room comes from it. Hidden like a hand until game over
  readonly pace: Pace;
  readonly createdAt: number; // ms since the epoch, as all times here
  readonly activeAt: number; // time of the last applied message, except the one that closed the room
  readonly seats: PerSeat<Occupant | null>;
  readonly host: Seat;
  readonly hostArrived: boolean; // the host opened its room connection at least once
  readonly emptySince: number | null; // since when no person is there; null while one is, and before the start
  readonly pauseEndsAt: number | null; // end of the pause the current state waits for
  readonly awaiting: Awaiting | null;
  readonly game: Game | null; // null before the start
}

/** Who sits in a seat. A person who is away keeps everything, a bot decides meanwhile (rules.md R17.1). */
export type Occupant = Bot | Person;

export interface Bot {
  readonly kind: 'bot';
  readonly name: string;
  readonly since: number; // since when a bot decides for the seat
}

export interface Person {
  readonly kind: 'person';
  readonly name: string;
  readonly session: string; // who may speak for the seat
  readonly colour: AvatarColour;
  readonly since: number; // when the seat was taken
  readonly awaySince: number | null;
}

/** rules.md R16.5 */
export const AVATAR_COLOURS = ['blue', 'purple', 'orange', 'red', 'green', 'teal', 'pink', 'yellow'] as const;
export type AvatarColour = (typeof AVATAR_COLOURS)[number];

/** What the game waits for, and from whom. */
export interface Awaiting {
  readonly what: 'redealAnswer' | 'declaration' | 'play';
  readonly seats: readonly Seat[];
  readonly since: number;
}

export interface Game {
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly entrants: PerSeat<Entrant>;
  readonly round: number; // from 1
  readonly deal: number; // deals made or begun in this round, from 1
  readonly multiplier: number; // rules.md R5.7
  readonly redealStarter: Seat | null; // starter made by the last redeal of this round
  readonly lastTurnWinner: Seat | null; // of the round before
  readonly starter: Seat | null;
  readonly starterReason: StarterReason | null;
  readonly hands: PerSeat<readonly Piece[]>; // in the order dealt
  readonly redeal: RedealVote | null; // the latest question of this deal
  readonly declarations: PerSeat<number | null>;
  readonly zeroStreaks: PerSeat<number>;
  readonly turn: Turn | null; // current or, until the next begins, last turn of this round
  readonly piles: PerSeat<number>; // captured in this round
  readonly scores: PerSeat<number>; // totals
  readonly turnsWon: PerSeat<number>; // over the game
  readonly perfectRounds: PerSeat<number>; // over the game, rules.md R14.4
  readonly roundScores: PerSeat<RoundScore> | null; // of this round, once it is scored
}

/** Who began the game in a seat: it counts for that person, whoever plays the seat at the end. */
export interface Entrant {
  readonly name: string;
  readonly playerId: string | null; // session of the person; null for a bot
  readonly leftAt: number | null; // when the person left the running game for good
}

export interface RedealVote {
  readonly asked: readonly Seat[];
  readonly answers: RedealAnswers;
  readonly warnAt: number | null; // null once warned
  readonly limitAt: number;
  readonly lastAnswer: { readonly seat: Seat; readonly accept: boolean } | null;
}

export interface Turn {
  readonly number: number; // from 1 within a round
  readonly leader: Seat;
  readonly plays: readonly Play[]; // in order of play
  readonly winner: Seat | null; // null until the plays have been shown
}

export interface Play {
  readonly seat: Seat;
  readonly pieces: readonly Piece[];
  readonly type: PlayKind;
  readonly value: number; // plain sum of points
  readonly at: number;
}

/** Lengths of all pauses in ms, fixed when the room is made (rules.md R21, scaled by TIME_SCALE). */
export interface Pace {
  readonly deal: number;
  readonly redealShown: number;
  readonly roundStart: number;
  readonly flip: number;
  readonly turnShown: number;
  readonly turnResults: number;
  readonly scoring: number;
  readonly botThinkMin: number;
  readonly botThinkMax: number;
}

/** The lengths of the existing system (rules.md R21; bots by D18). */
const FULL_PACE: Pace = {
  deal: 2000,
  redealShown: 4000,
  roundStart: 5000,
  flip: 5000,
  turnShown: 7000,
  turnResults: 7000,
  scoring: 7000,
  botThinkMin: 500,
  botThinkMax: 1500,
};

/** @param timeScale factor on every pause and on bot thinking; 0 = none */
export function paceFor(timeScale: number): Pace {
  const scaled = Object.entries(FULL_PACE).map(([name, ms]) => [name, Math.round(Number(ms) * timeScale)] as const);
  return Object.fromEntries(scaled) as unknown as Pace;
}

// Limits that players rely on; TIME_SCALE leaves them alone (design.md section 9). All in ms.
export const REDEAL_WARNING_MS = 20_000;
export const REDEAL_LIMIT_MS = 30_000;
export const HOST_ARRIVAL_MS = 60_000; // a room whose host never came closes
export const ABANDONED_GAME_MS = 30_000; // rules.md R17.5
export const ABANDONED_END_MS = 5_000; // rules.md R17.5
export const FINISHED_ROOM_MS = 600_000; // rules.md D23
/** Bots among themselves keep at least this distance, so that nobody's game can occupy the machine. */
export const UNATTENDED_THINK_MS_MIN = 250;

export function isBotPlayed(occupant: Occupant | null): occupant is Occupant {
  return occupant !== null && (occupant.kind === 'bot' || occupant.awaySince !== null);
}

export function isPersonPresent(occupant: Occupant | null): boolean {
  return occupant?.kind === 'person' && occupant.awaySince === null;
}

/** The game of a state in which one is certain to run. */
export function gameOf(state: RoomState): Game {
  if (state.game === null) throw new Error(`room ${state.code} has no game`);
  return state.game;
}
