import { type Bucket, type BucketSize, type Drawn, draw } from './token-bucket.js';

/** Keys that are remembered; beyond it the one that was quiet longest is forgotten, which gives it its tokens back. */
const KEYS_MAX = 50_000;
/** Buckets that are looked at with each draw, whether they are full again: more than one comes in, so the old ones go. */
const LOOKED_AT = 2;

interface Kept {
  readonly bucket: Bucket;
  readonly fullAtMs: number;
}

/** Token buckets by key, each made when its key is first seen and forgotten once it is full again. */
export class Buckets {
  readonly #keysMax: number;
  readonly #kept = new Map<string, Kept>(); // in the order of the last draw

  constructor(keysMax = KEYS_MAX) {
    this.#keysMax = keysMax;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** As `draw`, of the bucket of that key. */
  draw(key: string, size: BucketSize, nowMs: number, cost = 1): Drawn {
    this.#forgetFull(nowMs);
    const drawn = draw(this.#kept.get(key)?.bucket, size, nowMs, cost);
    const missing = size.capacity - drawn.bucket.tokens;
    this.#kept.delete(key);
    this.#kept.set(key, { bucket: drawn.bucket, fullAtMs: nowMs + (missing * 1000) / size.perSecond });
    if (this.#kept.size > this.#keysMax) this.#kept.delete(this.#kept.keys().next().value!);
    return drawn;
  }

  #forgetFull(nowMs: number): void {
    let left = LOOKED_AT;
    for (const [key, { fullAtMs }] of this.#kept) {
      if (left-- === 0 || fullAtMs > nowMs) return;
      this.#kept.delete(key);
    }
  }
}
