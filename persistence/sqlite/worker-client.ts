import type { Worker } from 'node:worker_threads';
import { ExponentialBackoff, type IBackoff, noJitterGenerator } from 'cockatiel';
import { StoreFailure } from '../journal.js';
import type { Answer, Call, Methods, WorkerModule } from './worker-protocol.js';

export interface WorkerClientOptions {
  readonly module: WorkerModule;
  readonly start: () => Worker;
  readonly callTimeoutMs: number;
  /** What is true of a call whose answer never came. */
  readonly lostOutcome: 'failed' | 'unknown';
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
  readonly timer: NodeJS.Timeout;
}

type State =
  | { readonly kind: 'none' } // the next call starts a thread
  | { readonly kind: 'running'; readonly worker: Worker }
  | { readonly kind: 'ending'; readonly worker: Worker } // it was told to end and may still be inside a system call
  | { readonly kind: 'closed' };

/** More do not travel together: while the thread works on some, their answers' readers can work on others. */
const CALLS_TOGETHER_MAX = 16;

const RESTART_BACKOFF = new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: 100, maxDelay: 5_000 });

/**
 * The engine's side of one thread: numbers the calls, bounds each in time, and starts a new thread on the next call
 * when one ended. The first restart is immediate; if no thread has answered since, calls fail until a pause is over,
 * and the pauses grow.
 */
export class WorkerClient<M extends Methods> {
  readonly #options: WorkerClientOptions;
  readonly #pending = new Map<number, Pending>();
  #state: State = { kind: 'none' };
  #lastId = 0;
  #outbox: Call[] = []; // calls of this turn, for the running thread
  #endError: unknown = undefined;
  #backoff: IBackoff<unknown> | null = null; // null: nothing has gone wrong since the last answer
  #restartAt = 0; // monotonic ms

  constructor(options: WorkerClientOptions) {
    this.#options = options;
  }

  /** Whether a thread was given up that has not ended yet: what it was asked to do may still happen. */
  get isEnding(): boolean {
    return this.#state.kind === 'ending';
  }

  /** @throws StoreFailure */
  call<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): Promise<ReturnType<M[K]>> {
    return this.#call(method, args) as Promise<ReturnType<M[K]>>;
  }

  /**
   * Ends the thread with all that it was asked, and forgives what went wrong with it: the next call starts another.
   * Resolves when it has ended, however long a system call keeps it.
   */
  async restart(): Promise<void> {
    if (this.#state.kind === 'closed') throw new StoreFailure('failed', 'CLOSED', 'The journal is closed');
    if (this.#state.kind !== 'none') {
      const { worker } = this.#state;
      this.#state = { kind: 'ending', worker };
      // Listened to behind `#ended`, so the calls are rejected and the state is `none` when this goes on.
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      void worker.terminate();
      await ended;
    }
    this.#backoff = null;
    this.#restartAt = 0;
  }

  /** Further calls fail at once. Those that were made are answered, then the thread ends. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind !== 'running') return;
    const { worker } = state;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const timer = setTimeout(() => void worker.terminate(), this.#options.callTimeoutMs);
    this.#send(worker);
    worker.postMessage([{ id: 0, method: 'close', args: [] }] satisfies Call[]);
    await ended;
    clearTimeout(timer);
  }

  #call(method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const worker = this.#running();
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#giveUp(method), this.#options.callTimeoutMs);
      timer.unref();
      this.#pending.set(id, { resolve, reject, timer });
      if (this.#outbox.length === 0) process.nextTick(() => this.#send(worker));
      if (this.#outbox.push({ id, method, args }) === CALLS_TOGETHER_MAX) this.#send(worker);
    });
  }

  #send(worker: Worker): void {
    const calls = this.#outbox;
    if (calls.length === 0) return;
    this.#outbox = [];
    try {
      worker.postMessage(calls);
    } catch (error) {
      // An argument that can't be copied: nothing of this message went out.
      for (const { id } of calls) this.#reject(id, new StoreFailure('failed', 'NOT_SENT', (error as Error).message));
    }
  }

  #running(): Worker {
    const { module } = this.#options;
    switch (this.#state.kind) {
      case 'running':
        return this.#state.worker;
      case 'closed':
        throw new StoreFailure('failed', 'CLOSED', 'The journal is closed');
      case 'ending':
        throw new StoreFailure('failed', 'THREAD_ENDING', `The journal's ${module} hangs and is being ended`);
      case 'none':
        if (performance.now() < this.#restartAt) {
          throw new StoreFailure(
            'failed',
            'THREAD_AWAY',
            `The journal's ${module} keeps ending: ${this.#endSentence()}`,
          );
        }
        return this.#start();
    }
  }

  #start(): Worker {
    const worker = this.#options.start();
    this.#state = { kind: 'running', worker };
    this.#endError = undefined;
    worker.on('message', (answers: readonly Answer[]) => {
      for (const answer of answers) this.#settle(answer);
    });
    worker.on('error', (error) => {
      this.#endError = error;
    });
    worker.on('exit', () => this.#ended());
    return worker;
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return; // it came after its call had been given up
    this.#pending.delete(answer.id);
    clearTimeout(pending.timer);
    this.#backoff = null;
    if (answer.ok) pending.resolve(answer.value);
    else pending.reject(new StoreFailure('failed', answer.code, `The journal refused: ${answer.message}`));
  }

  /** A call took too long. The thread is given up with all its calls, since they wait behind that one. */
  #giveUp(method: string): void {
    if (this.#state.kind !== 'running') return;
    const { worker } = this.#state;
    const { module, callTimeoutMs } = this.#options;
    this.#state = { kind: 'ending', worker };
    void worker.terminate();
    this.#rejectAll('TIMEOUT', `The journal's ${module} did not answer ${method} within ${callTimeoutMs} ms`);
  }

  #ended(): void {
    if (this.#state.kind === 'running' || this.#state.kind === 'ending') this.#state = { kind: 'none' };
    this.#backoff = this.#backoff === null ? NO_PAUSE : this.#backoff.next(undefined);
    this.#restartAt = performance.now() + this.#backoff.duration;
    const { code } = (this.#endError ?? {}) as { readonly code?: string };
    this.#rejectAll(code ?? 'THREAD_ENDED', `The journal's ${this.#options.module} ended: ${this.#endSentence()}`);
  }

  #rejectAll(code: string, message: string): void {
    const options = this.#endError === undefined ? undefined : { cause: this.#endError };
    const { lostOutcome } = this.#options;
    for (const id of [...this.#pending.keys()]) this.#reject(id, new StoreFailure(lostOutcome, code, message, options));
  }

  #reject(id: number, failure: StoreFailure): void {
    const { reject, timer } = this.#pending.get(id)!;
    this.#pending.delete(id);
    clearTimeout(timer);
    reject(failure);
  }

  #endSentence(): string {
    return this.#endError instanceof Error ? this.#endError.message : 'its thread was ended';
  }
}

/** The pause in front of the first restart; the ones behind it grow. */
const NO_PAUSE: IBackoff<unknown> = { duration: 0, next: () => RESTART_BACKOFF.next() };
