import { expect, test } from 'vitest';
import { createSharedMarks, markLook, markWriter, readLooks, readMarks } from './shared-marks.js';

const ROOM = '01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b';

test('the room is known from the begin of its step to the end', () => {
  const memory = createSharedMarks();
  const mark = markWriter(memory);
  expect(readMarks(memory)).toEqual({ marks: 0, roomId: null, beats: 0, debugged: false });
  mark.begin(ROOM);
  expect(readMarks(memory)).toMatchObject({ marks: 1, roomId: ROOM });
  mark.end();
  expect(readMarks(memory)).toMatchObject({ marks: 2, roomId: null });
});

test('a step that was left open gives way to the next one', () => {
  const memory = createSharedMarks();
  const mark = markWriter(memory);
  mark.begin(ROOM);
  mark.begin('r2');
  expect(readMarks(memory)).toMatchObject({ marks: 3, roomId: 'r2' });
  mark.end();
  mark.end();
  expect(readMarks(memory)).toMatchObject({ marks: 4, roomId: null });
});

test('an id that is too long is cut and spoils nothing behind it', () => {
  const memory = createSharedMarks();
  markWriter(memory).begin('x'.repeat(1_000));
  expect(readMarks(memory).roomId).toBe('x'.repeat(64));
});

test('a step is told apart from the end of one when the counter wraps around', () => {
  const memory = createSharedMarks();
  const mark = markWriter(memory);
  new Int32Array(memory)[0] = -2;
  mark.begin(ROOM);
  expect(readMarks(memory)).toMatchObject({ marks: -1, roomId: ROOM });
  mark.end();
  expect(readMarks(memory)).toMatchObject({ marks: 0, roomId: null });
});

test('a beat tells whether a debugger may be there', () => {
  const memory = createSharedMarks();
  const mark = markWriter(memory);
  mark.beat(true);
  expect(readMarks(memory)).toMatchObject({ beats: 1, debugged: true });
  mark.beat(false);
  expect(readMarks(memory)).toMatchObject({ beats: 2, debugged: false });
});

test('looks are counted beside the marks and the id, and touch neither', () => {
  const memory = createSharedMarks();
  markWriter(memory).begin(ROOM);
  markLook(memory);
  markLook(memory);
  expect(readLooks(memory)).toBe(2);
  expect(readMarks(memory)).toMatchObject({ marks: 1, roomId: ROOM, beats: 0 });
});
