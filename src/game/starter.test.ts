import { expect, test } from 'vitest';
import type { Piece } from './pieces.js';
import type { PerSeat } from './seats.js';
import { roundStarter } from './starter.js';

const GENERAL_AT_2: PerSeat<readonly Piece[]> = [['HORSE_RED'], [], ['CANNON_RED', 'GENERAL_RED'], ['GENERAL_BLACK']];

test('the holder of the red general starts round 1', () => {
  expect(roundStarter({ redealStarter: null, round: 1, hands: GENERAL_AT_2, lastTurnWinner: null })).toEqual({
    seat: 2,
    reason: 'has_general_red',
  });
});

test('the winner of the last turn starts a later round, whoever holds the red general', () => {
  expect(roundStarter({ redealStarter: null, round: 2, hands: GENERAL_AT_2, lastTurnWinner: 0 })).toEqual({
    seat: 0,
    reason: 'won_last_turn',
  });
});

test('the accepter of a redeal starts, in round 1 too', () => {
  expect(roundStarter({ redealStarter: 3, round: 1, hands: GENERAL_AT_2, lastTurnWinner: null })).toEqual({
    seat: 3,
    reason: 'accepted_redeal',
  });
});

test('an accepter who also won the last turn starts because of the redeal (D10)', () => {
  expect(roundStarter({ redealStarter: 0, round: 5, hands: GENERAL_AT_2, lastTurnWinner: 0 })).toEqual({
    seat: 0,
    reason: 'accepted_redeal',
  });
});

test('seat 0 starts when no rule fits', () => {
  const expected = { seat: 0, reason: 'default' };
  expect(roundStarter({ redealStarter: null, round: 2, hands: GENERAL_AT_2, lastTurnWinner: null })).toEqual(expected);
  expect(roundStarter({ redealStarter: null, round: 1, hands: [[], [], [], []], lastTurnWinner: null })).toEqual(
    expected,
  );
});
