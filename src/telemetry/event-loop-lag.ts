import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NS = 1e6;

/** How late the event loop comes to its timers. */
export interface EventLoopLag {
  /** The 99th percentile since the last call, ms. */
  readonly take: () => number;
  readonly stop: () => void;
}

export function watchEventLoop(): EventLoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    take: () => {
      // Its own pause between two looks is part of each value.
      const lagMs = Math.max(histogram.percentile(99) / NS - RESOLUTION_MS, 0);
      histogram.reset();
      return Number.isFinite(lagMs) ? lagMs : 0;
    },
    stop: () => void histogram.disable(),
  };
}
