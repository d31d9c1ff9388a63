import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { StoreSize } from '../journal.js';
import { layoutOf } from '../row-change.js';
import { type Table, TABLES } from '../rows.js';
import { MarksReader } from './marks.js';
import { storedRow, tableNames } from './row-table.js';
import { StreamHeads } from './stream-head.js';

/** What some of the streams hold, and where the next ones begin. */
export interface StreamCounts {
  readonly streams: number;
  readonly openStreams: number;
  readonly entries: number;
  readonly snapshots: number;
  readonly next: number | null; // null: these were the last
}

export type FileSize = Pick<StoreSize, 'bytes' | 'logBytes' | 'freeBytes' | 'oldestEntryAt'>;

/** Streams that are counted at once: some milliseconds, which is what a read behind it waits. */
const PIECE_STREAMS = 2_000;

/** The reader's view of how much there is. */
export class Inspection {
  readonly #db: Database.Database;
  readonly #keys: Database.Statement<[number, number], { readonly key: number; readonly closedAt: number | null }>;
  readonly #entries: Database.Statement<[number, number], { readonly count: number }>;
  readonly #snapshots: Database.Statement<[number, number], { readonly count: number }>;
  readonly #firstEntry: Database.Statement<[], { readonly at: number }>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#keys = db.prepare('SELECT key, closed_at AS closedAt FROM streams WHERE key > ? ORDER BY key LIMIT ?');
    this.#entries = db.prepare('SELECT count(*) AS count FROM entries WHERE stream > ? AND stream <= ?');
    this.#snapshots = db.prepare('SELECT count(*) AS count FROM snapshots WHERE stream > ? AND stream <= ?');
    this.#firstEntry = db.prepare('SELECT at FROM entries ORDER BY id LIMIT 1');
  }

  /** @param after the `next` of the piece before, 0 to begin */
  countStreams(after: number): StreamCounts {
    const keys = this.#keys.all(after, PIECE_STREAMS);
    const isLast = keys.length < PIECE_STREAMS;
    const through = keys.at(-1)?.key ?? after;
    return {
      streams: keys.length,
      openStreams: keys.filter(({ closedAt }) => closedAt === null).length,
      entries: this.#entries.get(after, through)!.count,
      snapshots: this.#snapshots.get(after, through)!.count,
      next: isLast ? null : through,
    };
  }

  fileSize(): FileSize {
    const pragma = (name: string): number => this.#db.pragma(name, { simple: true }) as number;
    const pageBytes = pragma('page_size');
    const logBytes = statSync(`${this.#db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    return {
      bytes: pragma('page_count') * pageBytes + logBytes,
      logBytes,
      freeBytes: pragma('freelist_count') * pageBytes,
      oldestEntryAt: this.#firstEntry.get()?.at ?? null,
    };
  }
}

/**
 * What is wrong with the database as a whole: its pages and indexes, and what stands in one table only though it
 * belongs to a row of another. Reads everything, so it has a thread of its own.
 */
export function integrityFindings(db: Database.Database): string[] {
  const pages = (db.pragma('integrity_check') as { integrity_check: string }[])
    .map((row) => row.integrity_check)
    .filter((finding) => finding !== 'ok')
    .map((finding) => `SQLite: ${finding}`);
  const strays = CHECKS.flatMap(({ sql, sentence }) => db.prepare<[], Found>(sql).all().map(sentence));
  const rows = (Object.keys(TABLES) as Table[]).flatMap((table) => damagedRows(db, table));
  return [...pages, ...strays, ...damagedHeads(db), ...new MarksReader(db).findings(), ...rows];
}

/** Rows that do not have their checksums. */
function damagedRows(db: Database.Database, table: Table): string[] {
  const findings: string[] = [];
  const { select } = tableNames(table);
  for (const record of db.prepare<[], Record<string, unknown>>(select).iterate()) {
    const { kind, row } = storedRow(table, record);
    if (kind === 'damaged')
      findings.push(`The row ${String(row[layoutOf(table).key])} of ${table} is not as it was written.`);
    if (findings.length === FINDINGS_MAX) break;
  }
  return findings;
}

function damagedHeads(db: Database.Database): string[] {
  const heads = new StreamHeads(db);
  const findings: string[] = [];
  for (let cursor = 0; findings.length < FINDINGS_MAX; ) {
    const page = heads.page('all', cursor, PIECE_STREAMS);
    // Also those that the entries prove: what finds streams by their columns does not know what is proven.
    const damaged = page.filter(({ isAsWritten }) => !isAsWritten);
    findings.push(...damaged.map(({ head }) => `The head of room ${head.roomId} is not as it was written.`));
    if (page.length < PIECE_STREAMS) break;
    cursor = page.at(-1)!.head.key;
  }
  return findings.slice(0, FINDINGS_MAX);
}

interface Found {
  readonly name: string;
  readonly count: number;
}

const FINDINGS_MAX = 100; // of a kind: the sentences are for people

const CHECKS: readonly { readonly sql: string; readonly sentence: (found: Found) => string }[] = [
  {
    sql: `SELECT stream AS name, count(*) AS count FROM entries
          WHERE stream NOT IN (SELECT key FROM streams) GROUP BY stream LIMIT ${FINDINGS_MAX}`,
    sentence: ({ name, count }) => `${count} entries belong to the stream ${name}, which does not exist.`,
  },
  {
    sql: `SELECT stream AS name, count(*) AS count FROM snapshots
          WHERE stream NOT IN (SELECT key FROM streams) GROUP BY stream LIMIT ${FINDINGS_MAX}`,
    sentence: ({ name, count }) => `${count} snapshots belong to the stream ${name}, which does not exist.`,
  },
  {
    sql: `SELECT s.room_id AS name, max(e.seq) - s.anchor_seq - count(*) AS count
          FROM streams s JOIN entries e ON e.stream = s.key GROUP BY s.key
          HAVING count <> 0 LIMIT ${FINDINGS_MAX}`,
    sentence: ({ name, count }) =>
      count > 0
        ? `Room ${name} lacks ${count} of its entries.`
        : `Room ${name} has ${-count} entries in front of its anchor.`,
  },
  {
    sql: `SELECT s.room_id AS name, count(*) AS count
          FROM streams s JOIN snapshots n ON n.stream = s.key
          WHERE n.seq > max(s.seq, coalesce((SELECT max(seq) FROM entries WHERE stream = s.key), 0))
          GROUP BY s.key LIMIT ${FINDINGS_MAX}`,
    sentence: ({ name, count }) => `Room ${name} has ${count} snapshots of entries that do not exist.`,
  },
  {
    sql: `SELECT g.room_id AS name, count(*) AS count FROM game_players g
          WHERE g.room_id NOT IN (SELECT room_id FROM games) GROUP BY g.room_id LIMIT ${FINDINGS_MAX}`,
    sentence: ({ name, count }) => `${count} seats belong to the game of room ${name}, which does not exist.`,
  },
];
