import type { JournalWriter } from '../persistence/journal.js';
import type { HoldRow, RowChange } from '../persistence/rows.js';
import { writeRows } from './appends.js';

/** The room id of the hold of every room. */
export const EVERY_ROOM = '*';

/** Which rooms take no messages, and why: in memory to be asked for each message, on the disk to outlive the process. */
export class Holds {
  readonly #writer: JournalWriter;
  readonly #rows = new Map<string, HoldRow>();

  constructor(writer: JournalWriter) {
    this.#writer = writer;
  }

  open(rows: Iterable<HoldRow>): void {
    this.#rows.clear();
    for (const row of rows) this.#rows.set(row.roomId, row);
  }

  /** What holds a room: its own hold before that of every room. */
  of(roomId: string): HoldRow | null {
    return this.#rows.get(roomId) ?? this.#rows.get(EVERY_ROOM) ?? null;
  }

  own(roomId: string): HoldRow | null {
    return this.#rows.get(roomId) ?? null;
  }

  list(): readonly HoldRow[] {
    return [...this.#rows.values()];
  }

  /** Holds at once. @returns whether that is durable */
  set(row: HoldRow): Promise<boolean> {
    this.#rows.set(row.roomId, row);
    return writeRows(this.#writer, row.roomId, [{ kind: 'put', table: 'holds', key: row.roomId, values: row }]);
  }

  /** Holds for as long as the process lives. */
  keep(row: HoldRow): void {
    this.#rows.set(row.roomId, row);
  }

  /** In memory only: the row goes with the entry that releases the room, or by `release`. */
  drop(roomId: string): void {
    this.#rows.delete(roomId);
  }

  async release(roomId: string): Promise<boolean> {
    const row = this.#rows.get(roomId);
    this.#rows.delete(roomId);
    const released = await writeRows(this.#writer, roomId, [releaseRow(roomId)]);
    if (!released && row !== undefined) this.#rows.set(roomId, row);
    return released;
  }
}

/** Quarantines a room on the disk, before any room is opened. @throws where the store is away */
export async function quarantine(writer: JournalWriter, roomId: string, why: string, since: number): Promise<void> {
  const row: HoldRow = { roomId, kind: 'quarantined', since, why, seq: null };
  const written = await writeRows(writer, roomId, [{ kind: 'put', table: 'holds', key: roomId, values: row }]);
  if (!written) throw new Error(`room ${roomId} could not be quarantined: the store is away`);
}

export function releaseRow(roomId: string): RowChange {
  return { kind: 'delete', table: 'holds', key: roomId };
}
