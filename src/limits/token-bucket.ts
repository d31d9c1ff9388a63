/** What is left of a bucket, and when it was last looked at. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface BucketSize {
  readonly capacity: number;
  readonly perSecond: number;
}

export type Drawn =
  | { readonly ok: true; readonly bucket: Bucket }
  | { readonly ok: false; readonly bucket: Bucket; readonly waitMs: number };

/**
 * A token bucket as a pure function: it holds `capacity` tokens, gains `perSecond`, and a draw takes `cost` or, where
 * fewer are left, nothing. A clock that steps back gains nothing.
 * @param bucket undefined means full
 * @returns `waitMs` until the same draw would succeed; Infinity if it never can
 */
export function draw(bucket: Bucket | undefined, size: BucketSize, nowMs: number, cost = 1): Drawn {
  const { tokens, atMs } = bucket ?? { tokens: size.capacity, atMs: nowMs };
  const gained = (Math.max(nowMs - atMs, 0) * size.perSecond) / 1000;
  const held = Math.min(tokens + gained, size.capacity);
  if (held >= cost) return { ok: true, bucket: { tokens: held - cost, atMs: nowMs } };
  const waitMs = cost > size.capacity ? Infinity : ((cost - held) * 1000) / size.perSecond;
  return { ok: false, bucket: { tokens: held, atMs: nowMs }, waitMs };
}
