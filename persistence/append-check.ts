import type { Append } from './journal.js';
import { ROOM_COLUMNS } from './room-record.js';

/**
 * Checks what only our own mistake can break. Done where an append is offered, so that the mistake stops the room
 * that made it and not the batch that it would have joined.
 * @throws TypeError that names the room and both values
 */
export function assertAppend({ roomId, expectedSeq, entry, snapshot, rows }: Append): void {
  if (entry === null && expectedSeq === 0) throw broken(roomId, 'opens its stream without an entry');
  if (entry !== null && entry.roomId !== roomId) throw broken(roomId, `holds an entry of room ${entry.roomId}`);
  if (entry !== null && entry.seq !== expectedSeq + 1) {
    throw broken(roomId, `puts entry ${entry.seq} behind entry ${expectedSeq}`);
  }
  if (snapshot !== null && snapshot.roomId !== roomId) throw broken(roomId, `holds a snapshot of ${snapshot.roomId}`);
  const lastSeq = entry?.seq ?? expectedSeq;
  if (snapshot !== null && snapshot.seq !== lastSeq) {
    throw broken(roomId, `holds a snapshot of seq ${snapshot.seq} where its state is that of ${lastSeq}`);
  }
  for (const row of rows) {
    if (row.kind === 'delete') continue;
    const unknown = Object.keys(row.values).find((column) => !ROOM_COLUMNS.has(column));
    if (unknown !== undefined) throw broken(roomId, `puts a column ${unknown}, which ${row.table} does not have`);
  }
}

function broken(roomId: string, what: string): TypeError {
  return new TypeError(`The append of room ${roomId} ${what}`);
}
