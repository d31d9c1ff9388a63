import { expect, test } from 'vitest';
import { dealHands, shuffle } from '../game/deal.js';
import { fullSet } from '../game/pieces.js';
import { judgePlay } from '../game/turn.js';
import type { Duty } from './duty.js';
import { seededRandom } from './random.js';
import { botStrategy, decide, randomStrategy } from './strategy.js';

const weakHand = ['HORSE_RED', 'SOLDIER_RED', 'CANNON_BLACK'] as const;

test('random moves are always legal', () => {
  const random = seededRandom(1);
  const strategy = randomStrategy(random);
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
