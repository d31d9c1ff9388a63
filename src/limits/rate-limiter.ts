import type { BucketSize } from './token-bucket.js';

export type Taken =
  | { readonly allowed: true; readonly remaining: number }
  | { readonly allowed: false; readonly remaining: 0; readonly waitMs: number };

/**
 * Limits that are counted by key, where whoever is limited may come to any process: by address. What is counted in a
 * room or on a socket needs none of this, since both live in one process only.
 */
export interface RateLimiter {
  /**
   * @param key who is limited, and for what: `http:203.0.113.7`
   * @returns what is left, or how long to wait; a limiter that can't be asked lets everything pass
   */
  take(key: string, size: BucketSize, cost?: number): Promise<Taken>;
}
