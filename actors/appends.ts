import type { Append, JournalWriter, Outcome } from '../persistence/journal.js';
import type { RowChange } from '../persistence/rows.js';

/** Rows of a room that follow from no entry. */
export function rowsAppend(roomId: string, rows: readonly RowChange[]): Append {
  return { roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
}

export function decided(writer: JournalWriter, append: Append): Promise<Outcome> {
  return new Promise((resolve) => writer.append(append, resolve));
}

/** @returns whether the rows are durable */
export async function writeRows(writer: JournalWriter, roomId: string, rows: readonly RowChange[]): Promise<boolean> {
  return (await decided(writer, rowsAppend(roomId, rows))).kind === 'committed';
}
