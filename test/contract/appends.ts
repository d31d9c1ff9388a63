import { CHAIN_START, chainHash, contentHash } from '../../persistence/hash-chain.js';
import type { Append, Entry, RowChange, RowValues, Snapshot } from '../../persistence/journal.js';

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

export function putRoom(roomId: string, values: RowValues): RowChange {
  return { kind: 'put', table: 'rooms', key: roomId, values };
}

/** All columns of a new room. */
export function newRoom(values: RowValues): RowValues {
  return {
    code: '000000',
    status: 'waiting',
    host_name: 'Ada',
    seats: '[]',
    free_seats: 3,
    created_at: 1_000,
    updated_at: 1_000,
    creator: 'session-1',
    creation_key: null,
    ...values,
  };
}
