import type { StreamHead } from '../journal.js';

/** A stream's head row and the last entry behind it, in one look-up each. */
export const SELECT_HEAD = `
  SELECT s.key AS key, s.room_id AS roomId,
    coalesce(e.seq, s.seq) AS seq, coalesce(e.at, s.at) AS at, coalesce(e.hash, s.hash) AS hash,
    iif(e.seq IS NULL, s.next_deadline, e.next_deadline) AS nextDeadline,
    s.snapshot_seq AS snapshotSeq, s.closed_at IS NOT NULL AS closed, s.fence AS fence
  FROM streams s
  LEFT JOIN entries e ON e.stream = s.key AND e.seq = (SELECT max(seq) FROM entries WHERE stream = s.key)`;

export interface HeadRecord {
  readonly key: number;
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly nextDeadline: number | null;
  readonly snapshotSeq: number;
  readonly closed: 0 | 1;
  readonly fence: number;
}

export function toStreamHead(record: HeadRecord): StreamHead {
  return {
    roomId: record.roomId,
    seq: record.seq,
    at: record.at,
    hash: record.hash,
    nextDeadline: record.nextDeadline,
    snapshotSeq: record.snapshotSeq,
    closed: record.closed === 1,
  };
}
