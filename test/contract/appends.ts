import { CHAIN_START, chainHash, contentHash } from '../../persistence/hash-chain.js';
import type { Append, Entry, Snapshot } from '../../persistence/journal.js';
import type { InboxRow, RoomRow, RowChange } from '../../persistence/rows.js';

/** The entry behind `previous` (null: the first of its room), chained to it. */
export function entryAfter(previous: Entry | null, roomId: string, fields: Partial<Entry> = {}): Entry {
  const seq = (previous?.seq ?? 0) + 1;
  const entry = {
    roomId,
    seq,
    at: (previous?.at ?? 1_000) + 10,
    message: `{"type":"play","n":${seq}}`,
    outcome: 'applied' as const,
    events: `[{"type":"played","n":${seq}}]`,
    machineVersion: 1,
    correlationId: `${roomId}-${seq}`,
    nextDeadline: null,
    ...fields,
  };
  return { ...entry, hash: chainHash(previous?.hash ?? CHAIN_START, entry) };
}

/** The first `count` entries of a room. */
export function entriesOf(roomId: string, count: number): Entry[] {
  const entries: Entry[] = [];
  for (let seq = 1; seq <= count; seq++) entries.push(entryAfter(entries.at(-1) ?? null, roomId));
  return entries;
}

export function appendOf(entry: Entry, extra: Partial<Append> = {}): Append {
  const { roomId, seq } = entry;
  return { roomId, expectedSeq: seq - 1, fence: 0, entry, snapshot: null, rows: [], closes: false, ...extra };
}

export function snapshotAt({ roomId, seq, at, hash }: Entry, state = `{"seq":${seq}}`): Snapshot {
  return { roomId, seq, at, machineVersion: 1, state, stateHash: contentHash(state), entryHash: hash };
}

/** An append of a snapshot only, behind `entry`. */
export function snapshotOnly(entry: Entry, extra: Partial<Append> = {}): Append {
  return { ...appendOf(entry), expectedSeq: entry.seq, entry: null, snapshot: snapshotAt(entry), ...extra };
}

/** An append that depends on no version of its room. */
export function rowsOnly(roomId: string, rows: readonly RowChange[], extra: Partial<Append> = {}): Append {
  return { roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false, ...extra };
}

export function putRoom(roomId: string, values: Partial<RoomRow>): RowChange {
  return { kind: 'put', table: 'rooms', key: roomId, values };
}

/** All members of a new room but its id. */
export function newRoom(values: Partial<RoomRow>): Partial<RoomRow> {
  return {
    code: '000000',
    status: 'waiting',
    hostName: 'Ada',
    seats: '[]',
    freeSeats: 3,
    createdAt: 1_000,
    updatedAt: 1_000,
    creator: 'session-1',
    creationKey: null,
    ...values,
  };
}

/** A message that waits, as it comes back when it is read. */
export function inboxRow(roomId: string, position: number): InboxRow {
  return {
    id: `${roomId}/${position}`,
    roomId,
    position,
    at: 1_000 + position,
    lane: 'player',
    slot: null,
    bytes: 17,
    message: `{"type":"play","n":${position}}`,
    session: 'session-1',
    messageId: null,
    correlationId: `${roomId}-${position}`,
  };
}

export function putInbox(roomId: string, position: number): RowChange {
  const row = inboxRow(roomId, position);
  return { kind: 'put', table: 'inbox', key: row.id, values: row };
}
