import { parentPort, workerData } from 'node:worker_threads';

export interface Beats {
  readonly rate: number; // a second
  readonly firstMs: number; // by the system's monotonic clock
}

const { rate, firstMs } = workerData as Beats;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

// Due times are multiples, so that a late beat moves none behind it.
for (let beat = 0; ; beat++) {
  const dueMs = firstMs + (beat * 1000) / rate;
  const waitMs = dueMs - Number(process.hrtime.bigint()) / 1e6;
  if (waitMs > 0) Atomics.wait(sleeper, 0, 0, waitMs);
  parentPort!.postMessage(dueMs);
}
