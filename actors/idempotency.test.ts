import { expect, test } from 'vitest';
import { IDS_PER_SENDER_MAX, idempotencyKey, IdempotencyWindow, type SavedWindow } from './idempotency.js';

test('a key is 11 characters and differs by session and by message id', () => {
  const key = idempotencyKey('ann', 'm1');
  expect(key).toMatch(/^[\w-]{11}$/);
  expect(idempotencyKey('ann', 'm1')).toBe(key);
  expect(
    new Set([key, idempotencyKey('bob', 'm1'), idempotencyKey('ann', 'm2'), idempotencyKey('an', 'nm1')]).size,
  ).toBe(4);
});

test('finds the entry that applied a message, and none of another sender', () => {
  const window = new IdempotencyWindow();
  window.add('ann', 'k1', 7);
  expect(window.find('ann', 'k1')).toBe(7);
  expect(window.find('ann', 'k2')).toBeUndefined();
  expect(window.find('bob', 'k1')).toBeUndefined();
});

test('finds no id by a part of another one', () => {
  const window = new IdempotencyWindow();
  window.add('ann', 'key', 7);
  window.add('ann', '7', 12);
  for (const part of ['ke', 'ey', 'e', '', '1', '12']) expect(window.find('ann', part)).toBeUndefined();
  expect(window.find('ann', '7')).toBe(12);
});

test('comes back from pairs, as earlier snapshots have them, and tells them as they were', () => {
  const pairs = [
    [
      'ann',
      [
        ['k1', 7],
        ['k2', 12],
      ],
    ],
    ['bob', [['k1', 9]]],
  ] as const;
  const window = new IdempotencyWindow(pairs);
  expect(window.find('ann', 'k2')).toBe(12);
  expect(window.find('bob', 'k1')).toBe(9);
  expect(window.inPairs()).toEqual(pairs);
  expect(window.toJSON()).toEqual([
    ['ann', ',k1:7,k2:12'],
    ['bob', ',k1:9'],
  ]);
});

test('keeps the newest 32 ids of a sender', () => {
  const window = new IdempotencyWindow();
  for (let n = 1; n <= IDS_PER_SENDER_MAX + 1; n++) window.add('ann', `k${n}`, n);
  expect(IDS_PER_SENDER_MAX).toBe(32);
  expect(window.find('ann', 'k1')).toBeUndefined();
  expect(window.find('ann', 'k2')).toBe(2);
  expect(window.find('ann', 'k33')).toBe(33);
});

test('keeps eight senders and forgets the one that has been silent longest', () => {
  const window = new IdempotencyWindow();
  for (let n = 1; n <= 8; n++) window.add(`sender ${n}`, 'k', n);
  window.add('sender 1', 'k2', 9);
  window.add('sender 9', 'k', 10);
  expect(window.find('sender 2', 'k')).toBeUndefined();
  expect(window.find('sender 1', 'k')).toBe(1);
  expect(window.toJSON()).toHaveLength(8);
});

test('comes back from JSON as it was, order of forgetting included', () => {
  const window = new IdempotencyWindow();
  for (let n = 1; n <= 40; n++) window.add(`sender ${n % 9}`, `k${n}`, n);
  const copy = new IdempotencyWindow(JSON.parse(JSON.stringify(window)) as SavedWindow);
  expect(JSON.stringify(copy)).toBe(JSON.stringify(window));
  window.add('new', 'k', 41);
  copy.add('new', 'k', 41);
  expect(JSON.stringify(copy)).toBe(JSON.stringify(window));
});

test('looked at with what will be added is as after adding it, and has not changed', () => {
  const window = new IdempotencyWindow();
  for (let n = 1; n <= 300; n++) window.add(`sender ${n % 8}`, `k${n}`, n);
  const before = JSON.stringify(window);
  const later = [
    { session: 'sender 3', key: 'new', seq: 301 },
    { session: 'another', key: 'new', seq: 302 },
    { session: 'sender 3', key: 'newer', seq: 303 },
  ];
  const ahead = window.with(later);
  expect(JSON.stringify(window)).toBe(before);
  for (const { session, key, seq } of later) window.add(session, key, seq);
  expect(JSON.stringify(ahead)).toBe(JSON.stringify(window));
});
