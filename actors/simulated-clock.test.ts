import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { SimulatedClock } from './simulated-clock.js';

test('time stands still until it is advanced', async () => {
  const clock = new SimulatedClock(1000);
  expect([clock.nowMs(), clock.elapsedMs()]).toEqual([1000, 0]);
  await clock.advance(25);
  expect([clock.nowMs(), clock.elapsedMs()]).toEqual([1025, 25]);
});

test('what is due at the same time runs in the order in which it was scheduled', async () => {
  const clock = new SimulatedClock(0);
  const ran: string[] = [];
  clock.schedule(10, () => ran.push('first'));
  clock.schedule(5, () => {
    ran.push('earlier');
    clock.schedule(5, () => ran.push('third'));
  });
  clock.schedule(10, () => ran.push('second'));
  await clock.advance(10);
  expect(ran).toEqual(['earlier', 'first', 'second', 'third']);
});

test('between two tasks every promise that can settle does', async () => {
  const clock = new SimulatedClock(0);
  const ran: string[] = [];
  clock.schedule(1, () => {
    void (async () => {
      await Promise.resolve();
      await Promise.resolve();
      ran.push('promise');
    })();
  });
  clock.schedule(1, () => ran.push('next task'));
  await clock.advance(1);
  expect(ran).toEqual(['promise', 'next task']);
});

test('a cancelled call does not run and is not counted', async () => {
  const clock = new SimulatedClock(0);
  let ran = 0;
  const cancel = clock.schedule(1, () => ran++);
  expect(clock.scheduledCount).toBe(1);
  cancel();
  expect(clock.scheduledCount).toBe(0);
  await clock.advance(5);
  expect(ran).toBe(0);
});

test('deferred calls run at the same virtual time, and never within the call', async () => {
  const clock = new SimulatedClock(7);
  const at: number[] = [];
  clock.defer(() => at.push(clock.nowMs()));
  clock.schedule(-100, () => at.push(clock.nowMs()));
  expect(at).toEqual([]);
  await clock.settle();
  expect(at).toEqual([7, 7]);
});

test('runUntil stops at the task that makes the condition true', async () => {
  const clock = new SimulatedClock(0);
  let count = 0;
  for (const ms of [10, 20, 30]) clock.schedule(ms, () => count++);
  await clock.runUntil(() => count === 2, 100);
  expect([count, clock.nowMs()]).toEqual([2, 20]);
});

test('runUntil says so when nothing can make the condition true any more', async () => {
  const clock = new SimulatedClock(0);
  clock.schedule(200, () => undefined);
  await expect(clock.runUntil(() => false, 100)).rejects.toThrow('still waiting after 100 ms');
});

property.prop([fc.array(fc.nat(100), { maxLength: 80, size: 'max' })], { seed: 5, numRuns: 200 })(
  'any number of tasks runs ordered by time, then by scheduling',
  async (delays) => {
    const clock = new SimulatedClock(0);
    const ran: [number, number][] = [];
    delays.forEach((delay, index) => clock.schedule(delay, () => ran.push([delay, index])));
    await clock.advance(100);
    expect(ran).toEqual(delays.map((delay, index) => [delay, index]).sort(([a, i], [b, k]) => a! - b! || i! - k!));
  },
);
