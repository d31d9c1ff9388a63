import { Buckets } from './buckets.js';
import type { RateLimiter, Taken } from './rate-limiter.js';
import type { BucketSize } from './token-bucket.js';

/** Buckets of one process. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #elapsedMs: () => number; // monotonic
  readonly #buckets: Buckets;

  constructor(elapsedMs: () => number, keysMax?: number) {
    this.#elapsedMs = elapsedMs;
    this.#buckets = new Buckets(keysMax);
  }

  get keyCount(): number {
    return this.#buckets.size;
  }

  take(key: string, size: BucketSize, cost = 1): Promise<Taken> {
    const drawn = this.#buckets.draw(key, size, this.#elapsedMs(), cost);
    return Promise.resolve(
      drawn.ok
        ? { allowed: true, remaining: Math.floor(drawn.bucket.tokens) }
        : { allowed: false, remaining: 0, waitMs: drawn.waitMs },
    );
  }
}
