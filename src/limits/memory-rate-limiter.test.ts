import { expect, test } from 'vitest';
import { MemoryRateLimiter } from './memory-rate-limiter.js';

const SIZE = { capacity: 2, perSecond: 1 };

test('each key has a bucket of its own, which time fills again', async () => {
  let nowMs = 0;
  const limiter = new MemoryRateLimiter(() => nowMs);
  expect(await limiter.take('a', SIZE)).toEqual({ allowed: true, remaining: 1 });
  expect(await limiter.take('a', SIZE)).toEqual({ allowed: true, remaining: 0 });
  expect(await limiter.take('a', SIZE)).toEqual({ allowed: false, remaining: 0, waitMs: 1_000 });
  expect(await limiter.take('b', SIZE, 2)).toEqual({ allowed: true, remaining: 0 });
  nowMs = 1_000;
  expect(await limiter.take('a', SIZE)).toMatchObject({ allowed: true });
});

test('remembers so many keys and no more: whoever was quiet longest is forgotten', async () => {
  const limiter = new MemoryRateLimiter(() => 0, 2);
  for (const key of ['a', 'b', 'a', 'c']) await limiter.take(key, { capacity: 9, perSecond: 1 });
  expect(limiter.keyCount).toBe(2);
  expect(await limiter.take('a', { capacity: 9, perSecond: 1 })).toMatchObject({ remaining: 6 });
  expect(await limiter.take('b', { capacity: 9, perSecond: 1 })).toMatchObject({ remaining: 8 });
});
