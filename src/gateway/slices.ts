import type { Cancel, Clock } from '../../actors/clock.js';

export interface SliceSize {
  readonly count: number; // at most, in one slice of time
  readonly ms: number; // from one slice to the next
}

/**
 * Things that something is to be done with, a few at a time and the one that waits longest first: ten thousand at once
 * would make everybody else wait. Owns no timer while nothing is to be done.
 */
export class Slices<T> {
  readonly #waiting = new Set<T>();
  readonly #clock: Clock;
  readonly #size: SliceSize;
  readonly #run: (item: T) => void;
  #slice: Cancel | null = null;
  #slicedMs = Number.NEGATIVE_INFINITY; // monotonic

  constructor(clock: Clock, size: SliceSize, run: (item: T) => void) {
    this.#clock = clock;
    this.#size = size;
    this.#run = run;
  }

  /** It is run in a later turn: at once where few are. */
  add(item: T): void {
    this.#waiting.add(item);
    this.#slice ??= this.#schedule(this.#slicedMs + this.#size.ms - this.#clock.elapsedMs());
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
    return this.#clock.schedule(delayMs, () => {
      this.#slicedMs = this.#clock.elapsedMs();
      const items = [...take(this.#waiting, this.#size.count)];
      this.#slice = this.#waiting.size > 0 ? this.#schedule(this.#size.ms) : null;
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
