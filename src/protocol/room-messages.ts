import type { RoomView, SeatView } from '../../actors/room/room-view.js';
import type { CloseReason } from '../../actors/room/room-event.js';
import { ABANDONED_END_MS, ABANDONED_GAME_MS } from '../../actors/room/room-state.js';
import { type Seat, SEATS } from '../game/seats.js';
import type { WireMessage } from './wire.js';

/** A seat as the lobby and the room page know it; null is empty. */
export function wireSeat(seat: SeatView | null, isHost: boolean) {
  if (seat === null) return null;
  return { name: seat.name, is_bot: seat.isBot, is_host: isHost, avatar_color: seat.colour };
}

/** `{ P1: …, P2: … }` of seats in order. */
export function wireSlots<T>(seats: readonly T[]): Record<string, T> {
  return Object.fromEntries(seats.map((seat, index) => [`P${index + 1}`, seat]));
}

function wireSeats({ seats, host }: RoomView) {
  return SEATS.map((seat) => wireSeat(seats[seat], seat === host));
}

export function nameOf(view: RoomView, seat: Seat): string {
  return view.seats[seat]?.name ?? '';
}

/** protocol.md 4.2 */
export function roomUpdate(view: RoomView): WireMessage {
  return {
    event: 'room_update',
    data: {
      players: wireSeats(view),
      host_name: nameOf(view, view.host),
      room_id: view.code,
      started: view.game !== null,
    },
  };
}

export function roomStateUpdate(view: RoomView): WireMessage {
  return {
    event: 'room_state_update',
    data: { slots: wireSlots(wireSeats(view)), host_name: nameOf(view, view.host) },
  };
}

export function playerDisconnected(name: string, canReconnect: boolean): WireMessage {
  return {
    event: 'player_disconnected',
    data: { player_name: name, ai_activated: true, can_reconnect: canReconnect, is_bot: true },
  };
}

export function playerReconnected(name: string): WireMessage {
  return { event: 'player_reconnected', data: { player_name: name, resumed_control: true, is_bot: false } };
}

export function hostChanged(from: string, to: string): WireMessage {
  return { event: 'host_changed', data: { old_host: from, new_host: to, message: `${to} is now the host` } };
}

export function roomClosed(view: RoomView, why: CloseReason): WireMessage {
  return { event: 'room_closed', data: closing(view, why) };
}

function closing(view: RoomView, why: CloseReason): Record<string, unknown> {
  switch (why) {
    case 'hostLeft':
      return { message: `Room closed by host ${nameOf(view, view.host)}`, reason: 'host_left' };
    case 'hostNeverCame':
      return { message: 'Room closed: its host never arrived', reason: 'host_absent' };
    case 'abandoned': {
      const ended = view.game?.endedAt != null;
      return {
        reason: 'All players disconnected',
        timeout_seconds: (ended ? ABANDONED_END_MS : ABANDONED_GAME_MS) / 1000,
      };
    }
    case 'finished':
      return { message: 'Game has ended', reason: 'game_over' };
    case 'operator':
      return { message: 'The room was closed by the operator', reason: 'closed_by_operator' };
    case 'shutdown':
      return { message: 'The server is shutting down', reason: 'shutdown' };
  }
}

export const kicked: WireMessage = {
  event: 'room_closed',
  data: { reason: 'player_removed', message: 'You have been removed from the room by the host' },
};

export const roomUnknown: WireMessage = { event: 'room_closed', data: { message: 'Room not found.' } };
export const gameHasEnded: WireMessage = {
  event: 'room_closed',
  data: { message: 'Game has ended', reason: 'game_over' },
};
export const nameInUse: WireMessage = {
  event: 'room_closed',
  data: { reason: 'name_in_use', message: 'Somebody else sits in this room under that name' },
};

/** The greeting of a socket whose room does not exist; the socket stays open (protocol.md 2.1). */
export function roomNotFound(roomId: string, monotonicMs: number): WireMessage {
  return {
    event: 'room_not_found',
    data: {
      room_id: roomId,
      message: 'This game room no longer exists',
      suggestion: 'The server may have restarted. Please create or join a new game.',
      timestamp: monotonicMs / 1000,
    },
  };
}

export function error(message: string, type?: string, more: Readonly<Record<string, unknown>> = {}): WireMessage {
  return { event: 'error', data: { message, ...(type !== undefined && { type }), ...more } };
}
