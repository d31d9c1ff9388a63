import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { FramePace, judgeFrame } from './frame-pace.js';

function paced({ rateLimitFactor = 1 } = {}) {
  const clock = new SimulatedClock();
  const settings = { rateLimitFactor };
  const read: string[] = [];
  const done: string[] = [];
  const pace = new FramePace({
    clock,
    settings,
    read: (frame) => read.push(String(frame)),
    pause: () => done.push('pause'),
    resume: () => done.push('resume'),
    onSlowed: () => done.push('slowed'),
    onRefused: () => done.push('refused'),
    onFlooding: () => done.push('flooding'),
  });
  let count = 0;
  const offer = (times: number): void => {
    for (let sent = 0; sent < times; sent++) pace.offer(String(count++), false);
  };
  return { clock, settings, pace, read, done, offer };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, number) => String(number));

test('200 frames at once are read, the next one waits, and its socket is not read from', () => {
  const { offer, read, done } = paced();
  offer(200);
  expect(done).toEqual([]);
  offer(1);
  expect(read).toEqual(numbers(200));
  expect(done).toEqual(['pause', 'slowed']);
});

test('what waits is read in order as tokens come back, ten each 50 ms, and then the socket is read from again', async () => {
  const { clock, offer, read, done } = paced();
  offer(225);
  await clock.advance(50);
  expect(read).toEqual(numbers(210));
  await clock.advance(50);
  expect(read).toEqual(numbers(220));
  expect(done).toEqual(['pause', 'slowed']);
  await clock.advance(50);
  expect(read).toEqual(numbers(225));
  expect(done).toEqual(['pause', 'slowed', 'resume']);
});

test('a frame that comes while others wait waits behind them', async () => {
  const { clock, offer, read } = paced();
  offer(205);
  await clock.advance(40); // eight tokens are back, but nobody has looked yet
  offer(3);
  expect(read).toHaveLength(200);
  await clock.advance(10);
  expect(read).toEqual(numbers(208));
});

test('a steady 200 a second is never held up', async () => {
  const { clock, offer, done } = paced();
  offer(200);
  for (let second = 0; second < 20; second++) {
    await clock.advance(1_000);
    offer(200);
  }
  expect(done).toEqual([]);
});

test('so many frames and so many bytes may wait; the next one is refused', () => {
  const { offer, done } = paced();
  offer(1_200);
  expect(done).toEqual(['pause', 'slowed']);
  offer(2);
  expect(done.slice(2)).toEqual(['refused', 'refused']);

  const large = paced();
  for (let sent = 0; sent < 210; sent++) large.pace.offer('x'.repeat(64 * 1024), false);
  expect(large.done.filter((what) => what === 'refused')).toHaveLength(210 - 200 - 4);
});

test('who floods for 30 s is told on', async () => {
  const { clock, offer, done } = paced();
  const flood = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 100) {
      offer(30);
      await clock.advance(100);
    }
  };
  await flood(2_100); // until nothing is left of the 200 at once
  expect(done).toContain('slowed');
  await flood(29_500);
  expect(done).not.toContain('flooding');
  await flood(1_000);
  expect(done.filter((what) => what === 'flooding')).toHaveLength(1);
});

test('bursts with a pause in between are no flood', async () => {
  const { clock, offer, done, read } = paced();
  for (let burst = 0; burst < 60; burst++) {
    offer(220);
    await clock.advance(1_200);
  }
  expect(done).not.toContain('flooding');
  expect(read).toEqual(numbers(60 * 220));
});

test('once stopped nothing is read any more, what waited neither', async () => {
  const { clock, pace, offer, read } = paced();
  offer(210);
  pace.stop();
  offer(1);
  await clock.advance(60_000);
  expect(read).toHaveLength(200);
});

test('a factor counts at once, and switched off nothing waits', async () => {
  const { clock, settings, offer, read } = paced();
  offer(900);
  settings.rateLimitFactor = Infinity;
  await clock.advance(50);
  offer(5_000);
  expect(read).toEqual(numbers(5_900));
});

test('the judgement changes nothing but the bucket that it returns', () => {
  const nothing = { count: 0, bytes: 0 };
  expect(judgeFrame(undefined, nothing, 0.005, 0)).toEqual({ kind: 'read', bucket: { tokens: 0, atMs: 0 } });
  expect(judgeFrame({ tokens: 0, atMs: 0 }, nothing, 0.005, 999).kind).toBe('wait');
  expect(judgeFrame({ tokens: 0, atMs: 0 }, nothing, 0.005, 1_000).kind).toBe('read');
  expect(judgeFrame({ tokens: 9, atMs: 0 }, { count: 1, bytes: 2 }, 1, 0).kind).toBe('wait');
  expect(judgeFrame({ tokens: 9, atMs: 0 }, { count: 1_000, bytes: 2 }, 1, 0).kind).toBe('refuse');
});
