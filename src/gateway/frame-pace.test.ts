import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { FramePace, judgeFrame } from './frame-pace.js';
import { type ReadingShare, ReadingShares } from './reading-shares.js';

/** Of a room without anybody else. */
const unshared = ({ defer }: SimulatedClock): ReadingShare => ({ take: () => true, next: defer });

function paced({ rateLimitFactor = 1, shareOf = unshared } = {}) {
  const clock = new SimulatedClock();
  const share = shareOf(clock);
  const settings = { rateLimitFactor };
  const read: string[] = [];
  const done: string[] = [];
  const answers = { missing: 0, missingMax: Infinity };
  const pace = new FramePace({
    clock,
    settings,
    share,
    read: (frame) => {
      read.push(String(frame));
      answers.missing++;
    },
    mayRead: () => answers.missing < answers.missingMax,
    pause: () => done.push('pause'),
    resume: () => done.push('resume'),
    onOutOfTurn: () => done.push('out of turn'),
    onSlowed: () => done.push('slowed'),
    onRefused: () => done.push('refused'),
    onFlooding: () => done.push('flooding'),
  });
  let count = 0;
  const offer = (times: number): void => {
    for (let sent = 0; sent < times; sent++) pace.offer(String(count++), false);
  };
  const answer = (times: number): void => {
    for (let answered = 0; answered < times; answered++) {
      answers.missing--;
      pace.answered();
    }
  };
  return { clock, settings, pace, read, done, answers, offer, answer };
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

test('with so many messages unanswered no more is read; each answer lets in the next one, in a later turn', async () => {
  const { clock, answers, offer, answer, read, done } = paced();
  answers.missingMax = 16;
  offer(40);
  expect(read).toEqual(numbers(16));
  expect(done).toEqual(['pause']);
  answer(3);
  expect(read).toHaveLength(16);
  await clock.settle();
  expect(read).toEqual(numbers(19));
  answer(16);
  await clock.settle();
  expect(read).toEqual(numbers(35));
  answer(16);
  await clock.settle();
  expect(read).toEqual(numbers(40));
  expect(done).toEqual(['pause', 'resume']);
});

test('of many sockets that may read on each has one message read before any has its second', async () => {
  const clock = new SimulatedClock();
  const order: string[] = [];
  let mayRead = false;
  const paces = ['a', 'b', 'c'].map((name) => {
    const nothing = (): void => undefined;
    return new FramePace({
      ...{ clock, settings: { rateLimitFactor: 1 }, share: unshared(clock), mayRead: () => mayRead },
      read: (frame) => order.push(name + String(frame)),
      ...{ pause: nothing, resume: nothing, onOutOfTurn: nothing },
      ...{ onSlowed: nothing, onRefused: nothing, onFlooding: nothing },
    });
  });
  for (const pace of paces) for (const frame of ['1', '2']) pace.offer(frame, false);
  mayRead = true;
  for (const pace of paces) pace.answered();
  await clock.settle();
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
});

test('a frame that comes out of turn waits for it, in order and without being called a flood', async () => {
  const { clock, offer, read, done } = paced({ shareOf: (clock) => new ReadingShares(clock).of(() => 'a room') });
  offer(5);
  expect(read).toEqual(numbers(2));
  await clock.advance(1);
  expect(read).toEqual(numbers(4));
  await clock.advance(1);
  expect(read).toEqual(numbers(5));
  expect(done).toEqual(['pause', 'out of turn', 'resume']);
});

test('who waits for answers is no flood, however long it takes', async () => {
  const { clock, answers, offer, answer, read, done } = paced();
  answers.missingMax = 16;
  offer(17);
  await clock.advance(60_000);
  answer(1);
  await clock.settle();
  expect(read).toHaveLength(17);
  expect(done).toEqual(['pause', 'resume']);
});

test('where answers are no longer waited for, reading goes on within a second', async () => {
  const { clock, answers, offer, read } = paced();
  answers.missingMax = 16;
  offer(100);
  answers.missingMax = Infinity;
  await clock.advance(1_000);
  expect(read).toEqual(numbers(100));
});

test('switched off, what comes beyond the answers waits whole, and is not refused', async () => {
  const { clock, answers, offer, answer, read, done } = paced({ rateLimitFactor: Infinity });
  answers.missingMax = 16;
  offer(3_000);
  while (answers.missing > 0) {
    answer(answers.missing);
    await clock.settle();
  }
  expect(read).toEqual(numbers(3_000));
  expect(done).toEqual(['pause', 'resume']);
});

test('the judgement changes nothing but the bucket that it returns', () => {
  const nothing = { count: 0, bytes: 0 };
  expect(judgeFrame(undefined, nothing, 0.005, 0)).toEqual({ kind: 'read', bucket: { tokens: 0, atMs: 0 } });
  expect(judgeFrame({ tokens: 0, atMs: 0 }, nothing, 0.005, 999).kind).toBe('wait');
  expect(judgeFrame({ tokens: 0, atMs: 0 }, nothing, 0.005, 1_000).kind).toBe('read');
  expect(judgeFrame({ tokens: 9, atMs: 0 }, { count: 1, bytes: 2 }, 1, 0).kind).toBe('wait');
  expect(judgeFrame({ tokens: 9, atMs: 0 }, { count: 1_000, bytes: 2 }, 1, 0).kind).toBe('refuse');
  expect(judgeFrame(undefined, { count: 1_000, bytes: 2 }, Infinity, 0).kind).toBe('wait');
  expect(judgeFrame(undefined, { count: 1_000, bytes: 256 * 1024 }, Infinity, 0).kind).toBe('refuse');
});
