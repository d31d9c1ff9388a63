// Goal: the laws of the rules hold for every deal, not only for the recorded ones.
// Method: random deals and random choices from a fixed seed, so that a failing case is the same in each run.
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { botDeclare, botPlay } from './bot.js';
import { comparePlays } from './compare.js';
import { dealHands, shuffle } from './deal.js';
import { declareOptions, judgeDeclaration, nextZeroStreak } from './declaration.js';
import { finalOrder, isGameOver, sharedRanks, winners } from './game-end.js';
import { fullSet, kindOf, pointsOf, sumOfPoints, type Colour, type Piece } from './pieces.js';
import { playType, strength } from './play-type.js';
import { redealReference, resolveRedeal } from './redeal.js';
import { isRefusal } from './refusal.js';
import { scoreRound } from './scoring.js';
import { nextSeat, seatOrderFrom, SEATS, withSeat, type PerSeat, type Seat } from './seats.js';
import { judgePlay, pilesWon, turnWinner } from './turn.js';
import { validPlays } from './valid-plays.js';
import { weakSeats } from './weak-hand.js';

fc.configureGlobal({ seed: 20_240_522, numRuns: 300 });

/** A whole deal; shrinks towards the unshuffled set. */
const deal = fc.shuffledSubarray(fullSet(), { minLength: 32, maxLength: 32 }).map(dealHands);
const hand = (minLength: number) => fc.shuffledSubarray(fullSet(), { minLength, maxLength: 8 });
const pieces = fc.shuffledSubarray(fullSet(), { maxLength: 8 });
const seat = fc.constantFrom(...SEATS);
const total = fc.integer({ min: -60, max: 80 });
const totals = fc.tuple(total, total, total, total);
const bars = fc.record({ zeroStreak: fc.nat(4), sumSoFar: fc.nat(24), isLast: fc.boolean() });
/** Sets that mostly have a type: any valid play of a random hand. */
const validSet = fc.tuple(hand(1), fc.nat()).map(([held, choice]) => {
  const plays = validPlays(held, 1, 6);
  return plays[choice % plays.length]!.positions.map((position) => held[position]!);
});
/** A leader's play and three followers' sets of as many pieces, with a type and without. */
const turnSets = validSet.chain((leader) => {
  const any = fc.shuffledSubarray(fullSet(), { minLength: leader.length, maxLength: leader.length });
  // Random sets of several pieces hardly ever have a type, so most followers answer with the leader's own names.
  const alike = fc
    .constantFrom<Colour>('RED', 'BLACK')
    .map((colour) => leader.map((piece): Piece => `${kindOf(piece).name}_${colour}`));
  const follower = fc.oneof(any, alike);
  return fc.tuple(fc.constant(leader), follower, follower, follower);
});

function sorted(list: readonly Piece[]): Piece[] {
  return [...list].sort((a, b) => pointsOf(b) - pointsOf(a));
}

describe('dealing', () => {
  test.prop([fc.array(fc.nat(), { minLength: 31, maxLength: 31 })])(
    'a shuffle keeps all 32 pieces whatever chance says',
    (rolls) => {
      let roll = 0;
      expect(sorted(shuffle(fullSet(), (n) => rolls[roll++]! % n))).toEqual(fullSet());
    },
  );
  test.prop([deal])('a deal gives each seat 8 pieces and loses no piece', (hands) => {
    expect(hands.map((held) => held.length)).toEqual([8, 8, 8, 8]);
    expect(sorted(hands.flat())).toEqual(fullSet());
  });
  test.prop([deal])('a weak hand holds only pieces of the ten weak kinds, and a strong hand one above 9', (hands) => {
    for (const each of SEATS) {
      const highest = Math.max(...hands[each].map(pointsOf));
      expect(weakSeats(hands).includes(each)).toBe(highest <= 9);
    }
  });
  test.prop([fc.tuple(...SEATS.map(() => fc.constantFrom(true, false, null))), seat])(
    'the redeal starter has accepted, and nobody between the reference and it has',
    ([a, b, c, d], reference) => {
      const answers = [a!, b!, c!, d!] as PerSeat<boolean | null>;
      const outcome = resolveRedeal(answers, reference);
      const order = seatOrderFrom(reference);
      if (outcome.kind === 'keep') {
        expect(answers).not.toContain(true);
      } else {
        expect(answers[outcome.starter]).toBe(true);
        expect(order.slice(0, order.indexOf(outcome.starter)).some((each) => answers[each] === true)).toBe(false);
      }
    },
  );
  test.prop([seat, fc.option(seat)])(
    'the starter of an earlier redeal is the reference before anything else',
    (redealStarter, lastTurnWinner) => {
      expect(redealReference({ redealStarter, lastTurnWinner })).toBe(redealStarter);
    },
  );
});

describe('declaring', () => {
  test.prop([bars])('leaves at least 7 values', (each) => {
    expect(declareOptions(each).length).toBeGreaterThanOrEqual(7);
  });
  test.prop([bars, fc.integer({ min: -3, max: 12 })])('accepts exactly the values that are offered', (each, value) => {
    const judged = judgeDeclaration({ ...each, seat: 0, declarer: 0, value });
    expect(judged.kind === 'accepted').toBe(declareOptions(each).includes(value));
  });
  test.prop([fc.array(fc.nat(8), { minLength: 4, maxLength: 4 })])(
    'never lets four legal declarations add up to 8',
    (picks) => {
      let sum = 0;
      for (const [position, pick] of picks.entries()) {
        const options = declareOptions({ zeroStreak: 0, sumSoFar: sum, isLast: position === 3 });
        sum += options[pick % options.length]!;
      }
      expect(sum).not.toBe(8);
    },
  );
  test.prop([fc.array(fc.nat(8), { maxLength: 30 })])('never lets a player declare 0 three times running', (picks) => {
    let streak = 0;
    for (const pick of picks) {
      const options = declareOptions({ zeroStreak: streak, sumSoFar: 0, isLast: false });
      streak = nextZeroStreak(streak, options[pick % options.length]!);
      expect(streak).toBeLessThanOrEqual(2);
    }
  });
});

describe('types and strength', () => {
  test.prop([pieces.chain((set) => fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length })))])(
    'do not depend on the order of the pieces',
    ([set, permuted]) => {
      const type = playType(set);
      expect(playType(permuted)).toBe(type);
      expect(strength(permuted, type)).toBe(strength(set, type));
    },
  );
  test.prop([validSet])('a set with a type has one colour and 1 to 6 pieces', (set) => {
    expect(playType(set)).not.toBe('INVALID');
    expect(new Set(set.map((piece) => kindOf(piece).colour)).size).toBe(1);
    expect(set.length).toBeLessThanOrEqual(6);
  });
  test.prop([validSet])('the same set in black has the same type and is weaker by one point a counted piece', (set) => {
    const type = playType(set);
    const swapped = set.map(
      (piece): Piece => `${kindOf(piece).name}_${kindOf(piece).colour === 'RED' ? 'BLACK' : 'RED'}`,
    );
    const counted = type === 'EXTENDED_STRAIGHT' || type === 'EXTENDED_STRAIGHT_5' ? 3 : set.length;
    expect(playType(swapped)).toBe(type);
    expect(Math.abs(strength(set, type) - strength(swapped, type))).toBe(counted);
  });
  test.prop([validSet])('strength is the plain sum, less the doubled pieces of an extended straight', (set) => {
    const type = playType(set);
    const doubled = set.filter((piece, index) => set.indexOf(piece) < index);
    const extended = type === 'EXTENDED_STRAIGHT' || type === 'EXTENDED_STRAIGHT_5';
    expect(strength(set, type)).toBe(sumOfPoints(set) - (extended ? sumOfPoints(doubled) : 0));
  });
  test.prop([pieces, pieces])('swapping two plays swaps the result of comparing them', (first, second) => {
    const mirrored = { 1: 2, 2: 1, 0: 0, [-1]: -1 } as const;
    expect(comparePlays(second, first)).toBe(mirrored[comparePlays(first, second)]);
  });
  test.prop([hand(1)])('the valid plays of a hand are all its subsets that have a type', (held) => {
    const found = new Map(validPlays(held, 1, 6).map((play) => [play.positions.join(), play]));
    for (let mask = 0; mask < 1 << held.length; mask++) {
      const positions = [...held.keys()].filter((position) => (mask & (1 << position)) !== 0);
      const set = positions.map((position) => held[position]!);
      const play = found.get(positions.join());
      expect(play?.type ?? 'INVALID').toBe(playType(set));
      if (play !== undefined) expect(play.sum).toBe(sumOfPoints(set));
    }
  });
});

describe('a turn', () => {
  test.prop([turnSets])('goes to the earliest of the strongest plays of the type led', (sets) => {
    const type = playType(sets[0]);
    const strengths = sets.map((set) => (playType(set) === type ? strength(set, type) : -1));
    expect(turnWinner(sets)).toBe(strengths.indexOf(Math.max(...strengths)));
  });
  test.prop([validSet, fc.nat(2)])('goes to the leader when no follower has a type', (leader, spare) => {
    fc.pre(leader.length > 1);
    const untyped: Piece[] = Array.from({ length: leader.length }, (_, index) =>
      index === 0 ? 'GENERAL_BLACK' : spare === 0 ? 'ADVISOR_RED' : 'GENERAL_RED',
    );
    expect(playType(untyped)).toBe('INVALID');
    expect(turnWinner([leader, untyped, untyped, untyped])).toBe(0);
  });
  test.prop([
    hand(1),
    fc.array(fc.integer({ min: -1, max: 8 }), { maxLength: 8 }),
    fc.option(fc.integer({ min: 1, max: 6 })),
  ])(
    'splits the hand into what is played and what is kept, or refuses and says why',
    (held, indices, requiredCount) => {
      const judged = judgePlay({ seat: 0, player: 0, hand: held, indices, requiredCount });
      if (isRefusal(judged)) {
        expect(judged.sentence.startsWith('P1 ')).toBe(true);
        return;
      }
      expect(judged.pieces).toEqual(indices.map((index) => held[index]));
      expect(judged.rest).toEqual(held.filter((_piece, index) => !indices.includes(index)));
      expect(judged.pieces.length).toBe(requiredCount ?? judged.pieces.length);
      expect(sorted([...judged.pieces, ...judged.rest])).toEqual(sorted(held));
    },
  );
});

describe('a round of bots', () => {
  test.prop([deal, seat])('uses up all hands together, yields 8 piles and keeps every piece', (hands, starter) => {
    let held: PerSeat<readonly Piece[]> = hands;
    const table: Piece[] = [];
    let leader: Seat = starter;
    let piles = 0;
    while (held[0].length > 0) {
      const sets: Piece[][] = [];
      let player = leader;
      for (const each of seatOrderFrom(leader)) {
        const requiredCount = sets[0]?.length ?? null;
        const indices = botPlay(held[each], requiredCount);
        const play = judgePlay({ seat: each, player, hand: held[each], indices, requiredCount });
        if (isRefusal(play)) throw new Error(play.sentence);
        sets.push(play.pieces);
        table.push(...play.pieces);
        held = withSeat(held, each, play.rest);
        player = nextSeat(player);
      }
      expect(sorted([...table, ...held.flat()])).toEqual(fullSet());
      piles += pilesWon(sets[0]!.length);
      leader = seatOrderFrom(leader)[turnWinner(sets)!]!;
    }
    expect(held).toEqual([[], [], [], []]);
    expect(piles).toBe(8);
  });
  test.prop([hand(1)])('plays only what the rules accept, for the lead and for every required count', (held) => {
    for (const requiredCount of [null, 1, 2, 3, 4, 5, 6]) {
      if (requiredCount !== null && requiredCount > held.length) continue;
      const indices = botPlay(held, requiredCount);
      expect(judgePlay({ seat: 3, player: 3, hand: held, indices, requiredCount }).kind).toBe('accepted');
    }
  });
  test.prop([hand(8), fc.array(fc.nat(8), { maxLength: 3 }), fc.boolean()])(
    'declares only what the rules offer, and never 8',
    (held, declaredBefore, zeroBarred) => {
      const position = declaredBefore.length;
      const value = botDeclare({ hand: held, position, declaredBefore, zeroBarred });
      const sumSoFar = declaredBefore.reduce((sum, each) => sum + each, 0);
      const options = declareOptions({ zeroStreak: zeroBarred ? 2 : 0, sumSoFar, isLast: position === 3 });
      expect(options).toContain(value);
      expect(value).toBeLessThanOrEqual(7);
    },
  );
});

describe('scoring', () => {
  test.prop([fc.nat(8), fc.nat(8), fc.integer({ min: 1, max: 9 })])(
    'gives points exactly for a declaration kept, and multiplies all of it',
    (declared, captured, multiplier) => {
      const scored = scoreRound(declared, captured, multiplier);
      expect(scored.base).toBe(scored.bonus + scored.hit);
      expect(scored.score).toBe(scored.base * multiplier);
      expect(scored.score > 0).toBe(declared === captured);
      expect(scored.perfect).toBe(scored.bonus === 5);
    },
  );
  test.prop([fc.nat(8), fc.nat(8)])('a miss costs the same whichever of the two is larger', (declared, captured) => {
    fc.pre(declared !== captured);
    expect(scoreRound(declared, captured, 1)).toEqual(scoreRound(captured, declared, 1));
  });
});

describe('the end of the game', () => {
  test.prop([totals])('somebody has won exactly when the game is over, and winners share rank 1', (each) => {
    const won = winners(each);
    expect(won.length > 0).toBe(isGameOver(each));
    const ranks = sharedRanks(each);
    if (isGameOver(each)) expect(won).toEqual(SEATS.filter((one) => ranks[one] === 1));
  });
  test.prop([totals])('the final order has every seat once, and shared ranks never fall along it', (each) => {
    const order = finalOrder(each);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    const ranks = sharedRanks(each);
    for (const [place, one] of order.entries()) {
      const before = order[place - 1];
      // A rank is the place itself, or that of the player before with the same total.
      const tied = before !== undefined && each[before] === each[one];
      expect(ranks[one]).toBe(tied ? ranks[before] : place + 1);
      if (tied) expect(before).toBeLessThan(one);
    }
  });
});
