import { expect, test } from 'vitest';
import { jsonCodec } from '../protocol/frame-codec.js';
import { Connection, SOCKET_BACKLOG_BYTES_MAX } from './connection.js';
import { FakeServerSocket } from './fake-server-socket.js';
import { createSocketLimits } from './rate-limit.js';
import { Traffic } from './traffic.js';

function connected(path = '/ws/A442EC') {
  const socket = new FakeServerSocket();
  const limits = createSocketLimits({ rateLimitFactor: 1, timeScale: 1 });
  const traffic = new Traffic();
  return {
    socket,
    connection: new Connection('c1', socket, limits, { path, session: 's1', token: null }, traffic),
    traffic,
  };
}

test('the path says whether it is the lobby or a room', () => {
  expect(connected('/ws/lobby').connection.code).toBeNull();
  expect(connected('/ws/A442EC').connection.code).toBe('A442EC');
});

test('an envelope has event and data and nothing else', () => {
  const more = { event: 'pong', data: { timestamp: 1 }, sequence: 4, id: 'x' };
  expect(jsonCodec.encode(more)).toBe('{"event":"pong","data":{"timestamp":1}}');
});

test('a socket that owes too much is closed with 1013, so that it comes back to the newest state', () => {
  const { socket, connection, traffic } = connected();
  socket.backlogBytes = SOCKET_BACKLOG_BYTES_MAX;
  connection.send({ event: 'pong', data: {} });
  expect(socket.sent).toHaveLength(1);
  socket.backlogBytes += 1;
  for (let more = 0; more < 3; more++) connection.send({ event: 'pong', data: {} });
  expect(socket.sent).toHaveLength(1);
  expect(socket.done).toEqual(['close 1013']);
  expect(traffic).toMatchObject({ framesOut: 1, slowClosed: 1 });
});

test('nothing is sent once it is closed', () => {
  const { socket, connection } = connected();
  connection.open = false;
  connection.send({ event: 'pong', data: {} });
  expect(socket.sent).toEqual([]);
});

test('each message gets a correlation id of its own', () => {
  const { connection } = connected();
  expect([connection.nextCorrelationId(), connection.nextCorrelationId()]).toEqual(['c1-1', 'c1-2']);
});
