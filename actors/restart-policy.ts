import type { RandomBytes } from './room-ids.js';

export interface RestartPolicyOptions {
  readonly restartsMax?: number; // within `withinMs`; one more gives up
  readonly withinMs?: number;
  readonly delayMs?: number; // before the second restart in a row; doubles with each, the first is immediate
  readonly delayMaxMs?: number;
}

export type RestartVerdict =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'giveUp'; readonly restarts: number; readonly withinMs: number };

/**
 * How often a child may be restarted, as in OTP: intensity (so many restarts in a time) and, between them, an
 * exponential pause with jitter, so that children that fail together do not come back together.
 */
export class RestartPolicy {
  readonly #restartsMax: number;
  readonly #withinMs: number;
  readonly #delayMs: number;
  readonly #delayMaxMs: number;
  readonly #now: () => number; // ms; only differences count
  readonly #random: RandomBytes;
  readonly #restarts = new Map<string, readonly number[]>(); // times by child, oldest first

  constructor(now: () => number, random: RandomBytes, options: RestartPolicyOptions = {}) {
    this.#now = now;
    this.#random = random;
    this.#restartsMax = options.restartsMax ?? 10;
    this.#withinMs = options.withinMs ?? 60_000;
    this.#delayMs = options.delayMs ?? 50;
    this.#delayMaxMs = options.delayMaxMs ?? 5_000;
  }

  /** A child failed: what becomes of it. */
  failed(child: string): RestartVerdict {
    const times = this.#recent(child);
    if (times.length >= this.#restartsMax) {
      return { kind: 'giveUp', restarts: times.length, withinMs: this.#withinMs };
    }
    const delayMs = times.length === 0 ? 0 : this.#jittered(this.#delayMs * 2 ** (times.length - 1));
    // Behind the others: the map stays in the order of the last restarts.
    this.#restarts.delete(child);
    this.#restarts.set(child, [...times, this.#now()]);
    return { kind: 'restart', delayMs };
  }

  /** Restarts of a child that still count. */
  restarts(child: string): number {
    return this.#recent(child).length;
  }

  /** A child was released by an operator, or is gone: it begins anew. */
  forget(child: string): void {
    this.#restarts.delete(child);
  }

  /** Between half and one and a half of the pause. */
  #jittered(delayMs: number): number {
    const share = this.#random(2).readUInt16BE() / 0x1_0000;
    return Math.round(Math.min(delayMs, this.#delayMaxMs) * (0.5 + share));
  }

  #recent(child: string): readonly number[] {
    const since = this.#now() - this.#withinMs;
    for (const [other, times] of this.#restarts) {
      if (times.at(-1)! > since) break;
      this.#restarts.delete(other);
    }
    return (this.#restarts.get(child) ?? []).filter((at) => at > since);
  }
}
