import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { MemoryRateLimiter } from '../limits/memory-rate-limiter.js';
import { decode } from '../protocol/decode.js';
import { Connection } from './connection.js';
import { Enforcement } from './enforcement.js';
import { FakeServerSocket } from './fake-server-socket.js';
import { createSocketLimits } from './rate-limit.js';
import { Traffic } from './traffic.js';

const SETTINGS = { rateLimitFactor: 1, timeScale: 1, playerMessagesPerMinute: 600, roomMessagesPerSecond: 100 };

function enforced(changed: Partial<typeof SETTINGS> = {}) {
  const clock = new SimulatedClock();
  const settings = { ...SETTINGS, ...changed };
  const traffic = new Traffic();
  const lines: string[] = [];
  const line = (fields: object): number => lines.push((fields as { step: string }).step);
  const enforcement = new Enforcement(
    {
      ...{ clock, settings, limiter: new MemoryRateLimiter(clock.elapsedMs), log: { debug: line, warn: line } },
      rooms: { holdOf: () => null },
    },
    traffic,
  );
  const connect = ({ session = 's1', address }: { session?: string; address?: string } = {}) => {
    const socket = new FakeServerSocket();
    const handshake = { path: '/ws/A442EC', session, token: null, address };
    const connection = new Connection('c1', socket, createSocketLimits(settings), handshake, traffic);
    const passed: string[] = [];
    const share = { take: () => true, next: clock.defer };
    const pace = enforcement.paceOf(connection, share, (frame, binary) => {
      const decoded = decode(frame, binary);
      if (!decoded.ok) enforcement.invalid(connection);
      else if (enforcement.pass(connection, decoded.message, 'r1')) passed.push(decoded.message.event);
    });
    const say = (event: string, times = 1): void => {
      for (let sent = 0; sent < times; sent++) pace.offer(JSON.stringify({ event, id: `m${sent}` }), false);
    };
    return { socket, connection, pace, passed, say };
  };
  return { clock, settings, traffic, lines, enforcement, connect };
}

test('the steps come one after the other, and each is counted and logged once for a socket', async () => {
  const { clock, traffic, lines, connect } = enforced();
  const { socket, say } = connect();
  say('get_room_state', 50);
  expect(lines).toEqual(['warned']);
  say('get_room_state', 50);
  expect(lines).toEqual(['warned', 'refused']);
  say('sync_request', 200);
  expect(lines).toEqual(['warned', 'refused', 'slowed']);
  for (let more = 0; more < 10; more++) {
    say('get_room_state', 200);
    await clock.advance(1_000);
  }
  expect(lines).toEqual(['warned', 'refused', 'slowed', 'disconnected']);
  expect(traffic.socketsAtStep).toEqual({ warned: 1, slowed: 1, refused: 1, disconnected: 1 });
  expect(socket.done).toContain('close 1008');
});

test('a refused message is answered by its id, with the seconds to wait', () => {
  const { connect } = enforced();
  const { socket, say, passed } = connect();
  say('leave_game', 5);
  expect(passed).toHaveLength(4);
  expect(socket.take().at(-1)).toMatchObject({
    event: 'error',
    data: { type: 'rate_limited', retry_after: 60, action: 'leave_game', in_reply_to: 'm4' },
  });
});

test('the tabs of a player have one limit together, and what it refuses is answered', () => {
  const { traffic, connect } = enforced({ playerMessagesPerMinute: 100 });
  const [first, second] = [connect(), connect()];
  first.say('ping', 60);
  second.say('ping', 60);
  expect([first.passed.length, second.passed.length]).toEqual([60, 40]);
  expect(second.socket.take().at(-1)).toMatchObject({ data: { type: 'rate_limited', in_reply_to: 'm59' } });
  expect(traffic.limited).toMatchObject({ player: 20, message: 0 });
  const other = connect({ session: 's2' });
  other.say('ping');
  expect(other.passed).toEqual(['ping']);
});

test('onlookers who ask a room too much are refused, and one who plays there is not', () => {
  const { traffic, connect } = enforced();
  const player = connect({ session: 'p' });
  player.connection.seat = 2;
  for (let guest = 0; guest < 5; guest++) connect({ session: `g${guest}` }).say('get_room_state', 60);
  expect(traffic.limited.room).toBe(200);
  player.say('get_room_state', 20);
  expect(player.passed).toHaveLength(20);
});

test('who comes back is let in, whatever others have used up: the first client_ready of a socket costs nothing', () => {
  const { connect } = enforced({ playerMessagesPerMinute: 1, roomMessagesPerSecond: 1 });
  connect().say('get_room_state', 5);
  const { say, passed } = connect();
  say('client_ready', 2);
  expect(passed).toEqual(['client_ready']);
});

test('after 300 messages without use, and one a second, the socket ends', async () => {
  const { clock, traffic, connect } = enforced();
  const { socket, say } = connect();
  for (let second = 0; second < 60; second++) {
    say('cheat', 5);
    await clock.advance(1_000);
  }
  expect(socket.done).toEqual([]);
  for (let second = 0; second < 20; second++) {
    say('cheat', 5);
    await clock.advance(1_000);
  }
  expect(socket.done[0]).toBe('close 1008');
  expect(traffic.invalid).toBeLessThan(400);
});

test('a socket that is sent away and stays is cut after 2 s; one that goes is not', async () => {
  const { clock, connect } = enforced();
  const [stays, goes] = [connect(), connect()];
  for (const { connection, say } of [stays, goes]) {
    connection.patience = { tokens: 0, atMs: 0 };
    say('cheat', 2);
  }
  goes.connection.open = false;
  await clock.advance(1_999);
  expect(stays.socket.done).toEqual(['close 1008']);
  await clock.advance(1);
  expect(stays.socket.done).toEqual(['close 1008', 'terminate']);
  expect(goes.socket.done).toEqual(['close 1008']);
});

test('a socket that floods for half a minute is sent away, though every message is legal', async () => {
  const { clock, connect } = enforced({ playerMessagesPerMinute: 1_000_000 });
  const { socket, say, passed } = connect();
  for (let turn = 0; turn < 340; turn++) {
    say('sync_request', 25);
    await clock.advance(100);
  }
  expect(passed.length).toBeGreaterThan(200 * 30);
  expect(socket.done).toContain('close 1008');
});

test('a flood that is not held back by a pause is dropped, and told so once a second', async () => {
  const { clock, traffic, connect } = enforced({ playerMessagesPerMinute: 1_000_000 });
  const { socket, say } = connect();
  say('sync_request', 1_300);
  expect(traffic.limited.flood).toBe(100);
  expect(socket.take()).toMatchObject([{ data: { type: 'rate_limited', retry_after: 1 } }]);
  await clock.advance(1_000);
  say('sync_request', 300);
  expect(socket.take()).toMatchObject([{ data: { type: 'rate_limited' } }]);
});

test('a pause for a full mailbox and one for the pace do not undo each other', async () => {
  const { clock, connect } = enforced({ playerMessagesPerMinute: 1_000_000 });
  const { socket, connection, say } = connect();
  connection.pause();
  say('sync_request', 205);
  await clock.advance(500);
  expect(socket.done).toEqual(['pause']);
  connection.resume();
  expect(socket.done).toEqual(['pause', 'resume']);
});

test('an address that asks for many unknown rooms loses its sockets, others and this machine do not', async () => {
  const { clock, traffic, enforcement, connect } = enforced();
  const [guesser, other, local] = [connect({ address: 'a' }), connect({ address: 'b' }), connect()];
  for (let guess = 0; guess < 60; guess++) enforcement.unknownRoom(guesser.connection);
  await clock.advance(0);
  expect(guesser.socket.done).toEqual([]);
  for (let guess = 0; guess < 10; guess++) {
    for (const { connection } of [guesser, other, local]) enforcement.unknownRoom(connection);
  }
  for (let guess = 0; guess < 100; guess++) enforcement.unknownRoom(local.connection);
  await clock.advance(0);
  expect([guesser, other, local].map(({ socket }) => socket.done)).toEqual([['close 1008'], [], []]);
  expect(traffic.limited.unknownRoom).toBe(10);
});

test('switched off, nobody is held up or sent away', async () => {
  const { clock, lines, connect } = enforced({ rateLimitFactor: Number.POSITIVE_INFINITY });
  const { socket, say, passed } = connect();
  say('get_room_state', 3_000);
  say('cheat', 3_000);
  await clock.advance(60_000);
  expect(passed).toHaveLength(3_000);
  expect([socket.done, lines]).toEqual([[], []]);
});

test('rooms are made at the pace of an address, over however many sockets, and a refused one is answered', async () => {
  const { clock, traffic, enforcement, connect } = enforced();
  const create = decode('{"event":"create_room","data":{"player_name":"Hana"},"id":"c"}', false);
  if (!create.ok) throw new Error(create.fault.text);
  const ask = (session: string, address: string): Promise<boolean> =>
    enforcement.mayCreate(connect({ session, address }).connection, create.message);
  for (let made = 0; made < 120; made++) expect(await ask(`s${made}`, '192.0.2.1')).toBe(true);
  const { socket, connection } = connect({ session: 'late', address: '192.0.2.1' });
  expect(await enforcement.mayCreate(connection, create.message)).toBe(false);
  expect(socket.take().at(-1)).toMatchObject({ data: { type: 'rate_limited', retry_after: 1, in_reply_to: 'c' } });
  expect(traffic.limited.newRoom).toBe(1);
  expect(await ask('other', '192.0.2.2')).toBe(true);
  await clock.advance(1_000);
  expect(await ask('later', '192.0.2.1')).toBe(true);
});
