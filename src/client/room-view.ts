import { z } from 'zod';
import type { Piece } from '../game/pieces.js';
import { isRecord, textIn, type Frame } from './frame.js';
import { pieceOf } from './wire-piece.js';

export const PHASES = [
  'waiting',
  'preparation',
  'round_start',
  'declaration',
  'turn',
  'turn_results',
  'scoring',
  'game_over',
] as const;
export type Phase = (typeof PHASES)[number];

// What a client needs of a `phase_change` (protocol.md 4.3), and no more: a frame that has this much can be played by.
// Whether the rest is right is the business of the protocol watch.
const wirePlayer = z.object({
  is_bot: z.boolean().optional(),
  hand: z.array(z.string()).optional(),
  hand_size: z.number().optional(),
  zero_declares_in_a_row: z.number().optional(),
  declared: z.number().optional(),
  captured_piles: z.number().optional(),
  score: z.number().optional(),
});
const wirePhaseData = z.object({
  dealing_cards: z.boolean().optional(),
  redeal_multiplier: z.number().optional(),
  simultaneous_mode: z.boolean().optional(),
  weak_players_awaiting: z.array(z.string()).optional(),
  current_starter: z.string().optional(),
  declarations: z.record(z.string(), z.number()).optional(),
  current_declarer: z.string().nullish(),
  allowed_values: z.array(z.number()).optional(), // of the current declarer
  current_player: z.string().nullish(),
  current_turn_number: z.number().optional(),
  required_piece_count: z.number().nullish(),
  turn_complete: z.boolean().optional(),
  turn_plays: z
    .record(z.string(), z.object({ pieces: z.array(z.string()), play_type: z.string().optional() }))
    .nullish(),
  round_scores: z
    .record(
      z.string(),
      z.object({ declared: z.number(), actual: z.number(), final_score: z.number(), total_score: z.number() }),
    )
    .optional(),
  game_complete: z.boolean().optional(),
  final_rankings: z.array(z.object({ name: z.string(), score: z.number(), rank: z.number() })).optional(),
  winners: z.array(z.string()).optional(),
});
const wirePhaseChange = z.object({
  phase: z.enum(PHASES),
  phase_data: wirePhaseData,
  players: z.record(z.string(), wirePlayer),
  round: z.number(),
});
const wireSeat = z.object({ name: z.string(), is_bot: z.boolean(), is_host: z.boolean().optional() });
const wireRoom = z.object({ players: z.array(wireSeat.nullable()), host_name: z.string().optional() });

export interface PlayerView {
  readonly name: string;
  readonly isBot: boolean;
  readonly handSize: number;
  readonly zeroStreak: number; // declarations of 0 in the latest consecutive rounds
  readonly declared: number; // in this round; may lag behind while the declarations are made
  readonly captured: number; // piles, in this round
  readonly score: number;
}

export interface GameView {
  readonly phase: Phase;
  readonly round: number;
  readonly players: readonly PlayerView[]; // in seat order
  readonly hand: readonly Piece[]; // the own one as last sent: `play` counts positions in it
  readonly isHandCurrent: boolean; // this message brought it; else it may be of an earlier round
  readonly data: z.infer<typeof wirePhaseData>; // members as on the wire (protocol.md 4.3)
}

export interface SeatView {
  readonly name: string;
  readonly isBot: boolean;
  readonly isHost: boolean;
}

/** What one client knows of its room. */
export interface RoomView {
  readonly seats: readonly (SeatView | null)[] | undefined; // before the first `room_update`
  readonly hostName: string | undefined;
  readonly started: boolean;
  readonly game: GameView | undefined;
}

export const EMPTY_VIEW: RoomView = { seats: undefined, hostName: undefined, started: false, game: undefined };

/** The view after a frame. A frame that is none of its business, or lacks what it needs, leaves it as it is. */
export function viewAfter(view: RoomView, frame: Frame, ownName: string | undefined): RoomView {
  switch (frame.event) {
    case 'room_update':
      return afterRoomUpdate(view, frame.data);
    case 'host_changed':
      return { ...view, hostName: textIn(frame.data, 'new_host') ?? view.hostName };
    case 'game_started':
      return { ...view, started: true };
    case 'phase_change': {
      const game = gameAfter(view.game, frame.data, ownName);
      return game === undefined ? view : { ...view, started: true, game };
    }
    default:
      return view;
  }
}

/**
 * The game after the data of a `phase_change`.
 * @returns undefined when the data lacks what a player needs
 */
export function gameAfter(
  before: GameView | undefined,
  data: Frame['data'],
  ownName: string | undefined,
): GameView | undefined {
  const parsed = wirePhaseChange.safeParse(data);
  if (!parsed.success) return undefined;
  const { phase, phase_data, players, round } = parsed.data;
  const own = ownName === undefined ? undefined : players[ownName]?.hand;
  // A message without the own hand leaves the old one, as it does on the frontend's screen.
  const hand = own === undefined ? (before?.hand ?? []) : own.flatMap((text) => pieceOf(text) ?? []);
  return {
    phase,
    round,
    hand,
    isHandCurrent: own !== undefined,
    data: phase_data,
    players: Object.entries(players).map(([name, player]) => ({
      name,
      isBot: player.is_bot ?? false,
      handSize: player.hand_size ?? 0,
      zeroStreak: player.zero_declares_in_a_row ?? 0,
      declared: player.declared ?? 0,
      captured: player.captured_piles ?? 0,
      score: player.score ?? 0,
    })),
  };
}

function afterRoomUpdate(view: RoomView, data: Frame['data']): RoomView {
  const parsed = wireRoom.safeParse(data);
  if (!parsed.success) return view;
  const seats = parsed.data.players.map((seat) =>
    seat === null ? null : { name: seat.name, isBot: seat.is_bot, isHost: seat.is_host ?? false },
  );
  const hostName = seats.find((seat) => seat?.isHost === true)?.name ?? parsed.data.host_name;
  return { ...view, seats, hostName: hostName ?? view.hostName };
}

export interface Ranking {
  readonly name: string;
  readonly score: number;
  readonly rank: number;
}

/** The last words of a game; undefined while it goes on. */
export interface FinalResult {
  readonly rounds: number;
  readonly winners: readonly string[];
  readonly rankings: readonly Ranking[];
}

export function finalResult(game: GameView | undefined): FinalResult | undefined {
  if (game?.phase !== 'game_over') return undefined;
  return { rounds: game.round, winners: game.data.winners ?? [], rankings: game.data.final_rankings ?? [] };
}

/** The rooms of a `room_list_update`, as ids. */
export function listedRooms(data: Frame['data']): string[] {
  const rooms = data['rooms'];
  if (!Array.isArray(rooms)) return [];
  return rooms.flatMap((room: unknown) => (isRecord(room) ? (textIn(room, 'room_id') ?? []) : []));
}
