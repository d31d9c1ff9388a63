import { Worker } from 'node:worker_threads';
import { sourceWorker } from './source-worker.js';
import type { ThreadModule, WorkerSettings } from './worker-protocol.js';

/** Whether this file was compiled. The workers' files are then compiled too and stand beside it. */
const isBuilt = import.meta.url.endsWith('.js');

/** Starts a worker's thread from its built file, or from its source where the program runs from source. */
export function startWorker(module: ThreadModule, settings: WorkerSettings): Worker {
  const name = `journal-${module}`;
  const file = isBuilt ? new URL(`./${module}.js`, import.meta.url) : sourceWorker(module);
  // What loads the program's own sources would only slow the thread's start.
  return new Worker(file, { name, workerData: settings, ...(!isBuilt && { execArgv: [] }) });
}
