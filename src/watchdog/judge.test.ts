import { expect, test } from 'vitest';
import { type Action, firstWatch, judge } from './judge.js';
import type { Sample } from './shared-marks.js';

const LIMITS = { warnAfter: 2, endAfter: 4 };
const STILL: Sample = { marks: 0, roomId: null, beats: 7, debugged: false };
const IN_STEP: Sample = { ...STILL, marks: 1, roomId: 'r1' };

/** `.` nothing, `w:ROOM` a warning, `e:ROOM` the end; `-` stands for no room. */
function actions(samples: readonly Sample[]): string {
  let watch = firstWatch(samples[0]!);
  const shown = samples.slice(1).map((sample) => {
    const judged = judge(watch, sample, LIMITS);
    watch = judged.watch;
    return show(judged.action);
  });
  return shown.join(' ');
}

function show(action: Action): string {
  return action.kind === 'none' ? '.' : `${action.kind[0]}:${action.roomId ?? '-'}`;
}

/** Checks in a row that differ by what `next` gives. */
function series(count: number, next: (check: number) => Partial<Sample>, first = STILL): Sample[] {
  return Array.from({ length: count }, (_, check) => ({ ...first, ...next(check) }));
}

const table: readonly (readonly [string, readonly Sample[], string])[] = [
  ['a loop that turns is left alone', series(6, (beats) => ({ beats })), '. . . . .'],
  ['a room whose step does not end is named, then suspected', series(5, () => IN_STEP), '. w:r1 . e:r1'],
  ['a loop that is blocked outside any step names nobody', series(5, () => STILL), '. w:- . e:-'],
  [
    'many short steps without a turn of the loop name nobody',
    series(5, (check) => ({ marks: 1 + 2 * check, roomId: 'r1' })),
    '. w:- . e:-',
  ],
  [
    'a step that was left open while the loop turns harms nobody',
    series(6, (beats) => ({ ...IN_STEP, beats })),
    '. . . . .',
  ],
  [
    'each step of a chain counts for itself',
    [IN_STEP, IN_STEP, IN_STEP, IN_STEP, ...series(4, () => ({ marks: 3, roomId: 'r2' }))],
    '. w:r1 . . . w:r2 .',
  ],
  [
    'a step after a blocked loop is not blamed for the time before it',
    [STILL, STILL, STILL, STILL, IN_STEP, IN_STEP],
    '. w:- . e:- .',
  ],
  [
    'a beat forgets what was counted',
    [STILL, STILL, STILL, STILL, ...series(3, () => ({ beats: 8 }))],
    '. w:- . . . w:-',
  ],
  ['a debugger is never cut off', series(8, () => ({ ...IN_STEP, debugged: true })), '. w:r1 . . . . .'],
  ['counters that wrap around are a change', [-1, 0, 1, 2].map((beats) => ({ ...STILL, beats })), '. . .'],
];

test.each(table)('%s', (_, samples, expected) => {
  expect(actions(samples)).toBe(expected);
});
