import type Database from 'better-sqlite3';
import { type FoundHead, headSum, type StoredHead, StreamHeads } from './stream-head.js';

/** Head rows on the connection that writes, each with its checksum. */
export class StreamStore {
  readonly #heads: StreamHeads;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #lastKey: Database.Statement<[], { readonly seq: number }>; // keys go up and are never used twice

  constructor(db: Database.Database) {
    this.#heads = new StreamHeads(db);
    this.#insert = db.prepare(
      `INSERT INTO streams
         (key, room_id, seq, at, hash, next_deadline, snapshot_seq, closed_at, fence, anchor_seq, anchor_hash, sum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE streams SET seq = ?, at = ?, hash = ?, next_deadline = ?, snapshot_seq = ?, closed_at = ?, fence = ?,
         anchor_seq = ?, anchor_hash = ?, sum = ?
       WHERE key = ?`,
    );
    this.#lastKey = db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'streams'`);
  }

  find(roomId: string): FoundHead | null {
    return this.#heads.find(roomId);
  }

  /** @returns the new stream's key */
  insert(given: Omit<StoredHead, 'key'>): number {
    const head = { ...given, key: (this.#lastKey.get()?.seq ?? 0) + 1 }; // the checksum covers it, so it is known first
    this.#insert.run(head.key, head.roomId, ...valuesOf(head));
    return head.key;
  }

  /** Writes the row of a stream that is stored, whole: what was damaged in it is mended. */
  update(head: StoredHead): void {
    this.#update.run(...valuesOf(head), head.key);
  }
}

function valuesOf(head: StoredHead): unknown[] {
  const closedAt = head.closed ? head.at : null;
  return [
    head.seq,
    head.at,
    head.hash,
    head.nextDeadline,
    head.snapshotSeq,
    closedAt,
    head.fence,
    head.anchorSeq,
    head.anchorHash,
    headSum(head, closedAt),
  ];
}
