import { expect, test } from 'vitest';
import { dealHands, shuffle } from '../game/deal.js';
import { fullSet } from '../game/pieces.js';
import { judgePlay } from '../game/turn.js';
import type { Duty } from './duty.js';
import { seededRandom } from './random.js';
import { botStrategy, carefulStrategy, decide, randomStrategy } from './strategy.js';

const weakHand = ['HORSE_RED', 'SOLDIER_RED', 'CANNON_BLACK'] as const;

test.each([
  ['random', randomStrategy],
  ['careful', carefulStrategy],
  ['bot', botStrategy],
])('%s moves are always legal', (_name, make) => {
  const random = seededRandom(1);
  const strategy = make(random);
  for (let game = 0; game < 200; game++) {
    const hand = dealHands(shuffle(fullSet(), (n) => Math.floor(random() * n)))[0];
    for (const requiredCount of [null, 1, 2, 6]) {
      const indices = strategy.play({ kind: 'play', key: '', hand, requiredCount, plays: [], missing: 0 });
      expect(judgePlay({ seat: 0, player: 0, hand, indices, requiredCount })).toMatchObject({ kind: 'accepted' });
    }
  }
});

test('random declarations come from the open values, and each comes', () => {
  const strategy = randomStrategy(seededRandom(2));
  const options = [1, 2, 4, 8];
  const duty: Duty = {
    kind: 'declare',
    key: '',
    hand: weakHand,
    position: 3,
    declaredBefore: [1, 2, 2],
    zeroStreak: 2,
    options,
  };
  const declared = new Set(Array.from({ length: 200 }, () => strategy.declare(duty)));
  expect([...declared].sort()).toEqual(options);
});

test('a careful player throws its dearest pieces under a better play, and its cheapest while it lacks piles', () => {
  const { play } = carefulStrategy(() => 0);
  const hand = ['SOLDIER_RED', 'ADVISOR_RED', 'ELEPHANT_RED'] as const;
  const answer = (missing: number, led: 'GENERAL_RED' | 'HORSE_RED') =>
    play({ kind: 'play', key: '', hand, requiredCount: 1, plays: [[led]], missing });
  expect(answer(0, 'GENERAL_RED')).toEqual([1]);
  expect(answer(1, 'GENERAL_RED')).toEqual([0]);
  expect(answer(0, 'HORSE_RED')).toEqual([0]);
  expect(answer(1, 'HORSE_RED')).toEqual([1]);
});

test('a careful leader declares the piles of its largest set, leads it, and then gives the lead away', () => {
  const { declare, play } = carefulStrategy(() => 0);
  const hand = ['CANNON_RED', 'SOLDIER_BLACK', 'HORSE_RED', 'CHARIOT_RED', 'ELEPHANT_RED'] as const;
  const options = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const duty = { kind: 'declare', key: '', hand, declaredBefore: [], zeroStreak: 0, options } as const;
  expect(declare({ ...duty, position: 0 })).toBe(3);
  expect(declare({ ...duty, position: 1 })).toBe(0);
  expect(declare({ ...duty, position: 1, options: [2, 3] })).toBe(2);
  const lead = { kind: 'play', key: '', hand, requiredCount: null, plays: [] } as const;
  expect(play({ ...lead, missing: 3 })).toEqual([0, 2, 3]);
  expect(play({ ...lead, missing: 0 })).toEqual([1]);
});

test('a bot accepts a redeal by its roll', () => {
  const duty = { kind: 'redeal', key: '', hand: weakHand, round: 1, ownTotal: 0, otherTotals: [0, 0, 0] } as const;
  expect(botStrategy(() => 0.79).acceptsRedeal(duty)).toBe(true);
  expect(botStrategy(() => 0.8).acceptsRedeal(duty)).toBe(false);
});

test('decisions become the messages of the protocol', () => {
  const strategy = { declare: () => 3, play: () => [2, 0], acceptsRedeal: () => false };
  const hand = weakHand;
  expect(decide(strategy, { kind: 'play', key: '', hand, requiredCount: 2, plays: [], missing: 0 }, 'Hana')).toEqual({
    event: 'play',
    data: { piece_indices: [2, 0], player_name: 'Hana', play_value: 9 },
    pieces: ['CANNON_BLACK', 'HORSE_RED'],
  });
  const declare: Duty = {
    kind: 'declare',
    key: '',
    hand,
    position: 0,
    declaredBefore: [],
    zeroStreak: 0,
    options: [3],
  };
  expect(decide(strategy, declare, 'Hana')).toMatchObject({
    event: 'declare',
    data: { value: 3, player_name: 'Hana' },
  });
  const redeal: Duty = { kind: 'redeal', key: '', hand, round: 1, ownTotal: 0, otherTotals: [] };
  expect(decide(strategy, redeal, 'Hana')).toMatchObject({ event: 'decline_redeal', data: { player_name: 'Hana' } });
});
