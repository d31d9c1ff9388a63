import { declareOptions } from './declaration.js';
import { pointsOf, sumOfPoints, type Piece } from './pieces.js';
import { PLAY_PIECES_MAX } from './play-type.js';
import { validPlays, type ValidPlay } from './valid-plays.js';
import { isWeakHand } from './weak-hand.js';

// The bot of the existing system, its quirks included (rules.md D8). A better one gets another name.

/** Sets of so many pieces raise the bid (rules.md R18.1). */
const STRONG_PIECES_MIN = 3;
const OPENING_SUM_MIN = 20;
const BID_MIN = 1;
const BID_MAX = 7;

export interface BotDeclareInput {
  readonly hand: readonly Piece[];
  readonly position: number; // in the order of declaring, 0 to 3
  readonly declaredBefore: readonly number[]; // in this round; all of them, by D3
  readonly zeroBarred: boolean; // zero streak of 2 or more
}

/** The bot's declaration (rules.md R18). Chance has no part in it. */
export function botDeclare({ hand, position, declaredBefore, zeroBarred }: BotDeclareInput): number {
  // R18.1 leaves out the extended straight of five; whoever holds one has eight other strong sets, and bids 7 either way.
  const strongSets = validPlays(hand, STRONG_PIECES_MIN, PLAY_PIECES_MAX);
  const strength = strongSets.length + (hasStrongOpening(hand, strongSets) ? 1 : 0) + (position === 0 ? 1 : 0);
  // R18.4 sets a hopeless hand to 0 and R18.5 lifts it to 1 again; without R18.4 it would be 0 or 1 here: the same bid.
  const bid = Math.min(Math.max(strength, BID_MIN), BID_MAX);

  const sumSoFar = declaredBefore.reduce((sum, value) => sum + value, 0);
  const options = declareOptions({ zeroStreak: zeroBarred ? 2 : 0, sumSoFar, isLast: position === 3 });
  const allowed = options.filter((value) => value <= BID_MAX);
  if (allowed.includes(bid)) return bid;
  const largest = allowed.at(-1)!;
  return bid > largest ? largest : allowed[0]!;
}

/**
 * A general, or a dear straight of three or four pieces (rules.md R18.2). Other sets are as dear only where the bid is 7
 * without them.
 */
function hasStrongOpening(hand: readonly Piece[], strongSets: readonly ValidPlay[]): boolean {
  return (
    hand.includes('GENERAL_RED') ||
    hand.includes('GENERAL_BLACK') ||
    strongSets.some(({ sum }) => sum >= OPENING_SUM_MIN)
  );
}

/**
 * The bot's play: the dearest set with a type, else the cheapest pieces (rules.md R19). Chance has no part in it.
 * @param requiredCount pieces the leader played; null for the leader
 * @returns positions in the hand: ascending for a set with a type, from the cheapest piece up for a discard
 */
export function botPlay(hand: readonly Piece[], requiredCount: number | null): number[] {
  let best: ValidPlay | null = null;
  for (const play of validPlays(hand, requiredCount ?? 1, requiredCount ?? PLAY_PIECES_MAX)) {
    if (best === null || play.sum > best.sum) best = play;
  }
  if (best !== null) return [...best.positions];
  // The sort is stable, so equal pieces stay in hand order.
  const cheapestFirst = [...hand.keys()].sort((a, b) => pointsOf(hand[a]!) - pointsOf(hand[b]!));
  return cheapestFirst.slice(0, requiredCount ?? 0);
}

export interface BotRedealInput {
  readonly hand: readonly Piece[];
  readonly round: number; // from 1
  readonly ownTotal: number;
  readonly otherTotals: readonly number[];
  readonly roll: number; // uniform in [0, 1)
}

/** Whether the bot accepts a redeal (rules.md R20); far ahead in a late round it is half as ready to. */
export function botAcceptsRedeal({ hand, round, ownTotal, otherTotals, roll }: BotRedealInput): boolean {
  const farAhead = round > 10 && ownTotal > Math.max(...otherTotals) + 10;
  return roll < readiness(hand) / (farAhead ? 2 : 1);
}

/** The chance before halving. In a game only weak hands are asked about (rules.md R20). */
function readiness(hand: readonly Piece[]): number {
  if (isWeakHand(hand)) return 0.8;
  return sumOfPoints(hand) < 60 ? 0.6 : 0.3;
}
