import { expect, test } from 'vitest';
import { NAMES, Table } from '../../test/support/table.js';
import { at } from '../../test/support/wire-client.js';
import { type FrameCodec, jsonCodec } from '../protocol/frame-codec.js';
import { msgpackCodec, packMessage } from '../protocol/msgpack-codec.js';
import { FakeServerSocket } from './fake-server-socket.js';

/* Goal: whatever a client has asked for, it gets the same messages, and nothing is encoded twice. */

/** One more socket for a seat's person, or for somebody who only watches. */
async function viewer(table: Table, codec: FrameCodec, seat: number | null): Promise<FakeServerSocket> {
  const { rooms, gateway } = table.sim.server;
  const seen = await table.sim.until(rooms.query(table.roomId, 'router'), 10_000);
  const session = seat === null ? 'watcher' : seen!.view.seats[seat]!.session!;
  const socket = new FakeServerSocket();
  gateway.accept(socket, { path: `/ws/${table.code}`, session, token: null, codec });
  const data = { room_id: table.code, ...(seat !== null && { player_name: NAMES[seat] }) };
  const ready = { event: 'client_ready', data, id: 'ready' };
  socket.onMessage(codec.isBinary ? packMessage(ready) : JSON.stringify(ready), codec.isBinary);
  await table.settle();
  return socket;
}

test('the same game over both codecs is the same messages, for a player and for a spectator', async () => {
  const table = await Table.declaring({ humans: 4 });
  const player = { json: await viewer(table, jsonCodec, 1), msgpack: await viewer(table, msgpackCodec, 1) };
  const watcher = { json: await viewer(table, jsonCodec, null), msgpack: await viewer(table, msgpackCodec, null) };
  for (const { json, msgpack } of [player, watcher]) expect(json.take()).toHaveLength(msgpack.sent.splice(0).length);
  await table.roundOf(4, 1, 2, 3);
  await table.toPhase('scoring');
  table.person(3).cut();
  await table.advance(11_000);

  for (const { json, msgpack } of [player, watcher]) {
    expect(json.sent.every((frame) => typeof frame === 'string')).toBe(true);
    expect(msgpack.sent.every((frame) => typeof frame !== 'string')).toBe(true);
    const told = json.take();
    expect(told.length).toBeGreaterThan(40);
    expect(new Set(told.map(({ event }) => event))).toContain('player_disconnected');
    expect(msgpack.take(msgpackCodec)).toEqual(told);
  }
});

test('a move is encoded once for each kind of viewer and each codec, however many sockets there are', async () => {
  const table = await Table.playing();
  for (let count = 0; count < 20; count++) {
    await viewer(table, jsonCodec, null);
    await viewer(table, msgpackCodec, null);
  }
  const binary = await viewer(table, msgpackCodec, 0);
  binary.take(msgpackCodec);
  const { traffic } = table.sim.server.gateway;
  const before = { encoded: traffic.encoded, framesOut: traffic.framesOut };
  await table.play(0, 0);
  await table.settle();

  // JSON: four hands, and those who see none; MessagePack: one hand, and those who see none.
  expect(traffic.encoded - before.encoded).toBe(7);
  expect(traffic.framesOut - before.framesOut).toBe(4 + 40 + 1);
  const [own] = binary.take(msgpackCodec);
  expect(at(own!.data, 'players', 'Hana')['hand']).toHaveLength(7);
});

test('a hostile binary frame is answered in kind, and the socket stays', async () => {
  const table = await Table.playing();
  const entries = table.entries.length;
  const socket = await viewer(table, msgpackCodec, 0);
  socket.take(msgpackCodec);
  for (const frame of [Uint8Array.of(0xc1), Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), '{"event":"ping"}']) {
    socket.onMessage(frame, typeof frame !== 'string');
    await table.settle();
    expect(socket.take(msgpackCodec)).toMatchObject([{ event: 'error', data: { type: 'validation_error' } }]);
  }
  expect(table.entries).toHaveLength(entries);
  socket.onMessage(packMessage({ event: 'play', data: { player_name: 'Hana', piece_indices: [0] }, id: 'p' }), true);
  await table.settle();
  expect(socket.take(msgpackCodec)).toMatchObject([{ event: 'phase_change', data: { in_reply_to: 'p' } }]);
});
