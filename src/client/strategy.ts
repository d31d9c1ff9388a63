import { botAcceptsRedeal, botDeclare, botPlay } from '../game/bot.js';
import { sumOfPoints, type Piece } from '../game/pieces.js';
import { PLAY_PIECES_MAX } from '../game/play-type.js';
import { turnWinner } from '../game/turn.js';
import { validPlays } from '../game/valid-plays.js';
import type { Duty } from './duty.js';
import { pick, type Random } from './random.js';

type DutyOf<Kind extends Duty['kind']> = Extract<Duty, { readonly kind: Kind }>;

/** How a player decides. Everything it needs is in the duty. */
export interface Strategy {
  readonly declare: (duty: DutyOf<'declare'>) => number;
  /** @returns positions in the hand */
  readonly play: (duty: DutyOf<'play'>) => readonly number[];
  readonly acceptsRedeal: (duty: DutyOf<'redeal'>) => boolean;
}

/** Plays as the server's bots do (rules.md R18 to R20). Only the redeal leaves anything to chance. */
export function botStrategy(random: Random): Strategy {
  return {
    declare: ({ hand, position, declaredBefore, zeroStreak }) =>
      botDeclare({ hand, position, declaredBefore, zeroBarred: zeroStreak >= 2 }),
    play: ({ hand, requiredCount }) => botPlay(hand, requiredCount),
    acceptsRedeal: (duty) => botAcceptsRedeal({ ...duty, roll: random() }),
  };
}

/** A pair of elephants or better; with fewer points somebody may well hold a better pair. */
const SAFE_PAIR_POINTS = 18;

/**
 * Declares what it is sure of, mostly nothing, and keeps to it. The bots lose points on average (rules.md R18), so that
 * a game among them hardly ever ends; with a player like this it ends within about 25 rounds.
 */
export function carefulStrategy(random: Random): Strategy {
  return {
    declare: ({ hand, position, options }) => {
      const aim = position === 0 ? largestLead(hand) : redGeneral(hand);
      return options.includes(aim) ? aim : options.find((value) => value > 0)!;
    },
    play: ({ hand, requiredCount, plays, missing }) =>
      requiredCount === null ? carefulLead(hand, missing) : carefulAnswer(hand, requiredCount, plays, missing),
    acceptsRedeal: () => random() < 0.5,
  };
}

/** Takes a pile of one whenever it likes. */
function redGeneral(hand: readonly Piece[]): 0 | 1 {
  return hand.includes('GENERAL_RED') ? 1 : 0;
}

/** Pieces of a set that nobody is likely to beat. */
function largestLead(hand: readonly Piece[]): number {
  const sets = validPlays(hand, 2, PLAY_PIECES_MAX).filter(
    ({ type, sum }) => type !== 'PAIR' || sum >= SAFE_PAIR_POINTS,
  );
  return Math.max(redGeneral(hand), ...sets.map(({ positions }) => positions.length));
}

function carefulLead(hand: readonly Piece[], missing: number): readonly number[] {
  const plays = validPlays(hand, 1, Math.max(missing, 1)).sort(
    (a, b) => a.positions.length - b.positions.length || a.sum - b.sum,
  );
  return (missing > 0 ? plays.at(-1) : plays[0])!.positions;
}

function carefulAnswer(
  hand: readonly Piece[],
  count: number,
  plays: readonly (readonly Piece[])[],
  missing: number,
): readonly number[] {
  const choices = choicesOf(hand.length, count).map((positions) => {
    const pieces = positions.map((position) => hand[position]!);
    return { positions, sum: sumOfPoints(pieces), wins: turnWinner([...plays, pieces]) === plays.length };
  });
  choices.sort((a, b) => a.sum - b.sum);
  const winning = choices.filter(({ wins }) => wins);
  const losing = choices.filter(({ wins }) => !wins);
  if (missing >= count && winning.length > 0) return winning.at(-1)!.positions;
  // Dear pieces are a danger to one who has enough piles, and a hope to one who lacks some.
  const kept = missing > 0 ? losing[0] : losing.at(-1);
  return (kept ?? winning[0]!).positions;
}

/** All ascending lists of `count` positions below `handSize`. */
function choicesOf(handSize: number, count: number, from = 0): number[][] {
  if (count === 0) return [[]];
  const choices: number[][] = [];
  for (let first = from; first <= handSize - count; first++) {
    for (const rest of choicesOf(handSize, count - 1, first + 1)) choices.push([first, ...rest]);
  }
  return choices;
}

/** Any legal move is as likely as any other. */
export function randomStrategy(random: Random): Strategy {
  return {
    declare: ({ options }) => pick(random, options),
    play: ({ hand, requiredCount }) =>
      requiredCount === null
        ? pick(random, validPlays(hand, 1, PLAY_PIECES_MAX)).positions
        : anyPositions(random, hand.length, requiredCount),
    acceptsRedeal: () => random() < 0.5,
  };
}

function anyPositions(random: Random, handSize: number, count: number): number[] {
  const left = Array.from({ length: handSize }, (_, position) => position);
  const taken: number[] = [];
  while (taken.length < count && left.length > 0) {
    const position = pick(random, left);
    left.splice(left.indexOf(position), 1);
    taken.push(position);
  }
  return taken;
}

/** A decision as the message that carries it (protocol.md 3.3). */
export interface Action {
  readonly event: 'declare' | 'play' | 'accept_redeal' | 'decline_redeal';
  readonly data: Readonly<Record<string, unknown>>;
  readonly pieces: readonly Piece[]; // to be played; empty otherwise
}

export function decide(strategy: Strategy, duty: Duty, name: string): Action {
  switch (duty.kind) {
    case 'declare':
      return { event: 'declare', data: { value: strategy.declare(duty), player_name: name }, pieces: [] };
    case 'play': {
      const indices = strategy.play(duty);
      const pieces = indices.flatMap((index) => duty.hand[index] ?? []);
      const data = { piece_indices: indices, player_name: name, play_value: sumOfPoints(pieces) };
      return { event: 'play', data, pieces };
    }
    case 'redeal': {
      const event = strategy.acceptsRedeal(duty) ? 'accept_redeal' : 'decline_redeal';
      return { event, data: { player_name: name }, pieces: [] };
    }
  }
}
