import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import {
  type Entry,
  type JournalEngine,
  type Outage,
  type Snapshot,
  StoreFailure,
  type StoreSize,
  type StreamHead,
  type StreamPage,
} from '../journal.js';
import type { PageOptions } from '../row-query.js';
import type { Query, QueryValues, RoomRow, RowOf, RowPage, Rows, Table } from '../rows.js';
import { writeBackup } from './backup.js';
import { Inspection } from './inspection.js';
import { JournalReader } from './journal-reader.js';
import { LongJobs } from './long-job.js';
import { journalFile, openForReading } from './open.js';
import { startWorker } from './start-worker.js';

const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the journal of a data folder to look at it. It takes no lock and writes nothing, so it works beside a server
 * that runs there, and sees what that server has committed at the moment of each call.
 * @throws StoreFailure with code NO_JOURNAL, SCHEMA_UNKNOWN, or SQLite's own
 */
export function openReadOnlyJournal(folder: string): JournalEngine {
  const file = journalFile(folder);
  if (!existsSync(file)) throw new StoreFailure('failed', 'NO_JOURNAL', `There is no journal in ${folder}`);
  const db = told(() => openForReading({ file, busyTimeoutMs: BUSY_TIMEOUT_MS }));
  try {
    return new ReadOnlyJournal(db, file);
  } catch (error) {
    db.close();
    const isOtherSchema = error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR';
    if (!isOtherSchema) throw asFailure(error);
    const sentence = `The journal in ${folder} has the schema of another version of this program; a server of this version brings an older one up to date when it starts`;
    throw new StoreFailure('failed', 'SCHEMA_UNKNOWN', sentence, { cause: error });
  }
}

/** Reads on this thread, for programs that have nothing else to do meanwhile. Whatever would write is refused. */
class ReadOnlyJournal implements JournalEngine {
  readonly #db: Database.Database;
  readonly #reader: JournalReader;
  readonly #inspection: Inspection;
  readonly #jobs: LongJobs;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#reader = new JournalReader(db);
    this.#inspection = new Inspection(db);
    this.#jobs = new LongJobs((job) => startWorker('inspector', { file, busyTimeoutMs: BUSY_TIMEOUT_MS, job }));
  }

  heads(roomIds: readonly string[]): Promise<readonly StreamHead[]> {
    return answered(() => this.#reader.heads(roomIds));
  }

  streams(which: 'open' | 'all', cursor: number): Promise<StreamPage> {
    return answered(() => this.#reader.streams(which, cursor));
  }

  read(roomId: string, from: number, to: number): Promise<readonly Entry[]> {
    return answered(() => this.#reader.read(roomId, from, to));
  }

  seqAt(roomId: string, at: number): Promise<number> {
    return answered(() => this.#reader.seqAt(roomId, at));
  }

  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]> {
    return answered(() => this.#reader.snapshots(roomId, atMost, limit));
  }

  marks(): Promise<{ readonly aliveAt: number; readonly lastAt: number }> {
    return answered(() => this.#reader.marks());
  }

  outages(): Promise<readonly Outage[]> {
    return answered(() => this.#reader.outages());
  }

  roomByCode(code: string): Promise<RoomRow | null> {
    return answered(() => this.#reader.roomByCode(code));
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null> {
    return answered(() => this.#reader.roomByCreation(creator, creationKey, createdSince));
  }

  row<T extends Table>(table: T, key: string): Promise<Rows[T] | null> {
    return answered(() => this.#reader.row(table, key));
  }

  select<Q extends Query>(query: Q, values: QueryValues<Q>, page?: PageOptions): Promise<RowPage<RowOf<Q>>> {
    return answered(() => this.#reader.select(query, values, page) as unknown as RowPage<RowOf<Q>>);
  }

  size(): Promise<StoreSize> {
    return answered(() => {
      const counts = { streams: 0, openStreams: 0, entries: 0, snapshots: 0 };
      for (let after: number | null = 0; after !== null; ) {
        const { next, ...piece } = this.#inspection.countStreams(after);
        counts.streams += piece.streams;
        counts.openStreams += piece.openStreams;
        counts.entries += piece.entries;
        counts.snapshots += piece.snapshots;
        after = next;
      }
      return { ...this.#inspection.fileSize(), ...counts };
    });
  }

  integrity(): Promise<readonly string[]> {
    return this.#jobs.run({ kind: 'integrity' });
  }

  backup(file: string, progress: (done: number) => void = () => undefined): Promise<void> {
    return writeBackup(this.#jobs, file, progress);
  }

  commit(): Promise<never> {
    return refused();
  }

  markAlive(): Promise<never> {
    return refused();
  }

  recordOutage(): Promise<never> {
    return refused();
  }

  compact(): Promise<never> {
    return refused();
  }

  removeStream(): Promise<never> {
    return refused();
  }

  openAt(): Promise<never> {
    return refused();
  }

  repairSnapshot(): Promise<never> {
    return refused();
  }

  rebuildPlayers(): Promise<never> {
    return refused();
  }

  restart(): Promise<void> {
    return this.#jobs.end();
  }

  async close(): Promise<void> {
    await this.#jobs.end();
    this.#db.close();
  }
}

function refused(): Promise<never> {
  return Promise.reject(
    new StoreFailure('failed', 'READ_ONLY', 'The journal was opened to be read, not to be written'),
  );
}

function answered<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => resolve(told(read)));
}

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asFailure(error);
  }
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  return new StoreFailure('failed', error.code, `The journal can't be read: ${error.message}`, { cause: error });
}
