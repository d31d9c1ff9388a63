import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bucket, draw } from './token-bucket.js';

const SIZE = { capacity: 10, perSecond: 2 };

describe('the bucket', () => {
  test('starts full and refuses what it does not hold', () => {
    let bucket: Bucket | undefined;
    for (let drawn = 0; drawn < 10; drawn++) ({ bucket } = draw(bucket, SIZE, 0));
    expect(draw(bucket, SIZE, 0)).toEqual({ ok: false, bucket: { tokens: 0, atMs: 0 }, waitMs: 500 });
  });

  test('a draw after exactly the named wait succeeds, and one ms before does not', () => {
    const empty = { tokens: 0, atMs: 1_000 };
    expect(draw(empty, SIZE, 1_499)).toMatchObject({ ok: false, waitMs: expect.closeTo(1) });
    expect(draw(empty, SIZE, 1_500)).toMatchObject({ ok: true });
  });

  test('a refused draw takes nothing', () => {
    const refused = draw({ tokens: 3, atMs: 0 }, SIZE, 0, 4);
    expect(refused).toMatchObject({ ok: false, bucket: { tokens: 3 } });
  });

  test('never holds more than its capacity', () => {
    expect(draw({ tokens: 9, atMs: 0 }, SIZE, 3_600_000, 0).bucket.tokens).toBe(10);
  });

  test('a cost above the capacity can never be met', () => {
    expect(draw(undefined, SIZE, 0, 11)).toMatchObject({ ok: false, waitMs: Infinity });
  });

  test('a clock that steps back gains nothing and takes nothing', () => {
    expect(draw({ tokens: 5, atMs: 10_000 }, SIZE, 0, 5)).toMatchObject({ ok: true, bucket: { tokens: 0, atMs: 0 } });
  });

  test('over any time it gives no more than its capacity and what it gained', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 3_000 }), fc.integer({ min: 1, max: 4 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (draws) => {
        let bucket: Bucket | undefined;
        let [nowMs, given] = [0, 0];
        for (const [pauseMs, cost] of draws) {
          nowMs += pauseMs;
          const drawn = draw(bucket, SIZE, nowMs, cost);
          ({ bucket } = drawn);
          if (drawn.ok) given += cost;
          expect(given).toBeLessThanOrEqual(SIZE.capacity + (nowMs * SIZE.perSecond) / 1000 + 1e-6);
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
