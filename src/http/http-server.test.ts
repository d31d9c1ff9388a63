import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../actors/clock.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { LostConnections } from '../gateway/lost-connections.js';
import { createHttpServer, type HttpServerOptions } from './http-server.js';

/* Goal: whoever is slow, says nothing, or speaks no HTTP holds no connection for long, and gets a sentence where that is
 * possible. Method: raw connections to a real port. */

let server: Server;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

let release: () => void = () => undefined;
/** `/slow` is answered when `release` is called. */
async function fetch(request: Request): Promise<Response> {
  if (new URL(request.url).pathname === '/slow') await new Promise<void>((resolve) => (release = resolve));
  return new Response('hello');
}

async function open(over: Partial<HttpServerOptions> = {}): Promise<void> {
  const limits = { httpConnectionsMax: 3 };
  const lost = new LostConnections(systemClock);
  server = createHttpServer({ fetch: fetch, limits, clock: systemClock, lost, receiveMs: 60_000, ...over });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

class Raw {
  readonly socket: Socket;
  text = '';
  readonly closed: Promise<void>;

  private constructor() {
    const { port } = server.address() as AddressInfo;
    this.socket = connect(port, '127.0.0.1');
    sockets.push(this.socket);
    this.socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    this.socket.on('error', () => undefined); // its close follows
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  /** A connection that the server knows of. */
  static async open(): Promise<Raw> {
    const known = once(server, 'connection');
    const raw = new Raw();
    await known;
    return raw;
  }

  async send(text: string): Promise<this> {
    this.socket.write(text);
    await Promise.resolve();
    return this;
  }

  /** @returns the answer to what is sent, once its body is here or the connection is gone */
  async ask(text: string): Promise<string> {
    this.socket.write(text);
    while (!/(?:hello|\})$/.test(this.text) && !this.socket.destroyed) {
      await Promise.race([once(this.socket, 'data'), this.closed]);
    }
    return this.text;
  }

  get isOpen(): boolean {
    return !this.socket.destroyed && !this.socket.readableEnded;
  }
}

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;

test('of too many connections the one that is idle for longest is cut, and whoever asks is answered', async () => {
  let cuts = 0;
  await open({ onCut: () => cuts++ });
  const [first, second, third] = [await Raw.open(), await Raw.open(), await Raw.open()];
  await first.send('GET /half HTTP/1.1\r\nX-Slow: ');
  await Raw.open();
  await first.closed;
  expect([second.isOpen, third.isOpen, cuts]).toEqual([true, true, 1]);
  expect(await second.ask(GET('/'))).toMatch(/^HTTP\/1\.1 200 OK[^]*hello$/);
});

test('a request that is being answered keeps its connection, one whose body does not come loses it', async () => {
  await open();
  const [asking, sending, other] = [await Raw.open(), await Raw.open(), await Raw.open()];
  const asked = once(server, 'request');
  await asking.send(GET('/slow'));
  await asked;
  for (const raw of [sending, other]) {
    const begun = once(server, 'request');
    await raw.send('POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab');
    await begun;
  }
  const answer = release;
  await Raw.open();
  await sending.closed;
  expect([asking.isOpen, other.isOpen]).toEqual([true, true]);
  await other.send('cde');
  answer();
});

test('sockets of players take no place of others', async () => {
  await open();
  server.on('upgrade', (_, socket: Socket) => {
    sockets.push(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n{}');
  });
  const players: Raw[] = [];
  for (let player = 0; player < 5; player++) {
    const raw = await Raw.open();
    await raw.ask('GET /ws/lobby HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    players.push(raw);
  }
  for (let more = 0; more < 3; more++) expect(await (await Raw.open()).ask(GET('/'))).toMatch(/hello$/);
  expect(players.every(({ isOpen }) => isOpen)).toBe(true);
});

test('requests that come together are begun a few at a time, and one whose connection is lost meanwhile is not', async () => {
  const clock = new SimulatedClock();
  const begun: string[] = [];
  const fetch = (request: Request): Response => {
    begun.push(new URL(request.url).pathname);
    return new Response('hello');
  };
  await open({ clock, fetch, limits: { httpConnectionsMax: 20 } });
  const asking: Raw[] = [];
  for (let number = 0; number < 10; number++) {
    const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const raw = await Raw.open();
    await raw.send(GET(`/${number}`));
    const [, response] = await asked;
    asking.push(raw);
    if (number !== 5) continue;
    raw.socket.destroy();
    await once(response, 'close');
  }
  expect(begun).toEqual([]);
  await clock.advance(0);
  expect(begun).toEqual(['/0', '/1']);
  await clock.advance(1);
  expect(begun.slice(2)).toEqual(['/2', '/3']);
  await clock.advance(1);
  expect(begun.slice(4)).toEqual(['/4', '/6']);
  await clock.advance(2);
  expect(begun.slice(6)).toEqual(['/7', '/8', '/9']);
  while (!asking[9]!.text.endsWith('hello')) await once(asking[9]!.socket, 'data');
});

test('requests of one connection are begun one after the other; who has sent 17 behind the first is cut off', async () => {
  const begun: string[] = [];
  const answers: (() => void)[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    begun.push(new URL(request.url).pathname);
    await new Promise<void>((resolve) => answers.push(resolve));
    return new Response('hello');
  };
  await open({ fetch, limits: { httpConnectionsMax: 20 } });
  const raw = await Raw.open();
  await Promise.all([once(server, 'request'), raw.send(GET('/1') + GET('/2') + GET('/3'))]);
  for (let number = 1; number <= 3; number++) {
    while (answers.length === 0) await new Promise(setImmediate);
    expect(begun).toEqual(['/1', '/2', '/3'].slice(0, number));
    answers.shift()!();
    while (raw.text.split('hello').length <= number) await once(raw.socket, 'data');
  }
  const greedy = await Raw.open();
  await greedy.send(GET('/many').repeat(18));
  await greedy.closed;
  expect(begun.slice(3)).toEqual([]);
});

test('nothing is read behind the request for which a connection was cut, be it a thousand others or an upgrade', async () => {
  const told: string[] = [];
  await open({ fetch: () => new Promise(() => undefined), limits: { httpConnectionsMax: 20 } });
  server.on('request', ({ url }) => told.push(url!));
  server.on('upgrade', ({ url }) => told.push(url!));
  const greedy = await Raw.open();
  const upgrade = 'GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  await greedy.send(GET('/many').repeat(1_000) + upgrade);
  await greedy.closed;
  expect(told).toEqual(new Array(18).fill('/many'));
});

test.each([
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 400],
  ['a URL that is none', 'GET /\\a HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a host that is none', 'GET / HTTP/1.1\r\nHost: a b/@\r\n\r\n', 400],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a method that is none', 'HELLO / HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a head that is too long', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
])('%s is answered by a problem', async (_, text, status) => {
  await open();
  const raw = await Raw.open();
  await raw.ask(text);
  expect(raw.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(raw.text).toMatch(new RegExp(`application/problem\\+json[^]*"status":${status}`, 'i'));
});

test('a head or a body that does not come in time is answered by 408, and its connection ends', async () => {
  await open({ receiveMs: 40, headMs: 20, checkEveryMs: 5 });
  const [head, body] = [await Raw.open(), await Raw.open()];
  await head.send('GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ');
  await body.send('POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab');
  await Promise.all([head.closed, body.closed]);
  expect(head.text).toMatch(/^HTTP\/1\.1 408 [^]*"status":408/);
  expect(body.text).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection on which nothing moves is cut, unless its answer is still being made', async () => {
  await open({ silentMs: 20 });
  const [silent, asking] = [await Raw.open(), await Raw.open()];
  const asked = once(server, 'request');
  await asking.send(GET('/slow'));
  await asked;
  await silent.closed;
  expect(asking.isOpen).toBe(true);
  release();
  while (!asking.text.endsWith('hello')) await once(asking.socket, 'data');
});

test('whoever asks twice and does not read the first answer is cut off', async () => {
  const fetch = (): Response => new Response('x'.repeat(2 ** 24)); // more than all buffers on the way hold
  await open({ fetch, silentMs: 20 });
  const known = once(server, 'connection') as Promise<[Socket]>;
  const raw = await Raw.open();
  const [socket] = await known;
  const closed = once(socket, 'close');
  raw.socket.pause();
  await raw.send(GET('/1') + GET('/2'));
  await closed;
});
