import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { LostConnections } from './lost-connections.js';

/** Connections as far as their end is concerned. */
function watched(count: number) {
  const clock = new SimulatedClock();
  const lost = new LostConnections(clock);
  const takenDown: string[] = [];
  const connections = Array.from({ length: count }, (_, number) => {
    const raw = new EventEmitter();
    raw.on('end', () => undefined); // the platform's
    raw.on('end', () => takenDown.push(`${clock.elapsedMs()} ${number}`));
    lost.watch(raw as unknown as Duplex);
    return raw;
  });
  return { clock, lost, takenDown, connections };
}

test('connections that end together are taken down twenty in 10 ms, in their order', async () => {
  const { clock, takenDown, connections } = watched(45);
  for (const raw of connections) raw.emit('end');
  expect(takenDown).toEqual([]);
  await clock.advance(1_000);
  expect(takenDown).toEqual(Array.from({ length: 45 }, (_, number) => `${Math.floor(number / 20) * 10} ${number}`));
  expect(clock.scheduledCount).toBe(0);
});

test('a connection that ends alone is taken down at once', async () => {
  const { clock, takenDown, connections } = watched(1);
  await clock.advance(500);
  connections[0]!.emit('end');
  await clock.settle();
  expect(takenDown).toEqual(['500 0']);
});

test('one that is lost altogether while it waits is left alone, and so is what waits at the stop', async () => {
  const { clock, lost, takenDown, connections } = watched(42);
  for (const raw of connections) raw.emit('end');
  connections[21]!.emit('close');
  await clock.advance(10);
  expect(takenDown).toHaveLength(20 + 20);
  expect(takenDown).not.toContain('10 21');
  lost.stop();
  await clock.advance(1_000);
  expect(takenDown).toHaveLength(20 + 20);
});

test('whoever listened before can still stop to, and who listens behind hears it at once', async () => {
  const { clock, takenDown, connections } = watched(1);
  const [raw] = connections;
  raw!.off('end', raw!.listeners('end')[1] as () => void);
  raw!.on('end', () => takenDown.push('the next protocol'));
  raw!.emit('end');
  expect(takenDown).toEqual(['the next protocol']);
  await clock.advance(1_000);
  expect(takenDown).toEqual(['the next protocol']);
});

test('a connection that is watched again has each of its listeners wait once', async () => {
  const { clock, lost, takenDown, connections } = watched(1);
  const [raw] = connections;
  raw!.on('end', () => takenDown.push('the next protocol'));
  lost.watch(raw as unknown as Duplex);
  raw!.emit('end');
  expect(takenDown).toEqual([]);
  await clock.advance(0);
  expect(takenDown).toEqual(['0 0', 'the next protocol']);
});
