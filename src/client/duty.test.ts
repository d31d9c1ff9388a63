import { expect, test } from 'vitest';
import { dutyOf } from './duty.js';
import type { GameView } from './room-view.js';

function game(phase: GameView['phase'], data: GameView['data'], zeroStreak = 0): GameView {
  const player = { isBot: false, handSize: 1, zeroStreak, declared: 2, captured: 1, score: 4 };
  const players = ['Hana', 'Gio', 'Bot 3', 'Bot 4'].map((name) => ({ ...player, name }));
  return { phase, round: 3, players, hand: ['SOLDIER_RED'], isHandCurrent: true, data };
}

const onTurn = game('turn', { current_player: 'Hana', turn_plays: {} });

test('the declarer knows its position and the values that are open to it', () => {
  const data = { current_declarer: 'Hana', declarations: { Gio: 2, 'Bot 3': 1, 'Bot 4': 3 } };
  expect(dutyOf(game('declaration', data, 2), 'Hana')).toMatchObject({
    kind: 'declare',
    position: 3,
    declaredBefore: [2, 1, 3],
    options: [1, 3, 4, 5, 6, 7, 8],
  });
});

test.each([
  ['there is no game', undefined],
  ['another one declares', game('declaration', { current_declarer: 'Gio' })],
  ['nobody declares yet', game('declaration', {})],
  ['another one plays', game('turn', { current_player: 'Gio', turn_plays: {} })],
  ['it has played', game('turn', { current_player: 'Hana', turn_plays: { Hana: { pieces: ['SOLDIER_RED(2)'] } } })],
  ['the turn is over', game('turn', { current_player: 'Hana', turn_plays: {}, turn_complete: true })],
  ['others are asked', game('preparation', { weak_players_awaiting: ['Gio'] })],
  ['its hand is not known', { ...onTurn, hand: [] }],
  ['the hand that it sees is of an earlier message', { ...onTurn, isHandCurrent: false }],
  ['the phase is another one', game('scoring', { current_player: 'Hana', current_declarer: 'Hana' })],
])('owes nothing when %s', (_when, view) => {
  expect(dutyOf(view, 'Hana')).toBeUndefined();
});

test('somebody who is not at the table owes nothing', () => {
  expect(dutyOf(game('turn', { current_player: 'Mona', turn_plays: {} }), 'Mona')).toBeUndefined();
});

test('each turn and each deal is a duty of its own', () => {
  const turn = (number: number) =>
    dutyOf(game('turn', { current_player: 'Hana', current_turn_number: number }), 'Hana');
  expect(turn(1)).toMatchObject({ kind: 'play', requiredCount: null, plays: [], missing: 1, key: 'play 3/1' });
  expect(turn(2)?.key).not.toBe(turn(1)?.key);
  const redeal = (redeal_multiplier: number) =>
    dutyOf(game('preparation', { weak_players_awaiting: ['Hana'], redeal_multiplier }), 'Hana');
  expect(redeal(1)).toMatchObject({ kind: 'redeal', round: 3, ownTotal: 4, otherTotals: [4, 4, 4] });
  expect(redeal(2)?.key).not.toBe(redeal(1)?.key);
});
