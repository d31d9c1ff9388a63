import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { type JournalEngine, StoreFailure, type StoreSize } from '../../persistence/journal.js';
import { StoreWatch } from './store-watch.js';

const SIZE: StoreSize = {
  bytes: 100,
  logBytes: 10,
  freeBytes: 0,
  streams: 1,
  openStreams: 1,
  entries: 5,
  snapshots: 0,
  oldestEntryAt: 0,
};

function watched(diskFreeBytesMin = 0) {
  const clock = new SimulatedClock(0);
  const told: (readonly string[])[] = [];
  let answer: () => Promise<StoreSize> = () => Promise.resolve(SIZE);
  const watch = new StoreWatch({
    engine: { size: () => answer() } as JournalEngine,
    dataDir: tmpdir(),
    limits: { bytesMax: 2 ** 20, diskFreeBytesMin },
    clock,
    now: () => clock.nowMs(),
    everyMs: 1_000,
    onFindings: (findings) => told.push(findings),
  });
  return { clock, told, watch, size: (next: typeof answer) => (answer = next) };
}

test('what is beyond its limit is told once, and again when it is well', async () => {
  const { told, watch, size } = watched();
  await watch.look();
  expect(watch.findings).toEqual([]);
  size(() => Promise.resolve({ ...SIZE, bytes: 2 ** 21 }));
  await watch.look();
  await watch.look();
  expect(watch.findings).toEqual(['The store takes 2.0 MiB, more than 1.0 MiB.']);
  size(() => Promise.resolve(SIZE));
  await watch.look();
  expect(told).toEqual([['The store takes 2.0 MiB, more than 1.0 MiB.'], []]);
});

test('a store that does not answer is a finding, not a failure', async () => {
  const { watch, size } = watched();
  size(() => Promise.reject(new StoreFailure('failed', 'TIMEOUT', 'no answer')));
  await watch.look();
  expect(watch.findings).toEqual(['The size of the store is not known: TIMEOUT']);
  size(() => Promise.reject(new Error('a bug')));
  await watch.look();
  expect(watch.findings).toEqual(['The size of the store is not known: a bug']);
});

test('a stopped watch has no look to come', async () => {
  const { clock, watch, size } = watched();
  let looks = 0;
  await watch.look();
  watch.stop();
  size(() => {
    looks++;
    return Promise.resolve(SIZE);
  });
  await clock.advance(10_000);
  expect(looks).toBe(0);
});

test('a disk with less left than the limit is low', async () => {
  const { watch } = watched(Number.MAX_SAFE_INTEGER);
  expect(watch.diskIsLow).toBe(false); // not known yet
  await watch.look();
  expect(watch.diskIsLow).toBe(true);
  const roomy = watched();
  await roomy.watch.look();
  expect(roomy.watch.diskIsLow).toBe(false);
});
