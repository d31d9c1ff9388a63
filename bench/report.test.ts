import { expect, test } from 'vitest';
import { reportOf } from './report-fixture.js';
import { numberText, reportText, sectionText } from './report.js';

test('the table holds median, range, comparison, ratio by round and target', () => {
  const report = reportOf({
    values: [90, 100, 120],
    comparisons: [
      { name: 'raw ws', values: [180, 200, 200], target: { floor: 0.4, goal: 0.6 } },
      { name: 'reference', values: [100, 100, 100] },
      { name: 'room server', values: [50, 50, 40], target: { floor: 2, goal: 3 } },
    ],
  });
  expect(sectionText(report.sections[0]!).split('\n').slice(2)).toEqual([
    '| Moves | 100/s (90–120) | raw ws 200/s (180–200) | 0.5 (0.5–0.6) | 0.4, 0.6 of raw ws |',
    '|  |  | reference 100/s (100–100) | 1 (0.9–1.2) |  |',
    '|  |  | room server 50/s (40–50) | 2 (1.8–3) | 2, 3 of room server |',
    '',
    '## Over sockets',
    '',
    'Measured thus.',
    '',
    '- frames per move: 5.25',
    '- store: SQLite',
  ]);
});

test('a target without a comparison is in the unit of the figure', () => {
  const section = reportOf({ values: [90], target: { floor: 100, goal: 200 } }).sections[0]!;
  expect(sectionText(section).split('\n')[2]).toBe('| Moves | 90/s | raw ws 200/s | 0.45 | 100, 200 /s |');
});

test('a run that may not be quoted says so', () => {
  const report = reportOf({ values: [1] });
  expect(reportText(report)).not.toContain('**');
  expect(reportText({ ...report, quick: true })).toContain('**Quick run');
  expect(reportText({ ...report, built: false })).toContain('**Run from source');
});

test('numbers keep three digits that mean something', () => {
  expect([12345.6, 456.4, 99.95, 1.2345, 0.012345, 0, Number.NaN].map(numberText)).toEqual([
    '12,346',
    '456',
    '100',
    '1.23',
    '0.0123',
    '0',
    '–',
  ]);
});
