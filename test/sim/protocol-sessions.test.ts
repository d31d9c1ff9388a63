import { expect, test } from 'vitest';
import { Session } from '../../src/client/session.js';
import { SLOW_BOTS, STEADY, Table } from '../support/table.js';
import { at, type Data, shownHand, WireClient } from '../support/wire-client.js';

/*
 * Goal: a seat belongs to the session that took it, whatever name a socket sends (protocol.md 7.3, design.md section 9,
 * Sessions). Method: sockets with cookies, with tokens and with neither, against a whole server.
 */

async function claim(table: Table, data: Data, session = new Session()): Promise<WireClient> {
  const client = await WireClient.open(table.sim, table.code, session);
  client.send('client_ready', { room_id: table.code, is_reconnection: false, ...data });
  await table.settle(20);
  return client;
}

test('protocol 7.3: before the start a foreign session gets room_closed name_in_use, and no seat', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS });
  const thief = await claim(table, { player_name: 'Gio' });
  expect(thief.events).toEqual(['room_closed']);
  expect(thief.last('room_closed').data).toMatchObject({ reason: 'name_in_use' });
  const entries = table.entries.length;
  expect((await thief.call('leave_room', { player_name: 'Gio' })).data).toMatchObject({ type: 'not_seated' });
  expect(table.entries).toHaveLength(entries);
  expect(thief.isOpen).toBe(true);
});

test('protocol 7.3: in a game a foreign session gets seat_taken, stays a spectator, and sees no hand', async () => {
  const table = await Table.declaring({ humans: 2 });
  const thief = await claim(table, { player_name: 'Hana' });
  expect(thief.events).toEqual(['room_state_update', 'error', 'phase_change']);
  expect(thief.last('error').data).toMatchObject({ message: 'That seat belongs to somebody else', type: 'seat_taken' });
  expect(shownHand(thief, 'Hana')).toBeUndefined();
  const refused = await thief.call('declare', { player_name: 'Hana', value: 1 });
  expect(refused.data).toMatchObject({ message: 'Join the room first', type: 'not_seated' });
  expect((await table.declare(0, 1)).event).toBe('phase_change');
  expect(shownHand(thief, 'Hana')).toBeUndefined();
});

test('protocol 7.3: a foreign claim neither calls an absent player back nor takes its seat', async () => {
  const table = await Table.declaring({ humans: 2 });
  await table.advance(5_000);
  table.person(1).cut();
  await table.advance(3_010);
  expect(table.host.last('player_disconnected').data).toMatchObject({ player_name: 'Gio' });
  const thief = await claim(table, { player_name: 'Gio' });
  expect(thief.last('error').data).toMatchObject({ type: 'seat_taken' });
  expect(table.host.events).not.toContain('player_reconnected');
  const own = await table.comeBack(1);
  expect(own.events).toContain('phase_change');
  expect(table.host.last('player_reconnected').data).toMatchObject({ player_name: 'Gio' });
  expect(shownHand(own, 'Gio')).toHaveLength(8);
});

test('protocol 7.3: a client_ready without a name finds the seat of its session', async () => {
  const table = await Table.declaring({ humans: 2 });
  await table.advance(5_000);
  table.person(1).cut();
  await table.advance(3_010);
  const back = await claim(table, {}, table.person(1).session);
  expect(table.host.last('player_reconnected').data).toMatchObject({ player_name: 'Gio' });
  expect(shownHand(back, 'Gio')).toHaveLength(8);
  expect(shownHand(back, 'Hana')).toBeUndefined();
});

test('protocol 7.3: a client_ready without a name and without a session is a spectator', async () => {
  const table = await Table.declaring({ humans: 1 });
  const nobody = await claim(table, {});
  expect(nobody.events).toEqual(['room_state_update', 'phase_change']);
  expect(shownHand(nobody, 'Hana')).toBeUndefined();
});

test('protocol 7.3: a client without cookies speaks for its seat by the token of its join', async () => {
  const table = await Table.declaring({ humans: 2, credentials: 'token' });
  expect(table.person(1).session.headers()).toEqual({});
  expect(table.person(1).session.token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
  expect(shownHand(table.person(1), 'Gio')).toHaveLength(8);
  expect((await table.declare(0, 1)).event).toBe('phase_change');
  expect((await table.declare(1, 1)).event).toBe('phase_change');
});

test('protocol 7.3: a forged or foreign token is worth nothing', async () => {
  const table = await Table.declaring({ humans: 2, credentials: 'token' });
  const token = table.person(1).session.token!;
  const forged = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  for (const session_token of [forged, token.slice(0, 22), '', 'x'.repeat(500), 7]) {
    const thief = await claim(table, { player_name: 'Gio', session_token }, new Session('token'));
    expect(thief.last('error').data).toMatchObject({ type: 'seat_taken' });
  }
});

test('protocol 7.3: a handshake with a cookie gets no token in its answers', async () => {
  const table = await Table.open({ humans: 1 });
  const lobby = await WireClient.open(table.sim, 'lobby', table.host.session);
  const created = await lobby.call('create_room', { player_name: 'Hana' });
  expect(Object.hasOwn(created.data, 'session_token')).toBe(false);
});

test('protocol 7.3: two tabs of one session both play for the seat, and closing one is no absence', async () => {
  const table = await Table.declaring({ humans: 2 });
  const second = await claim(table, { player_name: 'Hana' }, table.host.session);
  expect(shownHand(second, 'Hana')).toEqual(shownHand(table.host, 'Hana'));
  const id = second.send('declare', { player_name: 'Hana', value: 2 });
  await table.settle();
  for (const tab of [table.host, second]) {
    expect(tab.last('phase_change').data).toMatchObject({ in_reply_to: id });
    expect(at(tab.phase, 'phase_data', 'declarations')).toEqual({ Hana: 2 });
  }
  expect(Object.hasOwn(table.person(1).last('phase_change').data, 'in_reply_to')).toBe(false);
  table.host.cut();
  await table.advance(15_000);
  expect(table.person(1).events).not.toContain('player_disconnected');
  second.cut();
  await table.advance(3_010);
  expect(table.person(1).last('player_disconnected').data).toMatchObject({ player_name: 'Hana' });
});

test('protocol 7.3: two seats of one session are two players: each socket acts for its own and sees its own hand', async () => {
  const table = await Table.open({ humans: 1, deals: [STEADY], bots: SLOW_BOTS });
  await table.host.call('remove_player', { slot_id: 2 });
  const door = await WireClient.open(table.sim, 'lobby', table.host.session);
  await door.call('join_room', { room_id: table.code, player_name: 'Gio' });
  const gio = await claim(table, { player_name: 'Gio' }, table.host.session);
  await table.start();
  await table.toPhase('declaration');
  expect([shownHand(table.host, 'Hana')?.length, shownHand(table.host, 'Gio')]).toEqual([8, undefined]);
  expect([shownHand(gio, 'Hana'), shownHand(gio, 'Gio')?.length]).toEqual([undefined, 8]);
  const foreign = await gio.call('declare', { player_name: 'Hana', value: 1 });
  expect(foreign.data).toMatchObject({ reason: 'foreignSeat' });

  await table.advance(5_000);
  gio.cut();
  await table.settle();
  const back = await claim(table, {}, table.host.session);
  expect(shownHand(back, 'Gio')).toHaveLength(8); // the seat without a live socket
});

test('protocol 7.3: of several missing players of a session a nameless client_ready is the one who came last', async () => {
  const table = await Table.open({ humans: 1, deals: [STEADY], bots: SLOW_BOTS });
  const door = await WireClient.open(table.sim, 'lobby', table.host.session);
  const players: WireClient[] = [];
  // Gio comes first and takes the higher seat, then Mona the lower one.
  for (const [slot, name] of [
    [4, 'Gio'],
    [2, 'Mona'],
  ] as const) {
    await table.host.call('remove_player', { slot_id: slot });
    await door.call('join_room', { room_id: table.code, player_name: name });
    players.push(await claim(table, { player_name: name }, table.host.session));
    await table.advance(10);
  }
  await table.start();
  await table.toPhase('declaration');
  for (const player of players) player.cut();
  await table.settle();
  const back = await claim(table, {}, table.host.session);
  expect([shownHand(back, 'Gio'), shownHand(back, 'Mona')?.length]).toEqual([undefined, 8]);
});

test('protocol 7.3: a name that only a bot has is nobody to be, and its seat is not taken', async () => {
  const table = await Table.declaring({ humans: 1 });
  const guest = await claim(table, { player_name: 'Bot 2' });
  expect(guest.events).toEqual(['room_state_update', 'phase_change']);
  expect((await guest.call('declare', { player_name: 'Bot 2', value: 1 })).data).toMatchObject({ type: 'not_seated' });
});

test('protocol 7.3: the session survives a crash of the server', async () => {
  const table = await Table.declaring({ humans: 2 });
  await table.sim.crash();
  const back = await table.comeBack(0);
  expect(shownHand(back, 'Hana')).toHaveLength(8);
  const thief = await claim(table, { player_name: 'Gio' });
  expect(thief.last('error').data).toMatchObject({ type: 'seat_taken' });
  expect((await table.declare(0, 1)).event).toBe('phase_change');
});
