import { type Below, chance } from '../../actors/room/chance.js';
import { seededDeal } from '../../actors/room/liap-tui.js';
import type { DealOrder } from '../../actors/room/phases/preparation.js';
import { fullSet, type Piece, pointsOf } from '../../src/game/pieces.js';
import { randomOf, below } from '../chance.js';

/** Of sixteen rooms so many have the product's own uniform deal; by chance weak hands are rare there. */
const UNIFORM_OF_16 = 6;
/** And so many deal rare sets of one type to two seats. */
const RIVALS_OF_16 = 2;
const WEAK_DEALS_MAX = 4;
/** From this digit on each round is dealt anew again and again: scores are multiplied, and games end soon. */
const SPRINT_FROM = 12;

export function isSprint(seed: string): boolean {
  return Number.parseInt(seed[0]!, 16) >= SPRINT_FROM;
}

/**
 * Deals in which redeals are common. What a room deals follows from its seed, round and deal number, as in the product,
 * and the first digit of the seed says which kind of room it is.
 */
export const fuzzDeal: DealOrder = (seed, round, deal) => {
  // The machine and the model ask one after the other.
  if (last.seed === seed && last.round === round && last.deal === deal) return last.order;
  last = { seed, round, deal, order: orderOf(seed, round, deal) };
  return last.order;
};

let last: { seed: string; round: number; deal: number; order: readonly Piece[] } = {
  seed: '',
  round: 0,
  deal: 0,
  order: [],
};

function orderOf(seed: string, round: number, deal: number): readonly Piece[] {
  const kind = Number.parseInt(seed[0]!, 16);
  if (kind < UNIFORM_OF_16) return seededDeal(seed, round, deal);
  if (kind < UNIFORM_OF_16 + RIVALS_OF_16) return rivalDeal(seed, round, deal);
  const random = randomOf(Number.parseInt(seed.slice(1, 9), 16), round);
  const weakDeals = isSprint(seed) ? WEAK_DEALS_MAX : below(random, WEAK_DEALS_MAX + 1);
  return deal > weakDeals ? seededDeal(seed, round, deal) : weakDeal(seed, round, deal);
}

/** Two hands with an extended straight each, of one group and both colours, whose doubles differ. */
function rivalDeal(seed: string, round: number, deal: number): readonly Piece[] {
  const draw = chance(seed, 'rivals', round, deal);
  const [names, doubles] = draw(4) === 0 ? [HIGH_GROUP, HIGH_DOUBLES] : [LOW_GROUP, LOW_GROUP];
  const left = shuffled(draw);
  const take = (piece: Piece): Piece => left.splice(left.indexOf(piece), 1)[0]!;
  const first = draw(4);
  const second = (first + 1 + draw(3)) % 4;
  const hands: Piece[][] = [[], [], [], []];
  for (const [seat, colour] of [
    [first, 'RED'],
    [second, 'BLACK'],
  ] as const) {
    for (const name of [...names, doubles[draw(doubles.length)]!]) hands[seat]!.push(take(`${name}_${colour}`));
  }
  for (const hand of hands) hand.push(...left.splice(0, 8 - hand.length));
  return inTurn(hands);
}

const HIGH_GROUP = ['GENERAL', 'ADVISOR', 'ELEPHANT'] as const;
const HIGH_DOUBLES = ['ADVISOR', 'ELEPHANT'] as const;
const LOW_GROUP = ['CHARIOT', 'HORSE', 'CANNON'] as const;

function shuffled(draw: Below): Piece[] {
  const pieces = fullSet();
  for (let last = pieces.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [pieces[last], pieces[other]] = [pieces[other]!, pieces[last]!];
  }
  return pieces;
}

/** The order in which the hands are dealt like this. */
function inTurn(hands: readonly (readonly Piece[])[]): readonly Piece[] {
  return Array.from({ length: 32 }, (_, index) => hands[index % 4]![Math.floor(index / 4)]!);
}

/** One to three hands without any of the eight strong pieces. */
function weakDeal(seed: string, round: number, deal: number): readonly Piece[] {
  const draw = chance(seed, 'fuzz', round, deal);
  const pieces = shuffled(draw);
  const strongSeats = 1 + draw(3);
  const first = draw(4);
  const holds = (seat: number): boolean => (seat - first + 4) % 4 < strongSeats;
  const hands: Piece[][] = [[], [], [], []];
  const strong = pieces.filter((piece) => pointsOf(piece) > 9);
  const low = pieces.filter((piece) => pointsOf(piece) <= 9);
  strong.forEach((piece, index) => hands[(first + (index % strongSeats)) % 4]!.push(piece));
  for (const [seat, hand] of hands.entries()) {
    if (!holds(seat)) hand.push(...low.splice(0, 8));
  }
  for (const hand of hands) hand.push(...low.splice(0, 8 - hand.length));
  return inTurn(hands);
}
