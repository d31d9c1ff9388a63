import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { Connection } from './connection.js';
import { Crowd } from './crowd.js';
import { FakeServerSocket } from './fake-server-socket.js';
import { createSocketLimits } from './rate-limit.js';
import { Traffic } from './traffic.js';

function watcher() {
  const socket = new FakeServerSocket();
  const limits = createSocketLimits({ rateLimitFactor: 1, timeScale: 1 });
  const handshake = { path: '/ws/A442EC', session: 's1', token: null };
  return { socket, connection: new Connection('c1', socket, limits, handshake, new Traffic()) };
}

test('a frame to 150 sockets leaves for 64 of them in a millisecond', async () => {
  const clock = new SimulatedClock();
  const crowd = new Crowd(clock);
  const watchers = Array.from({ length: 150 }, watcher);
  for (const { connection } of watchers) crowd.send(connection, 'a move');
  const served = (): number => watchers.filter(({ socket }) => socket.sent.length === 1).length;
  expect(served()).toBe(0);
  const after: number[] = [];
  for (let slice = 0; slice < 4; slice++) {
    await clock.advance(slice === 0 ? 0 : 1);
    after.push(served());
  }
  expect(after).toEqual([64, 128, 150, 150]);
});

test('what is sent to a socket whose turn has not come stays behind what it waits for', async () => {
  const clock = new SimulatedClock();
  const crowd = new Crowd(clock);
  const { socket, connection } = watcher();
  crowd.send(connection, 'first');
  connection.sendFrame('answer');
  crowd.send(connection, 'second');
  expect(socket.sent).toEqual([]);
  expect(connection.backlogBytes).toBe('firstanswersecond'.length);
  await clock.advance(0);
  expect(socket.sent).toEqual(['first', 'answer', 'second']);
  expect(connection.backlogBytes).toBe(0);
  connection.sendFrame('third');
  expect(socket.sent.at(-1)).toBe('third');
});

test('a socket that is closed gets what it waits for in front of that', () => {
  const { socket, connection } = watcher();
  new Crowd(new SimulatedClock()).send(connection, 'last');
  connection.close(1012, 'Server restarting');
  expect(socket).toMatchObject({ sent: ['last'], done: ['close 1012'] });
});

test('a socket that is gone waits for nothing', async () => {
  const clock = new SimulatedClock();
  const crowd = new Crowd(clock);
  const { socket, connection } = watcher();
  crowd.send(connection, 'a move');
  connection.open = false;
  crowd.remove(connection);
  await clock.advance(10);
  expect(socket.sent).toEqual([]);
});
