import type { Entry, JournalReader, Snapshot, StreamHead } from './journal.js';
import { readRoomFile, type RoomFile } from './room-file.js';

const PAGE_ROWS_MAX = 1_000;

/** A room's file as a journal, so that what rebuilds a room from a store rebuilds it from the file. */
export class RoomFileReader implements JournalReader {
  readonly room: RoomFile;

  constructor(room: RoomFile) {
    this.room = room;
  }

  /** @throws RoomFileDamaged naming the line */
  static async open(file: string): Promise<RoomFileReader> {
    return new RoomFileReader(await readRoomFile(file));
  }

  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]> {
    return Promise.resolve(roomIds.filter((roomId) => roomId === this.room.roomId).map(() => this.head));
  }

  get head(): StreamHead {
    const { roomId, anchorSeq, anchorHash, closed, entries, snapshots } = this.room;
    const last = entries.at(-1);
    return {
      roomId,
      seq: last?.seq ?? anchorSeq,
      at: last?.at ?? 0,
      hash: last?.hash ?? anchorHash,
      nextDeadline: last?.nextDeadline ?? null,
      snapshotSeq: snapshots[0]?.seq ?? 0,
      closed,
      anchorSeq,
      anchorHash,
    };
  }

  read(roomId: string, from: number, to: number): Promise<readonly Entry[]> {
    const { anchorSeq, entries } = this.room;
    const first = Math.max(from - anchorSeq - 1, 0);
    const end = Math.min(Math.max(to - anchorSeq, 0), first + PAGE_ROWS_MAX);
    return Promise.resolve(roomId === this.room.roomId ? entries.slice(first, end) : []);
  }

  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]> {
    const { snapshots } = this.room;
    const found = roomId === this.room.roomId ? snapshots.filter(({ seq }) => seq <= atMost) : [];
    return Promise.resolve(found.slice(0, limit));
  }
}
