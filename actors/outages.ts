import type { Outage } from '../persistence/journal.js';

/** The times in which no room could run, to move rooms' clocks by (design.md section 9, Time). */
export class Outages {
  readonly #known: Outage[] = [];

  constructor(known: readonly Outage[] = []) {
    this.#known.push(...known);
  }

  add(outage: Outage): void {
    this.#known.push(outage);
  }

  /** Sum of the outages after `at`, in whole ms. */
  sinceMs(at: number): number {
    let sum = 0;
    for (let index = this.#known.length - 1; index >= 0; index--) {
      const outage = this.#known[index]!;
      if (outage.to <= at) break;
      sum += outage.to - Math.max(outage.from, at);
    }
    return Math.floor(sum);
  }
}
