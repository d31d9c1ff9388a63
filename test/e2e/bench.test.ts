import { expect, test } from 'vitest';
import type { Section } from '../../bench/figure.js';
import { benchLatency } from '../../bench/latency.js';
import { benchStorm } from '../../bench/storm.js';
import { isRoomServerInstalled } from '../../bench/wire-contestants.js';

// Goal: the benches still measure what they say after the product has changed. Method: a tiny size, and no look at times.
// All of them together, in a size that takes minutes: npm run bench -- --quick.

/** Every figure has a value, and a comparison, for each round. */
function expectFigures(section: Section, ids: readonly string[], rounds: number): void {
  expect(section.figures.map(({ id }) => id)).toEqual(ids);
  for (const { values, comparisons } of section.figures) {
    for (const numbers of [values, ...comparisons.map((comparison) => comparison.values)]) {
      expect(numbers).toHaveLength(rounds);
      expect(numbers.filter((value) => !(value > 0 && Number.isFinite(value)))).toEqual([]);
    }
  }
}

test('the suite’s contestants make the same moves over sockets, and each figure stands beside two of them', async () => {
  const section = await benchLatency({ tables: 2, rates: [60], warmUp: 0.2, seconds: 0.4, rounds: 1 });
  expectFigures(section, ['latency.60.p50', 'latency.60.p99'], 1);
  const others = isRoomServerInstalled ? ['room server'] : [];
  expect(section.figures[0]!.comparisons.map(({ name }) => name)).toEqual(['reference', 'raw ws', ...others]);
});

test('the suite’s storm seats every socket, beside a plain server that answers as much', async () => {
  expectFigures(await benchStorm({ rooms: 3, rounds: 1 }), ['storm.all', 'storm.p50'], 1);
});
