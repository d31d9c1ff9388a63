import { expect, test } from 'vitest';
import { SIMPLE_BOTS, SLOW_BOTS, STEADY, Table } from '../support/table.js';
import { at, type Data, shownHand, WireClient } from '../support/wire-client.js';

/*
 * Goal: short absences are nobody's business, long ones cost nothing but the moves a bot makes (design.md section 9,
 * Presence; protocol.md 2.5 to 2.7, rules.md R17). Method: sockets cut to the millisecond under the virtual clock.
 */

const NEWS = ['player_disconnected', 'player_reconnected', 'host_changed'];
const news = (client: WireClient): string[] => client.events.filter((event) => NEWS.includes(event));

/** A game of four in its first turn, with the start's longer grace behind it. */
async function underWay(bots = SLOW_BOTS): Promise<Table> {
  const table = await Table.playing({ bots });
  await table.advance(5_000);
  return table;
}

test('presence: a disconnect 1 ms shorter than the grace is announced to nobody and moves no host', async () => {
  const table = await underWay();
  const entries = table.entries.length;
  table.host.cut();
  await table.advance(2_990);
  await table.comeBack(0);
  await table.advance(10_000);
  for (const person of table.people) expect(news(person)).toEqual([]);
  expect(table.entries).toHaveLength(entries);
  expect((await table.view()).host).toBe(0);
});

test('presence: when 3 s have passed the others are told, the host moves to the next person, and it does not come back', async () => {
  const table = await underWay();
  table.host.cut();
  await table.advance(2_999);
  expect(news(table.person(1))).toEqual([]);
  await table.advance(5);
  expect(news(table.person(1))).toEqual(['player_disconnected', 'host_changed']);
  expect(table.person(1).last('player_disconnected').data).toMatchObject({
    player_name: 'Hana',
    ai_activated: true,
    can_reconnect: true,
    is_bot: true,
  });
  expect(table.person(1).last('host_changed').data).toMatchObject({
    old_host: 'Hana',
    new_host: 'Gio',
    message: 'Gio is now the host',
  });
  await table.comeBack(0);
  expect(news(table.person(1)).slice(2)).toEqual(['player_reconnected']);
  expect(table.person(1).last('player_reconnected').data).toMatchObject({ resumed_control: true, is_bot: false });
  expect((await table.view()).host).toBe(1);
});

test('presence: in the first 10 s after game_started the grace is 10 s', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS });
  await table.start();
  await table.advance(9_900);
  table.person(1).cut();
  await table.advance(9_990);
  expect(news(table.host)).toEqual([]);
  await table.advance(15);
  expect(news(table.host)).toEqual(['player_disconnected']);
});

test('presence: 10 s after game_started the grace is 3 s again', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS });
  await table.start();
  await table.advance(10_010);
  table.person(1).cut();
  await table.advance(3_005);
  expect(news(table.host)).toEqual(['player_disconnected']);
});

test('presence: before the start a reload within the grace keeps room and seat, a longer absence gives them up', async () => {
  const table = await Table.open({ humans: 2 });
  table.host.cut();
  table.person(1).cut();
  await table.advance(2_900);
  await table.comeBack(0);
  await table.comeBack(1);
  await table.advance(10_000);
  expect(table.host.events).not.toContain('room_closed');
  expect(shownSeats(table.host)).toEqual(['Hana', 'Gio', 'Bot 3', 'Bot 4']);
  table.person(1).cut();
  await table.advance(3_010);
  expect(shownSeats(table.host)).toEqual(['Hana', null, 'Bot 3', 'Bot 4']);
  table.host.cut();
  await table.advance(3_010);
  expect(table.sim.server.rooms.counts.open).toBe(0);
});

function shownSeats(client: WireClient): (string | null)[] {
  const players = client.last('room_update').data['players'] as ({ name: string } | null)[];
  return players.map((player) => player?.name ?? null);
}

test('presence: leave_room and leave_game act at once, without any grace, and for good', async () => {
  const table = await underWay(SIMPLE_BOTS);
  const answer = await table.host.call('leave_game', { player_name: 'Hana' });
  await table.settle();
  expect(answer.event).toBe('player_disconnected');
  expect(table.host.last('leave_game_success').data).toMatchObject({ player_name: 'Hana' });
  expect(table.person(1).last('player_disconnected').data).toMatchObject({ player_name: 'Hana', can_reconnect: false });
  expect(table.person(1).last('host_changed').data).toMatchObject({ new_host: 'Gio' });
  await table.advance(1_010); // on turn, it is the bot's move
  expect(Object.keys(at(table.person(1).phase, 'phase_data', 'turn_plays'))).toEqual(['Hana']);
  const again = await table.comeBack(0);
  expect(news(table.person(1))).not.toContain('player_reconnected');
  expect(shownHand(again, 'Hana')).toBeUndefined();
  expect((await table.play(0, 0)).data).toMatchObject({ type: 'not_seated' });
});

test('presence: who leaves for good while its repeat is answered sees no more of the hand that is a bot’s now', async () => {
  const table = await Table.playing({ commitDelayMs: 50 });
  const move = { player_name: 'Hana', piece_indices: [0], play_value: 0 };
  await table.host.call('play', move, 'once');
  table.host.mark();
  table.host.send('play', move, 'once');
  table.host.send('leave_game', { player_name: 'Hana' });
  await table.settle(200);
  expect(table.host.freshEvents.slice(-2)).toEqual(['leave_game_success', 'phase_change']);
  expect(table.host.phase).toMatchObject({ reason: 'Current state', players: { Hana: { is_bot: true } } });
  expect(shownHand(table.host, 'Hana')).toBeUndefined();
});

test('presence: whoever returns gets room_state_update, what it missed, then the present, and takes over at once', async () => {
  const table = await underWay(SIMPLE_BOTS);
  table.person(3).cut();
  await table.advance(3_005);
  for (const seat of [0, 1, 2]) await table.play(seat, 0);
  await table.advance(1_005); // the bot plays for Nils
  await table.advance(12_100); // the result, and the next turn
  const back = await table.comeBack(3);
  expect(back.events).toEqual(['room_state_update', 'player_reconnected', 'queued_messages', 'phase_change']);
  const { messages, count } = back.last('queued_messages').data as { messages: Data[]; count: number };
  expect(count).toBe(messages.length);
  expect(messages).toMatchObject([
    { event_type: 'turn_complete', is_critical: false, data: { winner: 'Hana', turn_number: 1 } },
  ]);
  expect(back.phase).toMatchObject({ phase: 'turn', phase_data: { current_turn_number: 2 } });
  expect(shownHand(back, 'Nils')).toHaveLength(7);
  expect(at(back.phase, 'players', 'Nils')).toMatchObject({ is_bot: false });
});

test('presence: missed events are told inside queued_messages only, never by themselves', async () => {
  const table = await underWay(SIMPLE_BOTS);
  table.person(3).cut();
  await table.advance(3_005);
  for (const seat of [0, 1, 2]) await table.play(seat, 0);
  await table.advance(13_200);
  const back = await table.comeBack(3);
  expect(back.events.filter((event) => event === 'turn_complete')).toEqual([]);
});

test('presence: a host that was away hears that the host moved; one that missed nothing gets no queued_messages', async () => {
  const table = await underWay();
  table.host.cut();
  table.person(2).cut();
  await table.advance(3_005);
  const host = await table.comeBack(0);
  expect(host.last('queued_messages').data).toMatchObject({
    messages: [{ event_type: 'host_changed', data: { old_host: 'Hana', new_host: 'Gio' } }],
    count: 1,
  });
  table.person(1).cut();
  await table.advance(3_005);
  table.person(3).cut();
  await table.advance(3_005);
  const nils = await table.comeBack(3);
  expect(nils.events).not.toContain('queued_messages');
});

test('presence: a client_ready while a turn is shown gets phase_change and then turn_complete', async () => {
  const table = await underWay();
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.advance(5_100);
  expect((await table.view()).leaf).toBe('playing.turn.shown');
  table.person(2).cut();
  const back = await table.comeBack(2);
  expect(back.events).toEqual(['room_state_update', 'phase_change', 'turn_complete']);
  expect(back.last('turn_complete').data).toMatchObject({ winner: 'Hana', turn_number: 1, next_starter: 'Hana' });
});

test('presence: while the plays lie face down a client_ready gets no turn_complete', async () => {
  const table = await underWay();
  for (const seat of [0, 1, 2, 3]) await table.play(seat, 0);
  await table.advance(4_000);
  table.person(2).cut();
  const back = await table.comeBack(2);
  expect(back.events).toEqual(['room_state_update', 'phase_change']);
});

test('presence: after a restart everybody has 60 s to come back, and nothing is announced to those who do', async () => {
  const table = await underWay(SIMPLE_BOTS);
  await table.sim.crash();
  const entries = table.entries.length;
  await table.advance(58_000);
  expect(table.entries.filter(({ events }) => events.includes('playerDisconnected'))).toEqual([]);
  expect(table.entries).toHaveLength(entries);
  await table.comeBack(0);
  await table.comeBack(1);
  await table.advance(3_000);
  expect(table.host.all('player_disconnected').map(({ data }) => data['player_name'])).toEqual(['Mona', 'Nils']);
});

test('presence: a waiting room waits 60 s for its people after a restart too, then gives up seat and room', async () => {
  const table = await Table.open({ humans: 2 });
  await table.sim.crash();
  await table.advance(59_000);
  expect(table.sim.server.rooms.counts.open).toBe(1);
  await table.comeBack(0);
  expect((await table.host.call('get_room_state')).data).toMatchObject({
    players: [{ name: 'Hana' }, { name: 'Gio' }, {}, {}],
  });
  await table.advance(2_000);
  expect(shownSeats(table.host)).toEqual(['Hana', null, 'Bot 3', 'Bot 4']);

  const empty = await Table.open({ humans: 1 });
  await empty.sim.crash();
  await empty.advance(61_000);
  expect(empty.sim.server.rooms.counts.open).toBe(0);
});

test('presence: a game that nobody is in closes after 30 s, and one return in time keeps it', async () => {
  const table = await Table.declaring({ humans: 1 });
  await table.advance(5_000);
  table.host.cut();
  await table.advance(3_000 + 29_900);
  await table.comeBack(0);
  await table.advance(60_000);
  expect(table.sim.server.rooms.counts.open).toBe(1);
  table.host.cut();
  await table.advance(3_000 + 30_010);
  expect(table.sim.server.rooms.counts.open).toBe(0);
});

test('presence: a room whose host never opened its page closes after 60 s', async () => {
  const table = await Table.open();
  const lobby = await WireClient.open(table.sim, 'lobby');
  await lobby.call('create_room', { player_name: 'Gio' });
  await table.advance(59_900);
  expect(table.sim.server.rooms.counts.open).toBe(2);
  await table.advance(200);
  expect(table.sim.server.rooms.counts.open).toBe(1);
});

test('presence: who left a room while it was quarantined is away once it is released, and the game goes on', async () => {
  const table = await Table.declaring({ humans: 2, bots: SIMPLE_BOTS });
  const { rooms } = table.sim.server;
  await table.declare(0, 1);
  await table.declare(1, 1);
  table.sim.stepsToFail = 1_000;
  await table.advance(60_000);
  table.sim.stepsToFail = 0;
  expect(rooms.holdOf(table.roomId)).toMatchObject({ kind: 'quarantined' });
  table.host.cut();
  await table.advance(10_000);
  await table.sim.until(rooms.operations.resume(table.roomId));
  await table.advance(3_100);
  const { seats } = await table.view();
  expect(seats[0]).toMatchObject({ isBot: true, awaySince: expect.any(Number) });
  expect(seats[1]).toMatchObject({ isBot: false, awaySince: null });
});

test('presence: a release soon after a restart leaves players the time to come back that a restart gives them', async () => {
  const table = await underWay();
  const { operations } = table.sim.server.rooms;
  await table.sim.until(operations.pause(table.roomId, 'to look at it'));
  await table.sim.crash();
  await table.sim.until(table.sim.server.rooms.operations.resume(table.roomId));
  await table.advance(50_000);
  expect((await table.view()).seats.map((seat) => seat?.awaySince)).toEqual([null, null, null, null]);
  await table.advance(11_000);
  expect((await table.view()).seats.map((seat) => seat?.isBot)).toEqual([true, true, true, true]);
});

test('presence: what a process tells a room by itself bears no id that a process before it has used', async () => {
  const table = await underWay();
  for (const restart of [() => table.sim.crash(), () => table.settle()]) {
    table.person(1).cut();
    await table.advance(3_100);
    expect((await table.view()).seats[1]).toMatchObject({ awaySince: expect.any(Number) });
    await restart();
    for (const seat of [0, 1, 2, 3]) await table.comeBack(seat);
  }
  const ids = table.entries.map(({ correlationId }) => correlationId);
  expect(ids.filter((id) => id.startsWith('away-'))).toHaveLength(2);
  expect(new Set(ids).size).toBe(ids.length);
});

test('presence: a room that is set back knows who is there now, whoever was there then', async () => {
  const table = await underWay();
  const { rooms } = table.sim.server;
  const allThere = table.entries.length;
  table.person(2).cut();
  await table.advance(5_000);
  const monaAway = table.entries.length;
  await table.sim.until(rooms.operations.restore(table.roomId, allThere));
  expect((await table.view()).seats[2]).toMatchObject({ awaySince: null });
  await table.advance(3_100);
  expect((await table.view()).seats[2]).toMatchObject({ awaySince: expect.any(Number) });
  await table.comeBack(2);
  await table.sim.until(rooms.operations.restore(table.roomId, monaAway));
  await table.advance(100);
  expect((await table.view()).seats[2]).toMatchObject({ isBot: false, awaySince: null });
});

test('presence: a store that can not say who is absent after a restart is asked again', async () => {
  const table = await underWay();
  await table.sim.crash();
  await table.advance(59_500);
  table.sim.engine.failNext(1_000, 'SQLITE_BUSY', 'read');
  await table.advance(1_000);
  table.sim.engine.failNext(0, '', 'read');
  await table.advance(2_000);
  expect((await table.view()).seats.map((seat) => seat?.isBot)).toEqual([true, true, true, true]);
});

/** Somebody sits down from the lobby and never opens the room. */
async function ghostIn(table: Table, seat: number): Promise<void> {
  await table.host.call('remove_player', { slot_id: seat + 1 });
  const door = await WireClient.open(table.sim, 'lobby');
  await door.call('join_room', { room_id: table.code, player_name: 'Ghost' });
  door.close();
}

test('presence: who sits down and never comes loses the seat after a minute', async () => {
  const table = await Table.open({ humans: 1 });
  await ghostIn(table, 1);
  await table.advance(59_900);
  expect((await table.view()).seats[1]).toMatchObject({ name: 'Ghost' });
  await table.advance(200);
  expect((await table.view()).seats[1]).toBeNull();
});

test('presence: who sits down and comes within the minute keeps the seat', async () => {
  const table = await Table.open({ humans: 1 });
  await table.host.call('remove_player', { slot_id: 2 });
  const door = await WireClient.open(table.sim, 'lobby');
  await door.call('join_room', { room_id: table.code, player_name: 'Gio' });
  await table.advance(50_000);
  const room = await WireClient.open(table.sim, table.code, door.session);
  await room.call('client_ready', { room_id: table.code, player_name: 'Gio' });
  await table.advance(120_000);
  expect((await table.view()).seats[1]).toMatchObject({ name: 'Gio', awaySince: null });
});

test('presence: a game does not wait for who sat down and never came: a bot plays, and the game goes on', async () => {
  const table = await Table.open({ humans: 1, deals: [STEADY], bots: SIMPLE_BOTS });
  await ghostIn(table, 1);
  await table.start();
  await table.advance(9_900);
  expect(news(table.host)).toEqual([]);
  await table.advance(200);
  expect(news(table.host)).toEqual(['player_disconnected']);
  await table.toPhase('declaration');
  await table.declare(0, 1);
  await table.toPhase('turn');
});

test('presence: a room that only such a one is left in ends like one that nobody is in', async () => {
  const table = await Table.open({ humans: 1, deals: [STEADY], bots: SLOW_BOTS });
  await ghostIn(table, 1);
  await table.start();
  table.host.cut();
  await table.advance(60_000);
  expect(table.sim.server.rooms.resolve(table.code)).toBeUndefined();
});

test.each(['a name that nobody has', 'the name of somebody else'])(
  'presence: a player who says %s gives up the seat, and is missed when the socket has gone',
  async (what) => {
    const table = await underWay();
    const player_name = what.startsWith('a name') ? 'Zoe' : 'Gio';
    await table.person(2).call('client_ready', { room_id: table.code, player_name });
    table.person(2).cut();
    await table.advance(2_990);
    expect(news(table.host)).toEqual([]);
    await table.advance(15);
    expect(news(table.host)).toEqual(['player_disconnected']);
    await table.comeBack(2);
    expect(news(table.host).slice(1)).toEqual(['player_reconnected']);
  },
);

test('presence: a player whose socket becomes another session’s is missed as well', async () => {
  const table = await Table.open({ humans: 2, deals: [STEADY], bots: SLOW_BOTS, credentials: 'token' });
  await table.start();
  await table.advance(10_010);
  const stranger = await WireClient.open(table.sim, 'lobby');
  const { data } = await stranger.call('create_room', { player_name: 'Mona' });
  const session_token = data['session_token'];
  expect(session_token).toEqual(expect.any(String));
  await table.person(1).call('client_ready', { room_id: table.code, session_token });
  await table.advance(3_005);
  expect(news(table.host)).toEqual(['player_disconnected']);
});

test('presence: who joins or reloads at the end of the grace of a restart has the whole time of that', async () => {
  const table = await Table.open({ humans: 2 });
  await table.sim.crash();
  const host = await table.comeBack(0);
  await table.comeBack(1);
  await host.call('remove_player', { slot_id: 3 });
  await table.advance(58_000);
  const door = await WireClient.open(table.sim, 'lobby');
  await door.call('join_room', { room_id: table.code, player_name: 'Mona' });
  door.close();
  table.person(1).cut();
  await table.advance(2_500);
  await table.comeBack(1);
  await table.advance(50_000);
  const { seats } = await table.view();
  expect([seats[1]?.name, seats[2]?.name]).toEqual(['Gio', 'Mona']);
});

test('presence: an operator’s restore shortens nobody’s time to come', async () => {
  const table = await Table.open({ humans: 1 });
  await ghostIn(table, 1);
  const { operations } = table.sim.server.rooms;
  await table.sim.until(operations.restore(table.roomId, table.entries.length));
  await table.advance(50_000);
  expect((await table.view()).seats[1]).toMatchObject({ name: 'Ghost' });
});

test('sessions: a client without cookies has its token still in its second room', async () => {
  const table = await Table.open({ humans: 1, credentials: 'token' });
  const { session } = table.host;
  const lobby = await WireClient.open(table.sim, 'lobby', session);
  await lobby.call('client_ready', { session_token: session.token });
  const { data } = await lobby.call('create_room', { player_name: 'Hana' });
  const second = String(data['room_id']);
  for (const code of [second, table.code]) {
    const room = await WireClient.open(table.sim, code, session);
    await room.call('client_ready', { room_id: code, player_name: 'Hana', session_token: session.token });
    expect([room.isOpen, room.events.includes('room_closed')], code).toEqual([true, false]);
  }
});

test('presence: who is back before a pause ends keeps the seat, whatever waited for that end', async () => {
  const table = await Table.open({ humans: 2 });
  const { operations } = table.sim.server.rooms;
  await table.sim.until(operations.pauseAll('to look'));
  table.host.cut();
  table.person(1).cut();
  await table.advance(10_000);
  await table.comeBack(0);
  await table.comeBack(1);
  await table.sim.until(operations.resumeAll());
  await table.advance(10_000);
  const { seats, host } = await table.view();
  expect([host, seats[0]?.awaySince, seats[1]?.awaySince]).toEqual([0, null, null]);
});
