import { chance, unit } from './chance.js';
import { gameOf, type RoomState } from './room-state.js';
import { botAcceptsRedeal, botDeclare, botPlay, nextSeat, type Seat, SEATS } from './rules.js';

/** How bots decide: handed to the machine, so that a recorded game can be played again as it was. */
export interface BotMind {
  /** ms between being asked and acting. */
  readonly thinkMs: (state: RoomState, seat: Seat) => number;
  readonly acceptsRedeal: (state: RoomState, seat: Seat) => boolean;
  readonly declaration: (state: RoomState, seat: Seat) => number;
  readonly play: (state: RoomState, seat: Seat) => readonly number[];
}

/** The bots of rules.md R18 to R20. */
export const plainBots: BotMind = {
  thinkMs(state, seat) {
    const { botThinkMin, botThinkMax } = state.pace;
    return botThinkMin + draw(state, seat, 'think')(botThinkMax - botThinkMin + 1);
  },

  acceptsRedeal(state, seat) {
    const game = gameOf(state);
    return botAcceptsRedeal({
      hand: game.hands[seat],
      round: game.round,
      ownTotal: game.scores[seat],
      otherTotals: SEATS.filter((other) => other !== seat).map((other) => game.scores[other]),
      roll: unit(draw(state, seat, 'roll')),
    });
  },

  declaration(state, seat) {
    const game = gameOf(state);
    const before = declaredBefore(state);
    return botDeclare({
      hand: game.hands[seat],
      position: before.length,
      declaredBefore: before,
      zeroBarred: game.zeroStreaks[seat] >= 2,
    });
  },

  play(state, seat) {
    const game = gameOf(state);
    return botPlay(game.hands[seat], requiredCount(state));
  },
};

/** Values declared so far in this round, by seat: the rules ask how many there are and for their sum. */
export function declaredBefore(state: RoomState): number[] {
  return gameOf(state).declarations.filter((value) => value !== null);
}

/** Pieces that the player on turn must play; null for the leader (rules.md R10). */
export function requiredCount(state: RoomState): number | null {
  return gameOf(state).turn?.plays[0]?.pieces.length ?? null;
}

/** The seat that declares or plays next, given how many have. */
export function onTurn(first: Seat, done: number): Seat | null {
  let seat = first;
  if (done >= SEATS.length) return null;
  for (let count = 0; count < done; count++) seat = nextSeat(seat);
  return seat;
}

/** Each question to a seat has a key of its own, so that a draw is never used twice. */
function draw(state: RoomState, seat: Seat, use: string) {
  const game = gameOf(state);
  const { what } = state.awaiting!;
  return chance(state.seed, 'bot', use, game.round, game.deal, what, game.turn?.number ?? 0, seat);
}
