import { mean } from './statistics.js';

export interface Contestant<T> {
  readonly name: string;
  readonly run: () => Promise<T>;
}

/** One run of a contestant, and the runs of the comparison before and behind its round. */
export interface Measured<T> {
  readonly result: T;
  readonly before: T;
  readonly after: T;
}

/**
 * Runs all contestants once in each round, in an order that is rotated from round to round, and the comparison before
 * and after each round: what the machine does meanwhile hits all of them.
 */
export async function interleaved<T>(
  rounds: number,
  comparison: () => Promise<T>,
  contestants: readonly Contestant<T>[],
): Promise<ReadonlyMap<string, readonly Measured<T>[]>> {
  const measured = new Map(contestants.map(({ name }) => [name, [] as Measured<T>[]]));
  let before = await comparison();
  for (let round = 0; round < rounds; round++) {
    const results = new Map<string, T>();
    for (let turn = 0; turn < contestants.length; turn++) {
      const { name, run } = contestants[(round + turn) % contestants.length]!;
      results.set(name, await run());
    }
    const after = await comparison();
    for (const [name, result] of results) measured.get(name)!.push({ result, before, after });
    before = after;
  }
  return measured;
}

/** A number of each round's comparison: the mean of the run before and the one behind it. */
export function beside<T>(measured: readonly Measured<T>[], numberOf: (result: T) => number): number[] {
  return measured.map(({ before, after }) => mean([numberOf(before), numberOf(after)]));
}
