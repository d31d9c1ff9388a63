import type Database from 'better-sqlite3';
import { CHAIN_START, chainHash } from '../hash-chain.js';
import type { Entry, StreamHead } from '../journal.js';
import { rowSum } from '../row-sum.js';

/** A stream's head as its row says it, and the last entry behind that row. */
export interface StoredHead {
  readonly key: number; // 0: the stream is not stored yet
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly nextDeadline: number | null;
  readonly snapshotSeq: number;
  readonly closed: boolean;
  readonly fence: number;
  readonly anchorSeq: number;
  readonly anchorHash: string;
}

/**
 * `damaged`: the row's checksum is not its own, and the entries do not prove what it says. A row that is only partly
 * wrong is `sound` again by what the entries prove.
 */
export interface FoundHead {
  readonly kind: 'sound' | 'damaged';
  readonly head: StoredHead;
  readonly isAsWritten: boolean; // the row has its checksum: nothing had to be proven
}

/** The row in the order in which the checksum takes its columns, and the last entry. */
interface HeadRecord {
  readonly key: number;
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly nextDeadline: number | null;
  readonly snapshotSeq: number;
  readonly closedAt: number | null;
  readonly fence: number;
  readonly anchorSeq: number;
  readonly anchorHash: string;
  readonly sum: string;
  readonly lastSeq: number | null; // null: there are no entries
  readonly lastAt: number;
  readonly lastHash: string;
  readonly lastDeadline: number | null;
}

const SELECT = `
  SELECT s.key, s.room_id AS roomId, s.seq, s.at, s.hash, s.next_deadline AS nextDeadline,
    s.snapshot_seq AS snapshotSeq, s.closed_at AS closedAt, s.fence, s.anchor_seq AS anchorSeq,
    s.anchor_hash AS anchorHash, s.sum,
    e.seq AS lastSeq, e.at AS lastAt, e.hash AS lastHash, e.next_deadline AS lastDeadline
  FROM streams s
  LEFT JOIN entries e ON e.stream = s.key AND e.seq = (SELECT max(seq) FROM entries WHERE stream = s.key)`;

/** The statements; a test reads their plans. */
export const HEAD_SQL = {
  byRoom: `${SELECT} WHERE s.room_id = ?`,
  open: `${SELECT} WHERE s.key > ? AND s.closed_at IS NULL ORDER BY s.key LIMIT ?`,
  all: `${SELECT} WHERE s.key > ? ORDER BY s.key LIMIT ?`,
  firstEntry: `
    SELECT seq, at, message, outcome, events, machine_version AS machineVersion, correlation_id AS correlationId,
      next_deadline AS nextDeadline, hash
    FROM entries WHERE stream = ? ORDER BY seq LIMIT 1`,
  newestSnapshot: 'SELECT seq FROM snapshots WHERE stream = ? ORDER BY seq DESC LIMIT 1',
} as const;

/** The heads of streams on one connection. What a head is worth is judged here and nowhere else. */
export class StreamHeads {
  readonly #byRoom: Database.Statement<[roomId: string], HeadRecord>;
  readonly #open: Database.Statement<[cursor: number, limit: number], HeadRecord>;
  readonly #all: Database.Statement<[cursor: number, limit: number], HeadRecord>;
  readonly #firstEntry: Database.Statement<[stream: number], Omit<Entry, 'roomId'>>;
  readonly #newestSnapshot: Database.Statement<[stream: number], { readonly seq: number }>;

  constructor(db: Database.Database) {
    this.#byRoom = db.prepare(HEAD_SQL.byRoom);
    this.#open = db.prepare(HEAD_SQL.open);
    this.#all = db.prepare(HEAD_SQL.all);
    this.#firstEntry = db.prepare(HEAD_SQL.firstEntry);
    this.#newestSnapshot = db.prepare(HEAD_SQL.newestSnapshot);
  }

  find(roomId: string): FoundHead | null {
    const record = this.#byRoom.get(roomId);
    return record === undefined ? null : this.#judge(record);
  }

  /** Streams behind the key `cursor`, in order of creation. */
  page(which: 'open' | 'all', cursor: number, limit: number): FoundHead[] {
    return (which === 'open' ? this.#open : this.#all).all(cursor, limit).map((record) => this.#judge(record));
  }

  #judge(record: HeadRecord): FoundHead {
    if (record.sum === headSum(record, record.closedAt)) {
      return { kind: 'sound', head: headOf(record), isAsWritten: true };
    }
    const derived = this.#derive(record);
    return derived === null
      ? { kind: 'damaged', head: headOf(record), isAsWritten: false }
      : { kind: 'sound', head: derived, isAsWritten: false };
  }

  /**
   * The head that the entries prove, or null where they do not: the first entry's hash ties them to the room and to
   * the anchor. Nothing proves that the stream is closed, so it is open: its last state says better whether the room
   * is, and a stream that is open by mistake loses nothing. One process owns the file, so no fence is lost either.
   */
  #derive(record: HeadRecord): StoredHead | null {
    const first = this.#firstEntry.get(record.key);
    if (first === undefined) return null;
    const anchorSeq = first.seq - 1;
    const anchorHash = anchorSeq === 0 ? CHAIN_START : record.anchorHash;
    const isProven = chainHash(anchorHash, { roomId: record.roomId, ...first }) === first.hash;
    if (!isProven) return null;
    const snapshotSeq = this.#newestSnapshot.get(record.key)?.seq ?? 0;
    return { ...headOf(record), snapshotSeq, closed: false, fence: 0, anchorSeq, anchorHash };
  }
}

/** The checksum of a row of `streams`. */
export function headSum(head: Omit<StoredHead, 'closed'>, closedAt: number | null): string {
  const { key, roomId, seq, at, hash, nextDeadline, snapshotSeq, fence, anchorSeq, anchorHash } = head;
  return rowSum('streams', [
    key,
    roomId,
    seq,
    at,
    hash,
    nextDeadline,
    snapshotSeq,
    closedAt,
    fence,
    anchorSeq,
    anchorHash,
  ]);
}

export function toStreamHead(head: StoredHead): StreamHead {
  const { roomId, seq, at, hash, nextDeadline, snapshotSeq, closed, anchorSeq, anchorHash } = head;
  return { roomId, seq, at, hash, nextDeadline, snapshotSeq, closed, anchorSeq, anchorHash };
}

function headOf(record: HeadRecord): StoredHead {
  const { key, roomId, snapshotSeq, closedAt, fence, anchorSeq, anchorHash } = record;
  const { seq, at, hash, nextDeadline } = record;
  const isTail = record.lastSeq !== null;
  return {
    key,
    roomId,
    seq: isTail ? record.lastSeq : seq,
    at: isTail ? record.lastAt : at,
    hash: isTail ? record.lastHash : hash,
    nextDeadline: isTail ? record.lastDeadline : nextDeadline,
    snapshotSeq,
    closed: closedAt !== null,
    fence,
    anchorSeq,
    anchorHash,
  };
}
