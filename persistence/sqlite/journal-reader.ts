import type Database from 'better-sqlite3';
import { type Entry, type Outage, type Snapshot, StoreFailure, type StreamHead, type StreamPage } from '../journal.js';
import { type AnyRow, rowAs } from '../row-change.js';
import { PAGE_ROWS_MAX, type PageOptions } from '../row-query.js';
import type { Query, RoomRow, RowPage, Rows, Table } from '../rows.js';
import { type Marks, MarksReader } from './marks.js';
import { RowQueries } from './row-queries.js';
import { soundRow, storedRow, tableNames } from './row-table.js';
import { StreamHeads, toStreamHead } from './stream-head.js';

type RoomStatement<Given extends unknown[]> = Database.Statement<Given, Record<string, unknown>>;

/** All reading of an SQLite journal. Each method is one transaction, so what it returns belongs together. */
export class JournalReader {
  readonly #streams: StreamHeads;
  readonly #rows: RowQueries;
  readonly #marks: MarksReader;
  readonly #heads: (roomIds: readonly string[]) => StreamHead[];
  readonly #seqAt: (roomId: string, at: number) => number;
  readonly #entries: Database.Statement<[roomId: string, from: number, to: number, limit: number], Entry>;
  readonly #snapshots: Database.Statement<[roomId: string, atMost: number, limit: number], Snapshot>;
  readonly #roomByCode: RoomStatement<[code: string]>;
  readonly #roomByCreation: RoomStatement<[creator: string, key: string, since: number]>;

  constructor(db: Database.Database) {
    this.#streams = new StreamHeads(db);
    this.#rows = new RowQueries(db);
    this.#marks = new MarksReader(db);
    this.#heads = db.transaction((roomIds: readonly string[]) => this.#findHeads(roomIds));
    this.#entries = db.prepare(SQL.entries);
    this.#snapshots = db.prepare(SQL.snapshots);
    this.#roomByCode = db.prepare(SQL.roomByCode);
    this.#roomByCreation = db.prepare(SQL.roomByCreation);
    this.#seqAt = seqAtOf(db);
  }

  /** @throws StoreFailure with code ROW_DAMAGED where a row is, and the entries do not say what it said */
  heads(roomIds: readonly string[]): StreamHead[] {
    return this.#heads(roomIds);
  }

  streams(which: 'open' | 'all', cursor: number): StreamPage {
    const found = this.#streams.page(which, cursor, PAGE_ROWS_MAX + 1); // one more tells whether there is a page behind
    const page = found.slice(0, PAGE_ROWS_MAX);
    return {
      items: page.flatMap(({ kind, head }) => (kind === 'sound' ? [toStreamHead(head)] : [])),
      next: found.length > page.length ? page.at(-1)!.head.key : null,
      damaged: page.flatMap(({ kind, head }) => (kind === 'damaged' ? [head.roomId] : [])),
    };
  }

  read(roomId: string, from: number, to: number): Entry[] {
    return this.#entries.all(roomId, from, to, PAGE_ROWS_MAX);
  }

  seqAt(roomId: string, at: number): number {
    return this.#seqAt(roomId, at);
  }

  snapshots(roomId: string, atMost: number, limit: number): Snapshot[] {
    return this.#snapshots.all(roomId, atMost, limit);
  }

  marks(): Marks {
    return this.#marks.marks();
  }

  outages(): Outage[] {
    return this.#marks.outages();
  }

  roomByCode(code: string): RoomRow | null {
    return roomOrNull(this.#roomByCode.get(code));
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): RoomRow | null {
    return roomOrNull(this.#roomByCreation.get(creator, creationKey, createdSince));
  }

  row<T extends Table>(table: T, key: string): Rows[T] | null {
    return this.#rows.row(table, key);
  }

  select(query: Query, values: Readonly<Record<string, unknown>>, page?: PageOptions): RowPage<AnyRow> {
    return this.#rows.select(query, values, page);
  }

  #findHeads(roomIds: readonly string[]): StreamHead[] {
    const found = roomIds.flatMap((roomId) => this.#streams.find(roomId) ?? []);
    const damaged = found.flatMap(({ kind, head }) => (kind === 'damaged' ? [head.roomId] : []));
    if (damaged.length === 0) return found.map(({ head }) => toStreamHead(head));
    throw new StoreFailure('failed', 'ROW_DAMAGED', `Where ${damaged.join()} stands is not as it was written`);
  }
}

/** The statements beside the ones of heads, rows and marks; a test reads their plans. */
export const SQL = {
  entries: `
    SELECT s.room_id AS roomId, e.seq, e.at, e.message, e.outcome, e.events, e.machine_version AS machineVersion,
      e.correlation_id AS correlationId, e.next_deadline AS nextDeadline, e.hash
    FROM streams s JOIN entries e ON e.stream = s.key
    WHERE s.room_id = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT ?`,
  snapshots: `
    SELECT s.room_id AS roomId, n.seq, n.at, n.machine_version AS machineVersion, n.state,
      n.state_hash AS stateHash, n.entry_hash AS entryHash
    FROM streams s JOIN snapshots n ON n.stream = s.key
    WHERE s.room_id = ? AND n.seq <= ? ORDER BY n.seq DESC LIMIT ?`,
  roomByCode: `${tableNames('rooms').select} WHERE code = ? AND status <> 'archived'`,
  roomByCreation: `${tableNames('rooms').select}
    WHERE creator = ? AND creation_key = ? AND created_at >= ? ORDER BY created_at DESC LIMIT 1`,
  entryRange: `
    SELECT s.key AS stream, (SELECT min(seq) FROM entries WHERE stream = s.key) AS first,
      (SELECT max(seq) FROM entries WHERE stream = s.key) AS last
    FROM streams s WHERE s.room_id = ?`,
  entryAt: 'SELECT at FROM entries WHERE stream = ? AND seq = ?',
} as const;

/** `at` never goes back within a stream and its entries have no gaps, so a few point reads find the place. */
function seqAtOf(db: Database.Database): (roomId: string, at: number) => number {
  type Range = { readonly stream: number; readonly first: number | null; readonly last: number };
  const entryRange = db.prepare<[string], Range>(SQL.entryRange);
  const entryAt = db.prepare<[number, number], { readonly at: number }>(SQL.entryAt);
  return db.transaction((roomId: string, at: number) => {
    const range = entryRange.get(roomId);
    if (range === undefined || range.first === null) return 0;
    let [low, high] = [range.first - 1, range.last]; // the answer lies from low to high
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      // A gap, which only damage leaves, counts as later: what is behind it can't be reached by replay either.
      if ((entryAt.get(range.stream, middle)?.at ?? Number.POSITIVE_INFINITY) <= at) low = middle;
      else high = middle - 1;
    }
    return low < range.first ? 0 : low;
  });
}

function roomOrNull(record: Record<string, unknown> | undefined): RoomRow | null {
  return record === undefined ? null : rowAs('rooms', soundRow('rooms', storedRow('rooms', record)));
}
