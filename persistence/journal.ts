import type { Query, QueryValues, RoomRow, RowChange, RowOf, RowPage, Rows, Table } from './rows.js';

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

/** One room's part of a batch. */
export interface Append {
  readonly roomId: string;
  /** The version the writer builds on; 0 opens the stream. Null: rows only, which depend on no version of the room. */
  readonly expectedSeq: number | null;
  readonly fence: number; // the owner's fencing token; 0 where only one process can own rooms
  readonly entry: Entry | null; // null: a snapshot of the state at `expectedSeq`, or rows that follow from it
  readonly snapshot: Snapshot | null;
  readonly rows: readonly RowChange[];
  readonly closes: boolean; // the room takes no further entries, but a `restored` one, which opens it again
}

/**
 * `conflict`: this append is not in the store, nor is any behind it of the same room in the batch that builds on a
 * version; the rest is. Where `actualSeq` is the expected one, the version was right: the stream is closed, the fence is
 * old, a row was refused (its code is another room's), or the stream's head is damaged.
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
  readonly anchorSeq: number; // the last entry that compaction removed, 0: none
  readonly anchorHash: string; // its hash, which the chain goes on from
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: number | null; // the cursor of the page behind, null at the end
}

/** `damaged`: rooms whose head is not as it was written and does not follow from their entries; left out of `items`. */
export interface StreamPage extends Page<StreamHead> {
  readonly damaged: readonly string[];
}

/** A time in which no room could run: the process was down, or its store was away. ms since the epoch. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** What there is in a store, for figures and thresholds. */
export interface StoreSize {
  readonly bytes: number; // of the database, its log included
  readonly logBytes: number; // of the write-ahead log
  readonly freeBytes: number; // inside the database: reused before it grows
  readonly streams: number;
  readonly openStreams: number;
  readonly entries: number;
  readonly snapshots: number;
  readonly oldestEntryAt: number | null; // ms since the epoch
}

/** What a journal can be rebuilt from: an engine, or an archived room's file. */
export interface JournalReader {
  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]>;
  /** Entries `from..to` (inclusive) in order, at most 1,000 of them. */
  read(roomId: string, from: number, to: number): Promise<readonly Entry[]>;
  /** Snapshots with `seq <= atMost`, newest first. */
  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]>;
}

/**
 * A store for journals. All methods reject with `StoreFailure` when the store can't answer.
 * Reads see committed data only and never wait behind a commit.
 */
export interface JournalEngine extends JournalReader {
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
   * @throws StoreFailure with code ROW_DAMAGED where a head is not as it was written nor follows from its entries
   */
  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]>;
  /** Streams in pages of at most 1,000, in order of creation. `cursor` 0 starts. */
  streams(which: 'open' | 'all', cursor: number): Promise<StreamPage>;
  /** The last entry of a room that was made at `at` or before; 0 where there is none. */
  seqAt(roomId: string, at: number): Promise<number>;
  /** Last alive mark and greatest `at` of any entry; both 0 in a new store. */
  marks(): Promise<{ readonly aliveAt: number; readonly lastAt: number }>;
  outages(): Promise<readonly Outage[]>;

  roomByCode(code: string): Promise<RoomRow | null>;
  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null>;
  /** A row by its key. @throws StoreFailure with code ROW_DAMAGED where its checksum is not its own */
  row<T extends Table>(table: T, key: string): Promise<Rows[T] | null>;
  /** A page of at most `limit` rows (1,000 where it is left out) behind the cursor `after`. */
  select<Q extends Query>(
    query: Q,
    values: QueryValues<Q>,
    page?: { readonly after?: string | null; readonly limit?: number },
  ): Promise<RowPage<RowOf<Q>>>;

  /**
   * Removes entries from the front up to `throughSeq`, at most 500 rows a call, and then the snapshots in front of the
   * last removed entry, which becomes the stream's anchor. A snapshot of the anchor itself stays: what follows is
   * replayed from it. Keeps everything from the second newest snapshot on, whatever is asked, and removes nothing of a
   * room that has fewer than two.
   * @returns how many rows went; 0: there is nothing left to do
   * @throws StoreFailure with code STREAM_DAMAGED where an entry is missing; nothing was removed by that call
   */
  compact(roomId: string, throughSeq: number): Promise<number>;
  /**
   * Removes a closed stream's entries from the front, then its snapshots and at last its head, at most 500 rows a call.
   * Rows of the repositories stay.
   * @returns as `compact`; 0 also where there is no such stream
   * @throws StoreFailure with code STREAM_OPEN
   */
  removeStream(roomId: string): Promise<number>;
  /**
   * Opens a stream behind an anchor, for entries that are imported: its version is `anchorSeq`. Conflicts where the
   * room has a stream.
   */
  openAt(roomId: string, anchorSeq: number, anchorHash: string): Promise<Verdict>;
  /**
   * Writes a snapshot of an entry (or of the anchor) that is there, in place of a damaged one or where none is.
   * @throws StoreFailure with code SNAPSHOT_REFUSED where it does not fit the stream
   */
  repairSnapshot(snapshot: Snapshot): Promise<void>;
  /**
   * Makes the players' sums anew from the seats of finished games, in pieces between which commits go on.
   * @returns how many rows were wrong, missing or damaged, or had no finished game behind them
   */
  rebuildPlayers(): Promise<number>;

  size(): Promise<StoreSize>;
  /** What the engine itself finds wrong with its files, one sentence each. */
  integrity(): Promise<readonly string[]>;
  /**
   * Writes a copy of the store as it is at one moment, while reads and commits go on, for its owner only. The file is
   * there when all of it is on the disk, or not at all. One backup at a time.
   * @param file must not exist; its folder must
   * @param progress told of the part that is done, 0 to 1; never goes back
   * @throws StoreFailure with code FILE_EXISTS, BACKUP_RUNNING or that of what went wrong
   */
  backup(file: string, progress?: (done: number) => void): Promise<void>;
  /**
   * Ends the engine's threads or connections and takes new ones. Writes that are under way are rejected with outcome
   * `unknown`, reads and long jobs with `failed`. Resolves when the new ones answer.
   */
  restart(): Promise<void>;

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
