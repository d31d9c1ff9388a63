import type Database from 'better-sqlite3';

/** 64 MiB: often enough for the disk and for a quick start, seldom enough that pages written again and again count once. */
const LOG_PAGES = 16_384;

/**
 * Keeps the write-ahead log short. Most of it is moved into the database by somebody else, beside the commits: that
 * takes a hundred times as long as one of them. But beside a writer a checkpoint never reaches the log's end, and the
 * log would grow for ever; so what came in meanwhile is moved between two commits, by the connection that writes.
 */
export class Checkpoints {
  readonly #db: Database.Database;
  readonly #aside: () => Promise<unknown>;
  readonly #pages: number;
  #dueAt: number; // pages of the log that are not in the database yet
  #isUnderWay = false;
  #isStopped = false;

  /**
   * @param db the connection that writes
   * @param aside moves what is in the log on a connection of its own; where it fails, all is left to `db`
   */
  constructor(db: Database.Database, aside: () => Promise<unknown>, pages = LOG_PAGES) {
    this.#db = db;
    this.#aside = aside;
    this.#pages = pages;
    this.#dueAt = pages;
  }

  /** To be called between two commits. */
  look(): void {
    if (this.#isUnderWay || this.#waiting() < this.#dueAt) return;
    this.#isUnderWay = true;
    const finish = (): void => this.#finish();
    this.#aside().then(finish, finish);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #finish(): void {
    if (this.#isStopped) return;
    this.#db.pragma('wal_checkpoint(PASSIVE)');
    this.#isUnderWay = false;
    // A long read, as of a backup, keeps its part of the log: no use to try again at once.
    this.#dueAt = this.#waiting() + this.#pages;
  }

  #waiting(): number {
    const [log] = this.#db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
    return log === undefined ? 0 : log.log - log.checkpointed;
  }
}
