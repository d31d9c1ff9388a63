import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * Pages in the write-ahead log at which SQLite itself would checkpoint inside a commit. It is done sooner and
 * beside the commits (`checkpoints.ts`); this is what bounds the log if that ever fails.
 */
const AUTO_CHECKPOINT_PAGES = 65_536;
const WRITER_CACHE_KIB = 65_536; // holds the inner pages of the index on (stream, seq) of some ten million entries

const SYNCHRONOUS_FULL = 2;

export interface ConnectionOptions {
  readonly file: string;
  readonly busyTimeoutMs: number; // how long a statement waits for another connection's lock
}

export function journalFile(folder: string): string {
  return join(folder, 'journal.sqlite');
}

/**
 * Makes the file, for its owner only, and its folder where that is missing. SQLite gives its log the mode of the file.
 * A folder that is there keeps its mode: it may be somebody's home.
 */
export function createPrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // Never open and close a database file that is there: that would drop this process' locks on it (POSIX).
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(file, 0o600);
  }
}

/** The connection that writes: each commit is on the disk when it returns. */
export function openForWriting({ file, busyTimeoutMs }: ConnectionOptions): Database.Database {
  createPrivateFile(file);
  const db = new Database(file, { timeout: busyTimeoutMs });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma(`wal_autocheckpoint = ${AUTO_CHECKPOINT_PAGES}`);
    db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
    // Asserted, not trusted: the library's build default for a log is NORMAL, which loses commits with the power.
    assertPragma(db, file, 'journal_mode', 'wal');
    assertPragma(db, file, 'synchronous', SYNCHRONOUS_FULL);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** A connection that can't write, not even by mistake. */
export function openForReading({ file, busyTimeoutMs }: ConnectionOptions): Database.Database {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  db.pragma('query_only = ON');
  return db;
}

function assertPragma(db: Database.Database, file: string, name: string, wanted: string | number): void {
  const found = db.pragma(name, { simple: true });
  if (found === wanted) return;
  throw new Error(
    `${file}: the pragma ${name} is ${String(found)} where ${wanted} was set, so commits are not durable`,
  );
}
