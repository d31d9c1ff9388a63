import type { RateLimiter, Taken } from './rate-limiter.js';
import { type Bucket, type BucketSize, draw } from './token-bucket.js';

/** Keys that are remembered; beyond it the one that was quiet longest is forgotten, which gives it its tokens back. */
const KEYS_MAX = 50_000;

/** Buckets of one process, each made when its key is first seen. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #elapsedMs: () => number; // monotonic
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>(); // in the order of the last draw

  constructor(elapsedMs: () => number, keysMax = KEYS_MAX) {
    this.#elapsedMs = elapsedMs;
    this.#keysMax = keysMax;
  }

  get keyCount(): number {
    return this.#buckets.size;
  }

  take(key: string, size: BucketSize, cost = 1): Promise<Taken> {
    const drawn = draw(this.#buckets.get(key), size, this.#elapsedMs(), cost);
    this.#buckets.delete(key);
    this.#buckets.set(key, drawn.bucket);
    if (this.#buckets.size > this.#keysMax) this.#buckets.delete(this.#buckets.keys().next().value!);
    return Promise.resolve(
      drawn.ok
        ? { allowed: true, remaining: Math.floor(drawn.bucket.tokens) }
        : { allowed: false, remaining: 0, waitMs: drawn.waitMs },
    );
  }
}
