import { expect, test } from 'vitest';
import { rateLimited, refusalMessage, unavailableMessage } from './refusals.js';

test('a refusal of the rules carries sentence, reason and action', () => {
  expect(refusalMessage('play', 'notYourTurn', 'It is not your turn.')).toEqual({
    event: 'error',
    data: { message: 'It is not your turn.', type: 'action_rejected', reason: 'notYourTurn', action: 'play' },
  });
});

test.each([
  ['join_room', 'roomFull', 'Room is full', { message: 'Room is full', type: 'join_room_error' }],
  ['join_room', 'alreadyStarted', 'Started', { message: 'Started', type: 'join_room_error' }],
  ['start_game', 'notHost', 'No host', { message: 'No host', type: 'permission_denied' }],
  ['add_bot', 'hostSeat', 'Host', { message: 'Host', type: 'permission_denied' }],
  ['remove_player', 'alreadyStarted', 'Late', { message: 'Late', type: 'permission_denied' }],
  ['declare', 'notSeated', 'Whose?', { message: 'Join the room first', type: 'not_seated' }],
] as const)('%s refused as %s has the text and type that clients know', (event, reason, sentence, data) => {
  expect(refusalMessage(event, reason, sentence)).toEqual({ event: 'error', data });
});

test('a start that fails has the old text for the old client, and the reason for the new one', () => {
  expect(refusalMessage('start_game', 'seatEmpty', 'Seats are empty')).toEqual({
    event: 'error',
    data: { message: 'Failed to start game', type: 'action_rejected', reason: 'seatEmpty', action: 'start_game' },
  });
});

test('what is away comes back, a stopped room does not', () => {
  for (const why of ['storeAway', 'mailboxFull', 'restarting'] as const) {
    expect(unavailableMessage('play', why).data).toMatchObject({ type: 'temporarily_unavailable', retryable: true });
  }
  expect(unavailableMessage('play', 'quarantined').data).toMatchObject({ retryable: false });
});

test('a flood has no action, a limited message names its own', () => {
  expect(Object.hasOwn(rateLimited(null, 1).data, 'action')).toBe(false);
  expect(rateLimited('play', 7).data).toMatchObject({ type: 'rate_limited', retry_after: 7, action: 'play' });
});
