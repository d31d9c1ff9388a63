import type { Clock } from '../../actors/clock.js';

/** Frames that are read for one room in one slice of time: all four who play at once. */
const SLICE = { count: 4, ms: 1 };

/** A room's turn to be read from, for one of its sockets. */
export interface ReadingShare {
  /** Whether a frame may be read now. Who is told no asks for `next`. */
  take(): boolean;
  /** Calls back in a later turn of the event loop, when a frame may be read; those who wait longest come first. */
  next(read: () => void): void;
}

/**
 * What is read for each room in a millisecond, however many sockets and people it has: the one whose sockets all speak
 * at once leaves every turn of the event loop to the others. Owns no timer while nobody waits.
 */
export class ReadingShares {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #read = new Map<string, number>(); // in this slice
  #sliceMs = Number.NEGATIVE_INFINITY; // its beginning

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key of the room now, asked each time: a socket enters its room after it is accepted */
  of(key: () => string): ReadingShare {
    return {
      take: () => this.#take(key()),
      next: (read) => {
        if (this.#take(key())) this.#clock.defer(read);
        else this.#wait(key(), read);
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
