import type { Worker } from 'node:worker_threads';
import { assertAppend } from '../append-check.js';
import {
  type Append,
  type Entry,
  type JournalEngine,
  type Outage,
  type Snapshot,
  StoreFailure,
  type StoreSize,
  type StreamHead,
  type StreamPage,
  type Verdict,
} from '../journal.js';
import { writeBackup } from './backup.js';
import { comparedValues, type PageOptions } from '../row-query.js';
import type { Query, QueryValues, RoomRow, RowOf, RowPage, Rows, Table } from '../rows.js';
import { encodeBatch } from './batch-codec.js';
import { type DataFolderLock, lockDataFolder } from './data-folder-lock.js';
import type { StreamCounts } from './inspection.js';
import { LongJobs } from './long-job.js';
import { journalFile } from './open.js';
import type { RebuiltPlayers } from './player-sums.js';
import { prepareDatabase } from './prepare-database.js';
import type { ReaderMethods } from './reader.js';
import { startWorker } from './start-worker.js';
import { WorkerClient } from './worker-client.js';
import type { ThreadModule, WorkerModule } from './worker-protocol.js';
import type { WriterMethods } from './writer.js';

export interface SqliteEngineOptions {
  readonly folder: string; // made, for its owner only, where it is missing
  readonly busyTimeoutMs?: number; // how long a commit waits for another program's lock on the database
  readonly checkpointPages?: number; // see `Checkpoints`
  readonly callTimeoutMs?: number; // after this a thread is given up and the next call starts another
  /** Told of each thread that starts, so that a test can end it. */
  readonly onThread?: (module: ThreadModule, worker: Worker) => void;
}

const COMMITTED: Verdict = { kind: 'committed' };

/**
 * Opens the journal in a data folder: locks the folder, brings the schema up to date, starts both threads.
 * @throws DataFolderLocked when another process uses the folder
 * @throws StoreFailure when a thread can't open the database
 */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<SqliteEngine> {
  const { folder, busyTimeoutMs = 2_000 } = options;
  const lock = lockDataFolder(folder);
  const engine = new SqliteEngine(options, lock);
  try {
    await prepareDatabase({ file: journalFile(folder), busyTimeoutMs });
    await engine.ready();
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** The journal in one SQLite file: one thread writes, one reads, this one only hands over. Made by `openSqliteEngine`. */
export class SqliteEngine implements JournalEngine {
  readonly #writer: WorkerClient<WriterMethods>;
  readonly #reader: WorkerClient<ReaderMethods>;
  readonly #jobs: LongJobs;
  readonly #lock: DataFolderLock;
  #isBackingUp = false;

  constructor(options: SqliteEngineOptions, lock: DataFolderLock) {
    const { folder, busyTimeoutMs = 2_000, callTimeoutMs = 10_000, checkpointPages, onThread } = options;
    const file = journalFile(folder);
    const start = (module: WorkerModule) => (): Worker => {
      const bound = checkpointPages === undefined ? {} : { checkpointPages };
      const worker = startWorker(module, { file, busyTimeoutMs, ...bound });
      onThread?.(module, worker);
      return worker;
    };
    this.#writer = new WorkerClient({
      module: 'writer',
      start: start('writer'),
      callTimeoutMs,
      lostOutcome: 'unknown',
    });
    this.#reader = new WorkerClient({ module: 'reader', start: start('reader'), callTimeoutMs, lostOutcome: 'failed' });
    this.#jobs = new LongJobs((job) => {
      const worker = startWorker('inspector', { file, busyTimeoutMs, job });
      onThread?.('inspector', worker);
      return worker;
    });
    this.#lock = lock;
  }

  /** Resolves when both threads hold their connections. */
  async ready(): Promise<void> {
    await Promise.all([this.#writer.call('ping'), this.#reader.call('ping')]);
  }

  async commit(batch: readonly Append[], aliveAt: number): Promise<readonly Verdict[]> {
    batch.forEach(assertAppend);
    const conflicts = await this.#writer.call('commit', encodeBatch(batch), aliveAt);
    const verdicts = new Array<Verdict>(batch.length).fill(COMMITTED);
    for (let index = 0; index < conflicts.length; index += 2) {
      verdicts[conflicts[index]!] = { kind: 'conflict', actualSeq: conflicts[index + 1]! };
    }
    return verdicts;
  }

  markAlive(at: number): Promise<void> {
    return this.#writer.call('markAlive', at);
  }

  recordOutage(outage: Outage): Promise<void> {
    return this.#writer.call('recordOutage', outage);
  }

  /** Bounds the database to a number of pages of 4 KiB: a disk that is full, for as long as the writer's thread lives. */
  limitPages(pages: number): Promise<void> {
    return this.#writer.call('limitPages', pages);
  }

  async heads(roomIds: readonly string[]): Promise<readonly StreamHead[]> {
    // Whoever asks after an unknown outcome takes this answer for final, and a thread that was given up inside a
    // commit may still end it well.
    if (this.#writer.isEnding) {
      throw new StoreFailure(
        'failed',
        'THREAD_ENDING',
        'Where streams stand is open until the hanging writer has ended',
      );
    }
    return this.#reader.call('heads', roomIds);
  }

  streams(which: 'open' | 'all', cursor: number): Promise<StreamPage> {
    return this.#reader.call('streams', which, cursor);
  }

  read(roomId: string, from: number, to: number): Promise<readonly Entry[]> {
    return this.#reader.call('read', roomId, from, to);
  }

  seqAt(roomId: string, at: number): Promise<number> {
    return this.#reader.call('seqAt', roomId, at);
  }

  snapshots(roomId: string, atMost: number, limit: number): Promise<readonly Snapshot[]> {
    return this.#reader.call('snapshots', roomId, atMost, limit);
  }

  marks(): Promise<{ readonly aliveAt: number; readonly lastAt: number }> {
    return this.#reader.call('marks');
  }

  outages(): Promise<readonly Outage[]> {
    return this.#reader.call('outages');
  }

  roomByCode(code: string): Promise<RoomRow | null> {
    return this.#reader.call('roomByCode', code);
  }

  roomByCreation(creator: string, creationKey: string, createdSince: number): Promise<RoomRow | null> {
    return this.#reader.call('roomByCreation', creator, creationKey, createdSince);
  }

  async row<T extends Table>(table: T, key: string): Promise<Rows[T] | null> {
    return (await this.#reader.call('row', table, key)) as Rows[T] | null;
  }

  async select<Q extends Query>(query: Q, values: QueryValues<Q>, page: PageOptions = {}): Promise<RowPage<RowOf<Q>>> {
    comparedValues(query, values); // on this side of the threads our own mistake is still a TypeError
    return (await this.#reader.call('select', query, values, page)) as unknown as RowPage<RowOf<Q>>;
  }

  compact(roomId: string, throughSeq: number): Promise<number> {
    return this.#writer.call('compact', roomId, throughSeq);
  }

  removeStream(roomId: string): Promise<number> {
    return this.#writer.call('removeStream', roomId);
  }

  openAt(roomId: string, anchorSeq: number, anchorHash: string): Promise<Verdict> {
    return this.#writer.call('openAt', roomId, anchorSeq, anchorHash);
  }

  repairSnapshot(snapshot: Snapshot): Promise<void> {
    return this.#writer.call('repairSnapshot', snapshot);
  }

  async rebuildPlayers(): Promise<number> {
    let wrong = 0;
    for (let after: string | null = ''; after !== null; ) {
      const piece: RebuiltPlayers = await this.#writer.call('rebuildPlayers', after);
      wrong += piece.wrong;
      after = piece.next;
    }
    return wrong;
  }

  async size(): Promise<StoreSize> {
    const counts = { streams: 0, openStreams: 0, entries: 0, snapshots: 0 };
    for (let after: number | null = 0; after !== null; ) {
      const piece: StreamCounts = await this.#reader.call('countStreams', after);
      counts.streams += piece.streams;
      counts.openStreams += piece.openStreams;
      counts.entries += piece.entries;
      counts.snapshots += piece.snapshots;
      after = piece.next;
    }
    return { ...(await this.#reader.call('fileSize')), ...counts };
  }

  integrity(): Promise<readonly string[]> {
    return this.#jobs.run({ kind: 'integrity' });
  }

  async backup(file: string, progress: (done: number) => void = () => undefined): Promise<void> {
    if (this.#isBackingUp) throw new StoreFailure('failed', 'BACKUP_RUNNING', 'Another backup is being written');
    this.#isBackingUp = true;
    try {
      await writeBackup(this.#jobs, file, progress);
    } finally {
      this.#isBackingUp = false;
    }
  }

  async restart(): Promise<void> {
    await Promise.all([this.#jobs.end(), this.#writer.restart(), this.#reader.restart()]);
    await this.ready();
  }

  async close(): Promise<void> {
    await this.#jobs.end();
    await this.#reader.close();
    await this.#writer.close(); // last: the connection that closes last moves the log into the database
    this.#lock.release();
  }
}
