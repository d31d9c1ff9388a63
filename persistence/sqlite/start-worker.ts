import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sourceWorker } from './source-worker.js';
import type { ThreadModule, WorkerSettings } from './worker-protocol.js';

/** The ending of this file. Where it was compiled or bundled, the workers' files were too, and stand beside it. */
const ending = extname(import.meta.url);

/** Starts a worker's thread from its built file, or from its source where the program runs from source. */
export function startWorker(module: ThreadModule, settings: WorkerSettings): Worker {
  const name = `journal-${module}`;
  const isSource = ending === '.ts';
  const file = isSource ? sourceWorker(module) : new URL(`./${module}${ending}`, import.meta.url);
  // What loads the program's own sources would only slow the thread's start.
  return new Worker(file, { name, workerData: settings, ...(isSource && { execArgv: [] }) });
}
