/** A way to stop a scheduled call; stopping twice, or after it ran, does nothing. */
export type Cancel = () => void;

/**
 * Time and turns of the event loop, handed in so that a whole server can run under a virtual clock.
 * `schedule` and `defer` never run their function before they return.
 */
export interface Clock {
  /** Wall clock in ms since the epoch. May jump: never subtract two of these. */
  readonly nowMs: () => number;
  /** Monotonic ms with fraction; means something only as a difference. */
  readonly elapsedMs: () => number;
  /** Runs `run` once after `delayMs`; a negative delay counts as 0. Does not keep the process alive. */
  readonly schedule: (delayMs: number, run: () => void) => Cancel;
  /** Runs `run` in a later turn of the event loop, behind I/O that is already waiting. */
  readonly defer: (run: () => void) => void;
}

/** Longest delay that the platform's timer can hold (2^31 - 1 ms); longer ones are cut into pieces. */
const TIMER_MS_MAX = 2_147_483_647;

function platformClock({ keepsProcess }: { readonly keepsProcess: boolean }): Clock {
  return {
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    schedule: (delayMs, run) => {
      let timer: NodeJS.Timeout;
      const arm = (leftMs: number): void => {
        const stepMs = Math.min(Math.max(leftMs, 0), TIMER_MS_MAX);
        timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : run()), stepMs);
        if (!keepsProcess) timer.unref();
      };
      arm(delayMs);
      return () => clearTimeout(timer);
    },
    defer: (run) => {
      setImmediate(run);
    },
  };
}

/** Of a process that something else keeps running: a server's port, a tool's work. */
export const systemClock = platformClock({ keepsProcess: false });

/** Of a program that may have nothing but a pause to wait for: a client whose connection was lost and that comes back. */
export const waitingClock = platformClock({ keepsProcess: true });

/**
 * Room time: process epoch plus monotonic time, so that it never goes back and wall clock jumps have no effect.
 * @param notBefore greatest time already journaled, ms since the epoch
 */
export function roomTime(clock: Clock, notBefore: number): () => number {
  const epoch = Math.max(clock.nowMs(), notBefore);
  const start = clock.elapsedMs();
  return () => Math.floor(epoch + (clock.elapsedMs() - start));
}
