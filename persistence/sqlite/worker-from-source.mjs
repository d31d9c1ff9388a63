// Loads a worker's TypeScript in development and tests: on Node 20 a .ts file does not load in a worker thread by itself.
// tsx's `require` compiles in this thread; its `tsImport` would start one more thread and double the time to open.
import { workerData } from 'node:worker_threads';
import { require as requireSource } from 'tsx/cjs/api';

requireSource(`./${workerData.module}.ts`, import.meta.url);
