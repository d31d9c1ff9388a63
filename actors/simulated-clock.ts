import type { Cancel, Clock } from './clock.js';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * The virtual twin of the system clock: time moves only in `advance`. Between two tasks all promises that can settle
 * do settle, so code under it may mix callbacks and promises freely. Tasks due at the same time run in the order in
 * which they were scheduled.
 */
export class SimulatedClock implements Clock {
  #now: number;
  #wallAheadMs = 0;
  readonly #start: number;
  #order = 0;
  readonly #heap: Task[] = [];

  constructor(startMs = Date.UTC(2030, 0, 1)) {
    this.#now = startMs;
    this.#start = startMs;
  }

  readonly nowMs = (): number => this.#now + this.#wallAheadMs;
  readonly elapsedMs = (): number => this.#now - this.#start;

  readonly schedule = (delayMs: number, run: () => void): Cancel => {
    const task: Task = { at: this.#now + Math.max(delayMs, 0), order: this.#order++, run, cancelled: false };
    this.#push(task);
    return () => {
      task.cancelled = true;
    };
  };

  readonly defer = (run: () => void): void => {
    this.schedule(0, run);
  };

  /** Somebody sets the wall clock; what is scheduled does not care. */
  jumpWall(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /** Runs everything that falls due in the next `ms` milliseconds, then stands at the new time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let task = this.#next(end); task !== undefined; task = this.#next(end)) {
      this.#now = Math.max(this.#now, task.at);
      task.run();
      await settle();
    }
    this.#now = end;
  }

  /** Runs what is due now, and what that makes due now. */
  async settle(): Promise<void> {
    await this.advance(0);
  }

  /**
   * Advances from task to task until `done` holds.
   * @throws when it does not hold within `limitMs` of virtual time, or nothing is scheduled any more
   */
  async runUntil(done: () => boolean, limitMs: number): Promise<void> {
    const end = this.#now + limitMs;
    await settle();
    while (!done()) {
      const task = this.#next(end);
      if (task === undefined) throw new Error(`still waiting after ${limitMs} ms of virtual time`);
      this.#now = Math.max(this.#now, task.at);
      task.run();
      await settle();
    }
  }

  /** Number of scheduled calls that were not cancelled: 0 means that nothing will ever happen by itself. */
  get scheduledCount(): number {
    return this.#heap.filter((task) => !task.cancelled).length;
  }

  #next(end: number): Task | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || (top.at > end && !top.cancelled)) return undefined;
      this.#pop();
      if (!top.cancelled) return top;
    }
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(heap[index]!, heap[parent]!)) break;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
      if (!before(heap[child]!, heap[index]!)) return;
      [heap[index], heap[child]] = [heap[child]!, heap[index]!];
      index = child;
    }
  }
}

function before(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Lets every promise that can settle do so. One turn of the real event loop runs all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
