import { declaredBefore, plainBots, requiredCount } from '../../actors/room/bots.js';
import type { UntimedMessage } from '../../actors/room/room-message.js';
import { type Game, gameOf, type RoomState } from '../../actors/room/room-state.js';
import type { Duty } from '../../src/client/duty.js';
import { pick, type Random } from '../../src/client/random.js';
import { carefulStrategy, randomStrategy, type Strategy } from '../../src/client/strategy.js';
import { declareOptions } from '../../src/game/declaration.js';
import type { Piece } from '../../src/game/pieces.js';
import { type Seat, SEATS } from '../../src/game/seats.js';
import { below } from '../chance.js';
import { isSprint } from './deals.js';

/** Who may speak for a seat; somebody unknown for one without a person. */
export function sessionOf(state: RoomState, seat: Seat): string {
  const occupant = state.seats[seat];
  return occupant?.kind === 'person' ? occupant.session : NOBODY;
}

export const NOBODY = 'session-of-nobody';

/** Those whom the room waits for and whose person is there. */
export function askedPeople(state: RoomState): Seat[] {
  return (state.awaiting?.seats ?? []).filter((seat) => {
    const occupant = state.seats[seat];
    return occupant?.kind === 'person' && occupant.awaySince === null;
  });
}

/** Styles of playing; the careful one gets games to an end, and takes its time to think. */
const STYLES = ['random', 'random', 'bot', 'singles', 'singles', 'careful'] as const;
export type Style = (typeof STYLES)[number];

export function styleOf({ seed }: RoomState, choice: number, seat: Seat): Style {
  if (isSprint(seed)) return 'careful';
  return STYLES[(choice >>> (seat * 5)) % STYLES.length]!;
}

/** A move that the rules allow. */
export function legalMove(state: RoomState, seat: Seat, random: Random, style: Style): UntimedMessage {
  const speaker = { seat, session: sessionOf(state, seat) };
  switch (state.awaiting?.what) {
    case 'redealAnswer':
      return { type: 'answerRedeal', ...speaker, accept: random() < (style === 'careful' ? 0.95 : 0.6) };
    case 'declaration':
      return { type: 'declare', ...speaker, value: declaration(state, seat, random, style) };
    case 'play':
      return { type: 'play', ...speaker, indices: [...play(state, seat, random, style)] };
    case undefined:
      throw new Error('nobody is asked');
  }
}

/** What `seat` may declare, were it the one to declare now. */
export function openValues(state: RoomState, seat: Seat): number[] {
  const before = declaredBefore(state);
  const sumSoFar = before.reduce((sum, value) => sum + value, 0);
  return declareOptions({ zeroStreak: gameOf(state).zeroStreaks[seat], sumSoFar, isLast: before.length === 3 });
}

function declaration(state: RoomState, seat: Seat, random: Random, style: Style): number {
  const options = openValues(state, seat);
  if (style === 'bot') return plainBots.declaration(state, seat);
  if (style === 'careful') return strategy(style, random).declare(declareDuty(state, seat, options));
  // Small numbers are kept more often: only so does anybody win.
  if (style === 'singles') return options.find((value) => value >= below(random, 4)) ?? options[0]!;
  return pick(random, options);
}

function play(state: RoomState, seat: Seat, random: Random, style: Style): readonly number[] {
  const { hands } = gameOf(state);
  const count = requiredCount(state);
  const hand = hands[seat];
  if (style === 'bot') return plainBots.play(state, seat);
  if (style === 'singles') return count === null ? [below(random, hand.length)] : someOf(random, hand, count);
  if (style === 'random' && count !== null && random() < 0.6) return someOf(random, hand, count);
  return strategy(style, random).play(playDuty(gameOf(state), seat, count));
}

function strategy(style: Style, random: Random): Strategy {
  return style === 'careful' ? carefulStrategy(random) : randomStrategy(random);
}

export function someOf(random: Random, hand: readonly Piece[], count: number): number[] {
  const left = [...hand.keys()];
  const taken: number[] = [];
  while (taken.length < count && left.length > 0) taken.push(...left.splice(below(random, left.length), 1));
  return taken;
}

function declareDuty(
  state: RoomState,
  seat: Seat,
  options: readonly number[],
): Extract<Duty, { readonly kind: 'declare' }> {
  const { hands, zeroStreaks } = gameOf(state);
  const before = declaredBefore(state);
  return {
    kind: 'declare',
    key: '',
    hand: hands[seat],
    position: before.length,
    declaredBefore: before,
    zeroStreak: zeroStreaks[seat],
    options,
  };
}

function playDuty(game: Game, seat: Seat, count: number | null): Extract<Duty, { readonly kind: 'play' }> {
  return {
    kind: 'play',
    key: '',
    hand: game.hands[seat],
    requiredCount: count,
    plays: (game.turn?.plays ?? []).map(({ pieces }) => pieces),
    missing: (game.declarations[seat] ?? 0) - game.piles[seat],
  };
}

/** A seat that is asked, else any. */
export function someSeat(state: RoomState, random: Random): Seat {
  const asked = state.awaiting?.seats ?? [];
  return asked.length > 0 && random() < 0.6 ? pick(random, asked) : pick(random, SEATS);
}
