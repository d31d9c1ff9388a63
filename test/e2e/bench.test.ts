import { expect, test } from 'vitest';
import type { Section } from '../../bench/figure.js';
import { benchLatency } from '../../bench/latency.js';
import { benchMoves } from '../../bench/moves.js';
import { benchRecovery } from '../../bench/recovery.js';
import { benchRestore } from '../../bench/restore.js';
import { sectionText } from '../../bench/report.js';
import { benchStorm } from '../../bench/storm.js';

// Goal: each bench still measures what it says after the product has changed. Method: a tiny size, and no look at times.

/** Every figure has a positive value and a ratio for each round, and the text shows it. */
function expectFigures(section: Section, ids: readonly string[], rounds: number): void {
  expect(section.figures.map(({ id }) => id)).toEqual(ids);
  for (const { values, comparisons } of section.figures) {
    for (const numbers of [values, ...comparisons.map((comparison) => comparison.values)]) {
      expect(numbers).toHaveLength(rounds);
      expect(numbers.filter((value) => !(value > 0 && Number.isFinite(value)))).toEqual([]);
    }
  }
  expect(sectionText(section)).not.toContain('NaN');
}

test('the suite’s benches over sockets and in process give each figure with its comparisons', async () => {
  const short = { warmUp: 0.2, seconds: 0.4, rounds: 1 };
  const comparisons = (section: Section) => section.figures[0]!.comparisons.map(({ name }) => name);

  const latency = await benchLatency({ tables: 2, rates: [60], ...short });
  expectFigures(latency, ['latency.60.p50', 'latency.60.p99'], 1);
  expect(comparisons(latency)).toEqual(['reference', 'raw ws']);

  const moves = await benchMoves({ rooms: 4, ...short });
  expectFigures(moves, ['moves.moves', 'moves.rows'], 1);
  expect(comparisons(moves)).toEqual(['reference', 'raw SQLite']);
});

test('the suite’s benches of a start, of the past and of a storm give each figure with its comparison', async () => {
  expectFigures(await benchRecovery({ rooms: 20, tails: 50, rounds: 1 }), ['recovery.playable', 'recovery.ready'], 1);
  expectFigures(
    await benchRestore({ views: 10, restores: 2, rounds: 1 }),
    ['restore.view.p50', 'restore.view.p99', 'restore.restore.p50'],
    1,
  );
  expectFigures(await benchStorm({ rooms: 3, rounds: 1 }), ['storm.all', 'storm.p50'], 1);
});
