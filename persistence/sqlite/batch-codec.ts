import type { Append, Entry, EntryOutcome, Snapshot } from '../journal.js';
import type { RowChange } from '../rows.js';

/**
 * A batch on its way to the writer's thread: one flat array of strings and one of numbers, in the order in which they
 * are read back. Cheaper to hand over than objects (the names would be copied each time) and than one buffer.
 *
 * Per append, numbers:  expectedSeq fence flags rowCount  [at machineVersion nextDeadline]  [at machineVersion]
 *             strings:  roomId  [outcome correlationId hash message events]  [state stateHash entryHash]  row…
 * The first bracket is the entry, the second the snapshot; their seqs follow from `expectedSeq`. A row is JSON.
 * NaN stands for null.
 */
export interface EncodedBatch {
  readonly strings: readonly string[];
  readonly numbers: Float64Array;
}

const HAS_ENTRY = 1;
const HAS_SNAPSHOT = 2;
const CLOSES = 4;

export function encodeBatch(batch: readonly Append[]): EncodedBatch {
  const strings: string[] = [];
  const numbers: number[] = [];
  for (const { roomId, expectedSeq, fence, entry, snapshot, rows, closes } of batch) {
    const flags = (entry ? HAS_ENTRY : 0) | (snapshot ? HAS_SNAPSHOT : 0) | (closes ? CLOSES : 0);
    strings.push(roomId);
    numbers.push(expectedSeq ?? Number.NaN, fence, flags, rows.length);
    if (entry !== null) {
      strings.push(entry.outcome, entry.correlationId, entry.hash, entry.message, entry.events);
      numbers.push(entry.at, entry.machineVersion, entry.nextDeadline ?? Number.NaN);
    }
    if (snapshot !== null) {
      strings.push(snapshot.state, snapshot.stateHash, snapshot.entryHash);
      numbers.push(snapshot.at, snapshot.machineVersion);
    }
    for (const row of rows) strings.push(JSON.stringify(row));
  }
  return { strings, numbers: Float64Array.from(numbers) };
}

export function decodeBatch({ strings, numbers }: EncodedBatch): Append[] {
  const batch: Append[] = [];
  let nextString = 0;
  let nextNumber = 0;
  const text = (): string => strings[nextString++]!;
  const number = (): number => numbers[nextNumber++]!;
  const numberOrNull = (): number | null => {
    const value = number();
    return Number.isNaN(value) ? null : value;
  };

  const entryOf = (roomId: string, seq: number): Entry => {
    const outcome = text() as EntryOutcome;
    const correlationId = text();
    const hash = text();
    const message = text();
    const events = text();
    const at = number();
    const machineVersion = number();
    const nextDeadline = numberOrNull();
    return { roomId, seq, at, message, outcome, events, machineVersion, correlationId, nextDeadline, hash };
  };
  const snapshotOf = (roomId: string, seq: number): Snapshot => ({
    roomId,
    seq,
    state: text(),
    stateHash: text(),
    entryHash: text(),
    at: number(),
    machineVersion: number(),
  });

  while (nextString < strings.length) {
    const roomId = text();
    const expectedSeq = numberOrNull();
    const fence = number();
    const flags = number();
    const rowCount = number();
    const version = expectedSeq ?? 0; // an append without a version has neither of the two
    const entry = flags & HAS_ENTRY ? entryOf(roomId, version + 1) : null;
    const snapshot = flags & HAS_SNAPSHOT ? snapshotOf(roomId, entry?.seq ?? version) : null;
    const rows = Array.from({ length: rowCount }, () => JSON.parse(text()) as RowChange);
    batch.push({ roomId, expectedSeq, fence, entry, snapshot, rows, closes: (flags & CLOSES) !== 0 });
  }
  return batch;
}
