import { describe, expect, test } from 'vitest';
import { judgeRedealAnswer, redealReference, resolveRedeal } from './redeal.js';

describe('the reference seat', () => {
  test('is seat 0 at the first deal of round 1, whoever holds the red general', () => {
    expect(redealReference({ redealStarter: null, lastTurnWinner: null })).toBe(0);
  });
  test('is the last turn winner from round 2 on', () => {
    expect(redealReference({ redealStarter: null, lastTurnWinner: 3 })).toBe(3);
  });
  test('is the starter of the last redeal once there was one', () => {
    expect(redealReference({ redealStarter: 1, lastTurnWinner: 3 })).toBe(1);
    expect(redealReference({ redealStarter: 0, lastTurnWinner: 3 })).toBe(0);
  });
});

describe('the answers', () => {
  test('of two accepters the first in seat order from the reference starts', () => {
    expect(resolveRedeal([true, null, false, true], 2)).toEqual({ kind: 'redeal', starter: 3 });
    expect(resolveRedeal([true, null, false, true], 0)).toEqual({ kind: 'redeal', starter: 0 });
  });
  test('the hands stay when all decline', () => {
    expect(resolveRedeal([false, null, false, null], 0)).toEqual({ kind: 'keep' });
  });
  test('a missing answer declines and does not hold up an accepter', () => {
    expect(resolveRedeal([null, true, null, null], 0)).toEqual({ kind: 'redeal', starter: 1 });
    expect(resolveRedeal([null, null, null, null], 0)).toEqual({ kind: 'keep' });
  });
});

describe('an answer', () => {
  test('of an asked player counts, before or after the others', () => {
    expect(judgeRedealAnswer({ asked: [1, 3], answers: [null, null, null, true], seat: 1 })).toEqual({
      kind: 'accepted',
    });
  });
  test('of a player who is not asked is refused', () => {
    expect(judgeRedealAnswer({ asked: [1, 3], answers: [null, null, null, null], seat: 0 })).toEqual({
      kind: 'refused',
      reason: 'notAsked',
      sentence: 'P1 has no weak hand and is not asked about a redeal.',
    });
  });
  test('cannot be given again, whether it was yes or no', () => {
    expect(judgeRedealAnswer({ asked: [1, 3], answers: [null, true, null, null], seat: 1 })).toEqual({
      kind: 'refused',
      reason: 'alreadyAnswered',
      sentence: 'P2 has already accepted the redeal; an answer cannot be changed.',
    });
    expect(judgeRedealAnswer({ asked: [1, 3], answers: [null, null, null, false], seat: 3 })).toMatchObject({
      reason: 'alreadyAnswered',
      sentence: 'P4 has already declined the redeal; an answer cannot be changed.',
    });
  });
});
