/** As the product's (DISCONNECT_GRACE_MS). */
const GRACE_MS = 3_000;
const SLICE_MS = 10;

/** Tables hear of their lost seats when a grace is over, and so many tables a second: a timer for each seat, and one for all. */
export class PlainPresence<T> {
  readonly #away = new Map<T, number[]>(); // seats, by table that has not heard of them
  readonly #tell: (table: T, seat: number) => void;
  #due = 0; // tables

  constructor(tablesPerS: number, tell: (table: T, seat: number) => void) {
    this.#tell = tell;
    setInterval(() => this.#slice((tablesPerS * SLICE_MS) / 1000), SLICE_MS);
  }

  lost(table: T, seat: number): void {
    setTimeout(() => {
      const seats = this.#away.get(table);
      if (seats === undefined) this.#away.set(table, [seat]);
      else seats.push(seat);
    }, GRACE_MS);
  }

  #slice(tables: number): void {
    this.#due = this.#away.size === 0 ? 0 : this.#due + tables;
    for (const [table, seats] of this.#away) {
      if (this.#due < 1) return;
      this.#due--;
      this.#away.delete(table);
      for (const seat of seats) this.#tell(table, seat);
    }
  }
}
