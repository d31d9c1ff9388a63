import { expect, test } from 'vitest';
import { Session } from '../../src/client/session.js';
import { SimulatedServer } from '../support/simulated-server.js';
import { NAMES, SIMPLE_BOTS, SLOW_BOTS, STEADY, Table, TWO_WEAK } from '../support/table.js';
import { at, type Data, shownHand, WireClient } from '../support/wire-client.js';

/*
 * Goal: the faults of the existing system that a client can see (protocol.md 7.2) are gone, item by item. Method as in
 * protocol-keep.test.ts. Items 18 and 19 are HTTP and are proved beside it, in src/http/app.test.ts.
 */

const reasons = (client: WireClient): unknown[] =>
  client.fresh.filter(({ event }) => event === 'phase_change').map(({ data }) => data['reason']);
const phases = (client: WireClient): unknown[] =>
  client.fresh.filter(({ event }) => event === 'phase_change').map(({ data }) => data['phase']);

test('protocol 7.2.1: a socket gets the hand of its own player only, and one without a player gets none', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS });
  const [unbound, spectator] = [
    await WireClient.open(table.sim, table.code),
    await WireClient.open(table.sim, table.code),
  ];
  spectator.send('client_ready', { player_name: 'Zoe' });
  await table.start();
  await table.toPhase('declaration');
  const hands = (client: WireClient): string[] =>
    Object.entries(at(client.phase, 'players')).flatMap(([name, player]) =>
      Object.hasOwn(player as Data, 'hand') ? name : [],
    );
  expect([table.host, table.person(1), unbound, spectator].map(hands)).toEqual([['Hana'], ['Gio'], [], []]);
  expect(shownHand(table.person(1), 'Gio')).toHaveLength(8);
  for (const player of Object.values(at(spectator.phase, 'players'))) expect(player).toMatchObject({ hand_size: 8 });
});

test('protocol 7.2.2: an action is taken for the bound player only, whatever name it carries', async () => {
  const table = await Table.declaring({ humans: 2 });
  const entries = table.entries.length;
  const foreign = await table.person(1).call('declare', { player_name: 'Hana', value: 1 });
  expect(foreign.data).toMatchObject({ type: 'action_rejected', reason: 'foreignSeat', action: 'declare' });
  const unbound = await WireClient.open(table.sim, table.code);
  const nobody = await unbound.call('declare', { player_name: 'Hana', value: 1 });
  expect(nobody.data).toMatchObject({ message: 'Join the room first', type: 'not_seated' });
  expect(table.entries).toHaveLength(entries);
});

test('protocol 7.2.3: only the host starts, seats change before the start only, the host keeps its own, names are checked', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS });
  const guest = table.person(1);
  const text = async (client: WireClient, event: string, data: Data = {}): Promise<unknown> =>
    (await client.call(event, data)).data['message'];
  expect(await text(guest, 'start_game')).toBe('Only the host can start the game');
  expect(await text(guest, 'add_bot', { slot_id: 3 })).toBe('Only the host can add bots');
  expect(await text(guest, 'remove_player', { slot_id: 1 })).toBe('Only the host can remove players');
  expect(await text(guest, 'leave_room', { player_name: 'Hana' })).toBe('You can only act for yourself');
  expect(await text(table.host, 'remove_player', { slot_id: 1 })).toBe("The host can't be replaced");
  expect(await text(table.host, 'add_bot', { slot_id: 1 })).toBe("The host can't be replaced");
  for (const name of ['   ', '42', 'Bot 3', 'bot7']) {
    expect(await text(table.lobby, 'create_room', { player_name: name })).toBe('Please choose another name');
  }
  await table.start();
  expect(await text(table.host, 'add_bot', { slot_id: 2 })).toBe("Seats can't change after the start");
  expect(await text(table.host, 'remove_player', { slot_id: 2 })).toBe("Seats can't change after the start");
});

test('protocol 7.2.4: the lobby is told of created, joined, left, started and deleted rooms', async () => {
  const sim = await SimulatedServer.start({ order: () => [], bots: SLOW_BOTS });
  const watcher = await WireClient.open(sim, 'lobby');
  const told = async (): Promise<Data[]> => {
    watcher.mark();
    await sim.clock.advance(300);
    expect(watcher.freshEvents).toEqual(['room_list_update']);
    return watcher.fresh[0]!.data['rooms'] as Data[];
  };
  const lobby = await WireClient.open(sim, 'lobby');
  const code = String((await lobby.call('create_room', { player_name: 'Hana' })).data['room_id']);
  expect(await told()).toMatchObject([{ room_id: code, occupied_slots: 4 }]);
  const host = await WireClient.open(sim, code, lobby.session);
  await host.call('client_ready', { player_name: 'Hana' });
  await host.call('remove_player', { slot_id: 2 });
  expect(await told()).toMatchObject([{ occupied_slots: 3 }]);
  const guest = await WireClient.open(sim, 'lobby');
  await guest.call('join_room', { room_id: code, player_name: 'Gio' });
  expect(await told()).toMatchObject([{ occupied_slots: 4 }]);
  const page = await WireClient.open(sim, code, guest.session);
  await page.call('client_ready', { player_name: 'Gio' });
  await page.call('leave_room', { player_name: 'Gio' });
  expect(await told()).toMatchObject([{ occupied_slots: 3 }]);
  await host.call('leave_room', { player_name: 'Hana' });
  expect(await told()).toEqual([]);

  const second = await Table.add(sim);
  await sim.clock.advance(300);
  await second.host.call('start_game');
  expect(await told()).toEqual([]);
});

test('protocol 7.2.5: the lobby socket stays one after create_room', async () => {
  const table = await Table.open();
  const pong = await table.lobby.call('ping', { timestamp: 5 });
  expect(Object.hasOwn(pong.data, 'room_id')).toBe(false);
  expect((await table.lobby.call('get_rooms')).event).toBe('room_list_update');
});

test('protocol 7.2.6: ack, sync_request and broken JSON leave the socket open', async () => {
  const table = await Table.declaring();
  table.host.mark();
  table.host.send('ack', { sequence: 3 });
  table.host.send('sync_request', {});
  table.host.sendText('{"event":"ping",');
  await table.settle(50);
  const errors = table.host.fresh.map(({ event, data }) => [event, data['type']]);
  expect(errors).toEqual([
    ['error', 'validation_error'],
    ['error', 'validation_error'],
  ]);
  expect((await table.host.call('ping')).event).toBe('pong');
});

test('protocol 7.2.7: a rate-limited message is answered', async () => {
  const table = await Table.open({ settings: { rateLimitFactor: 1 } });
  const answers: Data[] = [];
  for (let count = 0; count < 5; count++)
    answers.push((await table.host.call('leave_game', { player_name: 'Gio' })).data);
  expect(answers.slice(0, 4).every(({ type }) => type !== 'rate_limited')).toBe(true);
  expect(answers[4]).toMatchObject({ type: 'rate_limited', retry_after: 60, action: 'leave_game' });
  expect((await table.host.call('ping')).event).toBe('pong');
});

test('protocol 7.2.8: a reconnect in mid-turn gets a complete phase_change with the plays made so far', async () => {
  const table = await Table.playing();
  await table.play(0, 0);
  await table.play(1, 0);
  await table.settle();
  const before = at(table.person(2).phase, 'players');
  table.person(2).cut();
  const back = await table.comeBack(2);
  expect(back.isOpen).toBe(true);
  expect(Object.keys(at(back.phase, 'phase_data', 'turn_plays'))).toEqual(['Hana', 'Gio']);
  expect(Object.keys(back.phase)).toEqual(expect.arrayContaining(['reason', 'sequence', 'timestamp', 'room_id']));
  expect(at(back.phase, 'players')).toEqual(before);
});

test('protocol 7.2.9: a bot moves after the usual delay when the player to act is gone', async () => {
  const table = await Table.playing({ bots: SIMPLE_BOTS });
  await table.advance(5_000); // the start is over, and with it its longer grace
  table.host.cut();
  await table.advance(3_003);
  const watcher = table.person(1);
  expect(watcher.last('player_disconnected').data).toMatchObject({ player_name: 'Hana', is_bot: true });
  expect(at(watcher.phase, 'phase_data', 'turn_plays')).toEqual({});
  await table.advance(1_100);
  expect(Object.keys(at(watcher.phase, 'phase_data', 'turn_plays'))).toEqual(['Hana']);
});

test('protocol 7.2.10: a page switch at the start is announced to nobody and moves no host', async () => {
  const table = await Table.open({ humans: 4, deals: [STEADY], bots: SLOW_BOTS });
  await table.start();
  for (const person of table.people) person.close();
  await table.advance(2_500);
  for (const seat of [0, 1, 2, 3]) await table.comeBack(seat);
  await table.advance(20_000);
  for (const person of table.people) {
    expect(person.events).not.toContain('player_disconnected');
    expect(person.events).not.toContain('player_reconnected');
    expect(person.events).not.toContain('host_changed');
  }
  expect((await table.view()).host).toBe(0);
});

test('protocol 7.2.11: round 1 goes from dealing over dealt to round_start, without a stale message behind', async () => {
  const table = await Table.open({ deals: [STEADY], bots: SLOW_BOTS });
  table.host.mark();
  await table.start();
  await table.advance(1_990);
  expect(table.host.freshEvents).toEqual(['game_started', 'phase_change']);
  await table.advance(20);
  expect(phases(table.host)).toEqual(['preparation', 'preparation', 'round_start']);
  await table.advance(4_970);
  expect(phases(table.host)).toEqual(['preparation', 'preparation', 'round_start']);
  await table.advance(30);
  expect(phases(table.host).slice(3)).toEqual(['declaration', 'declaration']);
});

test('protocol 7.2.12: turn_results names winner and plays, and turns won are counted to the end', async () => {
  const table = await Table.over();
  const results = table.host.all('phase_change').filter(({ data }) => data['phase'] === 'turn_results');
  expect(results).toHaveLength(2);
  for (const { data } of results) {
    expect(at(data, 'phase_data')).toMatchObject({
      turn_winner: 'Mona',
      winning_play: { pieces: ['ELEPHANT_BLACK(9)'], value: 9, type: 'SINGLE', pilesWon: 1 },
      player_stats: { Hana: { turns_won: 7 }, Mona: { turns_won: 1 } },
    });
    expect(Object.keys(at(data, 'phase_data', 'turn_plays'))).toEqual([...NAMES]);
  }
  expect(at(table.host.phase, 'phase_data')['final_rankings']).toMatchObject([
    { name: 'Hana', turns_won: 7, perfect_rounds: 1 },
    { name: 'Mona', turns_won: 1, perfect_rounds: 1 },
    { name: 'Gio', turns_won: 0, perfect_rounds: 0 },
    { name: 'Nils', turns_won: 0, perfect_rounds: 0 },
  ]);
});

test('protocol 7.2.13: a new turn carries no old winner, and after a redeal nobody is awaited', async () => {
  const table = await Table.playing();
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.advance(5_010);
  expect(table.phaseData).toMatchObject({ winner: 'Hana', piles_won: 1, next_turn_starter: 'Hana' });
  await table.advance(7_000);
  expect(table.phaseData).toMatchObject({ current_turn_number: 2 });
  for (const stale of ['winner', 'piles_won', 'next_turn_starter'])
    expect(Object.hasOwn(table.phaseData, stale)).toBe(false);

  const redeal = await Table.open({ humans: 2, deals: [TWO_WEAK, STEADY], bots: SLOW_BOTS });
  await redeal.start();
  await redeal.advance(2_010);
  await redeal.host.call('accept_redeal', { player_name: 'Hana' });
  await redeal.person(1).call('decline_redeal', { player_name: 'Gio' });
  redeal.host.mark();
  await redeal.advance(2_010);
  const dealt = redeal.host.fresh.filter(({ data }) => at(data, 'phase_data')['dealing_cards'] === false);
  expect(dealt).toHaveLength(2);
  for (const { data } of dealt) expect(at(data, 'phase_data')).toMatchObject({ weak_players_awaiting: [] });
});

test('protocol 7.2.14: an action during a pause is refused at once and does not count later', async () => {
  const table = await Table.playing();
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.settle();
  const entries = table.entries.length;
  const early = await table.play(0, 0);
  expect(early.data).toMatchObject({ type: 'action_rejected', reason: 'wrongPhase', action: 'play' });
  expect(table.entries).toHaveLength(entries);
  await table.advance(12_500);
  expect(table.phaseData).toMatchObject({ current_turn_number: 2, turn_plays: {} });
});

test('protocol 7.2.15: nothing more comes from a closed room, and its timers are gone', async () => {
  const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
  await table.host.call('leave_game', { player_name: 'Hana' });
  await table.advance(30_100);
  expect(table.host.last('room_closed').data).toMatchObject({
    reason: 'All players disconnected',
    timeout_seconds: 30,
  });
  expect(table.sim.server.rooms.counts).toMatchObject({ open: 0, inMemory: 0, deadlines: 0 });
  table.host.mark();
  await table.advance(120_000);
  expect(table.host.fresh).toEqual([]);
  expect((await table.host.call('get_room_state')).data).toMatchObject({ message: 'Room not found.' });
});

test('protocol 7.2.16: answers stand where their cause does: no reply overtakes an earlier broadcast', async () => {
  const table = await Table.playing();
  const watcher = table.person(3);
  table.person(0).send('play', { player_name: 'Hana', piece_indices: [0] });
  watcher.mark();
  watcher.send('get_room_state');
  watcher.send('play', { player_name: 'Nils', piece_indices: [0] });
  await table.settle(20);
  expect(watcher.freshEvents).toEqual(['phase_change', 'room_update', 'error']);
});

test('protocol 7.2.17: positions beyond the hand and booleans are refused, and nothing is played', async () => {
  const table = await Table.playing();
  const entries = table.entries.length;
  const beyond = await table.play(0, 0, 8);
  expect(beyond.data).toMatchObject({ type: 'action_rejected', reason: 'pieceNotHeld' });
  const boolean = await table.host.call('play', { player_name: 'Hana', piece_indices: [true] });
  expect(boolean.data).toMatchObject({ message: 'Invalid message: All piece indices must be integers' });
  expect(table.entries).toHaveLength(entries);
  expect(shownHand(table.host, 'Hana')).toHaveLength(8);
});

test('protocol 2.4: a host that leaves before the start closes the room, and is told so', async () => {
  const table = await Table.open({ humans: 2 });
  const answers = table.host;
  answers.mark();
  await answers.call('leave_room', { player_name: 'Hana' });
  await table.settle();
  expect(answers.freshEvents).toEqual(['room_closed', 'player_left']);
  expect(answers.last('player_left').data).toMatchObject({ player_name: 'Hana', success: true, room_closed: true });
  expect(table.person(1).last('room_closed').data).toMatchObject({
    message: 'Room closed by host Hana',
    reason: 'host_left',
  });
  expect(reasons(table.person(1))).toEqual([]);
});

test('protocol 4.2: a kicked player hears room_closed first, then the room hears the update', async () => {
  const table = await Table.open({ humans: 2 });
  const kicked = table.person(1);
  kicked.mark();
  await table.host.call('remove_player', { slot_id: 2 });
  await table.settle();
  expect(kicked.freshEvents).toEqual(['room_closed', 'room_update']);
  expect(kicked.last('room_closed').data).toMatchObject({ reason: 'player_removed' });
  expect(Object.hasOwn(kicked.last('room_closed').data, 'in_reply_to')).toBe(false);
  const other = await WireClient.open(table.sim, table.code, new Session());
  expect((await other.call('declare', { player_name: 'Gio', value: 1 })).data).toMatchObject({ type: 'not_seated' });
  expect((await kicked.call('leave_room', { player_name: 'Gio' })).data).toMatchObject({ type: 'not_seated' });
});
