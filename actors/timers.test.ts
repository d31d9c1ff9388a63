import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from './simulated-clock.js';
import { Timers } from './timers.js';

function timersOf(clock: SimulatedClock, onRing: (key: string, timers: Timers) => void = () => undefined) {
  const rung: string[] = [];
  const timers: Timers = new Timers(clock, clock.nowMs, (key) => {
    rung.push(key);
    onRing(key, timers);
  });
  return { timers, rung };
}

describe('alarms', () => {
  test('go off at their time, in the order of their times', async () => {
    const clock = new SimulatedClock(0);
    const { timers, rung } = timersOf(clock);
    timers.set('late', 30);
    timers.set('early', 10);
    timers.set('middle', 20);
    await clock.advance(9);
    expect(rung).toEqual([]);
    await clock.advance(1);
    expect(rung).toEqual(['early']);
    await clock.advance(20);
    expect(rung).toEqual(['early', 'middle', 'late']);
    expect(timers.size).toBe(0);
  });

  test('own one platform timer together, and none when nothing is set', () => {
    const clock = new SimulatedClock(0);
    const { timers } = timersOf(clock);
    expect(clock.scheduledCount).toBe(0);
    for (let n = 0; n < 100; n++) timers.set(`room ${n}`, 1000 - n);
    expect(clock.scheduledCount).toBe(1);
    for (let n = 0; n < 100; n++) timers.set(`room ${n}`, null);
    expect(clock.scheduledCount).toBe(0);
  });

  test('setting a key again moves its alarm, clearing removes it', async () => {
    const clock = new SimulatedClock(0);
    const { timers, rung } = timersOf(clock);
    timers.set('moved', 10);
    timers.set('moved', 20);
    timers.set('cleared', 15);
    timers.set('cleared', null);
    timers.set('never set', null);
    await clock.advance(19);
    expect(rung).toEqual([]);
    await clock.advance(1);
    expect(rung).toEqual(['moved']);
  });

  test('one that is due already goes off in a later turn, never within the call that sets it', async () => {
    const clock = new SimulatedClock(1000);
    const { timers, rung } = timersOf(clock);
    timers.set('overdue', 1);
    expect(rung).toEqual([]);
    await clock.settle();
    expect(rung).toEqual(['overdue']);
  });

  test('one that is set while others go off waits for the next turn', async () => {
    const clock = new SimulatedClock(0);
    const turns: string[] = [];
    const { timers } = timersOf(clock, (key, own) => {
      turns.push(key);
      if (key !== 'a') return;
      own.set('again', 0);
      clock.defer(() => turns.push('another turn'));
    });
    timers.set('a', 10);
    timers.set('b', 10);
    await clock.advance(10);
    expect(turns.slice(0, 2).sort()).toEqual(['a', 'b']);
    expect(turns.slice(2).sort()).toEqual(['again', 'another turn']);
  });

  test('after stop nothing goes off and nothing is scheduled', async () => {
    const clock = new SimulatedClock(0);
    const { timers, rung } = timersOf(clock);
    timers.set('a', 10);
    timers.stop();
    expect(clock.scheduledCount).toBe(0);
    await clock.advance(20);
    expect(rung).toEqual([]);
  });
});

const command = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), at: fc.option(fc.nat(50)) });

property.prop([fc.array(command, { maxLength: 60, size: 'max' })], { seed: 4, numRuns: 200 })(
  'whatever was set and cleared, what rings is what stands, ordered by time',
  async (commands) => {
    const clock = new SimulatedClock(0);
    const rungAt: [string, number][] = [];
    const timers = new Timers(clock, clock.nowMs, (key) => rungAt.push([key, clock.nowMs()]));
    const standing = new Map<string, number>();
    for (const { key, at } of commands) {
      timers.set(key, at);
      if (at === null) standing.delete(key);
      else standing.set(key, at);
    }
    expect(timers.size).toBe(standing.size);
    await clock.advance(50);
    expect(new Map(rungAt)).toEqual(standing);
    expect(rungAt.map(([, at]) => at)).toEqual([...standing.values()].sort((a, b) => a - b));
  },
);
