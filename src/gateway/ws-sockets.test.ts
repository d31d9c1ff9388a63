import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { Traffic } from './traffic.js';
import { attachSockets } from './ws-sockets.js';

const HANDSHAKE =
  'GET /ws/lobby HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';

let clock: SimulatedClock;
let server: Server;
let traffic: Traffic;
let accepted: number;
let drawn: MockInstance<typeof Math.random>;
let sockets: ReturnType<typeof attachSockets>;
const opened: Socket[] = [];

beforeEach(async () => {
  clock = new SimulatedClock();
  traffic = new Traffic();
  accepted = 0;
  drawn = vi.spyOn(Math, 'random');
  server = createServer();
  sockets = attachSockets(server, {
    gateway: { traffic, accept: () => accepted++ },
    sessions: { fromCookieHeader: () => 'somebody' },
    config: {
      current: { allowedOrigins: [], rateLimitFactor: Infinity, socketsMax: 10_000, socketsPerSessionMax: 10_000 },
    },
    limiter: {},
    lost: { watch: () => undefined },
    log: { debug: () => undefined, error: () => undefined },
    clock,
  } as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await sockets.close();
  drawn.mockRestore();
  server.close();
});

/** A connection whose handshake the server has read; `raw` is its other end. */
async function shakingHands() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(socket);
  const read = once(server, 'upgrade') as Promise<[IncomingMessage, Socket]>;
  const answer = once(socket, 'data') as Promise<[Buffer]>;
  answer.catch(() => undefined);
  socket.write(HANDSHAKE);
  const [, raw] = await read;
  return { socket, raw, status: () => answer.then(([bytes]) => bytes.toString().slice(9, 12)) };
}

test('handshakes that come together are begun two in a millisecond, and not for those who have gone meanwhile', async () => {
  const hands: Awaited<ReturnType<typeof shakingHands>>[] = [];
  for (let number = 0; number < 6; number++) hands.push(await shakingHands());
  expect(accepted).toBe(0);
  await clock.advance(0);
  expect([await hands[0]!.status(), await hands[1]!.status(), accepted]).toEqual(['101', '101', 2]);
  const lost = new Promise((resolve) => hands[2]!.raw.once('close', resolve));
  hands[2]!.socket.resetAndDestroy();
  await lost;
  await clock.advance(1);
  expect([await hands[3]!.status(), accepted]).toEqual(['101', 3]);
  await clock.advance(1);
  expect([await hands[4]!.status(), await hands[5]!.status(), accepted]).toEqual(['101', '101', 5]);
});

test('who comes while 4,096 wait is told to come back', () => {
  const [request, raw] = [{}, { on: () => raw, once: () => raw, end: (text: string) => (told = text) }];
  let told = '';
  for (let number = 0; number < 4_096; number++)
    server.emit('upgrade', { ...request }, { ...raw, destroyed: true }, '');
  expect(told).toBe('');
  drawn.mockReturnValueOnce(0.5);
  server.emit('upgrade', request, raw, '');
  expect(told).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 5\r\n[^]*Too many sockets/);
  expect(traffic.handshakesRefused.rate).toBe(1);
  drawn.mockReturnValueOnce(0);
  server.emit('upgrade', request, raw, '');
  expect(told, 'not all at the same time').toContain('Retry-After: 3\r\n');
});
