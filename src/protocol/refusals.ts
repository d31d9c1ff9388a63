import type { ClientEvent } from './client-message.js';
import type { Unavailable } from '../../actors/room-actor.js';
import { error } from './room-messages.js';
import type { WireMessage } from './wire.js';

/** An answer of the rules on the wire: the existing system's text where it had one (protocol.md 3, 7.4). */
export function refusalMessage(event: ClientEvent, reason: string, sentence: string): WireMessage {
  if (event === 'join_room') return error(sentence, 'join_room_error');
  if (reason === 'notHost' || reason === 'hostSeat') return error(sentence, 'permission_denied');
  if (reason === 'alreadyStarted' && event !== 'start_game') return error(sentence, 'permission_denied');
  if (reason === 'notSeated') return notSeated;
  if (event === 'start_game') return error('Failed to start game', 'action_rejected', { reason, action: event });
  return error(sentence, 'action_rejected', { reason, action: event });
}

export const notSeated = error('Join the room first', 'not_seated');

const AWAY: Readonly<Record<Unavailable, string>> = {
  storeAway: 'The server cannot save the game at the moment. Please try again.',
  mailboxFull: 'The room is very busy. Please try again.',
  restarting: 'The room is restarting. Please try again.',
  quarantined: 'This room has been stopped because of an error. An operator has been told.',
  paused: 'An operator has paused the server. Please try again later.',
  failed: 'That could not be done because of an error, and the game goes on without it. An operator has been told.',
};

/** Nothing happened. The same message may be sent again, unless the room itself is at fault. */
export function unavailableMessage(event: ClientEvent, why: Unavailable): WireMessage {
  const type = 'temporarily_unavailable';
  return error(AWAY[why], type, { reason: why, action: event, retryable: why !== 'quarantined' && why !== 'failed' });
}

export function rateLimited(event: ClientEvent | null, retryAfterS: number): WireMessage {
  const action = event === null ? {} : { action: event };
  return error('Too many messages. Please slow down.', 'rate_limited', { retry_after: retryAfterS, ...action });
}

/** What an unknown room, or one without a game, answers (protocol.md 3.2, 3.3). */
export const gameNotFound = error('Game not found');
