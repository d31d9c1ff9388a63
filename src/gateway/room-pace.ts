import type { Cancel, Clock } from '../../actors/clock.js';

/** At most so many rooms in one slice of time, 300 a second: of each several people may be away, and their bots move. */
const ROOMS_A_SLICE = 3;
const SLICE_MS = 10;

/**
 * Rooms that something is to be done for, a few at a time and the one that waits longest first: ten thousand at once
 * would make everybody else wait. Owns no timer while nothing is to be done.
 */
export class RoomPace {
  readonly #waiting = new Set<string>();
  readonly #clock: Clock;
  readonly #run: (roomId: string) => void;
  #slice: Cancel | null = null;
  #slicedMs = Number.NEGATIVE_INFINITY; // monotonic

  constructor(clock: Clock, run: (roomId: string) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** It is run in a later turn: at once where few rooms are. */
  add(roomId: string): void {
    this.#waiting.add(roomId);
    this.#slice ??= this.#schedule(this.#slicedMs + SLICE_MS - this.#clock.elapsedMs());
  }

  remove(roomId: string): void {
    this.#waiting.delete(roomId);
  }

  stop(): void {
    this.#slice?.();
    this.#slice = null;
    this.#waiting.clear();
  }

  #schedule(delayMs: number): Cancel {
    return this.#clock.schedule(delayMs, () => {
      this.#slicedMs = this.#clock.elapsedMs();
      const rooms = [...take(this.#waiting, ROOMS_A_SLICE)];
      this.#slice = this.#waiting.size > 0 ? this.#schedule(SLICE_MS) : null;
      for (const roomId of rooms) this.#run(roomId);
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
