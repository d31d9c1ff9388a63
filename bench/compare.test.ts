import { expect, test } from 'vitest';
import { compareReports, NOISE_MIN } from './compare.js';
import { reportOf } from './report-fixture.js';

const judgementOf = (before: readonly number[], after: readonly number[], better: 'higher' | 'lower' = 'higher') => {
  const compared = compareReports(reportOf({ values: before, better }), reportOf({ values: after, better }));
  return compared.figures[0]!.judgement;
};

test('a change that is larger than the spread of both runs is better or worse, by which way is good', () => {
  expect(judgementOf([100, 101, 102], [119, 120, 121])).toBe('better');
  expect(judgementOf([119, 120, 121], [100, 101, 102])).toBe('worse');
  expect(judgementOf([119, 120, 121], [100, 101, 102], 'lower')).toBe('better');
  expect(judgementOf([100, 101, 102], [119, 120, 121], 'lower')).toBe('worse');
});

test('the same change says nothing where the rounds of either run lie far apart', () => {
  expect(judgementOf([80, 101, 122], [119, 120, 121])).toBe('within noise');
  expect(judgementOf([100, 101, 102], [95, 120, 140])).toBe('within noise');
});

test('rounds that lie close together by chance make no figure of a small change', () => {
  const almost = 1 + NOISE_MIN * 0.9;
  expect(
    judgementOf(
      [100, 100, 100],
      [100, 100, 100].map((value) => value * almost),
    ),
  ).toBe('within noise');
  expect(
    judgementOf(
      [100, 100, 100],
      [100, 100, 100].map((value) => value / almost),
    ),
  ).toBe('within noise');
  expect(judgementOf([100], [100 * (1 + NOISE_MIN * 1.1)])).toBe('better');
});

test('a machine that was slower altogether shows in the figure and not in its ratio', () => {
  const before = reportOf({ values: [100], comparisons: [{ name: 'raw ws', values: [200] }] });
  const after = reportOf({ values: [50], comparisons: [{ name: 'raw ws', values: [100] }] });
  const { figures, regressions } = compareReports(before, after);
  expect(figures.map(({ id, judgement, change }) => [id, judgement, change])).toEqual([
    ['sockets.moves', 'worse', -0.5],
    ['sockets.moves / raw ws', 'within noise', 0],
  ]);
  expect(regressions).toEqual([]);
});

test('a faster machine does not hide that the product is slower beside the others', () => {
  const before = reportOf({ values: [100], comparisons: [{ name: 'raw ws', values: [200] }] });
  const after = reportOf({ values: [100], comparisons: [{ name: 'raw ws', values: [400] }] });
  expect(compareReports(before, after).regressions).toEqual(['sockets.moves']);
});

test('one comparison that ran faster by chance makes no regression of a figure that is no worse', () => {
  const beside = (raw: number, reference: number) =>
    reportOf({
      values: [100],
      comparisons: [
        { name: 'raw ws', values: [raw] },
        { name: 'reference', values: [reference] },
      ],
    });
  expect(compareReports(beside(200, 200), beside(200, 400)).regressions).toEqual([]);
  expect(compareReports(beside(200, 200), beside(400, 400)).regressions).toEqual(['sockets.moves']);
});

test('a figure that stands alone is a regression when it is worse', () => {
  const before = reportOf({ values: [100], comparisons: [] });
  expect(compareReports(before, reportOf({ values: [50], comparisons: [] })).regressions).toEqual(['sockets.moves']);
  expect(compareReports(before, reportOf({ values: [150], comparisons: [] })).regressions).toEqual([]);
});

test('a figure of one run only is shown and judged by nothing', () => {
  const { figures, regressions } = compareReports(
    reportOf({ values: [1], comparisons: [] }),
    reportOf({ values: [1], id: 'new', comparisons: [] }),
  );
  expect(figures.map(({ id, judgement }) => [id, judgement])).toEqual([
    ['sockets.moves', 'only before'],
    ['new', 'only after'],
  ]);
  expect(regressions).toEqual([]);
});

test('runs of different machines, lengths or builds are compared with a remark', () => {
  const report = reportOf({ values: [1] });
  expect(compareReports(report, report)).toMatchObject({ comparable: true, remarks: [] });
  const other = { ...report, built: false, quick: true, machine: { ...report.machine, cores: 64 } };
  const { comparable, remarks } = compareReports(report, other);
  expect(comparable).toBe(false);
  expect(remarks).toEqual([
    'The machines differ: cores was 2 and is 64.',
    'One of the two is a quick run.',
    'One of the two was run from source.',
  ]);
});
