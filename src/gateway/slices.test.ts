import { expect, test } from 'vitest';
import type { Clock } from '../../actors/clock.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { type SliceSize, Slices } from './slices.js';

/** Things that are sliced by a clock whose timers come `busy.lateMs` too late, as those of a busy event loop do. */
function sliced(size: SliceSize) {
  const time = new SimulatedClock();
  const busy = { lateMs: 0 };
  const clock: Clock = {
    nowMs: time.nowMs,
    elapsedMs: time.elapsedMs,
    defer: (run) => time.defer(run),
    schedule: (delayMs, run) => time.schedule(Math.max(delayMs, 0) + busy.lateMs, run),
  };
  const done: number[] = []; // when
  const slices = new Slices<number>(clock, size, () => done.push(time.elapsedMs()));
  const add = (count: number): void => {
    for (let item = 0; item < count; item++) slices.add(item + done.length);
  };
  return { time, busy, done, add };
}

test('where the event loop is idle, slices come at their own pace', async () => {
  const { time, done, add } = sliced({ count: 2, ms: 10, busyMs: 40 });
  add(5);
  await time.advance(100);
  expect(done).toEqual([0, 0, 10, 10, 20]);
});

test.each([
  ['a timer that is no more than a millisecond late does not slow them down', 40, 1, [1, 12, 23]],
  ['however busy the loop is, the next slice comes after its longest pause', 40, 5_000, [5_000, 10_040, 15_080]],
  ['what can not wait keeps its pace, however late it comes', undefined, 30, [30, 70, 110]],
])('%s', async (_, busyMs, lateMs, times) => {
  const { time, busy, done, add } = sliced({ count: 1, ms: 10, ...(busyMs !== undefined && { busyMs }) });
  busy.lateMs = lateMs;
  add(3);
  await time.advance(20_000);
  expect(done).toEqual(times);
});

test('the longer a slice waits for its turn, the longer the next one leaves the loop to others', async () => {
  const { time, busy, done, add } = sliced({ count: 1, ms: 10, busyMs: 40 });
  busy.lateMs = 3; // two of them count
  add(3);
  await time.advance(29);
  busy.lateMs = 2;
  await time.advance(100);
  expect(done).toEqual([3, 3 + 26 + 3, 32 + 26 + 2]);
});

test('what comes after a late slice waits as if it had been there before', async () => {
  const { time, busy, done, add } = sliced({ count: 1, ms: 10, busyMs: 40 });
  busy.lateMs = 3;
  add(1);
  await time.advance(3);
  busy.lateMs = 0;
  await time.advance(6);
  add(1);
  await time.advance(100);
  expect(done).toEqual([3, 29]);
  expect(time.scheduledCount).toBe(0);
});
