import { describe, expect, test } from 'vitest';
import type { Piece } from './pieces.js';
import { judgePlay, pilesWon, turnWinner, type PlayInput } from './turn.js';

describe('the winner of a turn', () => {
  test('of equal plays is the earliest', () => {
    expect(turnWinner([['SOLDIER_RED'], ['HORSE_RED'], ['HORSE_RED'], ['CANNON_RED']])).toBe(1);
  });
  test('is the leader when nobody follows the type, however dear the others are', () => {
    expect(
      turnWinner([
        ['SOLDIER_BLACK', 'SOLDIER_BLACK'],
        ['GENERAL_RED', 'GENERAL_BLACK'],
        ['ADVISOR_RED', 'ADVISOR_BLACK'],
        ['ELEPHANT_RED', 'ADVISOR_RED'],
      ]),
    ).toBe(0);
  });
  test('must have the type of the best play', () => {
    expect(
      turnWinner([
        ['SOLDIER_BLACK', 'SOLDIER_BLACK', 'SOLDIER_BLACK'],
        ['GENERAL_RED', 'ADVISOR_RED', 'ELEPHANT_RED'],
        ['SOLDIER_RED', 'SOLDIER_RED', 'SOLDIER_RED'],
        ['CHARIOT_RED', 'HORSE_RED', 'CANNON_RED'],
      ]),
    ).toBe(2);
  });
  test('is looked for among the counted plays only, and is nobody when none counts', () => {
    const sets: Piece[][] = [['GENERAL_RED'], ['SOLDIER_RED'], ['HORSE_RED'], ['CANNON_RED']];
    expect(turnWinner(sets, [false, true, false, true])).toBe(3);
    expect(turnWinner(sets, [false, false, false, false])).toBeNull();
    expect(turnWinner([])).toBeNull();
  });
  test('captures as many piles as each player played pieces', () => {
    expect(pilesWon(3)).toBe(3);
  });
});

const HAND: readonly Piece[] = ['HORSE_RED', 'SOLDIER_RED', 'HORSE_RED', 'CANNON_RED', 'CHARIOT_RED', 'GENERAL_BLACK'];
const LEAD: PlayInput = { seat: 2, player: 2, hand: HAND, indices: [2, 0], requiredCount: null };
const FOLLOW: PlayInput = { ...LEAD, indices: [5, 1], requiredCount: 2 };

describe('a play', () => {
  test('of the leader takes the pieces in the order named and leaves the rest in the order of the hand', () => {
    expect(judgePlay({ ...LEAD, indices: [4, 3, 0] })).toEqual({
      kind: 'accepted',
      pieces: ['CHARIOT_RED', 'CANNON_RED', 'HORSE_RED'],
      rest: ['SOLDIER_RED', 'HORSE_RED', 'GENERAL_BLACK'],
      type: 'STRAIGHT',
      value: 18,
    });
  });
  test('of a follower needs no type', () => {
    expect(judgePlay(FOLLOW)).toEqual({
      kind: 'accepted',
      pieces: ['GENERAL_BLACK', 'SOLDIER_RED'],
      rest: ['HORSE_RED', 'HORSE_RED', 'CANNON_RED', 'CHARIOT_RED'],
      type: 'INVALID',
      value: 15,
    });
  });
  test('has the plain sum as its value, also for an extended straight', () => {
    expect(judgePlay({ ...LEAD, indices: [0, 2, 3, 4] })).toMatchObject({ type: 'EXTENDED_STRAIGHT', value: 24 });
  });
  test('leaves the given hand as it was', () => {
    const hand = [...HAND];
    judgePlay({ ...LEAD, hand });
    expect(hand).toEqual(HAND);
  });

  test('out of turn is refused', () => {
    expect(judgePlay({ ...LEAD, player: 0 })).toEqual({
      kind: 'refused',
      reason: 'notYourTurn',
      sentence: "P3 cannot play now: it is P1's turn to play.",
    });
  });
  test('while nobody is to play is refused', () => {
    expect(judgePlay({ ...LEAD, player: null })).toEqual({
      kind: 'refused',
      reason: 'notYourTurn',
      sentence: 'P3 cannot play: nobody is to play now.',
    });
  });
  test('of no pieces is refused: a player cannot pass', () => {
    expect(judgePlay({ ...LEAD, indices: [] })).toEqual({
      kind: 'refused',
      reason: 'wrongPieceCount',
      sentence: 'P3 leads and must play 1 to 6 pieces, not 0.',
    });
    expect(judgePlay({ ...FOLLOW, indices: [] })).toMatchObject({ reason: 'wrongPieceCount' });
  });
  test('of six pieces, a double straight, is the largest that the leader may play', () => {
    const hand: readonly Piece[] = [
      'CHARIOT_RED',
      'CHARIOT_RED',
      'HORSE_RED',
      'HORSE_RED',
      'CANNON_RED',
      'CANNON_RED',
      'SOLDIER_RED',
    ];
    expect(judgePlay({ ...LEAD, hand, indices: [0, 1, 2, 3, 4, 5] })).toMatchObject({ type: 'DOUBLE_STRAIGHT' });
  });
  test('of seven pieces is refused to the leader', () => {
    expect(judgePlay({ ...LEAD, indices: [0, 1, 2, 3, 4, 5, 6] })).toMatchObject({ reason: 'wrongPieceCount' });
  });
  test.each([[[]], [[1]], [[1, 3, 4]], [[0, 1, 2, 3, 4, 5, 6]]])(
    'of a follower with another count than the leader is refused: %j',
    (indices) => {
      expect(judgePlay({ ...FOLLOW, indices })).toEqual({
        kind: 'refused',
        reason: 'wrongPieceCount',
        sentence: `P3 must play as many pieces as the leader, 2, not ${indices.length}.`,
      });
    },
  );
  test.each([-1, 6, 0.5, Number.NaN, 2 ** 40])('of position %d, outside a hand of six, is refused (D16)', (index) => {
    expect(judgePlay({ ...FOLLOW, indices: [0, index] })).toEqual({
      kind: 'refused',
      reason: 'pieceNotHeld',
      sentence: `P3 holds 6 pieces and has none at position ${index}.`,
    });
  });
  test('that names a position twice is refused, also as minus zero', () => {
    expect(judgePlay({ ...LEAD, indices: [0, 0] })).toEqual({
      kind: 'refused',
      reason: 'duplicatePiece',
      sentence: 'P3 named the piece at position 0 twice.',
    });
    expect(judgePlay({ ...LEAD, indices: [0, -0] })).toMatchObject({ reason: 'duplicatePiece' });
  });
  test('of the leader without a type is refused, in words that show no piece', () => {
    expect(judgePlay({ ...LEAD, indices: [0, 1] })).toEqual({
      kind: 'refused',
      reason: 'notAPlay',
      sentence: 'P3 leads and must play a set with a type; the pieces at positions 0, 1 have none.',
    });
  });
});
