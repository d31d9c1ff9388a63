import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientSocket } from './client-socket.js';
import { connectOverWs } from './ws-socket.js';

let stop: () => void = () => undefined;
afterEach(() => stop());

async function listen(
  onConnection: (socket: WebSocket, cookie: string | undefined, path: string) => void,
): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  stop = () => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  server.on('headers', (headers) => headers.push('Set-Cookie: room_session=abc; Path=/', 'Set-Cookie: other=1'));
  server.on('connection', (socket, request) => onConnection(socket, request.headers.cookie, request.url ?? ''));
  await new Promise((resolve) => server.once('listening', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the handlers of a socket were called with, up to its end. */
function story(socket: ClientSocket, onOpen: () => void = () => undefined): Promise<unknown[]> {
  const calls: unknown[] = [];
  return new Promise((resolve) => {
    socket.onOpen = (setCookie) => {
      calls.push(['open', ...setCookie]);
      onOpen();
    };
    socket.onMessage = (text) => calls.push(['message', text]);
    socket.onClose = (code, reason, retryAfterMs) => {
      calls.push(['close', code, reason, ...(retryAfterMs === undefined ? [] : [retryAfterMs])]);
      resolve(calls);
    };
  });
}

test('sends its headers, hands on the cookies of the answer, text both ways, and the close code', async () => {
  const heard: unknown[] = [];
  const url = await listen((socket, cookie, path) => {
    heard.push(cookie, path);
    socket.on('message', (bytes: Buffer) => {
      heard.push(bytes.toString());
      socket.send('grüß dich');
      socket.close(4001, 'enough');
    });
  });
  const socket = connectOverWs(`${url}/`)('/ws/lobby', { cookie: 'room_session=old' });
  expect(await story(socket, () => socket.send('hello'))).toEqual([
    ['open', 'room_session=abc; Path=/', 'other=1'],
    ['message', 'grüß dich'],
    ['close', 4001, 'enough'],
  ]);
  expect(heard).toEqual(['room_session=old', '/ws/lobby', 'hello']);
});

test('closes with 1000 unless told otherwise', async () => {
  const codes: number[] = [];
  const url = await listen((socket) => socket.on('close', (code) => codes.push(code)));
  const socket = connectOverWs(url)('/ws/lobby', {});
  const calls = await story(socket, () => socket.close());
  expect(calls.at(-1)).toEqual(['close', 1000, '']);
  expect(codes).toEqual([1000]);
});

test('tells a failed handshake as a close with 1006 that says why', async () => {
  const url = await listen(() => undefined);
  stop();
  expect(await story(connectOverWs(url)('/ws/lobby', {}))).toEqual([
    ['close', 1006, expect.stringContaining('ECONNREFUSED')],
  ]);
});

test('tells after what time a refused handshake may be tried again', async () => {
  const server = createServer();
  server.on('upgrade', (_, raw) => raw.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  const { port } = server.address() as AddressInfo;
  expect(await story(connectOverWs(`ws://127.0.0.1:${port}`)('/ws/lobby', {}))).toEqual([
    ['close', 1006, 'Unexpected server response: 503', 7_000],
  ]);
});
