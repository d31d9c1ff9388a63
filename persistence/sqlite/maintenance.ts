import type Database from 'better-sqlite3';
import { contentHash } from '../hash-chain.js';
import { type Snapshot, StoreFailure, type Verdict } from '../journal.js';
import type { StoredHead } from './stream-head.js';
import type { StreamStore } from './stream-store.js';

/** Rows that one call removes at most: what a commit beside it waits for. */
const PIECE_ROWS_MAX = 500;
const COMMITTED: Verdict = { kind: 'committed' };

/** What the writer's thread does to streams besides appending, between commits and in pieces, each a transaction. */
export class Maintenance {
  readonly compact: (roomId: string, throughSeq: number) => number;
  readonly removeStream: (roomId: string) => number;
  readonly openAt: (roomId: string, anchorSeq: number, anchorHash: string) => Verdict;
  readonly repairSnapshot: (snapshot: Snapshot) => void;

  readonly #streams: StreamStore;
  readonly #forget: (roomId: string) => void;
  readonly #deleteStream: Database.Statement;
  readonly #secondNewestSnapshot: Database.Statement<[stream: number], { readonly seq: number }>;
  readonly #entryHash: Database.Statement<[stream: number, seq: number], { readonly hash: string }>;
  readonly #deleteEntries: Database.Statement<[stream: number, through: number]>;
  readonly #deleteSnapshots: Database.Statement<[{ readonly stream: number; readonly before: number }]>;
  readonly #putSnapshot: Database.Statement;

  /**
   * @param streams the ones of the writer on this connection: two would give the same key twice
   * @param forget drops what the writer has in memory about a stream whose row changes here
   */
  constructor(db: Database.Database, streams: StreamStore, forget: (roomId: string) => void) {
    this.#streams = streams;
    this.#forget = forget;
    this.#deleteStream = db.prepare('DELETE FROM streams WHERE key = ?');
    this.#secondNewestSnapshot = db.prepare(
      'SELECT seq FROM snapshots WHERE stream = ? ORDER BY seq DESC LIMIT 1 OFFSET 1',
    );
    this.#entryHash = db.prepare('SELECT hash FROM entries WHERE stream = ? AND seq = ?');
    this.#deleteEntries = db.prepare('DELETE FROM entries WHERE stream = ? AND seq <= ?');
    this.#deleteSnapshots = db.prepare(
      `DELETE FROM snapshots WHERE stream = @stream AND seq IN
         (SELECT seq FROM snapshots WHERE stream = @stream AND seq < @before ORDER BY seq LIMIT ${PIECE_ROWS_MAX})`,
    );
    this.#putSnapshot = db.prepare(
      `INSERT OR REPLACE INTO snapshots (stream, seq, at, machine_version, state, state_hash, entry_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );

    const inTransaction = <A extends unknown[], R>(run: (...args: A) => R): ((...args: A) => R) => {
      const transaction = db.transaction(run);
      return (...args) => transaction.immediate(...args);
    };
    this.compact = inTransaction((roomId, throughSeq) => this.#compact(roomId, throughSeq));
    this.removeStream = inTransaction((roomId) => this.#removeStream(roomId));
    this.openAt = inTransaction((roomId, anchorSeq, anchorHash) => this.#openAt(roomId, anchorSeq, anchorHash));
    this.repairSnapshot = inTransaction((snapshot) => this.#repairSnapshot(snapshot));
  }

  #compact(roomId: string, throughSeq: number): number {
    const head = this.#find(roomId);
    const kept = head === null ? undefined : this.#secondNewestSnapshot.get(head.key);
    return head === null || kept === undefined ? 0 : this.#cut(head, Math.min(throughSeq, kept.seq - 1));
  }

  /** From the front, as compaction does: a stream that is half removed is a shorter one, and no damaged one. */
  #removeStream(roomId: string): number {
    const head = this.#find(roomId);
    if (head === null) return 0;
    if (!head.closed) throw new StoreFailure('failed', 'STREAM_OPEN', `The stream of room ${roomId} is not closed`);
    const entries = this.#cut(head, head.seq);
    if (entries > 0) return entries;
    const snapshots = this.#deleteSnapshots.run({ stream: head.key, before: Number.MAX_SAFE_INTEGER }).changes;
    if (snapshots > 0) return snapshots;
    this.#forget(roomId);
    return this.#deleteStream.run(head.key).changes;
  }

  /** Moves the anchor: entries go first, then the snapshots in front of it, which lead nowhere any more. */
  #cut(head: StoredHead, throughSeq: number): number {
    const anchorSeq = Math.min(throughSeq, head.anchorSeq + PIECE_ROWS_MAX);
    if (anchorSeq <= head.anchorSeq)
      return this.#deleteSnapshots.run({ stream: head.key, before: head.anchorSeq }).changes;
    const anchor = this.#entryHash.get(head.key, anchorSeq);
    const removed = this.#deleteEntries.run(head.key, anchorSeq).changes;
    if (anchor === undefined || removed !== anchorSeq - head.anchorSeq) {
      const range = `${head.anchorSeq + 1} to ${anchorSeq}`;
      throw new StoreFailure('failed', 'STREAM_DAMAGED', `Room ${head.roomId} does not have all entries from ${range}`);
    }
    this.#update({ ...head, anchorSeq, anchorHash: anchor.hash });
    return removed;
  }

  #openAt(roomId: string, anchorSeq: number, anchorHash: string): Verdict {
    const known = this.#find(roomId);
    if (known !== null) return { kind: 'conflict', actualSeq: known.seq };
    const head = {
      seq: anchorSeq,
      at: 0,
      hash: anchorHash,
      nextDeadline: null,
      snapshotSeq: 0,
      closed: false,
      fence: 0,
    };
    this.#streams.insert({ roomId, anchorSeq, anchorHash, ...head });
    this.#forget(roomId);
    return COMMITTED;
  }

  #repairSnapshot({ roomId, seq, at, machineVersion, state, stateHash, entryHash }: Snapshot): void {
    const head = this.#find(roomId);
    const stored = head?.anchorSeq === seq ? head.anchorHash : this.#entryHash.get(head?.key ?? 0, seq)?.hash;
    if (head === null || stored !== entryHash || contentHash(state) !== stateHash) {
      const message = `The snapshot of entry ${seq} does not fit the stream of room ${roomId}`;
      throw new StoreFailure('failed', 'SNAPSHOT_REFUSED', message);
    }
    this.#putSnapshot.run(head.key, seq, at, machineVersion, state, stateHash, entryHash);
    if (seq > head.snapshotSeq) this.#update({ ...head, snapshotSeq: seq });
  }

  #find(roomId: string): StoredHead | null {
    const found = this.#streams.find(roomId);
    if (found?.kind !== 'damaged') return found?.head ?? null;
    throw new StoreFailure('failed', 'ROW_DAMAGED', `The head of room ${roomId} is not as it was written`);
  }

  #update(head: StoredHead): void {
    this.#streams.update(head);
    this.#forget(head.roomId);
  }
}
