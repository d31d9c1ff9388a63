import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { ReadingShares } from './reading-shares.js';

function shared() {
  const clock = new SimulatedClock();
  const shares = new ReadingShares(clock);
  const read: string[] = [];
  /** Reads a frame of each name, at once where it may be. */
  const ask = (key: string, names: string): void => {
    const share = shares.of(() => key);
    for (const name of names) {
      if (share.take()) read.push(name);
      else share.next(() => read.push(name));
    }
  };
  return { clock, shares, ask, read: () => read.join('') };
}

test('two frames of a key are read at once, two more each millisecond, those first that wait longest', async () => {
  const { clock, ask, read } = shared();
  ask('a', 'abcde');
  expect(read()).toBe('ab');
  await clock.advance(1);
  expect(read()).toBe('abcd');
  await clock.advance(1);
  expect(read()).toBe('abcde');
});

test('who comes while others of its key wait comes behind them', async () => {
  const { clock, ask, read } = shared();
  ask('a', 'abcde');
  await clock.advance(1);
  ask('a', 'f');
  expect(read()).toBe('abcd');
  await clock.advance(1);
  expect(read()).toBe('abcdef');
});

test('a key that asks for too much takes nothing of another one', async () => {
  const { clock, ask, read } = shared();
  ask('a', 'aaaaaaaa');
  ask('b', 'bc');
  expect(read()).toBe('aabc');
  await clock.advance(1);
  ask('b', 'bc');
  expect(read()).toBe('aabcaabc');
});

test('a share comes anew each millisecond, and no timer is left once nobody waits', async () => {
  const { clock, ask, read } = shared();
  ask('a', 'abc');
  await clock.advance(1);
  expect(clock.scheduledCount).toBe(0);
  await clock.advance(1);
  ask('a', 'de');
  expect(read()).toBe('abcde');
});

test('whoever asks for its next turn gets a later one of the event loop, also where nobody else is read', async () => {
  const { clock, shares } = shared();
  const done: string[] = [];
  shares.of(() => 'a').next(() => done.push('read'));
  expect(done).toEqual([]);
  await clock.settle();
  expect(done).toEqual(['read']);
});

test('the key is that of the moment: a socket enters a room after it was accepted', async () => {
  const { clock, shares } = shared();
  let key = 'a';
  const share = shares.of(() => key);
  while (share.take());
  key = 'b';
  expect(share.take()).toBe(true);
  await clock.settle();
});
