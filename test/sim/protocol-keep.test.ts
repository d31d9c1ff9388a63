import { expect, test } from 'vitest';
import { isRecord } from '../../src/client/frame.js';
import { simulatedGame } from '../support/simulated-game.js';
import { SimulatedServer } from '../support/simulated-server.js';
import { NAMES, SIMPLE_BOTS, SLOW_BOTS, STEADY, Table, TWO_WEAK } from '../support/table.js';
import { at, shownHand, WireClient } from '../support/wire-client.js';

/*
 * Goal: everything that the existing frontend depends on (protocol.md 7.1), item by item, as it shows on the wire of a
 * whole server. Method: sockets that say what the frontend says, a virtual clock, forced deals.
 */

const PIECE = /^(GENERAL|ADVISOR|ELEPHANT|CHARIOT|HORSE|CANNON|SOLDIER)_(RED|BLACK)\((\d+)\)$/;

/** A whole game with one person, and every text that was sent to anybody. */
async function wholeGame(seed = 'keep'): Promise<{ texts: string[]; frames: { event: string; data: unknown }[] }> {
  const sim = await SimulatedServer.start({ seed });
  const texts: string[] = [];
  sim.onFrame = (_path, text) => texts.push(text);
  await simulatedGame(sim, { seed: 3, thinkMs: () => 300, roundsMax: 3 });
  return { texts, frames: texts.map((text) => JSON.parse(text) as { event: string; data: unknown }) };
}

test('protocol 7.1.1: every envelope of a game is exactly event and data', async () => {
  const { texts, frames } = await wholeGame();
  expect(texts.length).toBeGreaterThan(200);
  expect(new Set(frames.map((frame) => Object.keys(frame).join()))).toEqual(new Set(['event,data']));
});

test('protocol 7.1.2: data is an object in every message of a game', async () => {
  const { frames } = await wholeGame();
  expect(frames.filter(({ data }) => !isRecord(data))).toEqual([]);
});

test('protocol 7.1.3: a play takes the pieces at its positions in the hand as last sent, and the rest keeps its order', async () => {
  const table = await Table.playing();
  const before = shownHand(table.host, 'Hana')!;
  expect(before).toHaveLength(8);
  expect(before.every((piece) => PIECE.test(piece))).toBe(true);
  expect(before[0]).toBe('GENERAL_RED(14)');
  await table.play(0, 6, 5); // two red soldiers, named backwards
  await table.settle();
  const plays = at(table.phaseData, 'turn_plays', 'Hana');
  expect(plays).toMatchObject({ pieces: ['SOLDIER_RED(2)', 'SOLDIER_RED(2)'], play_type: 'PAIR', play_value: 4 });
  expect(shownHand(table.host, 'Hana')).toEqual(before.filter((_, index) => index !== 5 && index !== 6));
});

test('protocol 7.1.4: players is an object by name in seat order, complete in every phase_change', async () => {
  const { frames } = await wholeGame();
  const phases = frames.filter(({ event }) => event === 'phase_change');
  const seatings = new Set(phases.map(({ data }) => Object.keys(at({ data }, 'data', 'players')).join()));
  expect(seatings).toEqual(new Set(['Hana,Gio,Bot 3,Bot 4']));
});

test('protocol 7.1.5: a name is unique in its room, and appears exactly as it was typed', async () => {
  const sim = await SimulatedServer.start();
  const lobby = await WireClient.open(sim, 'lobby');
  const created = await lobby.call('create_room', { player_name: 'hAnA_2-x' });
  const host = await WireClient.open(sim, String(created.data['room_id']), lobby.session);
  await host.call('client_ready', { player_name: 'hAnA_2-x' });
  await host.call('remove_player', { slot_id: 2 });
  expect(at(host.last('room_state_update').data, 'slots', 'P1')['name']).toBe('hAnA_2-x');

  const guest = await WireClient.open(sim, 'lobby');
  const twin = await guest.call('join_room', { room_id: created.data['room_id'], player_name: 'hAnA_2-x' });
  expect(twin.data).toMatchObject({ message: 'That name is already taken in this room', type: 'join_room_error' });
  const other = await guest.call('join_room', { room_id: created.data['room_id'], player_name: 'Hana_2-x' });
  expect(other.data).toMatchObject({ player_name: 'Hana_2-x', assigned_slot: 1, success: true });
});

test('protocol 7.1.6: a new turn says required_piece_count null, plays stand in playing order, and its number is new', async () => {
  const table = await Table.playing();
  expect(table.phaseData).toMatchObject({ required_piece_count: null, turn_plays: {}, current_turn_number: 1 });
  expect(Object.hasOwn(table.phaseData, 'required_piece_count')).toBe(true);
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.settle();
  expect(Object.keys(at(table.phaseData, 'turn_plays'))).toEqual([...NAMES]);
  expect(table.phaseData).toMatchObject({ required_piece_count: 1, turn_complete: true });
  await table.advance(12_001);
  expect(table.phaseData).toMatchObject({ required_piece_count: null, turn_plays: {}, current_turn_number: 2 });
  expect(Object.hasOwn(table.phaseData, 'required_piece_count')).toBe(true);
});

test('protocol 7.1.7: turn_complete follows every turn at once, and the next phase_change turn closes its page', async () => {
  const table = await Table.playing();
  const turns = [0, 1].map((turn) => async () => {
    table.host.mark();
    for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
    await table.advance(5_001);
    expect(table.host.freshEvents.slice(-2)).toEqual(['phase_change', 'turn_complete']);
    expect(table.host.last('turn_complete').data).toMatchObject({
      winner: 'Hana',
      turn_number: turn + 1,
      next_starter: 'Hana',
      all_hands_empty: false,
      will_continue: true,
    });
    table.host.mark();
    await table.advance(7_001);
    expect(table.host.freshEvents).toEqual(['phase_change']);
    expect(table.phaseData['current_turn_number']).toBe(turn + 2);
  });
  for (const turn of turns) await turn();
});

test('protocol 7.1.8: client_ready in the lobby gives the rooms, get_room_state the room, client_ready in a game the present phase', async () => {
  const table = await Table.declaring();
  const other = await Table.add(table.sim);
  const lobby = await WireClient.open(table.sim, 'lobby');
  const list = await lobby.call('client_ready', { room_id: 'lobby', is_reconnection: false });
  expect(list.event).toBe('room_list_update');
  expect(list.data).toMatchObject({ initial: true, rooms: [{ room_id: other.code }] });

  const room = await other.host.call('get_room_state');
  expect(room.event).toBe('room_update');
  expect(room.data).toMatchObject({ room_id: other.code, started: false, host_name: 'Hana' });

  const page = await WireClient.open(table.sim, table.code, table.host.session);
  await page.call('client_ready', { room_id: table.code, player_name: 'Hana', is_reconnection: false });
  await table.settle();
  expect(page.events).toEqual(['room_state_update', 'phase_change']);
  expect(page.phase).toMatchObject({ phase: 'declaration', round: 1 });
});

test('protocol 7.1.9: room_created goes to the creator alone and never names the lobby', async () => {
  const sim = await SimulatedServer.start();
  const [creator, watcher] = [await WireClient.open(sim, 'lobby'), await WireClient.open(sim, 'lobby')];
  const { data } = await creator.call('create_room', { player_name: 'Hana' });
  await sim.clock.advance(1_000);
  expect(data['room_id']).toMatch(/^[0-9A-F]{6}$/);
  expect(creator.all('room_created')).toHaveLength(1);
  expect(watcher.all('room_created')).toEqual([]);
  expect(watcher.events).toEqual(['room_list_update']);
});

test('protocol 7.1.10: bots are called by their seats, in the room, the lobby and the game', async () => {
  const table = await Table.open({ deals: [STEADY], bots: SLOW_BOTS });
  const names = ['Hana', 'Bot 2', 'Bot 3', 'Bot 4'];
  const room = await table.host.call('get_room_state');
  expect((room.data['players'] as { name: string }[]).map(({ name }) => name)).toEqual(names);
  const list = await table.lobby.call('get_rooms');
  expect((list.data['rooms'] as { players: { name: string }[] }[])[0]!.players.map(({ name }) => name)).toEqual(names);
  await table.start();
  await table.toPhase('declaration');
  expect(Object.keys(at(table.host.phase, 'players'))).toEqual(names);
});

test('protocol 7.1.11: results, scoring and round start end by themselves, and start_next_round changes nothing', async () => {
  const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
  await table.declare(0, 1);
  const phases: string[] = [];
  for (let turn = 0; turn < 8; turn++) {
    const mine = () =>
      table.host.phase['phase'] === 'turn' &&
      table.phaseData['current_player'] === 'Hana' &&
      table.phaseData['turn_complete'] === false;
    await table.until(mine);
    await table.play(0, 0);
    await table.until(() => table.phaseData['turn_complete'] === true || !mine());
  }
  await table.toPhase('scoring');
  const entries = table.entries.length;
  const answer = await table.host.call('start_next_round');
  expect(answer.data).toMatchObject({ message: 'Invalid message: Unknown event type: start_next_round' });
  expect(table.host.isOpen).toBe(true);
  expect(table.entries).toHaveLength(entries);
  expect(table.host.phase['phase']).toBe('scoring');
  table.host.mark();
  await table.advance(7_000 + 2_000 + 5_000 + 10);
  for (const { event, data } of table.host.fresh) if (event === 'phase_change') phases.push(String(data['phase']));
  expect([...new Set(phases)]).toEqual(['preparation', 'round_start', 'declaration']);
  expect(table.host.phase['round']).toBe(2);
});

test('protocol 7.1.12: an unknown event is answered and leaves its socket open', async () => {
  const table = await Table.declaring();
  for (const event of ['request_recovery', 'request_state_sync', 'start_next_round', 'no_such_thing']) {
    const answer = await table.host.call(event, { from_sequence: 1, to_sequence: 3 });
    expect(answer).toMatchObject({
      event: 'error',
      data: { message: `Invalid message: Unknown event type: ${event}`, type: 'validation_error' },
    });
  }
  expect(table.host.isOpen).toBe(true);
});

test('protocol 7.1.13: 1000 closes a finished game only; a restarting server closes with 1012', async () => {
  const over = await Table.over();
  const late = await WireClient.open(over.sim, over.code, over.host.session);
  late.send('client_ready', { player_name: 'Hana' });
  await over.settle();
  expect(late.events).toEqual(['room_state_update', 'room_closed']);
  expect(late.last('room_closed').data).toMatchObject({ message: 'Game has ended', reason: 'game_over' });
  expect(late.closeCode).toBe(1000);
  expect(over.people.map(({ closeCode }) => closeCode)).toEqual([null, null, null, null]);

  const table = await Table.declaring();
  const { sim } = table;
  const stopped = sim.server.stop();
  await sim.until(stopped, 10_000);
  await sim.clock.advance(10);
  expect([table.host.closeCode, table.lobby.closeCode]).toEqual([1012, 1012]);
});

test('protocol 7.1.14: the lobby hears no error but for what it did itself', async () => {
  const table = await Table.declaring();
  const watcher = await WireClient.open(table.sim, 'lobby');
  await watcher.call('client_ready', { room_id: 'lobby' });
  for (const event of ['declare', 'play', 'start_game', 'leave_room', 'add_bot', 'get_room_state']) {
    watcher.send(event, { player_name: 'Hana', value: 1, piece_indices: [0], slot_id: 2 });
  }
  await table.host.call('play', { player_name: 'Hana', piece_indices: [0] });
  await table.advance(1_000);
  expect(watcher.all('error')).toEqual([]);
  const own = await watcher.call('join_room', { room_id: 'FFFFFF', player_name: 'Gio' });
  expect(own.data).toMatchObject({ message: 'Room not found', type: 'join_room_error' });
});

test('protocol 7.1.15: a hand without a piece above 9 is asked, with simultaneous_mode true; a 10 is strong', async () => {
  const table = await Table.open({ humans: 2, deals: [TWO_WEAK], bots: SLOW_BOTS });
  await table.start();
  await table.advance(2_010);
  const weak = [0, 1].map((seat) => shownHand(table.person(seat), NAMES[seat]!)!);
  for (const hand of weak) expect(Math.max(...hand.map((piece) => Number(PIECE.exec(piece)![3])))).toBe(9);
  expect(table.phaseData).toMatchObject({
    simultaneous_mode: true,
    weak_players: ['Hana', 'Gio'],
    weak_players_awaiting: ['Hana', 'Gio'],
    decisions_received: 0,
    decisions_needed: 2,
  });
});

test('protocol 7.1.16: a refused declaration leaves the panel usable: the next choice is taken', async () => {
  const table = await Table.declaring({ humans: 4 });
  for (const [seat, value] of [
    [0, 3],
    [1, 3],
    [2, 1],
  ] as const)
    await table.declare(seat, value);
  const refused = await table.declare(3, 1);
  expect(refused).toMatchObject({ event: 'error', data: { type: 'action_rejected', reason: 'totalWouldBeEight' } });
  const taken = await table.declare(3, 2);
  expect(taken.event).toBe('phase_change');
  expect(at(taken.data, 'phase_data')).toMatchObject({ declarations: { Hana: 3, Gio: 3, Mona: 1, Nils: 2 } });
});

test('protocol 7.1.17: get_room_state is answered at once, and room_update comes again 250 ms after client_ready, until the start', async () => {
  const table = await Table.open();
  const page = await WireClient.open(table.sim, table.code, table.host.session);
  page.send('client_ready', { player_name: 'Hana' });
  page.send('get_room_state');
  await table.advance(10);
  expect(page.events).toEqual(['room_state_update', 'room_update']);
  await table.advance(230);
  expect(page.all('room_update')).toHaveLength(1);
  await table.advance(20);
  expect(page.all('room_update')).toHaveLength(2);
  expect(at({ all: page.last('room_update').data }, 'all')).toMatchObject({ started: false });
  await table.advance(10_000);
  expect(page.all('room_update')).toHaveLength(2);

  const late = await WireClient.open(table.sim, table.code, table.host.session);
  await late.call('client_ready', { player_name: 'Hana' });
  await table.start();
  await table.advance(400);
  expect(late.all('room_update')).toEqual([]);
});

test('protocol 7.1.18: a handshake and the lobby list wait for no disk', async () => {
  const table = await Table.declaring();
  table.sim.engine.stall();
  table.host.send('declare', { player_name: 'Hana', value: 1 }); // under way, for as long as the disk stands still
  await table.settle();
  const lobby = new WireClient(table.sim, 'lobby');
  await table.settle(1);
  expect(lobby.isOpen).toBe(true);
  lobby.send('client_ready', { room_id: 'lobby' });
  await table.settle(1);
  expect(lobby.events).toEqual(['room_list_update']);
  table.sim.engine.resume();
  const created = await lobby.call('create_room', { player_name: 'Gio' });
  expect(created.event).toBe('room_created');
});
