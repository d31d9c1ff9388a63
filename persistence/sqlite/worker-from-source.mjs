// Loads a worker's TypeScript in development and tests: on Node 20 a .ts file does not load in a worker thread by itself.
import { workerData } from 'node:worker_threads';
import { tsImport } from 'tsx/esm/api';

await tsImport(`./${workerData.module}.ts`, import.meta.url);
