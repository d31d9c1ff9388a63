import type { Cancel, Clock } from '../../actors/clock.js';

export interface SliceSize {
  readonly count: number; // at most, in one slice of time
  readonly ms: number; // from one slice to the next
  readonly busyMs?: number; // the same at most, where the event loop is busy; left out: as long
}

/** A slice that comes so late says nothing: timers are no more exact. */
const PUNCTUAL_MS = 1;
/** What a slice had to wait for its turn, others wait for theirs: the next one leaves them so many times that. */
const YIELD = 8;

/**
 * Things that something is to be done with, a few at a time and the one that waits longest first: ten thousand at once
 * would make everybody else wait. Things that can wait leave a busy event loop to others for longer. Owns no timer while
 * nothing is to be done.
 */
export class Slices<T> {
  readonly #waiting = new Set<T>();
  readonly #clock: Clock;
  readonly #size: SliceSize;
  readonly #run: (item: T) => void;
  #slice: Cancel | null = null;
  #nextMs = Number.NEGATIVE_INFINITY; // monotonic; no slice before

  constructor(clock: Clock, size: SliceSize, run: (item: T) => void) {
    this.#clock = clock;
    this.#size = size;
    this.#run = run;
  }

  /** Things that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** It is run in a later turn: at once where few are. */
  add(item: T): void {
    this.#waiting.add(item);
    this.#slice ??= this.#schedule(this.#nextMs - this.#clock.elapsedMs());
  }

  remove(item: T): void {
    this.#waiting.delete(item);
  }

  stop(): void {
    this.#slice?.();
    this.#slice = null;
    this.#waiting.clear();
  }

  #schedule(delayMs: number): Cancel {
    const dueMs = this.#clock.elapsedMs() + Math.max(delayMs, 0);
    return this.#clock.schedule(delayMs, () => {
      const nowMs = this.#clock.elapsedMs();
      const { count, ms, busyMs = ms } = this.#size;
      const lateMs = Math.max(nowMs - dueMs - PUNCTUAL_MS, 0);
      this.#nextMs = nowMs + Math.min(ms + YIELD * lateMs, busyMs);
      const items = [...take(this.#waiting, count)];
      this.#slice = this.#waiting.size > 0 ? this.#schedule(this.#nextMs - nowMs) : null;
      for (const item of items) this.#run(item);
    });
  }
}

/** The first of a set, which are no longer in it. */
function* take<T>(set: Set<T>, count: number): Iterable<T> {
  for (const item of set) {
    if (count-- === 0) return;
    set.delete(item);
    yield item;
  }
}
