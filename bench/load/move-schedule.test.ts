import { expect, test } from 'vitest';
import { MoveSchedule } from './move-schedule.js';

class Mover {
  moves = 0;
  readonly move = (): void => void this.moves++;
}

function scheduleAt(asSoonAsPossible = false) {
  const time = { ms: 0 };
  const schedule = new MoveSchedule<Mover>(asSoonAsPossible, () => time.ms);
  return { time, schedule };
}

test('latency counts from when a move was due: while the only table waits for a stalled server, the moves behind it grow old', () => {
  const { time, schedule } = scheduleAt();
  const table = new Mover();
  schedule.begin();
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
  schedule.begin();
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

test('only what was due in the counted time counts, even if it is answered later', async () => {
  const { time, schedule } = scheduleAt();
  const table = new Mover();
  schedule.ready(table);
  schedule.due(0); // warm-up
  schedule.begin();
  schedule.due(1);
  schedule.answered(table, null);
  schedule.ready(table);
  schedule.end();
  schedule.due(2); // behind the end
  time.ms = 5;
  schedule.answered(table, null);
  await schedule.settled(60_000);
  expect(schedule.applied).toBe(1);
  expect(schedule.latency.maxValue).toBe(4_000);
});

test('refusals are counted by type and never as moves', () => {
  const { schedule } = scheduleAt(true);
  const table = new Mover();
  schedule.begin();
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
  schedule.begin();
  schedule.ready(table);
  schedule.closed(table);
  schedule.due(0);
  expect(table.moves).toBe(0);
  expect([schedule.lost.size, schedule.unsent]).toEqual([1, 1]);
});
