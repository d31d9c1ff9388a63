import { expect, test } from 'vitest';
import { NAMES, Table } from '../../test/support/table.js';
import { project } from '../protocol/projector.js';
import { SOCKET_BACKLOG_BYTES_MAX } from './connection.js';
import { FakeServerSocket } from './fake-server-socket.js';
import { CAUGHT_UP_BYTES, SKIPS_ABOVE_BYTES } from './slow-readers.js';

/* Goal: what a socket gets that owes much, and what once it has read. Method: sockets whose backlog a test sets. */

async function socketOf(table: Table, seat: number | null, place = table.code): Promise<FakeServerSocket> {
  const { rooms, gateway } = table.sim.server;
  const seen = await table.sim.until(rooms.query(table.roomId, 'router'), 10_000);
  const session = seat === null ? 'watcher' : seen!.view.seats[seat]!.session!;
  const socket = new FakeServerSocket();
  gateway.accept(socket, { path: `/ws/${place}`, session, token: null });
  const data = { room_id: place, ...(seat !== null && { player_name: NAMES[seat] }) };
  socket.onMessage(JSON.stringify({ event: 'client_ready', data }), false);
  await table.settle(300);
  socket.take();
  return socket;
}

const told = (socket: FakeServerSocket): string[] => socket.take().map(({ event }) => event);

test('a slow socket is spared states; once it has read it gets the newest one, and then each again', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, null);
  const { traffic } = table.sim.server.gateway;
  slow.backlogBytes = SKIPS_ABOVE_BYTES;
  await table.play(0, 0);
  expect(told(slow)).toEqual(['phase_change']); // not a byte too early
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.play(1, 0);
  slow.backlogBytes = CAUGHT_UP_BYTES + 1;
  await table.play(2, 0);
  await table.settle(1_000);
  expect(told(slow)).toEqual([]);
  expect(traffic).toMatchObject({ broadcast: { skipped: 2 }, resyncs: 0 });

  slow.backlogBytes = CAUGHT_UP_BYTES;
  await table.settle(60);
  const [newest, ...more] = slow.take();
  expect(more).toEqual([]);
  expect(newest).toMatchObject({ event: 'phase_change', data: { reason: 'Current state', room_id: table.code } });
  expect(newest!.data['sequence']).toBe(table.host.phase['sequence']);
  expect(traffic).toMatchObject({ broadcast: { skipped: 2 }, resyncs: 1 });
  await table.play(3, 0);
  await table.settle();
  expect(told(slow)).toEqual(['phase_change']);
});

test('while a turn’s result is shown, the newest state opens its page', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, null);
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.advance(6_000);
  slow.backlogBytes = 0;
  await table.settle(60);
  expect(told(slow)).toEqual(['phase_change', 'turn_complete']);
});

test('in the newest state a slow player finds its own hand and nobody else finds one', async () => {
  const table = await Table.playing();
  const [player, watcher] = [await socketOf(table, 2), await socketOf(table, null)];
  for (const socket of [player, watcher]) socket.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.play(0, 0);
  for (const socket of [player, watcher]) socket.backlogBytes = 0;
  await table.settle(60);
  const hands = (socket: FakeServerSocket): string[] => {
    const players = socket.take()[0]!.data['players'] as Record<string, object>;
    return Object.keys(players).filter((name) => 'hand' in players[name]!);
  };
  expect(hands(player)).toEqual([NAMES[2]]);
  expect(hands(watcher)).toEqual([]);
});

test('its own answers are never kept from a slow socket, and the order of what it sees holds', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, 1);
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.play(0, 0);
  const play = { event: 'play', data: { player_name: NAMES[1], piece_indices: [0] }, id: 'mine' };
  slow.onMessage(JSON.stringify(play), false);
  await table.settle();
  slow.onMessage('{"event":"ping","data":{},"id":"ping"}', false);
  await table.play(2, 0);
  slow.backlogBytes = 0;
  await table.settle(60);
  const frames = slow.take();
  expect(frames.map(({ event, data }) => [event, data['in_reply_to']])).toEqual([
    ['phase_change', 'mine'],
    ['pong', 'ping'],
    ['phase_change', undefined],
  ]);
  const [answer, , newest] = frames.map(({ data }) => Number(data['sequence']));
  expect(newest).toBeGreaterThan(answer!);
});

test('that a player is away and that the room closes is kept from nobody', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, null);
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  table.person(3).cut();
  await table.advance(11_000);
  expect(told(slow)).toEqual(['player_disconnected']);
  const cause = { correlationId: 'close', session: null, messageId: null };
  table.sim.server.rooms.tell(table.roomId, { type: 'close', reason: 'operator' }, cause);
  await table.settle();
  expect(told(slow)).toContain('room_closed');
});

test('the end of a game is no state that another one replaces', () => {
  const ended = { type: 'gameEnded', winners: [2], totals: [9, 9, 60, 9], ranks: [2, 2, 1, 2] } as const;
  expect(project(ended, 9, 'c').map(({ isState }) => isState)).toEqual([false]);
});

test('before the start the newest state is the list of seats, in the lobby the list of rooms', async () => {
  const table = await Table.open();
  const [room, lobby] = [await socketOf(table, null), await socketOf(table, null, 'lobby')];
  for (const socket of [room, lobby]) socket.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.host.call('remove_player', { slot_id: 2 });
  await table.host.call('remove_player', { slot_id: 3 });
  await table.settle(500);
  expect([told(room), told(lobby)]).toEqual([[], []]);
  for (const socket of [room, lobby]) socket.backlogBytes = 0;
  await table.settle(60);
  expect(room.take()).toMatchObject([{ event: 'room_update', data: { players: [{}, null, null, {}] } }]);
  expect(lobby.take()).toMatchObject([{ event: 'room_list_update', data: { rooms: [{ occupied_slots: 2 }] } }]);
});

test('a socket that is spared states and owes more all the same is closed, and no timer looks after it', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, null);
  const scheduled = table.sim.clock.scheduledCount;
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.play(0, 0);
  slow.backlogBytes = SOCKET_BACKLOG_BYTES_MAX + 1;
  slow.onMessage('{"event":"ping"}', false);
  expect(slow.done).toContain('close 1013');
  slow.onClose(1013);
  await table.settle(100);
  expect(table.sim.clock.scheduledCount).toBeLessThanOrEqual(scheduled);
});

test('a slow socket gets the newest state when the room can be asked again', async () => {
  const table = await Table.playing();
  const slow = await socketOf(table, null);
  slow.backlogBytes = SKIPS_ABOVE_BYTES + 1;
  await table.play(0, 0);
  table.sim.engine.stall();
  table.person(1).send('play', { player_name: NAMES[1], piece_indices: [0] });
  await table.settle();
  slow.backlogBytes = 0;
  await table.settle(200);
  expect(told(slow)).toEqual([]); // asked behind a move that is not durable yet
  table.sim.engine.resume();
  await table.settle(200);
  const [newest] = slow.take();
  expect(newest!.data['sequence']).toBe(table.entries.length);
});
