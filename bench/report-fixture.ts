import type { Comparison, Figure } from './figure.js';
import type { BenchReport } from './report.js';

/** For tests: a report of one bench with one figure. */
export function reportOf(
  figure: Partial<Figure> & Pick<Figure, 'values'>,
  changes: Partial<BenchReport> = {},
): BenchReport {
  const comparisons: readonly Comparison[] = [{ name: 'raw ws', values: figure.values.map(() => 200) }];
  return {
    version: 1,
    at: '2026-01-31T12:00:00.000Z',
    commit: 'abc1234',
    quick: false,
    built: true,
    machine: { cpu: 'A', cores: 2, memoryGib: 8, platform: 'linux', node: '20.0.0', fsyncUs: 100 },
    sections: [
      {
        name: 'sockets',
        title: 'Over sockets',
        method: 'Measured thus.',
        details: { 'frames per move': 5.25, store: 'SQLite' },
        figures: [
          {
            id: 'sockets.moves',
            title: 'Moves',
            unit: '/s',
            better: 'higher',
            comparisons,
            ...figure,
          } satisfies Figure,
        ],
      },
    ],
    ...changes,
  };
}
