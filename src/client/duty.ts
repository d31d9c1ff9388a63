import { declareOptions } from '../game/declaration.js';
import type { Piece } from '../game/pieces.js';
import type { GameView } from './room-view.js';
import { pieceOf } from './wire-piece.js';

/** What the table waits for from one player. Two duties with the same key are the same duty. */
export type Duty =
  | {
      readonly kind: 'declare';
      readonly key: string;
      readonly hand: readonly Piece[];
      readonly position: number; // in the order of declaring, 0 to 3
      readonly declaredBefore: readonly number[];
      readonly zeroStreak: number;
      readonly options: readonly number[]; // allowed values, ascending
    }
  | {
      readonly kind: 'play';
      readonly key: string;
      readonly hand: readonly Piece[];
      readonly requiredCount: number | null; // null for the leader
      readonly plays: readonly (readonly Piece[])[]; // made before in this turn, in order
      readonly missing: number; // piles declared and not captured yet; negative when there are too many
    }
  | {
      readonly kind: 'redeal';
      readonly key: string;
      readonly hand: readonly Piece[];
      readonly round: number;
      readonly ownTotal: number;
      readonly otherTotals: readonly number[];
    };

/**
 * What `name` owes the table, as the last `phase_change` shows it. Nothing where that came without the own hand: messages
 * lack it before the server knows whose connection it is, and the view then keeps an older one; one with it will follow.
 */
export function dutyOf(game: GameView | undefined, name: string): Duty | undefined {
  if (game === undefined) return undefined;
  const { phase, round, hand, data } = game;
  const own = game.players.find((player) => player.name === name);
  if (own === undefined || hand.length === 0 || !game.isHandCurrent) return undefined;

  if (phase === 'preparation' && data.weak_players_awaiting?.includes(name) === true) {
    return {
      kind: 'redeal',
      // Each redeal raises the multiplier, and each deal asks at most once.
      key: `redeal ${round}/${data.redeal_multiplier ?? 1}`,
      hand,
      round,
      ownTotal: own.score,
      otherTotals: game.players.filter((player) => player !== own).map((player) => player.score),
    };
  }
  if (phase === 'declaration' && data.current_declarer === name) {
    const declaredBefore = Object.values(data.declarations ?? {});
    const position = declaredBefore.length;
    const sumSoFar = declaredBefore.reduce((sum, value) => sum + value, 0);
    const options = declareOptions({ zeroStreak: own.zeroStreak, sumSoFar, isLast: position === 3 });
    return {
      kind: 'declare',
      key: `declare ${round}`,
      hand,
      position,
      declaredBefore,
      zeroStreak: own.zeroStreak,
      options,
    };
  }
  const played = Object.hasOwn(data.turn_plays ?? {}, name);
  if (phase === 'turn' && data.current_player === name && data.turn_complete !== true && !played) {
    const requiredCount = data.required_piece_count ?? null;
    const plays = Object.values(data.turn_plays ?? {}).map(({ pieces }) =>
      pieces.flatMap((text) => pieceOf(text) ?? []),
    );
    const key = `play ${round}/${data.current_turn_number ?? 0}`;
    return { kind: 'play', key, hand, requiredCount, plays, missing: own.declared - own.captured };
  }
  return undefined;
}
