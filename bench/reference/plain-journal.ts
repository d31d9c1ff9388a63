import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../fork-module.js';

interface Waiting {
  readonly room: string;
  readonly seq: number;
  readonly text: string;
  readonly durable: () => void;
}

/** Group commit in a worker and nothing else: the next batch is whatever came in during the last commit. */
export class PlainJournal {
  batches = 0;
  appends = 0;
  commitMs = 0; // all commits together
  #startedMs = 0;
  readonly #thread: Worker;
  #queue: Waiting[] = [];
  #underWay: Waiting[] | null = null;

  private constructor(thread: Worker) {
    this.#thread = thread;
    thread.on('message', () => this.#onCommitted());
    thread.on('error', (failure) => {
      throw failure;
    });
  }

  static async open(file: string): Promise<PlainJournal> {
    const thread = startThread('reference/plain-journal-thread', file);
    await once(thread, 'message');
    return new PlainJournal(thread);
  }

  append(room: string, seq: number, text: string, durable: () => void): void {
    this.#queue.push({ room, seq, text, durable });
    if (this.#underWay === null && this.#queue.length === 1) setImmediate(() => this.#commit());
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #commit(): void {
    if (this.#underWay !== null || this.#queue.length === 0) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#underWay = batch;
    this.#startedMs = performance.now();
    const fields: (string | number)[] = [];
    for (const { room, seq, text } of batch) fields.push(room, seq, text);
    this.#thread.postMessage(fields);
  }

  #onCommitted(): void {
    const batch = this.#underWay!;
    this.#underWay = null;
    this.commitMs += performance.now() - this.#startedMs;
    this.batches++;
    this.appends += batch.length;
    this.#commit();
    for (const { durable } of batch) durable();
  }
}
