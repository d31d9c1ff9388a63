// Goal: the model of the rules agrees with everything recorded of the existing system, so that it may judge the
// machine. Method: every group of the vectors but those of whole games, which the machine plays.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { botAccepts, botDeclaration, botPlay } from './bots.js';
import { isWholeSet, KINDS, type ModelPiece } from './pieces.js';
import { compare, typeOf, winnerOf } from './plays.js';
import {
  faultsOfDeclaration,
  from,
  ranksOf,
  redealStarterOf,
  scoreOf,
  starterOf,
  weakOnes,
  winnersOf,
} from './rounds.js';

interface Round {
  readonly n: number;
  readonly deals: readonly (readonly string[])[];
  readonly redeal: readonly string[];
  readonly decl: readonly (readonly [number, number])[];
  readonly starter: number;
  readonly mult: number;
  readonly turns: readonly {
    readonly plays: readonly (readonly [number, string])[];
    readonly winner: number;
    readonly piles: number;
  }[];
  readonly captured: readonly number[];
  readonly delta: readonly number[];
  readonly total: readonly number[];
}

/** Formats: shared/spec/vectors.README.md. */
const VECTORS = JSON.parse(readFileSync(new URL('../../../shared/spec/vectors.json', import.meta.url), 'utf8')) as {
  readonly pieces: readonly (readonly [string, number, string, string, number])[];
  readonly weakHands: readonly (readonly [readonly string[], readonly number[]])[];
  readonly playTypes: readonly (readonly [string, string])[];
  readonly compare: readonly (readonly [string, string, number])[];
  readonly turns: readonly (readonly [readonly string[], readonly string[], number, number])[];
  readonly declareOptions: readonly (readonly [number, number, 0 | 1, string])[];
  readonly scoring: readonly (readonly [number, number, number, number, 0 | 1])[];
  readonly winConditions: readonly (readonly [readonly number[], 0 | 1, readonly number[], readonly number[]])[];
  readonly botDeclare: readonly (readonly [string, number, readonly number[], 0 | 1, number])[];
  readonly botPlay: readonly (readonly [string, number, readonly number[]])[];
  readonly botRedeal: readonly (readonly [string, number, number, readonly number[], number, 0 | 1])[];
  readonly redeal: readonly (readonly [
    number,
    number,
    readonly (readonly string[])[],
    readonly string[],
    number,
    number,
  ])[];
  readonly games: readonly {
    readonly rounds: readonly Round[];
    readonly winners: readonly number[];
    readonly finished: boolean;
  }[];
};

const set = (text: string): ModelPiece[] => (text === '' ? [] : text.split(' '));

test('the pieces are the 32 of the game', () => {
  expect(
    [...KINDS].map(([kind, { points, name, colour, copies }]) => [kind, points, name, colour, copies]).sort(),
  ).toEqual(VECTORS.pieces.map((piece) => [...piece]).sort());
  expect(isWholeSet([...KINDS].flatMap(([kind, { copies }]) => Array.from({ length: copies }, () => kind)))).toBe(true);
});

test('weak hands', () => {
  for (const [hands, weak] of VECTORS.weakHands) expect(weakOnes(hands.map(set))).toEqual(weak);
});

test('types of sets, and which is stronger', () => {
  for (const [pieces, type] of VECTORS.playTypes) expect(typeOf(set(pieces)), pieces).toBe(type);
  for (const [first, second, result] of VECTORS.compare) {
    expect(compare(set(first), set(second)), `${first} against ${second}`).toBe(result);
  }
});

test('winners of turns', () => {
  for (const [sets, types, winner] of VECTORS.turns) {
    expect(winnerOf(sets.map(set))).toBe(winner);
    expect(sets.map((each) => typeOf(set(each)))).toEqual(types);
  }
});

test('what may be declared', () => {
  for (const [streak, sum, isLast, allowed] of VECTORS.declareOptions) {
    const before = isLast === 1 ? [sum, 0, 0] : [sum];
    const open = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((value) => faultsOfDeclaration(value, streak, before).length === 0);
    expect(open.join('')).toBe(allowed);
  }
  for (const value of [-1, 9, 0.5, Number.NaN]) expect(faultsOfDeclaration(value, 0, [])).toEqual(['valueOutOfRange']);
});

test('scores and the end of the game', () => {
  for (const [declared, captured, multiplier, score, perfect] of VECTORS.scoring) {
    expect(scoreOf(declared, captured, multiplier)).toMatchObject({ score, perfect: perfect === 1 });
  }
  for (const [totals, over, winners, order] of VECTORS.winConditions) {
    expect(winnersOf(totals)).toEqual(winners);
    expect(winnersOf(totals).length > 0).toBe(over === 1);
    const ranks = ranksOf(totals);
    expect(order.map((seat) => ranks[seat]!)).toEqual([...ranks].sort((a, b) => a - b));
  }
});

test('who starts after redeals', () => {
  for (const [round, lastWinner, deals, answers, starter, multiplier] of VECTORS.redeal) {
    let redealStarter: number | null = null;
    let redeals = 0;
    for (const letters of answers) {
      const next = redealStarterOf(
        Array.from(letters, (letter) => letter === 'A'),
        redealStarter,
        round,
        lastWinner < 0 ? null : lastWinner,
      );
      if (next === null) continue;
      redealStarter = next;
      redeals++;
    }
    const hands = deals.at(-1)!.map(set);
    expect(starterOf(redealStarter, round, hands, lastWinner < 0 ? null : lastWinner).seat).toBe(starter);
    expect(1 + redeals).toBe(multiplier);
  }
});

test('bots', () => {
  for (const [hand, position, before, barred, value] of VECTORS.botDeclare) {
    expect(botDeclaration(set(hand), position, before, barred === 1), hand).toBe(value);
  }
  for (const [hand, required, positions] of VECTORS.botPlay) {
    expect(botPlay(set(hand), required === 0 ? null : required), hand).toEqual(positions);
  }
  for (const [hand, round, own, others, roll, accepts] of VECTORS.botRedeal) {
    if (weakOnes([set(hand), [], [], []]).includes(0)) expect(botAccepts(round, own, others, roll)).toBe(accepts === 1);
  }
});

test('turns, piles and scores of whole games', () => {
  for (const { rounds, winners, finished } of VECTORS.games) {
    let totals = [0, 0, 0, 0];
    for (const { starter, turns, decl, captured, mult, delta, total } of rounds) {
      const piles = [0, 0, 0, 0];
      let leader = starter;
      for (const { plays, winner, piles: won } of turns) {
        expect(plays.map(([seat]) => seat)).toEqual(from(leader));
        expect(plays[winnerOf(plays.map(([, pieces]) => set(pieces)))]![0]).toBe(winner);
        expect(set(plays[0]![1])).toHaveLength(won);
        piles[winner]! += won;
        leader = winner;
      }
      expect(piles).toEqual(captured);
      const declared = [0, 1, 2, 3].map((seat) => decl.find(([each]) => each === seat)![1]);
      const scores = piles.map((pile, seat) => scoreOf(declared[seat]!, pile, mult).score);
      expect(scores).toEqual(delta);
      totals = totals.map((before, seat) => before + scores[seat]!);
      expect(totals).toEqual(total);
    }
    expect(finished ? winnersOf(totals) : []).toEqual(winners);
  }
});
