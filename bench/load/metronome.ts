import { startThread } from '../fork-module.js';
import type { Beats } from './metronome-thread.js';

/** Stops the beat. */
export interface Metronome {
  readonly stop: () => void;
}

const LEAD_MS = 100; // for the thread to start

/**
 * Calls back at a fixed rate, told when it was due by `performance.now`. A thread of its own keeps the time: the event
 * loop's timers know whole milliseconds only, and a rate of 1,000 a second would come in bunches.
 */
export function startMetronome(rate: number, beat: (dueMs: number) => void): Metronome {
  // All threads share the system's monotonic clock; each has its own zero of `performance.now`.
  const systemMs = Number(process.hrtime.bigint()) / 1e6;
  const zeroMs = systemMs - performance.now();
  const beats: Beats = { rate, firstMs: systemMs + LEAD_MS };
  const thread = startThread('load/metronome-thread', beats);
  let isStopped = false;
  thread.on('message', (dueMs: number) => {
    if (!isStopped) beat(dueMs - zeroMs);
  });
  thread.on('error', (failure) => {
    throw failure;
  });
  return {
    stop: () => {
      isStopped = true;
      void thread.terminate();
    },
  };
}
