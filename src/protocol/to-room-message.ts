import type { UntimedMessage } from '../../actors/room/room-message.js';
import type { Seat } from '../game/seats.js';
import type { ClientEvent, ClientMessageOf } from './client-message.js';

/** Who speaks, as the gateway knows it. */
export interface Speaker {
  readonly session: string;
  readonly seat: Seat;
}

/** Events that a seated player sends to its room, each with the room message it becomes (checklist WS-4). */
export const ROOM_COMMANDS = {
  add_bot: ({ data }, by) => ({ type: 'addBot', ...by, target: seatOf(data.slot_id) }),
  remove_player: ({ data }, by) => ({ type: 'removePlayer', ...by, target: seatOf(data.slot_id) }),
  leave_room: (_, by) => ({ type: 'leave', ...by }),
  leave_game: (_, by) => ({ type: 'leave', ...by }),
  start_game: (_, by) => ({ type: 'startGame', ...by }),
  declare: ({ data }, by) => ({ type: 'declare', ...by, value: data.value }),
  play: ({ data }, by) => ({ type: 'play', ...by, indices: data.piece_indices }),
  play_pieces: ({ data }, by) => ({ type: 'play', ...by, indices: data.indices }),
  accept_redeal: (_, by) => ({ type: 'answerRedeal', ...by, accept: true }),
  request_redeal: (_, by) => ({ type: 'answerRedeal', ...by, accept: true }),
  decline_redeal: (_, by) => ({ type: 'answerRedeal', ...by, accept: false }),
  redeal_decision: ({ data }, by) => ({ type: 'answerRedeal', ...by, accept: data.choice === 'accept' }),
} as const satisfies { [E in ClientEvent]?: (message: ClientMessageOf<E>, by: Speaker) => UntimedMessage };

export type RoomCommand = keyof typeof ROOM_COMMANDS;
export type RoomCommandMessage = { [E in RoomCommand]: ClientMessageOf<E> }[RoomCommand];

export function isRoomCommand(message: { readonly event: ClientEvent }): message is RoomCommandMessage {
  return Object.hasOwn(ROOM_COMMANDS, message.event);
}

export function toRoomMessage(message: RoomCommandMessage, by: Speaker): UntimedMessage {
  const make = ROOM_COMMANDS[message.event] as (message: RoomCommandMessage, by: Speaker) => UntimedMessage;
  return make(message, by);
}

/** Slots count from 1 on the wire, seats from 0. The decoder has checked the range. */
function seatOf(slotId: number): Seat {
  return (slotId - 1) as Seat;
}

/** The name that a message claims to speak for, where it has one. */
export function claimedName(message: RoomCommandMessage): string | undefined {
  return 'player_name' in message.data ? message.data.player_name : undefined;
}
