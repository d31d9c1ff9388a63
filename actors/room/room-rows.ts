import type { RoomRow, RowChange } from '../../persistence/rows.js';
import type { RoomSnapshot } from '../room-definition.js';
import { gameRows } from './game-rows.js';
import type { RoomMessage } from './room-message.js';
import type { RoomState } from './room-state.js';
import { viewSeats } from './room-view.js';

/**
 * The repository rows that follow from a room's way from one state to another: its line in the lists, and what the
 * statistics know of its game. It runs for each entry, most of which change no row: a state shares every part that a
 * step left alone with the one before, so parts are compared before anything is made of them.
 * @param before null for a room that begins
 * @param message only a `create` is looked at: who made the room stands in no state
 */
export function roomRows(
  roomId: string,
  before: RoomSnapshot<RoomState> | null,
  after: RoomSnapshot<RoomState>,
  message: RoomMessage | null,
): readonly RowChange[] {
  const counted = gameRows(roomId, before, after);
  if (isListedAlike(before, after)) return counted;
  return [{ kind: 'put', table: 'rooms', key: roomId, values: listedRoom(after, message) }, ...counted];
}

function isListedAlike(before: RoomSnapshot<RoomState> | null, after: RoomSnapshot<RoomState>): boolean {
  // A host changes only with its seat.
  return before !== null && statusOf(before) === statusOf(after) && before.context.seats === after.context.seats;
}

/** Always whole: whoever keeps a list can take it as it comes. */
function listedRoom({ value, context }: RoomSnapshot<RoomState>, message: RoomMessage | null): Partial<RoomRow> {
  const { seats, host, code, createdAt, activeAt } = context;
  return {
    code,
    status: statusOf({ value }),
    hostName: seats[host]!.name,
    seats: JSON.stringify(viewSeats(context, 'spectator')),
    freeSeats: seats.filter((occupant) => occupant === null).length,
    createdAt,
    updatedAt: activeAt,
    ...(message?.type === 'create' && { creator: message.session, creationKey: message.key ?? null }),
  };
}

function statusOf({ value }: { readonly value: unknown }): 'waiting' | 'playing' | 'over' | 'closed' {
  if (value === 'gameOver') return 'over';
  return value === 'waiting' || value === 'closed' ? value : 'playing';
}
