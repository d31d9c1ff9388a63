// Goal: bots decide from what the room knows, and by draws of their own. Method: states of a real game with what matters
// put in; chances are counted over many rounds of one seed, so that the figures are the same in each run.
import { describe, expect, test } from 'vitest';
import { weakOnce } from '../../test/support/reached-states.js';
import { RoomDriver } from '../../test/support/room-driver.js';
import type { Piece } from '../../src/game/pieces.js';
import { onTurn, plainBots, requiredCount } from './bots.js';
import { type Game, gameOf, type RoomState } from './room-state.js';
import { SEATS } from './rules.js';

const ASKED = RoomDriver.playing({ order: weakOnce }).runTo('playing.preparation.weakHands', () => null).state;
const withGame = (state: RoomState, change: Partial<Game>): RoomState => ({
  ...state,
  game: { ...gameOf(state), ...change },
});

describe('a bot thinks', () => {
  test('for each whole number of ms between the bounds, both included', () => {
    const state = { ...ASKED, pace: { ...ASKED.pace, botThinkMin: 500, botThinkMax: 502 } };
    const thought = Array.from({ length: 40 }, (_, round) => plainBots.thinkMs(withGame(state, { round }), 1));
    expect([...new Set(thought)].sort()).toEqual([500, 501, 502]);
  });

  test('anew for each seat, round, deal, turn and kind of question', () => {
    const { awaiting } = ASKED;
    const turn = { number: 1, leader: 0, plays: [], winner: null } as const;
    const asked: readonly RoomState[] = [
      ASKED,
      withGame(ASKED, { round: 2 }),
      withGame(ASKED, { deal: 2 }),
      withGame(ASKED, { turn }),
      withGame(ASKED, { turn: { ...turn, number: 2 } }),
      { ...ASKED, awaiting: { ...awaiting!, what: 'declaration' } },
      { ...ASKED, awaiting: { ...awaiting!, what: 'play' } },
    ];
    const pace = { ...ASKED.pace, botThinkMin: 0, botThinkMax: 1e9 };
    const questions = asked.map((state) => ({ ...state, pace }));
    const thought = questions.flatMap((state) => SEATS.map((seat) => plainBots.thinkMs(state, seat)));
    expect(new Set(thought).size).toBe(questions.length * 4);
  });
});

describe('a bot accepts a redeal', () => {
  /** The share of 1,000 rounds after the tenth in which it does. */
  function share(scores: Game['scores']): number {
    const rounds = Array.from({ length: 1_000 }, (_, index) => withGame(ASKED, { round: 11 + index, scores }));
    return rounds.filter((state) => plainBots.acceptsRedeal(state, 1)).length / 1_000;
  }

  test('four times of five, and two of five where it is far ahead of all the others', () => {
    expect(share([0, 0, 0, 0])).toBeCloseTo(0.8, 1);
    expect(share([0, 40, 0, 0])).toBeCloseTo(0.4, 1);
    expect(share([0, 40, 0, 35])).toBeCloseTo(0.8, 1);
    expect(share([40, 0, 0, 0])).toBeCloseTo(0.8, 1);
  });
});

test('a bot decides as it did when the journals there are were written', () => {
  expect(SEATS.map((seat) => plainBots.thinkMs(ASKED, seat))).toEqual([527, 1368, 1366, 920]);
  const rounds = Array.from({ length: 20 }, (_, round) => withGame(ASKED, { round }));
  expect(rounds.map((state) => Number(plainBots.acceptsRedeal(state, 1))).join('')).toBe('10111100101110001011');
});

test('a bot that declares last says 0 after one zero in a row, and not after two', () => {
  const hopeless: readonly Piece[] = [
    'SOLDIER_RED',
    'SOLDIER_BLACK',
    'SOLDIER_RED',
    'SOLDIER_BLACK',
    'CANNON_RED',
    'HORSE_BLACK',
    'CHARIOT_RED',
    'CANNON_BLACK',
  ];
  const declared = (zeros: number): number => {
    const hands = [[], [], [], hopeless] as const;
    const change = { starter: 0, hands, declarations: [3, 2, 2, null], zeroStreaks: [0, 0, 0, zeros] } as const;
    return plainBots.declaration(withGame(ASKED, change), 3);
  };
  expect([0, 1, 2].map(declared)).toEqual([0, 0, 2]);
});

test('seats act one after the other from the first, and nobody when all four have', () => {
  expect([0, 1, 2, 3, 4].map((done) => onTurn(2, done))).toEqual([2, 3, 0, 1, null]);
});

test('the leader may choose how many pieces, also of the first turn', () => {
  expect(requiredCount(withGame(ASKED, { turn: null }))).toBeNull();
});
