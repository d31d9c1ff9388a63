import { expect, test } from 'vitest';
import { Outages } from './outages.js';

const known = [
  { from: 100, to: 200 },
  { from: 500, to: 550 },
];

test('sums the outages after a moment', () => {
  const outages = new Outages(known);
  expect(outages.sinceMs(0)).toBe(150);
  expect(outages.sinceMs(200)).toBe(50);
  expect(outages.sinceMs(550)).toBe(0);
});

test('of an outage that the moment falls into, the rest counts', () => {
  expect(new Outages(known).sinceMs(170)).toBe(30 + 50);
  expect(new Outages(known).sinceMs(549)).toBe(1);
});

test('a new outage counts from then on, and nothing is known at first', () => {
  const outages = new Outages();
  expect(outages.sinceMs(0)).toBe(0);
  outages.add({ from: 10, to: 20.75 });
  expect(outages.sinceMs(0)).toBe(10);
});
