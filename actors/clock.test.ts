import { describe, expect, test, vi } from 'vitest';
import { type Clock, roomTime, systemClock } from './clock.js';

describe('room time', () => {
  const clockAt = (wall: number, elapsed: number) => {
    const state = { wall, elapsed };
    const clock: Clock = {
      nowMs: () => state.wall,
      elapsedMs: () => state.elapsed,
      schedule: () => () => undefined,
      defer: () => undefined,
    };
    return { clock, state };
  };

  test('begins at the wall clock and goes on with the monotonic one, in whole ms', () => {
    const { clock, state } = clockAt(1_000_000, 500.25);
    const now = roomTime(clock, 0);
    expect(now()).toBe(1_000_000);
    state.elapsed = 510.75;
    expect(now()).toBe(1_000_010);
  });

  test('jumps of the wall clock after the start, back or forth, have no effect', () => {
    const { clock, state } = clockAt(1_000_000, 0);
    const now = roomTime(clock, 0);
    state.wall = 5;
    expect(now()).toBe(1_000_000);
    state.wall = 9_000_000;
    state.elapsed = 1;
    expect(now()).toBe(1_000_001);
  });

  test('a wall clock that stands before the journal does not take room time back', () => {
    const { clock } = clockAt(1_000, 0);
    expect(roomTime(clock, 2_000_000)()).toBe(2_000_000);
  });
});

describe('the system clock', () => {
  test('cuts a delay that the platform timer cannot hold, and can be cancelled meanwhile', () => {
    vi.useFakeTimers();
    try {
      let ran = 0;
      const longest = 2_147_483_647;
      systemClock.schedule(longest + 1000, () => ran++);
      const cancel = systemClock.schedule(longest + 1000, () => (ran += 100));
      vi.advanceTimersByTime(longest + 999);
      expect(ran).toBe(0);
      cancel();
      cancel();
      vi.advanceTimersByTime(1);
      expect(ran).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a negative delay counts as none, and nothing runs before schedule or defer return', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.schedule(-5, () => {
        order.push('scheduled');
        resolve();
      });
      systemClock.defer(() => order.push('deferred'));
      order.push('returned');
    });
    expect(order[0]).toBe('returned');
    expect(order).toContain('scheduled');
  });

  test('monotonic time does not go back', () => {
    const first = systemClock.elapsedMs();
    expect(systemClock.elapsedMs()).toBeGreaterThanOrEqual(first);
    expect(systemClock.nowMs()).toBeGreaterThan(0);
  });
});
