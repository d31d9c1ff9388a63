import type { TurnWon } from '../../actors/room/room-event.js';
import type { GameView, RoomView } from '../../actors/room/room-view.js';
import { REDEAL_LIMIT_MS, REDEAL_WARNING_MS } from '../../actors/room/room-state.js';
import { finalOrder, isGameOver, winners } from '../game/game-end.js';
import { perSeat, type Seat, SEATS, seatOrderFrom } from '../game/seats.js';
import { HAND_OF } from './hand-template.js';
import { nameOf } from './room-messages.js';
import { type WireMessage, wirePieces } from './wire.js';

export type WirePhase =
  | 'preparation'
  | 'round_start'
  | 'declaration'
  | 'turn'
  | 'turn_results'
  | 'scoring'
  | 'game_over';

type PhaseData = Readonly<Record<string, unknown>>;

const ALLOWED_ACTIONS: Readonly<Record<WirePhase, readonly string[]>> = {
  preparation: ['redeal_request', 'redeal_response'],
  round_start: [],
  declaration: ['declare', 'timeout'],
  turn: ['play_pieces', 'timeout'],
  turn_results: [],
  scoring: ['game_state_update', 'timeout'],
  game_over: ['timeout'],
};

export interface PhaseChange {
  readonly phase: WirePhase;
  readonly reason: string;
  readonly phaseData: PhaseData;
}

/** Who reads a message: the player of a seat, somebody without one, or each viewer the own hand (`HandTemplate`). */
export type Reader = Seat | null | 'each';

/**
 * The message that draws the game page (protocol.md 4.3.1), as `reader` may read it: of all hands only the reader's.
 * @param seq the journal entry it shows
 */
export function phaseChange(view: RoomView, reader: Reader, change: PhaseChange, seq: number): WireMessage {
  const game = running(view);
  return {
    event: 'phase_change',
    data: {
      phase: change.phase,
      allowed_actions: [...ALLOWED_ACTIONS[change.phase], 'player_disconnect', 'player_reconnect'],
      phase_data: change.phaseData,
      players: wirePlayers(view, change.phase === 'turn_results' ? beforeScoring(game) : game, reader),
      round: game.round,
      reason: change.reason,
      sequence: seq,
    },
  };
}

function wirePlayers(view: RoomView, game: GameView, reader: Reader): Record<string, unknown> {
  const players: Record<string, unknown> = {};
  for (const seat of SEATS) {
    const occupant = view.seats[seat];
    if (occupant === null) continue;
    const hand = reader === 'each' ? HAND_OF[seat] : seat === reader ? wireHand(game, seat) : null;
    players[occupant.name] = {
      name: occupant.name,
      is_bot: occupant.isBot,
      avatar_color: occupant.colour,
      ...(hand !== null && { hand }),
      hand_size: game.handSizes[seat],
      zero_declares_in_a_row: game.zeroStreaks[seat],
      declared: game.declarations[seat] ?? 0,
      captured_piles: game.piles[seat],
      score: game.scores[seat],
    };
  }
  return players;
}

/** @throws where the view is not that of the player in that seat */
export function wireHand({ hands }: GameView, seat: Seat): readonly string[] {
  const hand = hands[seat];
  if (hand === null) throw new Error(`the hand of seat ${seat} was asked of a view that does not show it`);
  return wirePieces(hand);
}

/** The last results message of a round leaves together with the scores; it still shows the totals before. */
function beforeScoring(game: GameView): GameView {
  const { roundScores } = game;
  if (roundScores === null) return game;
  return {
    ...game,
    scores: perSeat((seat) => game.scores[seat] - roundScores[seat].score),
    perfectRounds: perSeat((seat) => game.perfectRounds[seat] - (roundScores[seat].perfect ? 1 : 0)),
  };
}

export function running({ game }: RoomView): GameView {
  if (game === null) throw new Error('a phase was asked of a room without a game');
  return game;
}

/** Values by name, in seat order or in the order given. */
function byName<T>(view: RoomView, value: (seat: Seat) => T, order: readonly Seat[] = SEATS): Record<string, T> {
  return Object.fromEntries(order.map((seat): [string, T] => [nameOf(view, seat), value(seat)]));
}

/** protocol.md 4.3.3 */
export function preparationData(view: RoomView, dealing: boolean): PhaseData {
  const game = running(view);
  const vote = game.redeal;
  const common = { dealing_cards: dealing, redeal_multiplier: game.multiplier };
  if (vote === null) return game.deal === 1 && dealing ? common : { ...common, weak_players: [], ...settled(game) };

  const names = (seats: readonly Seat[]): string[] => seats.map((seat) => nameOf(view, seat));
  const awaited = view.awaiting?.what === 'redealAnswer' ? view.awaiting.seats : [];
  const decided = vote.asked.filter((seat) => vote.answers[seat] !== null);
  return {
    ...common,
    weak_players: names(vote.asked),
    weak_players_awaiting: names(awaited),
    decisions_received: vote.asked.length - awaited.length,
    decisions_needed: vote.asked.length,
    simultaneous_mode: true,
    decision_timeout: REDEAL_LIMIT_MS / 1000,
    ...(vote.warnAt === null && {
      timeout_warning: true,
      seconds_remaining: (REDEAL_LIMIT_MS - REDEAL_WARNING_MS) / 1000,
    }),
    // Told while somebody is awaited: after the last answer the next step speaks for itself.
    ...(vote.lastAnswer !== null &&
      awaited.length > 0 && {
        player_decided: nameOf(view, vote.lastAnswer.seat),
        decision: vote.lastAnswer.accept ? 'accept' : 'decline',
        redeal_decisions: byName(view, (seat) => vote.answers[seat], decided),
        all_decided: false,
      }),
  };
}

/** After a redeal the fields of the question stay, and nobody is awaited any more (protocol.md 7.2.13). */
function settled(game: GameView): PhaseData {
  if (game.deal === 1) return {};
  return {
    weak_players_awaiting: [],
    decisions_received: 0,
    decisions_needed: 0,
    simultaneous_mode: true,
    decision_timeout: REDEAL_LIMIT_MS / 1000,
  };
}

/** protocol.md 4.3.4 */
export function roundStartData(view: RoomView): PhaseData {
  const game = running(view);
  return {
    round_number: game.round,
    current_starter: nameOf(view, game.starter ?? 0),
    starter_reason: game.starterReason ?? 'default',
    display_duration: 5,
  };
}

/** protocol.md 4.3.5 */
export function declarationData(view: RoomView): PhaseData {
  const game = running(view);
  const next = nextDeclarer(game);
  return {
    ...declarationSetupData(view),
    current_declarer: next === null ? null : nameOf(view, next),
    // The frontend works this out by itself; other clients need not (rules.md D2).
    ...(game.declareOptions !== null && { allowed_values: game.declareOptions }),
  };
}

function nextDeclarer(game: GameView): Seat | null {
  return seatOrderFrom(game.starter ?? 0).find((seat) => game.declarations[seat] === null) ?? null;
}

/** The first of the two messages on entry names nobody yet (protocol.md 4.3.5). */
export function declarationSetupData(view: RoomView): PhaseData {
  const game = running(view);
  const order = seatOrderFrom(game.starter ?? 0);
  const done = order.filter((seat) => game.declarations[seat] !== null);
  return {
    declaration_order: order.map((seat) => nameOf(view, seat)),
    current_declarer_index: done.length,
    declarations: byName(view, (seat) => game.declarations[seat], done),
    declaration_total: done.reduce<number>((sum, seat) => sum + (game.declarations[seat] ?? 0), 0),
  };
}

/** protocol.md 4.3.6. Pieces of all plays are open at once, as in the existing system. */
export function turnData(view: RoomView): PhaseData {
  const game = running(view);
  const turn = game.turn;
  if (turn === null) throw new Error('a turn was asked of a round without one');
  const order = seatOrderFrom(turn.leader);
  const last = turn.plays.at(-1);
  const current = order[turn.plays.length] ?? last?.seat ?? turn.leader;
  const plays = new Map(turn.plays.map((play) => [play.seat, play]));
  return {
    current_turn_starter: nameOf(view, turn.leader),
    current_player: nameOf(view, current),
    turn_order: order.map((seat) => nameOf(view, seat)),
    required_piece_count: turn.plays[0]?.pieces.length ?? null,
    turn_plays: byName(
      view,
      (seat) => {
        const play = plays.get(seat)!;
        return {
          pieces: wirePieces(play.pieces),
          piece_count: play.pieces.length,
          play_type: play.type,
          play_value: play.value,
          is_valid: true,
          timestamp: play.at / 1000,
        };
      },
      turn.plays.map((play) => play.seat),
    ),
    turn_complete: turn.plays.length === SEATS.length,
    current_turn_number: turn.number,
    pile_counts: byName(view, (seat) => game.piles[seat]),
    ...(turn.winner !== null && {
      winner: nameOf(view, turn.winner),
      piles_won: turn.plays[0]?.pieces.length ?? 0,
      next_turn_starter: nameOf(view, turn.winner),
    }),
  };
}

/** The turn that a view shows as decided, as its event told it. */
export function decidedTurn(game: GameView): TurnWon | null {
  const { turn } = game;
  if (turn?.winner == null) return null;
  return {
    type: 'turnWon',
    number: turn.number,
    winner: turn.winner,
    piles: turn.plays[0]?.pieces.length ?? 0,
    plays: turn.plays,
    roundPiles: game.piles,
    declared: perSeat((seat) => game.declarations[seat] ?? 0),
    handsEmpty: game.handSizes.every((size) => size === 0),
  };
}

/** protocol.md 4.3.10: the event that opens the results page between turns. */
export function turnComplete(won: TurnWon, view: RoomView, seq: number): WireMessage {
  const name = (seat: Seat): string => nameOf(view, seat);
  const best = won.plays.find((play) => play.seat === won.winner);
  const winningPlay = {
    pieces: wirePieces(best?.pieces ?? []),
    value: best?.value ?? 0,
    type: best?.type ?? 'INVALID',
    pilesWon: won.piles,
  };
  const losers = SEATS.filter((seat) => seat !== won.winner);
  return {
    event: 'turn_complete',
    data: {
      winner: name(won.winner),
      winning_play: winningPlay,
      turn_resolution: {
        all_plays: won.plays.map((play) => ({
          player: name(play.seat),
          pieces: wirePieces(play.pieces),
          is_valid: true,
          play_type: play.type,
          play_value: play.value,
        })),
        winner: name(won.winner),
        winner_play: winningPlay,
      },
      player_piles: byName(view, (seat) => (seat === won.winner ? won.piles : 0), [won.winner, ...losers]),
      turn_players_data: SEATS.map((seat) => ({
        name: name(seat),
        captured_piles: won.roundPiles[seat],
        declared: won.declared[seat],
      })),
      turn_number: won.number,
      next_starter: name(won.winner),
      all_hands_empty: won.handsEmpty,
      will_continue: !won.handsEmpty,
      phase: 'turn',
      sequence: seq,
      reason: `Turn ${won.number} completed - winner: ${name(won.winner)}`,
    },
  };
}

function playerStats(view: RoomView, game: GameView): Record<string, unknown> {
  return byName(view, (seat) => ({ turns_won: game.turnsWon[seat], perfect_rounds: game.perfectRounds[seat] }));
}

/** protocol.md 4.3.7, with the winner and the plays filled in (7.2.12). */
export function turnResultsData(view: RoomView): PhaseData {
  const game = running(view);
  const won = decidedTurn(game);
  const complete = won === null ? null : turnComplete(won, view, 0).data;
  return {
    turn_winner: complete?.['winner'] ?? null,
    winning_play: complete?.['winning_play'] ?? null,
    turn_plays: game.turn === null ? {} : turnData(view)['turn_plays'],
    display_duration: 7,
    next_phase: 'scoring',
    auto_transition: true,
    player_stats: playerStats(view, beforeScoring(game)),
    pile_counts: byName(view, (seat) => game.piles[seat]),
  };
}

/** protocol.md 4.3.8 */
export function scoringData(view: RoomView): PhaseData {
  const game = running(view);
  const over = isGameOver(game.scores);
  const scores = game.roundScores;
  return {
    round_scores: byName(view, (seat) => ({
      declared: game.declarations[seat] ?? 0,
      actual: game.piles[seat],
      base_score: scores?.[seat].base ?? 0,
      bonus: scores?.[seat].bonus ?? 0,
      hit_value: scores?.[seat].hit ?? 0,
      multiplier: game.multiplier,
      final_score: scores?.[seat].score ?? 0,
      total_score: game.scores[seat],
    })),
    total_scores: byName(view, (seat) => game.scores[seat]),
    scoring_players_data: SEATS.map((seat) => ({
      name: nameOf(view, seat),
      is_bot: view.seats[seat]?.isBot ?? true,
      pile_count: game.declarations[seat] ?? 0,
      captured_piles: game.piles[seat],
    })),
    player_stats: playerStats(view, game),
    game_complete: over,
    winners: over ? winners(game.scores).map((seat) => nameOf(view, seat)) : [],
    scores_calculated: true,
    redeal_multiplier: game.multiplier,
  };
}

/** protocol.md 4.3.8; ranks are 1 to 4 without sharing (rules.md R15.4, D12). */
export function gameOverData(view: RoomView): PhaseData {
  const game = running(view);
  const endedAt = game.endedAt ?? game.startedAt;
  return {
    final_rankings: finalOrder(game.scores).map((seat, index) => ({
      name: nameOf(view, seat),
      score: game.scores[seat],
      rank: index + 1,
      turns_won: game.turnsWon[seat],
      perfect_rounds: game.perfectRounds[seat],
    })),
    game_stats: {
      total_rounds: game.round,
      game_duration: `${Math.floor((endedAt - game.startedAt) / 60_000)} min`,
      start_time: game.startedAt / 1000,
      end_time: endedAt / 1000,
    },
    winners: winners(game.scores).map((seat) => nameOf(view, seat)),
  };
}
