import type { RoomSnapshot, Viewer } from '../room-definition.js';
import { declaredBefore, onTurn, requiredCount } from './bots.js';
import type { Phase } from './room-setup.js';
import {
  type AvatarColour,
  type Awaiting,
  type Game,
  isBotPlayed,
  type Occupant,
  type RoomState,
} from './room-state.js';
import { declareOptions, type PerSeat, perSeat, type Piece, type Seat, SEATS } from './rules.js';

/** A room as somebody sees it: no seed, no sessions, and no hand but one's own (rules.md D13). */
export interface RoomView {
  readonly code: string;
  readonly phase: Phase;
  readonly leaf: string; // state of the machine, e.g. `playing.turn.shown`
  readonly createdAt: number;
  readonly activeAt: number;
  readonly host: Seat;
  readonly hostArrived: boolean;
  readonly seats: PerSeat<SeatView | null>;
  readonly awaiting: Awaiting | null;
  readonly game: GameView | null;
}

export interface SeatView {
  readonly name: string;
  readonly isBot: boolean; // a bot decides now; of a person who is away as well
  readonly isPerson: boolean; // the seat belongs to a person, who may be away
  readonly awaySince: number | null;
  readonly colour: AvatarColour | null;
  readonly since: number; // when it was taken, or a bot's since then
  readonly session: string | null; // for the router only
}

export interface GameView extends Omit<Game, 'hands' | 'entrants'> {
  readonly hands: PerSeat<readonly Piece[] | null>; // null: not yours
  readonly handSizes: PerSeat<number>;
  /** What the declarer may say; null where nobody declares (rules.md R7). */
  readonly declareOptions: readonly number[] | null;
  readonly declarer: Seat | null;
  readonly player: Seat | null; // who is to play
  readonly requiredCount: number | null;
}

export function viewRoom({ value, context }: RoomSnapshot<RoomState>, viewer: Viewer): RoomView {
  const leaf = leafOf(value);
  return {
    code: context.code,
    phase: phaseOf(leaf),
    leaf,
    createdAt: context.createdAt,
    activeAt: context.activeAt,
    host: context.host,
    hostArrived: context.hostArrived,
    seats: viewSeats(context, viewer),
    awaiting: context.awaiting,
    game: context.game === null ? null : viewGame(context, context.game, viewer),
  };
}

export function viewSeats({ seats }: RoomState, viewer: Viewer): PerSeat<SeatView | null> {
  return perSeat((seat) => viewSeat(seats[seat], viewer));
}

function viewSeat(occupant: Occupant | null, viewer: Viewer): SeatView | null {
  if (occupant === null) return null;
  const isPerson = occupant.kind === 'person';
  return {
    name: occupant.name,
    isBot: isBotPlayed(occupant),
    isPerson,
    awaySince: isPerson ? occupant.awaySince : null,
    colour: isPerson ? occupant.colour : null,
    since: occupant.since,
    session: isPerson && viewer === 'router' ? occupant.session : null,
  };
}

function viewGame(state: RoomState, game: Game, viewer: Viewer): GameView {
  const { awaiting } = state;
  const declarer = awaiting?.what === 'declaration' ? (awaiting.seats[0] ?? null) : null;
  const { hands } = game;
  // Member by member: what a game learns to know is nobody's business until it is named here.
  return {
    startedAt: game.startedAt,
    endedAt: game.endedAt,
    round: game.round,
    deal: game.deal,
    multiplier: game.multiplier,
    redealStarter: game.redealStarter,
    lastTurnWinner: game.lastTurnWinner,
    starter: game.starter,
    starterReason: game.starterReason,
    redeal: game.redeal,
    declarations: game.declarations,
    zeroStreaks: game.zeroStreaks,
    turn: game.turn,
    piles: game.piles,
    scores: game.scores,
    turnsWon: game.turnsWon,
    perfectRounds: game.perfectRounds,
    roundScores: game.roundScores,
    hands: perSeat((seat) => (viewer === seat || viewer === 'operator' ? hands[seat] : null)),
    handSizes: perSeat((seat) => hands[seat].length),
    declarer,
    declareOptions: declarer === null ? null : optionsOf(state, game, declarer),
    player: game.turn && onTurn(game.turn.leader, game.turn.plays.length),
    requiredCount: requiredCount(state),
  };
}

function optionsOf(state: RoomState, game: Game, declarer: Seat): readonly number[] {
  const before = declaredBefore(state);
  return declareOptions({
    zeroStreak: game.zeroStreaks[declarer],
    sumSoFar: before.reduce((sum, value) => sum + value, 0),
    isLast: before.length === SEATS.length - 1,
  });
}

/** `{ playing: { turn: 'shown' } }` is `playing.turn.shown`. */
export function leafOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [entry] = Object.entries(value as Record<string, unknown>);
  return `${entry![0]}.${leafOf(entry![1])}`;
}

const PHASES: Readonly<Record<string, Phase>> = {
  waiting: 'waiting',
  'playing.preparation.dealing': 'preparation',
  'playing.preparation.dealt': 'preparation',
  'playing.preparation.weakHands': 'preparation',
  'playing.preparation.redealt': 'preparation',
  'playing.preparation.roundStart': 'round_start',
  'playing.declaration': 'declaration',
  'playing.turn.playing': 'turn',
  'playing.turn.revealing': 'turn',
  'playing.turn.shown': 'turn',
  'playing.turn.results': 'turn_results',
  'playing.scoring': 'scoring',
  gameOver: 'game_over',
  closed: 'closed',
};

/** The leaf's tag, as a table: reading it from the machine for every view would cost more than the step. */
export function phaseOf(leaf: string): Phase {
  const phase = PHASES[leaf];
  if (phase === undefined) throw new Error(`no phase is known for the state ${leaf}`);
  return phase;
}
