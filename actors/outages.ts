import type { Outage } from '../persistence/journal.js';

/** The times in which no room could run, to move rooms' clocks by (design.md section 9, Time). */
export class Outages {
  #known: readonly Outage[]; // in order, none overlaps another: a pause may span a restart and counts once

  constructor(known: readonly Outage[] = []) {
    this.#known = merged(known);
  }

  add(outage: Outage): void {
    this.#known = merged([...this.#known, outage]);
  }

  /**
   * How long nobody could act after `at`, in whole ms.
   * @param besides one more outage, of the asking room alone
   */
  sinceMs(at: number, besides: Outage | null = null): number {
    const known = besides === null ? this.#known : merged([...this.#known, besides]);
    let sum = 0;
    for (let index = known.length - 1; index >= 0; index--) {
      const { from, to } = known[index]!;
      if (to <= at) break;
      sum += to - Math.max(from, at);
    }
    return Math.floor(sum);
  }
}

function merged(outages: readonly Outage[]): readonly Outage[] {
  const result: Outage[] = [];
  for (const outage of [...outages].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || outage.from > last.to) result.push(outage);
    else if (outage.to > last.to) result[result.length - 1] = { from: last.from, to: outage.to };
  }
  return result;
}
