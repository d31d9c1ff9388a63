import type { Cancel, Clock } from '../../actors/clock.js';

/** At most so many rooms in one slice of time: 1,000 a second, which leaves most of a core to those who play. */
const ROOMS_A_SLICE = 10;
const SLICE_MS = 10;

/**
 * Rooms that something is to be done for, a few at a time and the one that waits longest first: ten thousand at once
 * would make everybody else wait. The first few are done at once. Owns no timer while nothing is to be done.
 */
export class RoomPace {
  readonly #waiting = new Set<string>();
  readonly #clock: Clock;
  readonly #run: (roomId: string) => void;
  #left = ROOMS_A_SLICE;
  #slice: Cancel | null = null;

  constructor(clock: Clock, run: (roomId: string) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  add(roomId: string): void {
    if (this.#left === 0) this.#waiting.add(roomId);
    else this.#take(roomId);
  }

  remove(roomId: string): void {
    this.#waiting.delete(roomId);
  }

  stop(): void {
    this.#slice?.();
    this.#slice = null;
    this.#waiting.clear();
  }

  #take(roomId: string): void {
    this.#left--;
    this.#slice ??= this.#clock.schedule(SLICE_MS, () => {
      this.#slice = null;
      this.#left = ROOMS_A_SLICE;
      for (const waiting of this.#waiting) {
        if (this.#left === 0) return;
        this.#waiting.delete(waiting);
        this.#take(waiting);
      }
    });
    this.#run(roomId);
  }
}
