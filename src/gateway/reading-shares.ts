import type { Clock } from '../../actors/clock.js';

/** Frames that are read for one key in about one slice of time: a move takes one. */
const SLICE = { count: 2, ms: 1 };

/** One of the sockets that are read in turn. */
export interface ReadingShare {
  /** Whether a frame may be read now. Who is told no asks for `next`. */
  take(): boolean;
  /** Calls back in a later turn of the event loop, when a frame may be read; those who wait longest come first. */
  next(read: () => void): void;
}

/**
 * What is read in a millisecond for each key, which many sockets may have together: where thirty tabs or five hundred
 * spectators speak at once, every turn of the event loop is left to others as well. Owns no timer while nobody waits.
 */
export class ReadingShares {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #read = new Map<string, number>(); // in this slice
  #sliceMs = Number.NEGATIVE_INFINITY; // its beginning

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key of the socket now, asked each time: it is seated after it is accepted */
  of(key: () => string): ReadingShare {
    return {
      take: () => this.#take(key()),
      next: (read) => {
        const mine = key();
        if (this.#take(mine)) this.#clock.defer(read);
        else this.#wait(mine, read);
      },
    };
  }

  #take(key: string): boolean {
    this.#begin();
    const count = this.#read.get(key) ?? 0;
    if (count >= SLICE.count || this.#waiting.has(key)) return false;
    this.#read.set(key, count + 1);
    return true;
  }

  #begin(): void {
    const nowMs = this.#clock.elapsedMs();
    if (nowMs - this.#sliceMs < SLICE.ms) return;
    this.#sliceMs = nowMs;
    this.#read.clear();
  }

  #wait(key: string, read: () => void): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(read);
      return;
    }
    if (this.#waiting.size === 0) this.#schedule();
    this.#waiting.set(key, [read]);
  }

  #schedule(): void {
    this.#clock.schedule(SLICE.ms, () => {
      this.#begin();
      const due: (() => void)[] = [];
      for (const [key, waiting] of this.#waiting) {
        const first = waiting.splice(0, SLICE.count);
        this.#read.set(key, first.length);
        due.push(...first);
        if (waiting.length === 0) this.#waiting.delete(key);
      }
      if (this.#waiting.size > 0) this.#schedule();
      for (const read of due) read();
    });
  }
}
