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
    const note = (how: string) => (): void => void takenDown.push(`${clock.elapsedMs()} ${how}${number}`);
    const raw = Object.assign(new EventEmitter(), { destroyed: false, writableLength: 0, destroy: note('') });
    raw.on('end', note('in order '));
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

test('one to which something is still on its way ends in order', async () => {
  const { clock, takenDown, connections } = watched(2);
  connections[1]!.writableLength = 100;
  for (const raw of connections) raw.emit('end');
  await clock.settle();
  expect(takenDown).toEqual(['0 0', '0 in order 1']);
});

test('one that is lost altogether while it waits is left alone, and so is what waits at the stop', async () => {
  const { clock, lost, takenDown, connections } = watched(42);
  for (const raw of connections) raw.emit('end');
  connections[21]!.destroyed = true;
  await clock.advance(10);
  expect(takenDown).toHaveLength(20 + 19);
  lost.stop();
  await clock.advance(1_000);
  expect(takenDown).toHaveLength(20 + 19);
});
