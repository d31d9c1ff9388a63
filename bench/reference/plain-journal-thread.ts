import { parentPort, workerData } from 'node:worker_threads';
import { openPlainTable } from './plain-table.js';

const { write } = openPlainTable(workerData as string);
parentPort!.on('message', (fields: readonly (string | number)[]) => {
  write(fields);
  parentPort!.postMessage('durable');
});
parentPort!.postMessage('open');
