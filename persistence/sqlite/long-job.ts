import type { Worker } from 'node:worker_threads';
import { StoreFailure } from '../journal.js';

/** Work on the whole database. It has a thread and a connection of its own. */
export type LongJob =
  | { readonly kind: 'integrity' }
  | { readonly kind: 'backup'; readonly to: string }
  | { readonly kind: 'checkpoint' }; // moves the write-ahead log into the database, as far as it goes now

/** What the thread says: how far it is, and at last how it ended. */
export type LongJobMessage =
  | { readonly kind: 'progress'; readonly done: number } // 0 to 1
  | { readonly kind: 'done'; readonly findings: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * How long a job may say nothing. A copy tells of each piece of 4 MiB, and holds the write-ahead log meanwhile; a check
 * and the moving of the log are one call that tells nothing until it is done, however large the database is.
 */
const SILENT_MS_MAX: Readonly<Record<LongJob['kind'], number>> = {
  backup: 60_000,
  integrity: 3_600_000,
  checkpoint: 600_000,
};

/** The engine's side of the threads that do long jobs: one thread a job. */
export class LongJobs {
  readonly #start: (job: LongJob) => Worker;
  readonly #silentMsMax: Readonly<Record<LongJob['kind'], number>>;
  readonly #workers = new Set<Worker>();

  constructor(start: (job: LongJob) => Worker, silentMsMax = SILENT_MS_MAX) {
    this.#start = start;
    this.#silentMsMax = silentMsMax;
  }

  /**
   * Resolves when the job is done and its thread has ended, so that all its files are closed.
   * @throws StoreFailure with outcome `failed`, also when the thread is ended; with code TIMEOUT when it says nothing for
   *   too long: it is given up at once, and ends when the system lets it
   */
  run(job: LongJob, progress: (done: number) => void = () => undefined): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const worker = this.#start(job);
      this.#workers.add(worker);
      let failure = new StoreFailure(
        'failed',
        'THREAD_ENDED',
        `The thread of ${job.kind} was ended before it was done`,
      );
      let findings: readonly string[] | null = null;
      const silentMs = this.#silentMsMax[job.kind];
      const silence = setTimeout(() => {
        void worker.terminate();
        reject(new StoreFailure('failed', 'TIMEOUT', `The ${job.kind} did not get on for ${silentMs} ms`));
      }, silentMs).unref();
      worker.on('message', (message: LongJobMessage) => {
        silence.refresh();
        if (message.kind === 'progress') progress(message.done);
        else if (message.kind === 'done') findings = message.findings;
        else failure = new StoreFailure('failed', message.code, `The ${job.kind} failed: ${message.message}`);
      });
      worker.on('error', (error: Error) => {
        failure = new StoreFailure('failed', 'THREAD_ENDED', `The ${job.kind} failed: ${error.message}`, {
          cause: error,
        });
      });
      worker.on('exit', () => {
        clearTimeout(silence);
        this.#workers.delete(worker);
        if (findings === null) reject(failure);
        else resolve(findings);
      });
    });
  }

  /** Ends all threads: a copy between two steps, a check of the database when SQLite comes back from it. */
  async end(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }
}
