import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { Connection } from './connection.js';
import { FakeServerSocket } from './fake-server-socket.js';
import { Heartbeat } from './heartbeat.js';
import { createSocketLimits } from './rate-limit.js';
import { Traffic } from './traffic.js';

function connection(socket: FakeServerSocket): Connection {
  const limits = createSocketLimits({ rateLimitFactor: 1, timeScale: 1 });
  return new Connection('c1', socket, limits, { path: '/ws/lobby', session: 's1', token: null }, new Traffic());
}

function pings({ done }: FakeServerSocket): number {
  return done.filter((what) => what === 'ping').length;
}

test('a socket that answers is pinged every 20 s and never dropped', async () => {
  const clock = new SimulatedClock();
  const heartbeat = new Heartbeat(clock, new Traffic());
  const socket = new FakeServerSocket();
  const peer = connection(socket);
  heartbeat.add(peer);
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(20_000);
    peer.answeredPing = true;
  }
  expect(pings(socket)).toBe(10);
  expect(socket.done).not.toContain('terminate');
});

test('a socket that lets one ping unanswered is cut 20 s after it', async () => {
  const clock = new SimulatedClock();
  const heartbeat = new Heartbeat(clock, new Traffic());
  const socket = new FakeServerSocket();
  heartbeat.add(connection(socket));
  await clock.advance(20_099);
  expect(socket.done).toEqual(['ping']);
  await clock.advance(1);
  expect(socket.done).toEqual(['ping', 'terminate']);
});

test('a socket that is not read from is not blamed for a pong that waits, and is asked again afterwards', async () => {
  const clock = new SimulatedClock();
  const heartbeat = new Heartbeat(clock, new Traffic());
  const socket = new FakeServerSocket();
  const peer = connection(socket);
  heartbeat.add(peer);
  await clock.advance(2_000);
  peer.pause();
  await clock.advance(60_000);
  expect(socket.done).not.toContain('terminate');
  peer.resume();
  peer.answeredPing = true;
  await clock.advance(40_000);
  expect(socket.done.at(-1)).toBe('terminate');
});

test('pings of many sockets are spread over the period', async () => {
  const clock = new SimulatedClock();
  const heartbeat = new Heartbeat(clock, new Traffic());
  const sockets = Array.from({ length: 400 }, () => new FakeServerSocket());
  for (const socket of sockets) heartbeat.add(connection(socket));
  let before = 0;
  for (let second = 0; second < 20; second++) {
    await clock.advance(1_000);
    const now = sockets.reduce((sum, socket) => sum + pings(socket), 0);
    expect(now - before).toBeLessThanOrEqual(20);
    before = now;
  }
  expect(before).toBe(400);
});

test('without anybody to ping it owns no timer', async () => {
  const clock = new SimulatedClock();
  const heartbeat = new Heartbeat(clock, new Traffic());
  const peer = connection(new FakeServerSocket());
  expect(clock.scheduledCount).toBe(0);
  heartbeat.add(peer);
  expect(clock.scheduledCount).toBe(1);
  heartbeat.remove(peer);
  expect(clock.scheduledCount).toBe(0);
  await clock.advance(60_000);
});
