import { expect, test } from 'vitest';
import { Table } from '../../test/support/table.js';
import { CROWD_ABOVE } from './crowd.js';
import { FakeServerSocket } from './fake-server-socket.js';

/* Goal: what a simulated client can't send or see: binary frames, reading paused, sockets that owe too much. */

/** A socket at the gateway of a table's server, for the session of one of its people. */
async function socketAt(table: Table, place = table.code, seat = 0): Promise<FakeServerSocket> {
  const socket = new FakeServerSocket();
  const session = (await viewOfRouter(table))[seat]!;
  table.sim.server.gateway.accept(socket, { path: `/ws/${place}`, session, token: null });
  return socket;
}

async function viewOfRouter(table: Table): Promise<(string | null)[]> {
  const seen = await table.sim.until(table.sim.server.rooms.query(table.roomId, 'router'), 10_000);
  return seen!.view.seats.map((seat) => seat?.session ?? null);
}

test('a binary frame gets a validation error and nothing else, whatever it holds', async () => {
  const table = await Table.playing();
  const entries = table.entries.length;
  const socket = await socketAt(table);
  socket.onMessage('{"event":"client_ready","data":{"player_name":"Hana"}}', false);
  await table.settle();
  socket.take();
  const move = Buffer.from('{"event":"play","data":{"player_name":"Hana","piece_indices":[0]}}');
  for (const frame of [Uint8Array.of(0, 255, 7), new Uint8Array(0), move]) {
    socket.onMessage(frame, true);
    await table.settle();
    expect(socket.take()).toEqual([
      {
        event: 'error',
        data: { message: 'Invalid message: Binary messages are not supported', type: 'validation_error' },
      },
    ]);
  }
  expect(table.entries).toHaveLength(entries);
  socket.onMessage(move.toString(), false);
  await table.settle();
  expect(socket.take().map(({ event }) => event)).toEqual(['phase_change']);
});

const READY = '{"event":"client_ready","data":{"player_name":"Hana"}}';
const SEAT_A_BOT = '{"event":"add_bot","data":{"slot_id":2}}';

test('a sender that fills the mailbox is not read from until the room has room again', async () => {
  const table = await Table.open();
  const sockets: FakeServerSocket[] = [];
  for (let tab = 0; tab < 21; tab++) sockets.push(await socketAt(table));
  for (const socket of sockets) {
    socket.onMessage(READY, false);
    await table.settle();
  }
  table.sim.engine.stall();
  // 64 on their way to the disk, 256 in the mailbox, and one more.
  for (const socket of sockets.slice(0, 20)) {
    for (let sent = 1; sent <= 16; sent++) {
      socket.onMessage(SEAT_A_BOT, false);
      if (sent % 2 === 0) await table.settle(1); // what is read for a seat in a millisecond
    }
  }
  const [last] = sockets.slice(20);
  last!.onMessage(SEAT_A_BOT, false);
  expect(sockets.flatMap(({ done }) => done)).toEqual(['pause']);
  expect(last!.done).toEqual(['pause']);
  table.sim.engine.resume();
  await table.settle(500);
  expect(last!.done).toEqual(['pause', 'resume']);
});

test('while the disk is slow a socket has 16 messages under way; the others wait, and each is answered in order', async () => {
  const table = await Table.open();
  const { rooms } = table.sim.server;
  const socket = await socketAt(table);
  socket.onMessage(READY, false);
  await table.settle();
  const before = table.entries.length;
  table.sim.engine.stall();
  const ids = Array.from({ length: 200 }, (_, number) => `m${number}`);
  for (const id of ids) socket.onMessage(`{"event":"add_bot","data":{"slot_id":2},"id":"${id}"}`, false);
  await table.settle(5_000);
  expect(table.entries).toHaveLength(before);
  expect(rooms.counts.mailboxMessages).toBe(0); // 16 are on their way to the disk, where 64 have a place
  socket.take();
  table.sim.engine.resume();
  await table.settle(5_000);
  const answered = socket.take().map(({ data }) => (data as { in_reply_to?: string }).in_reply_to);
  expect(answered.filter((id) => id !== undefined)).toEqual(ids);
  expect(socket.done).toEqual(['pause', 'resume']);
});

test('what an operator holds up does not keep a socket from being read', async () => {
  const table = await Table.playing();
  const { rooms } = table.sim.server;
  const socket = await socketAt(table);
  socket.onMessage(READY, false);
  await table.settle();
  await table.sim.until(rooms.operations.pause(table.roomId, 'maintenance'), 1_000);
  socket.take();
  for (let sent = 0; sent < 20; sent++)
    socket.onMessage('{"event":"play","data":{"player_name":"Hana","piece_indices":[0]}}', false);
  socket.onMessage('{"event":"ping"}', false);
  await table.settle(20);
  expect(socket.take()).toMatchObject([{ event: 'pong' }]);
});

test('those without a seat who all speak at once are read two frames a millisecond; who plays, at once', async () => {
  const table = await Table.open();
  const seated = await socketAt(table);
  seated.onMessage(READY, false);
  await table.settle();
  const [lobby, spectators] = [await socketAt(table, 'lobby'), [] as FakeServerSocket[]];
  for (let count = 0; count < 5; count++) spectators.push(await socketAt(table));
  const all = [...spectators, seated, lobby];
  for (const socket of all) socket.take();
  for (const socket of all) socket.onMessage('{"event":"ping"}', false);
  const answered = (): number => spectators.flatMap((socket) => socket.take()).length;
  expect(seated.take()).toMatchObject([{ event: 'pong' }]);
  expect(lobby.take()).toMatchObject([{ event: 'pong' }]);
  expect(answered()).toBe(2);
  await table.settle(1);
  expect(answered()).toBe(2);
  await table.settle(1);
  expect(answered()).toBe(1);
  expect(table.sim.server.gateway.traffic.outOfTurn).toBe(3);
});

test('the tabs of a seat are read two frames a millisecond together, and another player at once', async () => {
  const table = await Table.playing();
  const tabs: FakeServerSocket[] = [];
  for (let count = 0; count < 5; count++) tabs.push(await socketAt(table));
  const other = await socketAt(table, table.code, 1);
  const all = [...tabs, other];
  for (const socket of all) {
    socket.onMessage(socket === other ? READY.replace('Hana', 'Gio') : READY, false);
    await table.settle();
  }
  for (const socket of all) socket.take();
  for (const socket of all) socket.onMessage('{"event":"ping"}', false);
  const answered = (): number => tabs.flatMap((socket) => socket.take()).length;
  expect(other.take()).toMatchObject([{ event: 'pong' }]);
  expect(answered()).toBe(2);
  await table.settle(2);
  expect(answered()).toBe(3);
});

test('a socket that speaks is no dead one, however far behind what it says its pongs are', async () => {
  const table = await Table.playing();
  const socket = await socketAt(table, 'lobby');
  for (let second = 0; second < 90; second++) {
    socket.onMessage('{"event":"ping","data":{}}', false);
    await table.settle(1_000);
  }
  expect(socket.done).not.toContain('terminate');
  await table.settle(45_000);
  expect(socket.done).toContain('terminate');
});

test('a spectator that reads too slowly is sent away with 1013; the others get everything', async () => {
  const table = await Table.playing();
  const slow = await socketAt(table);
  slow.backlogBytes = 2 * 1024 * 1024;
  for (const person of table.people) person.mark();
  await table.play(0, 0);
  await table.settle();
  expect(slow.sent).toEqual([]);
  expect(slow.done).toContain('close 1013');
  for (const person of table.people) expect(person.freshEvents).toEqual(['phase_change']);
});

test('a socket that comes while the server drains is closed with 1012 at once', async () => {
  const table = await Table.open();
  await table.sim.until(table.sim.server.stop(), 10_000);
  const socket = new FakeServerSocket();
  table.sim.server.gateway.accept(socket, { path: '/ws/lobby', session: 's9', token: null });
  expect(socket.done).toEqual(['close 1012']);
  socket.onMessage('{"event":"create_room","data":{"player_name":"Zoe"}}', false);
  await table.settle(100);
  expect(socket.take().filter(({ event }) => event === 'room_created')).toEqual([]);
});

test('closed sockets are forgotten: none is counted, none is pinged', async () => {
  const table = await Table.open();
  const { gateway } = table.sim.server;
  const before = gateway.connectionCount;
  const sockets = await Promise.all([socketAt(table), socketAt(table, 'lobby'), socketAt(table, 'FFFFFF')]);
  expect(gateway.connectionCount).toBeGreaterThan(before);
  for (const socket of sockets) socket.onClose(1006);
  expect(gateway.connectionCount).toBe(before);
  await table.advance(60_000);
  for (const socket of sockets) expect(socket.done).toEqual([]);
});

test('a room code is found however it is written', async () => {
  const table = await Table.open();
  const socket = await socketAt(table, table.code.toLowerCase());
  socket.onMessage('{"event":"get_room_state"}', false);
  await table.settle();
  expect(socket.take()).toMatchObject([{ event: 'room_update', data: { room_id: table.code } }]);
});

test('a crowd that watches is sent a move after those who play, each of them all of it', async () => {
  const table = await Table.playing();
  const player = await socketAt(table);
  player.onMessage(READY, false);
  const watchers = Array.from({ length: CROWD_ABOVE }, () => new FakeServerSocket());
  for (const [index, watcher] of watchers.entries()) {
    const handshake = { path: `/ws/${table.code}`, session: `watcher-${index}`, token: null };
    table.sim.server.gateway.accept(watcher, handshake);
  }
  await table.settle();
  for (const socket of [player, ...watchers]) socket.take();
  const served: number[] = [];
  table.sim.server.rooms.subscribe(() => {
    served.push(player.sent.length, watchers.filter(({ sent }) => sent.length > 0).length);
  });
  player.onMessage('{"event":"play","data":{"player_name":"Hana","piece_indices":[0]}}', false);
  await table.settle();
  expect(served).toEqual([1, 0]);
  const [first, ...others] = watchers.map((watcher) => watcher.take());
  expect(first!.map(({ event }) => event)).toEqual(['phase_change']);
  for (const other of others) expect(other).toEqual(first);
});
