import { expect, test } from 'vitest';
import { Buckets } from './buckets.js';

const SIZE = { capacity: 2, perSecond: 1 };

test('each key has a bucket of its own', () => {
  const buckets = new Buckets();
  expect(buckets.draw('a', SIZE, 0, 2).ok).toBe(true);
  expect(buckets.draw('a', SIZE, 0)).toMatchObject({ ok: false, waitMs: 1_000 });
  expect(buckets.draw('b', SIZE, 0, 2).ok).toBe(true);
});

test('a bucket that is full again is forgotten, and one that is not is kept', () => {
  const buckets = new Buckets();
  for (let key = 0; key < 100; key++) buckets.draw(`k${key}`, SIZE, 0, 2);
  for (let key = 0; key < 60; key++) buckets.draw('busy', SIZE, 2_000);
  expect(buckets.size).toBe(1);
  expect(buckets.draw('busy', SIZE, 2_000).ok).toBe(false);
});

test('so many keys are kept and no more: whoever was quiet longest is forgotten', () => {
  const buckets = new Buckets(2);
  for (const key of ['a', 'b', 'a', 'c']) buckets.draw(key, { capacity: 9, perSecond: 1 }, 0);
  expect(buckets.size).toBe(2);
  expect(buckets.draw('a', { capacity: 9, perSecond: 1 }, 0).bucket.tokens).toBe(6);
});
