import type { RoomRow } from '../../persistence/rows.js';
import type { SeatView } from '../../actors/room/room-view.js';
import { wireSeat, wireSlots } from './room-messages.js';
import type { WireMessage } from './wire.js';

/** Each row as it is listed: rows are replaced and never changed, and a list of 200 is sent to whoever asks. */
const listed = new WeakMap<RoomRow, ReturnType<typeof listedRoom>>();

/** protocol.md 4.2; `more` tells its three variants apart. */
export function roomListUpdate(rows: readonly RoomRow[], more: Readonly<Record<string, unknown>>): WireMessage {
  return { event: 'room_list_update', data: { rooms: rows.map(onceListed), ...more } };
}

function onceListed(row: RoomRow) {
  const known = listed.get(row);
  if (known !== undefined) return known;
  const made = listedRoom(row);
  listed.set(row, made);
  return made;
}

function listedRoom(row: RoomRow) {
  const seats = JSON.parse(row.seats) as readonly (SeatView | null)[];
  const players = seats.map((seat) => wireSeat(seat, seat?.name === row.hostName));
  return {
    room_id: row.code,
    host_name: row.hostName,
    started: row.status !== 'waiting',
    slots: wireSlots(players),
    players,
    occupied_slots: seats.length - row.freeSeats,
    total_slots: seats.length,
    created_at: isoTime(row.createdAt),
    last_activity: isoTime(row.updatedAt),
  };
}

/** Without a zone, as the existing system writes it. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '');
}
