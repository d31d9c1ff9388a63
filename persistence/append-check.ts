import type { Append } from './journal.js';
import { faultOf } from './row-change.js';

/**
 * Checks what only our own mistake can break. Done where an append is offered, so that the mistake stops the room
 * that made it and not the batch that it would have joined.
 * @throws TypeError that names the room and both values
 */
export function assertAppend(append: Append): void {
  const { roomId, rows } = append;
  const fault = append.expectedSeq === null ? rowsOnlyFault(append) : versionFault(append, append.expectedSeq);
  if (fault !== null) throw broken(roomId, fault);
  for (const row of rows) {
    const fault = faultOf(row);
    if (fault !== null) throw broken(roomId, fault);
  }
}

function rowsOnlyFault({ entry, snapshot, closes, rows }: Append): string | null {
  if (entry !== null || snapshot !== null || closes) return 'depends on no version, but holds more than rows';
  // It may be written twice, when nobody could tell whether the first time was one.
  return rows.some(({ kind }) => kind === 'add') ? 'adds to a row without a version, which could count twice' : null;
}

function versionFault({ roomId, entry, snapshot }: Append, expectedSeq: number): string | null {
  if (entry === null && expectedSeq === 0) return 'opens its stream without an entry';
  if (entry !== null && entry.roomId !== roomId) return `holds an entry of room ${entry.roomId}`;
  if (entry !== null && entry.seq !== expectedSeq + 1) return `puts entry ${entry.seq} behind entry ${expectedSeq}`;
  if (snapshot !== null && snapshot.roomId !== roomId) return `holds a snapshot of ${snapshot.roomId}`;
  const lastSeq = entry?.seq ?? expectedSeq;
  if (snapshot === null || snapshot.seq === lastSeq) return null;
  return `holds a snapshot of seq ${snapshot.seq} where its state is that of ${lastSeq}`;
}

function broken(roomId: string, what: string): TypeError {
  return new TypeError(`The append of room ${roomId} ${what}`);
}
