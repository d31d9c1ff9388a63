import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used so far, and how much of it its main thread; ms. */
export interface ProcessCpu {
  readonly totalMs: number;
  readonly mainThreadMs: number;
}

const TICK_MS = 10; // Linux counts in hundredths of a second, whatever its own clock

/** @returns null where the system does not tell (it is no Linux) */
export function processCpu(pid: number): ProcessCpu | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const of = (thread: string): number => {
      // The name in parentheses may hold anything; user and system time are the 12th and 13th members behind it.
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const members = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(members[11]) + Number(members[12])) * TICK_MS;
    };
    const totalMs = threads.reduce((sum, thread) => sum + of(thread), 0);
    return { totalMs, mainThreadMs: of(String(pid)) };
  } catch {
    return null; // no /proc, or the thread ended between the two reads
  }
}
