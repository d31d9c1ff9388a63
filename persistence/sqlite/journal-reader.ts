import type Database from 'better-sqlite3';
import type { Entry, Outage, Page, RoomRow, Snapshot, StreamHead } from '../journal.js';
import { type RoomRecord, toRoomRow } from '../room-record.js';
import { type HeadRecord, SELECT_HEAD, toStreamHead } from './stream-head.js';

const PAGE_ROWS_MAX = 1_000;

const SELECT_ROOM = 'SELECT * FROM rooms';

/** All reading of an SQLite journal. Each method is one transaction, so what it returns belongs together. */
export class JournalReader {
  readonly #heads: (roomIds: readonly string[]) => StreamHead[];
  readonly #openStreams: Database.Statement<[cursor: number, limit: number], HeadRecord>;
  readonly #entries: Database.Statement<[roomId: string, from: number, to: number, limit: number], Entry>;
  readonly #snapshots: Database.Statement<[roomId: string, atMost: number, limit: number], Snapshot>;
  readonly #marks: Database.Statement<[], { aliveAt: number; lastAt: number }>;
  readonly #outages: Database.Statement<[], Outage>;
  readonly #roomByCode: Database.Statement<[code: string], RoomRecord>;
  readonly #roomByCreation: Database.Statement<[creator: string, key: string, since: number], RoomRecord>;
  readonly #roomsByStatus: Database.Statement<[status: string, limit: number], RoomRecord>;

  constructor(db: Database.Database) {
    const head = db.prepare<[string], HeadRecord>(`${SELECT_HEAD} WHERE s.room_id = ?`);
    this.#heads = db.transaction((roomIds: readonly string[]) =>
      roomIds.flatMap((roomId) => {
        const record = head.get(roomId);
        return record === undefined ? [] : [toStreamHead(record)];
      }),
    );
    this.#openStreams = db.prepare(`${SELECT_HEAD} WHERE s.key > ? AND s.closed_at IS NULL ORDER BY s.key LIMIT ?`);
    this.#entries = db.prepare(
      `SELECT s.room_id AS roomId, e.seq, e.at, e.message, e.outcome, e.events, e.machine_version AS machineVersion,
         e.correlation_id AS correlationId, e.next_deadline AS nextDeadline, e.hash
       FROM streams s JOIN entries e ON e.stream = s.key
       WHERE s.room_id = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT ?`,
    );
    this.#snapshots = db.prepare(
      `SELECT s.room_id AS roomId, n.seq, n.at, n.machine_version AS machineVersion, n.state,
         n.state_hash AS stateHash, n.entry_hash AS entryHash
       FROM streams s JOIN snapshots n ON n.stream = s.key
       WHERE s.room_id = ? AND n.seq <= ? ORDER BY n.seq DESC LIMIT ?`,
    );
    this.#marks = db.prepare('SELECT alive_at AS aliveAt, last_at AS lastAt FROM alive');
    this.#outages = db.prepare('SELECT from_at AS "from", to_at AS "to" FROM outages ORDER BY from_at');
    this.#roomByCode = db.prepare(`${SELECT_ROOM} WHERE code = ? AND status <> 'archived'`);
    this.#roomByCreation = db.prepare(
      `${SELECT_ROOM} WHERE creator = ? AND creation_key = ? AND created_at >= ? ORDER BY created_at DESC LIMIT 1`,
    );
    this.#roomsByStatus = db.prepare(`${SELECT_ROOM} WHERE status = ? ORDER BY created_at, room_id LIMIT ?`);
  }

  heads(roomIds: readonly string[]): StreamHead[] {
    return this.#heads(roomIds);
  }

  openStreams(cursor: number): Page<StreamHead> {
    const records = this.#openStreams.all(cursor, PAGE_ROWS_MAX + 1); // one more tells whether there is a page behind
    const items = records.slice(0, PAGE_ROWS_MAX);
    return { items: items.map(toStreamHead), next: records.length > items.length ? items.at(-1)!.key : null };
  }

  read(roomId: string, from: number, to: number): Entry[] {
    return this.#entries.all(roomId, from, to, PAGE_ROWS_MAX);
  }

  snapshots(roomId: string, atMost: number, limit: number): Snapshot[] {
    return this.#snapshots.all(roomId, atMost, limit);
  }

  marks(): { aliveAt: number; lastAt: number } {
    return this.#marks.get()!;
  }

  outages(): Outage[] {
    return this.#outages.all();
  }

  roomByCode(code: string): RoomRow | null {
    return rowOrNull(this.#roomByCode.get(code));
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): RoomRow | null {
    return rowOrNull(this.#roomByCreation.get(creator, creationKey, createdSince));
  }

  roomsByStatus(status: RoomRow['status'], limit: number): RoomRow[] {
    return this.#roomsByStatus.all(status, limit).map(toRoomRow);
  }
}

function rowOrNull(record: RoomRecord | undefined): RoomRow | null {
  return record === undefined ? null : toRoomRow(record);
}
