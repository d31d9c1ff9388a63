import { expect, test } from 'vitest';
import { MoveSchedule } from './move-schedule.js';

class Mover {
  moves = 0;
  readonly move = (): void => {
    this.moves++;
  };
}

/** Of the histogram's microseconds, which keep three digits. */
const milliseconds = (us: number): number => Math.round(us / 1000);

function scheduleAt(asSoonAsPossible = false) {
  const time = { ms: 0 };
  const schedule = new MoveSchedule<Mover>(asSoonAsPossible, () => time.ms);
  return { time, schedule };
}

test('latency counts from when a move was due: while the only table waits for a stalled server, the moves behind it grow old', () => {
  const { time, schedule } = scheduleAt();
  const table = new Mover();
  schedule.count(0, 100);
  schedule.ready(table);
  for (let due = 0; due < 3; due++) schedule.due(due * 10);
  expect(table.moves).toBe(1);

  time.ms = 1_000; // the stall
  for (let answered = 0; answered < 3; answered++) {
    schedule.answered(table, null);
    schedule.ready(table);
  }
  expect(schedule.applied).toBe(3);
  expect(schedule.latency.minNonZeroValue).toBeGreaterThan(975_000);
  expect(schedule.sentLate.maxValue).toBeGreaterThan(980_000);
});

test('a move that is due goes to a table that waits, and to each table only when it waits again', () => {
  const { schedule } = scheduleAt();
  const [first, second] = [new Mover(), new Mover()];
  schedule.count(0, 100);
  schedule.ready(first);
  schedule.ready(second);
  for (let due = 0; due < 3; due++) schedule.due(0);
  expect([first.moves, second.moves]).toEqual([1, 1]);
  expect(schedule.unsent).toBe(1);
  expect(schedule.unanswered).toBe(2);
  schedule.answered(second, null);
  schedule.ready(second);
  expect([first.moves, second.moves]).toEqual([1, 2]);
  expect(schedule.unsent).toBe(0);
});

test('what was due in the counted time counts, even if its beat or its answer comes later; what is due behind it is not sent', async () => {
  const { time, schedule } = scheduleAt();
  const tables = [new Mover(), new Mover(), new Mover(), new Mover()];
  for (const table of tables) schedule.ready(table);
  schedule.count(10, 20);
  time.ms = 25;
  for (const due of [5, 10, 19]) schedule.due(due);
  let isSettled = false;
  const settled = schedule.settled(60_000).then(() => (isSettled = true));
  for (const table of tables) schedule.answered(table, null);
  await Promise.resolve();
  expect(isSettled).toBe(false); // more could have been due
  schedule.due(20);
  await settled;
  expect(tables.map(({ moves }) => moves)).toEqual([1, 1, 1, 0]);
  expect(schedule.applied).toBe(2);
  expect([schedule.latency.minNonZeroValue, schedule.latency.maxValue].map(milliseconds)).toEqual([6, 15]);
});

test('as fast as the tables can move, what is answered in the counted time counts', () => {
  const { time, schedule } = scheduleAt(true);
  const table = new Mover();
  schedule.count(10, 20);
  for (const answeredMs of [5, 15, 25]) {
    schedule.ready(table);
    time.ms = answeredMs;
    schedule.answered(table, null);
  }
  expect(schedule.applied).toBe(1);
  expect(milliseconds(schedule.latency.maxValue)).toBe(10);
});

test('refusals are counted by type and never as moves', () => {
  const { schedule } = scheduleAt(true);
  const table = new Mover();
  schedule.count(0, 100);
  for (const refusal of ['rate_limited', null, 'rate_limited', 'error']) {
    schedule.ready(table);
    schedule.answered(table, refusal);
  }
  expect(Object.fromEntries(schedule.refused)).toEqual({ rate_limited: 2, error: 1 });
  expect(schedule.applied).toBe(1);
  expect(schedule.latency.totalCount).toBe(1);
});

test('a table that lost a socket is told and not asked to move any more', () => {
  const { schedule } = scheduleAt();
  const table = new Mover();
  schedule.count(0, 100);
  schedule.ready(table);
  schedule.closed(table);
  schedule.due(0);
  expect(table.moves).toBe(0);
  expect([schedule.lost.size, schedule.unsent]).toEqual([1, 1]);
});
