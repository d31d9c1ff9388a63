/**
 * The journal port: what the runtime needs from a store, in bytes, ids, versions and transactions.
 * One contract suite (`test/contract/`) runs against every engine. Nothing here knows a game or a room's state.
 */

/** One durable step of one room. Entries of a room are numbered from 1 without gaps. */
export interface Entry {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number; // ms since the epoch, never before the entry in front
  readonly message: string; // JSON as the room received it
  readonly outcome: EntryOutcome;
  readonly events: string; // JSON array of what it caused
  readonly machineVersion: number;
  readonly correlationId: string;
  readonly nextDeadline: number | null; // ms since the epoch: when the room wants to be woken, as of this entry
  readonly hash: string; // chainHash over the previous hash and every field above
}

export type EntryOutcome = 'applied' | 'upgraded' | 'restored';

/** The whole state of a room after entry `seq`. Written in the transaction of that entry, or later. */
export interface Snapshot {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number;
  readonly machineVersion: number;
  readonly state: string; // JSON
  readonly stateHash: string; // contentHash of `state`
  readonly entryHash: string; // hash of entry `seq`: ties the snapshot to the chain
}

/** A repository row, written in the same transaction as the entry it follows from (unit of work). */
export type RowChange =
  | { readonly kind: 'put'; readonly table: RepositoryTable; readonly key: string; readonly values: RowValues }
  | { readonly kind: 'delete'; readonly table: RepositoryTable; readonly key: string };

export type RepositoryTable = 'rooms';
export type RowValues = Readonly<Record<string, string | number | null>>;

/** One room's part of a batch. */
export interface Append {
  readonly roomId: string;
  readonly expectedSeq: number; // the version the writer builds on; 0 opens the stream
  readonly fence: number; // the owner's fencing token; 0 where only one process can own rooms
  readonly entry: Entry | null; // null: only a snapshot of the state at `expectedSeq`
  readonly snapshot: Snapshot | null;
  readonly rows: readonly RowChange[];
  readonly closes: boolean; // the room takes no further entries: its stream is left out of `openStreams`
}

/**
 * `conflict`: this append is not in the store, nor is any behind it of the same room in the batch; the rest is. Where
 * `actualSeq` is the expected one, the version was right: the stream is closed, the fence is old, or a row was refused
 * (its code is another room's).
 */
export type Verdict = { readonly kind: 'committed' } | { readonly kind: 'conflict'; readonly actualSeq: number };

/** Where a stream stands: head row and tail taken together. */
export interface StreamHead {
  readonly roomId: string;
  readonly seq: number;
  readonly at: number; // of entry `seq`
  readonly hash: string; // of entry `seq`
  readonly nextDeadline: number | null;
  readonly snapshotSeq: number; // 0: none
  readonly closed: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: number | null; // the cursor of the page behind, null at the end
}

/** A time in which no room could run: the process was down, or its store was away. ms since the epoch. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** A row of the rooms repository. */
export interface RoomRow {
  readonly roomId: string;
  readonly code: string; // unique among rooms whose status is not 'archived'
  readonly status: 'waiting' | 'playing' | 'over' | 'closed' | 'archived';
  readonly hostName: string;
  readonly seats: string; // JSON array as the definition's `rows` made it
  readonly freeSeats: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly creator: string; // session id
  readonly creationKey: string | null; // hash of the creating message's id, unique per creator
}

/**
 * A store for journals. All methods reject with `StoreFailure` when the store can't answer.
 * Reads see committed data only and never wait behind a commit.
 */
export interface JournalEngine {
  /**
   * Writes a batch in one transaction and returns when it is durable (fsync done).
   * @returns one verdict per append, in order; a conflict is a verdict on that append, the others commit
   * @throws StoreFailure with outcome `failed` (nothing was written) or `unknown` (ask `heads`)
   */
  commit(batch: readonly Append[], aliveAt: number): Promise<readonly Verdict[]>;
  /** Writes only the alive mark: the sign that the store takes writes. ms since the epoch. */
  markAlive(at: number): Promise<void>;
  /** Appends to the table of outages. One that begins like a recorded one is the same and only grows. */
  recordOutage(outage: Outage): Promise<void>;

  /**
   * The state of the named streams; streams that do not exist are left out. After an unknown outcome it is final:
   * it fails until that commit can't happen any more.
   */
  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]>;
  /** All streams that are not closed, in pages of at most 1,000, in order of creation. `cursor` 0 starts. */
  openStreams(cursor: number): Promise<Page<StreamHead>>;
  /** Entries `from..to` (inclusive) in order, at most 1,000 of them. */
  read(roomId: string, from: number, to: number): Promise<readonly Entry[]>;
  /** Snapshots with `seq <= atMost`, newest first. */
  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]>;
  /** Last alive mark and greatest `at` of any entry; both 0 in a new store. */
  marks(): Promise<{ readonly aliveAt: number; readonly lastAt: number }>;
  outages(): Promise<readonly Outage[]>;

  roomByCode(code: string): Promise<RoomRow | null>;
  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null>;
  /** Rooms with that status in order of creation, at most `limit`. */
  roomsByStatus(status: RoomRow['status'], limit: number): Promise<readonly RoomRow[]>;

  close(): Promise<void>;
}

/** The store could not do it. `failed`: nothing was written. `unknown`: it may have been. */
export class StoreFailure extends Error {
  readonly outcome: 'failed' | 'unknown';
  readonly code: string; // the engine's own code, e.g. SQLITE_FULL

  constructor(outcome: 'failed' | 'unknown', code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFailure';
    this.outcome = outcome;
    this.code = code;
  }
}

/** What became of an append: `aborted` means that it is not in the store and never will be. */
export type Outcome = Verdict | { readonly kind: 'aborted'; readonly reason: string };

/**
 * The writing side as rooms see it: commits are grouped across rooms, outcomes come in journal order. A room that is
 * told of a refusal drops what it built since its last committed append before it offers again.
 */
export interface JournalWriter {
  readonly available: boolean; // false while the store is away: appends are aborted at once
  /** @param decided called once, never before `append` returns; must not throw */
  append(append: Append, decided: (outcome: Outcome) => void): void;
}
