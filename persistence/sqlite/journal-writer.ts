import Database from 'better-sqlite3';
import type { Append, Entry, Outage, RowChange, Snapshot, Verdict } from '../journal.js';
import { type HeadRecord, SELECT_HEAD } from './stream-head.js';

/** Where a stream stands for the next append, kept in memory so that a batch reads nothing. */
interface Head {
  key: number; // 0: the stream is not stored yet
  seq: number;
  at: number;
  hash: string;
  nextDeadline: number | null;
  snapshotSeq: number;
  closed: boolean;
  fence: number;
}

export interface JournalWriterOptions {
  readonly headCountMax?: number; // heads in memory; above it the ones that were loaded first are read again when needed
  readonly checkpointPages?: number; // pages in the log that are moved into the database between two batches
}

const COMMITTED: Verdict = { kind: 'committed' };

/** All writing to an SQLite journal, on one connection. Methods throw SqliteError and have then written nothing. */
export class JournalWriter {
  readonly #db: Database.Database;
  readonly #headCountMax: number;
  readonly #checkpointPages: number;
  readonly #heads = new Map<string, Head>();
  readonly #putStatements = new Map<
    string,
    { readonly update: Database.Statement; readonly insert: Database.Statement }
  >();

  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  readonly #rollbackToSavepoint: Database.Statement;
  readonly #selectHead: Database.Statement<[string], HeadRecord>;
  readonly #insertStream: Database.Statement;
  readonly #updateStream: Database.Statement;
  readonly #insertEntry: Database.Statement;
  readonly #insertSnapshot: Database.Statement;
  readonly #deleteRoom: Database.Statement;
  readonly #updateAlive: Database.Statement;
  readonly #upsertOutage: Database.Statement;

  constructor(db: Database.Database, { headCountMax = 100_000, checkpointPages = 16_384 }: JournalWriterOptions = {}) {
    this.#db = db;
    this.#headCountMax = headCountMax;
    this.#checkpointPages = checkpointPages;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#savepoint = db.prepare('SAVEPOINT one_append');
    this.#release = db.prepare('RELEASE one_append');
    this.#rollbackToSavepoint = db.prepare('ROLLBACK TO one_append');
    this.#selectHead = db.prepare(`${SELECT_HEAD} WHERE s.room_id = ?`);
    this.#insertStream = db.prepare(
      `INSERT INTO streams (room_id, seq, at, hash, next_deadline, snapshot_seq, closed_at, fence)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateStream = db.prepare(
      `UPDATE streams SET seq = ?, at = ?, hash = ?, next_deadline = ?, snapshot_seq = ?, closed_at = ?, fence = ?
       WHERE key = ?`,
    );
    this.#insertEntry = db.prepare(
      `INSERT INTO entries
         (stream, seq, at, outcome, machine_version, correlation_id, next_deadline, hash, message, events)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertSnapshot = db.prepare(
      `INSERT OR REPLACE INTO snapshots (stream, seq, at, machine_version, state, state_hash, entry_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#deleteRoom = db.prepare('DELETE FROM rooms WHERE room_id = ?');
    this.#updateAlive = db.prepare('UPDATE alive SET alive_at = max(alive_at, ?), last_at = max(last_at, ?)');
    this.#upsertOutage = db.prepare(
      `INSERT INTO outages (from_at, to_at) VALUES (?, ?)
       ON CONFLICT (from_at) DO UPDATE SET to_at = max(to_at, excluded.to_at)`,
    );
  }

  /** Writes a batch in one transaction. Durable when it returns. */
  commit(batch: readonly Append[], aliveAt: number): Verdict[] {
    try {
      this.#begin.run();
      const refused = new Set<string>();
      let lastAt = 0;
      const verdicts = batch.map((append) => {
        const verdict = refused.has(append.roomId) ? this.#conflict(append) : this.#write(append);
        if (verdict.kind === 'conflict') refused.add(append.roomId);
        else lastAt = Math.max(lastAt, append.entry?.at ?? 0);
        return verdict;
      });
      this.#updateAlive.run(aliveAt, lastAt);
      this.#commit.run();
      this.#forgetSomeHeads();
      return verdicts;
    } catch (error) {
      // The heads in memory may be ahead of the database now: they are read again when they are needed.
      for (const { roomId } of batch) this.#heads.delete(roomId);
      if (this.#db.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  markAlive(at: number): void {
    this.#updateAlive.run(at, 0);
  }

  recordOutage({ from, to }: Outage): void {
    this.#upsertOutage.run(from, to);
  }

  /** A smaller disk: the database takes no more than `pages` pages of 4 KiB. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  /**
   * Moves the write-ahead log into the database when it has grown long enough. Called between two batches, on the
   * thread that writes: beside a writer a checkpoint never reaches the log's end, and the log would grow for ever.
   */
  checkpoint(): void {
    const [log] = this.#db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
    if (log !== undefined && log.log - log.checkpointed >= this.#checkpointPages) {
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    }
  }

  #write(append: Append): Verdict {
    const { roomId, expectedSeq, fence, entry, snapshot, rows, closes } = append;
    const head = this.#head(roomId);
    const stale = head.seq !== expectedSeq || head.fence > fence || (head.closed && entry !== null);
    if (stale || !this.#changeRows(rows)) return this.#conflict(append);

    if (entry !== null) {
      head.seq = entry.seq;
      head.at = entry.at;
      head.hash = entry.hash;
      head.nextDeadline = entry.nextDeadline;
    }
    const headChanges = head.key === 0 || snapshot !== null || closes || head.fence < fence;
    if (snapshot !== null) head.snapshotSeq = snapshot.seq;
    head.closed ||= closes;
    head.fence = fence;
    if (headChanges) this.#storeHead(roomId, head);
    if (entry !== null) this.#storeEntry(head.key, entry);
    if (snapshot !== null) this.#storeSnapshot(head.key, snapshot);
    return COMMITTED;
  }

  #conflict({ roomId }: Append): Verdict {
    return { kind: 'conflict', actualSeq: this.#head(roomId).seq };
  }

  #head(roomId: string): Head {
    const known = this.#heads.get(roomId);
    if (known !== undefined) return known;
    const record = this.#selectHead.get(roomId);
    if (record === undefined) {
      return { key: 0, seq: 0, at: 0, hash: '', nextDeadline: null, snapshotSeq: 0, closed: false, fence: 0 };
    }
    const head = { ...record, closed: record.closed === 1 };
    this.#heads.set(roomId, head);
    return head;
  }

  #forgetSomeHeads(): void {
    let excess = this.#heads.size - this.#headCountMax;
    for (const roomId of this.#heads.keys()) {
      if (excess-- <= 0) return;
      this.#heads.delete(roomId);
    }
  }

  #storeHead(roomId: string, head: Head): void {
    const values = [
      head.seq,
      head.at,
      head.hash,
      head.nextDeadline,
      head.snapshotSeq,
      head.closed ? head.at : null,
      head.fence,
    ];
    if (head.key === 0) {
      head.key = Number(this.#insertStream.run(roomId, ...values).lastInsertRowid);
      this.#heads.set(roomId, head);
    } else {
      this.#updateStream.run(...values, head.key);
    }
  }

  #storeEntry(stream: number, entry: Entry): void {
    this.#insertEntry.run(
      stream,
      entry.seq,
      entry.at,
      entry.outcome,
      entry.machineVersion,
      entry.correlationId,
      entry.nextDeadline,
      entry.hash,
      entry.message,
      entry.events,
    );
  }

  #storeSnapshot(stream: number, { seq, at, machineVersion, state, stateHash, entryHash }: Snapshot): void {
    this.#insertSnapshot.run(stream, seq, at, machineVersion, state, stateHash, entryHash);
  }

  /** @returns whether the rows took the changes; if not, none of them is left, and the rest of the batch is untouched */
  #changeRows(rows: readonly RowChange[]): boolean {
    if (rows.length === 0) return true;
    this.#savepoint.run();
    try {
      for (const row of rows) this.#changeRow(row);
    } catch (error) {
      if (!isConstraint(error)) throw error;
      this.#rollbackToSavepoint.run();
      this.#release.run();
      return false;
    }
    this.#release.run();
    return true;
  }

  #changeRow(row: RowChange): void {
    if (row.kind === 'delete') {
      this.#deleteRoom.run(row.key);
      return;
    }
    const columns = Object.keys(row.values);
    const values = Object.values(row.values);
    const { update, insert } = this.#putStatementsFor(columns);
    if (update.run(...values, row.key).changes === 0) insert.run(...values, row.key);
  }

  #putStatementsFor(columns: readonly string[]): { update: Database.Statement; insert: Database.Statement } {
    const id = columns.join();
    let statements = this.#putStatements.get(id);
    if (statements === undefined) {
      // The names are those of `ROOM_COLUMNS`: `assertAppend` let no other through.
      const assignments =
        columns.length === 0 ? 'room_id = room_id' : columns.map((column) => `${column} = ?`).join(', ');
      const names = [...columns, 'room_id'];
      statements = {
        update: this.#db.prepare(`UPDATE rooms SET ${assignments} WHERE room_id = ?`),
        insert: this.#db.prepare(`INSERT INTO rooms (${names.join()}) VALUES (${names.map(() => '?').join()})`),
      };
      this.#putStatements.set(id, statements);
    }
    return statements;
  }
}

function isConstraint(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT');
}
