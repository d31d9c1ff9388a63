import type { RoomRow, RowValues } from './journal.js';

/** A rooms row as it is stored: the members of `RoomRow` under the names that repository rows use. */
export interface RoomRecord {
  readonly room_id: string;
  readonly code: string;
  readonly status: RoomRow['status'];
  readonly host_name: string;
  readonly seats: string;
  readonly free_seats: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly creator: string;
  readonly creation_key: string | null;
}

/** Columns that a new row must bring. A later `put` brings those that changed and leaves the others. */
const ROOM_COLUMNS_REQUIRED = [
  'code',
  'status',
  'host_name',
  'seats',
  'free_seats',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof RoomRecord)[];

export const ROOM_COLUMNS: ReadonlySet<string> = new Set<keyof RoomRecord>([
  ...ROOM_COLUMNS_REQUIRED,
  'creator',
  'creation_key',
]);

/** The row after a `put` over `before`, or undefined where a new row lacks a column or a column would lose its value. */
export function putRecord(roomId: string, before: RoomRecord | undefined, values: RowValues): RoomRecord | undefined {
  const record: RowValues = { creator: '', creation_key: null, ...before, ...values, room_id: roomId };
  const isComplete = [...ROOM_COLUMNS_REQUIRED, 'creator'].every((column) => (record[column] ?? null) !== null);
  return isComplete ? (record as unknown as RoomRecord) : undefined;
}

export function toRoomRow(record: RoomRecord): RoomRow {
  return {
    roomId: record.room_id,
    code: record.code,
    status: record.status,
    hostName: record.host_name,
    seats: record.seats,
    freeSeats: record.free_seats,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
    creator: record.creator,
    creationKey: record.creation_key,
  };
}
