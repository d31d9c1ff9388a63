import { expect, test } from 'vitest';
import { place, viewer, wholeNumber } from './arguments.js';
import { progressLine, progressOn } from './progress.js';
import { sheet, table } from '../table.js';
import { bytesText, countText, relativeText, spanText, timeText } from './units.js';

interface Fruit {
  readonly name: string;
  readonly count: number;
}
const FRUIT: readonly Fruit[] = [
  { name: 'apple', count: 7 },
  { name: 'fig', count: 1200 },
];
const COLUMNS = [
  { head: 'NAME', cell: ({ name }: Fruit) => name },
  { head: 'COUNT', cell: ({ count }: Fruit) => String(count), align: 'right' as const, drop: 2 },
  { head: 'FIRST', cell: ({ name }: Fruit) => name[0]!, drop: 1 },
];

test('a table has columns as wide as their widest cell', () => {
  expect(table(COLUMNS, FRUIT, Infinity)).toEqual(['NAME   COUNT  FIRST', 'apple      7  a', 'fig     1200  f']);
});

test('a narrow terminal costs the columns that matter least, and never those that must stay', () => {
  expect(table(COLUMNS, FRUIT, 14)[0]).toBe('NAME   COUNT');
  expect(table(COLUMNS, FRUIT, 3)).toEqual(['NAME', 'apple', 'fig']);
});

test('a sheet has its values under each other', () => {
  expect(
    sheet([
      ['a', '1'],
      ['long', '2'],
    ]),
  ).toEqual(['a     1', 'long  2']);
});

test('a progress bar is drawn on a terminal, is never wider than that, and leaves nothing', () => {
  const written: string[] = [];
  const progress = progressOn({ isTTY: true, columns: 39, write: (text) => written.push(text) });
  progress.tell(0.5, 'a room with a very long name');
  progress.tell(0.5, 'a room with a very long name');
  progress.end();
  expect(written).toEqual(['\r\x1b[K[###############···············]  50 %', '\r\x1b[K']);
  expect(progressLine(2, 'x')).toBe('[##############################] 100 %  x');
});

test('no progress is written where there is no terminal', () => {
  const written: string[] = [];
  const progress = progressOn({ write: (text) => written.push(text) });
  progress.tell(0.5, 'half');
  progress.end();
  expect(written).toEqual([]);
});

test('times, spans and sizes are short', () => {
  expect(timeText(0)).toBe('1970-01-01 00:00:00.000');
  expect([5, 59_999, 60_000, 7_199_999, 86_400_000].map(spanText)).toEqual(['5 ms', '59 s', '1 min', '1 h', '1 d']);
  expect([relativeText(0, 5_000), relativeText(5_000, 0)]).toEqual(['5 s ago', 'in 5 s']);
  expect([512, 4096, 1_300_000].map(bytesText)).toEqual(['512 B', '4.0 KiB', '1.2 MiB']);
  expect([countText(1, 'room'), countText(2, 'entry', 'entries')]).toEqual(['1 room', '2 entries']);
});

test.each([
  ['40', { kind: 'seq', seq: 40 }],
  ['1769860800000', { kind: 'time', at: 1_769_860_800_000 }],
  ['2026-01-31T12:00:00Z', { kind: 'time', at: 1_769_860_800_000 }],
  ['2026-01-31 12:00:00', { kind: 'time', at: 1_769_860_800_000 }],
  ['2026-01-31T13:00:00.000+01:00', { kind: 'time', at: 1_769_860_800_000 }],
  ['2026-01-31', { kind: 'time', at: 1_769_817_600_000 }],
])('%s is a place in a history', (text, expected) => {
  expect(place(text)).toEqual(expected);
});

test.each(['0', '-1', '1.5', 'yesterday', '2026-13-31', ''])('"%s" is no place in a history', (text) => {
  expect(() => place(text)).toThrow('It must be the number of an entry, or a time');
});

test('a viewer is a seat, a spectator or the operator', () => {
  expect(['0', '3', 'spectator', 'operator'].map(viewer)).toEqual([0, 3, 'spectator', 'operator']);
  expect(() => viewer('4')).toThrow('It must be a seat');
  expect(() => viewer('router')).toThrow('It must be a seat');
  expect(() => wholeNumber(1, 5)('6')).toThrow('from 1 to 5');
});
