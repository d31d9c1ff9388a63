import Database from 'better-sqlite3';
import { CHAIN_START } from '../hash-chain.js';
import type { Append, Entry, Outage, Snapshot, Verdict } from '../journal.js';
import { type RowChange, type Table, TABLES } from '../rows.js';
import { MarksWriter } from './marks.js';
import { RowTable } from './row-table.js';
import type { StoredHead } from './stream-head.js';
import { StreamStore } from './stream-store.js';

/** Where a stream stands for the next append, kept in memory so that a batch reads nothing. */
type Head = { -readonly [Member in keyof StoredHead]: StoredHead[Member] } & { readonly isDamaged: boolean };

export interface JournalWriterOptions {
  readonly headCountMax?: number; // heads in memory; above it the ones that were loaded first are read again when needed
}

const COMMITTED: Verdict = { kind: 'committed' };

/** All writing to an SQLite journal, on one connection. Methods throw SqliteError and have then written nothing. */
export class JournalWriter {
  readonly streams: StreamStore; // for whoever changes streams by another way than `commit`, with `forgetHead`

  readonly #db: Database.Database;
  readonly #headCountMax: number;
  readonly #marks: MarksWriter;
  readonly #tables = new Map<Table, RowTable>();
  readonly #heads = new Map<string, Head>();

  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  readonly #rollbackToSavepoint: Database.Statement;
  readonly #insertEntry: Database.Statement;
  readonly #insertSnapshot: Database.Statement;

  constructor(db: Database.Database, { headCountMax = 100_000 }: JournalWriterOptions = {}) {
    this.#db = db;
    this.#headCountMax = headCountMax;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#savepoint = db.prepare('SAVEPOINT one_append');
    this.#release = db.prepare('RELEASE one_append');
    this.#rollbackToSavepoint = db.prepare('ROLLBACK TO one_append');
    this.#insertEntry = db.prepare(
      `INSERT INTO entries
         (stream, seq, at, outcome, machine_version, correlation_id, next_deadline, hash, message, events)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertSnapshot = db.prepare(
      `INSERT OR REPLACE INTO snapshots (stream, seq, at, machine_version, state, state_hash, entry_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.streams = new StreamStore(db);
    this.#marks = new MarksWriter(db);
    for (const table of Object.keys(TABLES) as Table[]) this.#tables.set(table, new RowTable(db, table));
  }

  /** Writes a batch in one transaction. Durable when it returns. */
  commit(batch: readonly Append[], aliveAt: number): Verdict[] {
    try {
      this.#begin.run();
      const refused = new Set<string>();
      let lastAt = 0;
      const verdicts = batch.map((append) => {
        const isBuiltOnRefused = append.expectedSeq !== null && refused.has(append.roomId);
        const verdict = isBuiltOnRefused ? this.#conflict(append) : this.#write(append);
        if (verdict.kind === 'conflict') refused.add(append.roomId);
        else lastAt = Math.max(lastAt, append.entry?.at ?? 0);
        return verdict;
      });
      this.#marks.advance(aliveAt, lastAt);
      this.#commit.run();
      this.#forgetSomeHeads();
      return verdicts;
    } catch (error) {
      // What is in memory may be ahead of the database now: it is read again when it is needed.
      for (const { roomId } of batch) this.forgetHead(roomId);
      this.#marks.rolledBack();
      if (this.#db.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  markAlive(at: number): void {
    this.#marks.advance(at, 0);
  }

  recordOutage(outage: Outage): void {
    this.#marks.recordOutage(outage);
  }

  /** For whoever changes a stream by another way than `commit`: its head is read again when it is needed. */
  forgetHead(roomId: string): void {
    this.#heads.delete(roomId);
  }

  /** A smaller disk: the database takes no more than `pages` pages of 4 KiB. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  #write(append: Append): Verdict {
    const { roomId, expectedSeq, fence, entry, snapshot, rows, closes } = append;
    const head = this.#head(roomId);
    if (!fits(head, append) || !this.#changeRows(rows)) return this.#conflict(append);
    if (expectedSeq === null) return COMMITTED;

    const wasClosed = head.closed;
    if (entry !== null) {
      head.seq = entry.seq;
      head.at = entry.at;
      head.hash = entry.hash;
      head.nextDeadline = entry.nextDeadline;
      head.closed = closes; // it was open, or this entry opens it again
    } else {
      head.closed ||= closes;
    }
    const headChanges = head.key === 0 || snapshot !== null || head.closed !== wasClosed || head.fence < fence;
    if (snapshot !== null) head.snapshotSeq = snapshot.seq;
    head.fence = fence;
    if (headChanges) this.#storeHead(head);
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
    const found = this.streams.find(roomId);
    if (found === null) return newHead(roomId);
    const head = { ...found.head, isDamaged: found.kind === 'damaged' };
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

  #storeHead(head: Head): void {
    if (head.key > 0) {
      this.streams.update(head);
      return;
    }
    head.key = this.streams.insert(head);
    this.#heads.set(head.roomId, head);
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
    const areTaken = this.#tryRows(rows);
    if (!areTaken) this.#rollbackToSavepoint.run();
    this.#release.run();
    return areTaken;
  }

  #tryRows(rows: readonly RowChange[]): boolean {
    try {
      return rows.every((row) => this.#tables.get(row.table)!.change(row));
    } catch (error) {
      if (isConstraint(error)) return false;
      throw error;
    }
  }
}

/**
 * Whether an append fits behind where its stream stands. A damaged head says of no version that it is the right one,
 * and of no owner that it is an old one.
 */
function fits({ isDamaged, seq, closed, fence }: Head, append: Append): boolean {
  const { expectedSeq, entry } = append;
  if (expectedSeq === null) return isDamaged || fence <= append.fence;
  const isOpen = !closed || entry === null || entry.outcome === 'restored';
  return !isDamaged && fence <= append.fence && seq === expectedSeq && isOpen;
}

function newHead(roomId: string): Head {
  return {
    key: 0,
    roomId,
    seq: 0,
    at: 0,
    hash: CHAIN_START,
    nextDeadline: null,
    snapshotSeq: 0,
    closed: false,
    fence: 0,
    anchorSeq: 0,
    anchorHash: CHAIN_START,
    isDamaged: false,
  };
}

function isConstraint(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT');
}
