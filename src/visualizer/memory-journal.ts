import type { Append, Entry, JournalReader, JournalWriter, Outcome, Snapshot } from '../../persistence/journal.js';
import { RoomFileReader } from '../../persistence/room-file-reader.js';
import type { RoomFile } from '../../persistence/room-file.js';

interface Contents extends RoomFile {
  readonly entries: Entry[];
  readonly snapshots: Snapshot[]; // newest first
}

/** One room's journal in memory: read like any other, and written at once. */
export class MemoryJournal implements JournalWriter {
  readonly available = true;
  readonly file: Contents;
  readonly reader: RoomFileReader;

  constructor(file: RoomFile) {
    this.file = { ...file, entries: [...file.entries], snapshots: [...file.snapshots] };
    this.reader = new RoomFileReader(this.file);
  }

  /** The journal of a room that does not exist yet. */
  static empty(roomId: string): MemoryJournal {
    const rows = { rooms: null, games: null, gamePlayers: [] };
    const none = { roomId, anchorSeq: 0, anchorHash: '', closed: false, exportedAt: 0 };
    return new MemoryJournal({ ...none, rows, entries: [], snapshots: [] });
  }

  /** A copy of what a journal holds up to an entry. @returns null where that entry is not there */
  static async copy(reader: JournalReader, roomId: string, upTo: number): Promise<MemoryJournal | null> {
    const [head] = await reader.heads([roomId]);
    if (head === undefined || upTo > head.seq || upTo <= head.anchorSeq) return null;
    const { anchorSeq, anchorHash } = head;
    const entries: Entry[] = [];
    while (entries.length < upTo - anchorSeq) {
      const page = await reader.read(roomId, anchorSeq + entries.length + 1, upTo);
      if (page.length === 0) return null;
      entries.push(...page);
    }
    const snapshots: Snapshot[] = [];
    for (let atMost = upTo; atMost > 0; ) {
      const page = await reader.snapshots(roomId, atMost, SNAPSHOTS_PAGE);
      snapshots.push(...page);
      if (page.length < SNAPSHOTS_PAGE) break;
      atMost = page.at(-1)!.seq - 1;
    }
    const rows = { rooms: null, games: null, gamePlayers: [] };
    return new MemoryJournal({ roomId, anchorSeq, anchorHash, closed: false, exportedAt: 0, rows, entries, snapshots });
  }

  get seq(): number {
    return this.reader.head.seq;
  }

  append({ entry, snapshot }: Append, decided: (outcome: Outcome) => void): void {
    if (entry !== null) this.add(entry, snapshot);
    queueMicrotask(() => decided({ kind: 'committed' }));
  }

  add(entry: Entry, snapshot: Snapshot | null): void {
    this.file.entries.push(entry);
    if (snapshot !== null) this.file.snapshots.unshift(snapshot);
  }
}

const SNAPSHOTS_PAGE = 100;
