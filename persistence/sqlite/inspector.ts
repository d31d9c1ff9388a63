import { closeSync, fsyncSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { integrityFindings } from './inspection.js';
import type { LongJob, LongJobMessage } from './long-job.js';
import { openForReading, openForWriting } from './open.js';
import type { WorkerSettings } from './worker-protocol.js';

/** Pages of 4 KiB that are copied at once: what the end of this thread waits for. */
const BACKUP_PAGES = 1_024;

/** The thread of one long job: does it, says how it ended, and ends. */
const settings = workerData as WorkerSettings & { readonly job: LongJob };
const port = parentPort;
if (port === null) throw new Error('This module runs in a worker thread only');
const say = (message: LongJobMessage): void => port.postMessage(message);

void run().then(
  (findings) => say({ kind: 'done', findings }),
  (error: unknown) => {
    const { code, message } = error as Error & { readonly code?: string };
    say({ kind: 'failed', code: code ?? 'UNEXPECTED', message });
  },
);

async function run(): Promise<readonly string[]> {
  const { job } = settings;
  const db = job.kind === 'checkpoint' ? openForWriting(settings) : openForReading(settings);
  try {
    if (job.kind === 'checkpoint') {
      db.pragma('wal_checkpoint(PASSIVE)'); // neither waits for a commit nor keeps one waiting
      return [];
    }
    if (job.kind === 'integrity') return integrityFindings(db);
    await copy(db, job.to);
    return [];
  } finally {
    db.close();
  }
}

/**
 * Copies the database page by page as it stands at this moment. SQLite begins a copy anew whenever another connection
 * has written between two steps, which under load is always; the transaction that is held open here keeps the moment,
 * so the copy goes on. Its price: until it ends, the write-ahead log can't be moved into the database and grows.
 */
async function copy(db: Database.Database, to: string): Promise<void> {
  closeSync(openSync(to, 'wx', 0o600));
  db.exec('BEGIN');
  db.prepare('SELECT count(*) FROM alive').get(); // a transaction begins to see with its first read
  await db.backup(to, {
    progress: ({ totalPages, remainingPages }) => {
      say({ kind: 'progress', done: totalPages === 0 ? 0 : (totalPages - remainingPages) / totalPages });
      return BACKUP_PAGES;
    },
  });
  db.exec('COMMIT');
  const file = openSync(to, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
