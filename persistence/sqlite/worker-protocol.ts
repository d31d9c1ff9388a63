import { parentPort, workerData } from 'node:worker_threads';
import type { LongJob } from './long-job.js';

/**
 * What passes between the engine and its two threads: a call with a number, and an answer with the same number.
 * A thread works on its calls one by one in order. Calls of one turn travel together, and so do their answers: a
 * message between threads costs more than a short query.
 */
export type WorkerModule = 'writer' | 'reader';

/** All threads: the `inspector` answers no calls, it does one long job (`long-job.ts`) and ends. */
export type ThreadModule = WorkerModule | 'inspector';

export interface WorkerSettings {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly checkpointPages?: number; // the writer's
  readonly job?: LongJob; // the inspector's
}

export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** The methods that a thread offers: what each takes and gives. */
export type Methods = Record<string, (...args: never[]) => unknown>;

export interface Served {
  readonly methods: Methods;
  /** Whether the thread can go on after a method threw. If not, it ends and the engine starts another. */
  readonly isUsable: () => boolean;
  /** Runs after answers were sent, before the next calls. */
  readonly afterCall: () => void;
  readonly close: () => void;
}

/** The thread's side: opens by `serve`, then answers calls until it gets `close`. */
export function answerCalls(serve: (settings: WorkerSettings) => Served): void {
  const port = parentPort;
  if (port === null) throw new Error('This module runs in a worker thread only');
  const { methods, isUsable, afterCall, close } = serve(workerData as WorkerSettings);
  const answerOf = ({ id, method, args }: Call): Answer => {
    try {
      const run = methods[method] as (...given: readonly unknown[]) => unknown;
      return { id, ok: true, value: run(...args) };
    } catch (error) {
      // Uncaught here, the error ends the thread, and the call's outcome is unknown: that is the truth.
      if (!isUsable()) throw error;
      const { code, message } = error as Error & { readonly code?: string };
      return { id, ok: false, code: code ?? 'UNEXPECTED', message };
    }
  };
  port.on('message', (calls: readonly Call[]) => {
    if (calls[0]?.method === 'close') {
      close();
      port.close(); // nothing keeps the thread any more
      return;
    }
    port.postMessage(calls.map(answerOf));
    afterCall();
  });
}
