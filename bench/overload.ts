import { readFileSync } from 'node:fs';
import { ServerProcess } from '../test/support/server-process.js';
import { Crowd } from './load/crowd.js';
import { processCpu } from './process-cpu.js';
import { PRODUCT } from './wire-contestants.js';

export interface OverloadOptions {
  readonly rooms: number;
  readonly times: number; // of the capacity that is offered
  readonly warmUp: number; // seconds
  readonly seconds: number; // of the overload; at the capacity so many times as long
}

const GOODPUT_MIN = 0.8;
const MEMORY_MAX = 1.1;
const SAMPLE_MS = 50;

/**
 * The capacity is what the server does where each room always has something under way. Then the same rooms are offered
 * so many times as much, whatever the server says to it. Limits by number are off: they would refuse most of it at the
 * door.
 *
 * Both do the same number of messages. Any process grows over the first hundred thousands of them, until SQLite's cache
 * of pages is full (64 MiB) and the heap has its size: that is no matter of the overload, which only comes later.
 */
export async function benchOverload({ rooms, times, warmUp, seconds }: OverloadOptions): Promise<object> {
  const server = await ServerProcess.start(PRODUCT);
  const memory = new MemoryWatch(server.pid);
  try {
    const crowd = await Crowd.gather(server.socketUrl, rooms);
    await crowd.capacity(warmUp);
    memory.take();
    const capacity = await crowd.capacity(seconds * times);
    const atCapacityMib = memory.take();
    const cpuBefore = processCpu(server.pid);
    const offered = await crowd.offer(capacity * times, seconds);
    const cpuAfter = processCpu(server.pid);
    const inOverloadMib = memory.take();
    const after = await crowd.capacity(seconds / 2);
    crowd.close();
    const goodput = offered.appliedInTime / seconds / capacity;
    const grown = inOverloadMib / atCapacityMib;
    const { sent, unanswered, closed } = offered;
    return {
      ok: unanswered === 0 && goodput >= GOODPUT_MIN && !(grown > MEMORY_MAX),
      capacity_per_s: capacity,
      offered_per_s: sent / seconds,
      goodput_per_s: offered.appliedInTime / seconds,
      goodput_by_capacity: goodput,
      applied: offered.applied,
      refused: offered.refused,
      unanswered,
      closed,
      drained_ms: offered.drainedMs,
      memory_mib: { at_capacity: atCapacityMib, in_overload: inOverloadMib, ratio: grown },
      server_cpu_s: ((cpuAfter?.totalMs ?? Number.NaN) - (cpuBefore?.totalMs ?? Number.NaN)) / 1000,
      capacity_afterwards_per_s: after,
    };
  } finally {
    memory.stop();
    await server.dispose();
  }
}

/** The most that a process holds in memory. */
class MemoryWatch {
  readonly #pid: number;
  readonly #sampling: NodeJS.Timeout;
  #peakMib = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#sampling = setInterval(() => this.#look(), SAMPLE_MS);
  }

  /** The peak since the last time. */
  take(): number {
    this.#look();
    const peak = this.#peakMib;
    this.#peakMib = 0;
    return peak;
  }

  stop(): void {
    clearInterval(this.#sampling);
  }

  #look(): void {
    this.#peakMib = Math.max(this.#peakMib, residentMib(this.#pid));
  }
}

/** NaN where the system does not tell (it is no Linux). */
function residentMib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN; // no /proc
  }
}
