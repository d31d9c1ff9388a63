import type { Cancel, Clock } from './clock.js';

interface Alarm {
  readonly key: string;
  readonly at: number;
  index: number; // place in the heap, -1 once removed
}

/**
 * One alarm per key over one platform timer for all of them: rooms own no timer objects. Alarms go off in the order of
 * their times, each in a turn of the event loop behind the one in which it was set.
 */
export class Timers {
  readonly #heap: Alarm[] = [];
  readonly #alarms = new Map<string, Alarm>();
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #ring: (key: string) => void;
  #armed: { readonly at: number; readonly cancel: Cancel } | null = null;
  #isStopped = false;

  /**
   * @param now room time in ms since the epoch, see `roomTime`
   * @param ring called once for each alarm that goes off
   */
  constructor(clock: Clock, now: () => number, ring: (key: string) => void) {
    this.#clock = clock;
    this.#now = now;
    this.#ring = ring;
  }

  get size(): number {
    return this.#alarms.size;
  }

  /** Sets, moves or (null) clears the alarm of a key. */
  set(key: string, at: number | null): void {
    if (this.#isStopped) return;
    const old = this.#alarms.get(key);
    if (old !== undefined) {
      if (old.at === at) return;
      this.#remove(old);
    }
    if (at !== null) this.#insert({ key, at, index: -1 });
    this.#arm();
  }

  /** For good: what is set from now on never goes off either. */
  stop(): void {
    this.#isStopped = true;
    this.#armed?.cancel();
    this.#armed = null;
    this.#heap.length = 0;
    this.#alarms.clear();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (this.#armed !== null) {
      if (this.#armed.at === first?.at) return;
      this.#armed.cancel();
      this.#armed = null;
    }
    if (first === undefined) return;
    this.#armed = { at: first.at, cancel: this.#clock.schedule(first.at - this.#now(), () => this.#fire()) };
  }

  #fire(): void {
    this.#armed = null;
    const now = this.#now();
    // Only what is due at this moment: alarms that are set meanwhile wait for the next turn.
    const due: Alarm[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#remove(first);
      due.push(first);
    }
    for (const alarm of due) this.#ring(alarm.key);
    this.#arm();
  }

  #insert(alarm: Alarm): void {
    this.#alarms.set(alarm.key, alarm);
    alarm.index = this.#heap.push(alarm) - 1;
    this.#up(alarm.index);
  }

  #remove(alarm: Alarm): void {
    this.#alarms.delete(alarm.key);
    const last = this.#heap.pop()!;
    if (last !== alarm) {
      this.#heap[alarm.index] = last;
      last.index = alarm.index;
      this.#down(last.index);
      this.#up(last.index);
    }
    alarm.index = -1;
  }

  #up(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (this.#heap[parent]!.at <= this.#heap[index]!.at) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(from: number): void {
    for (let index = from; ; ) {
      let child = 2 * index + 1;
      if (child >= this.#heap.length) return;
      if (child + 1 < this.#heap.length && this.#heap[child + 1]!.at < this.#heap[child]!.at) child++;
      if (this.#heap[index]!.at <= this.#heap[child]!.at) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #swap(a: number, b: number): void {
    const first = this.#heap[a]!;
    const second = this.#heap[b]!;
    this.#heap[a] = second;
    this.#heap[b] = first;
    second.index = a;
    first.index = b;
  }
}
