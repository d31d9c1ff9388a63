/** Lets so many pieces of work go on at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #countMax: number;
  #count = 0; // under way
  readonly #waiting: (() => void)[] = [];

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#count < this.#countMax) this.#count++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // the turn is handed over
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#count--;
      else next();
    }
  }
}
