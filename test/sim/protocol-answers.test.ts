import { expect, test } from 'vitest';
import { NAMES, SLOW_BOTS, STEADY, Table, TWO_WEAK } from '../support/table.js';
import { at, type Data, WireClient } from '../support/wire-client.js';

/* Goal: every command is answered, and the first answer means durable (protocol.md 7.4), row by row. */

const ofRoom = async (table: Table): Promise<Data> => (await table.host.call('get_room_state')).data;

test('protocol 7.4 accepted: every frame a message caused carries its id, on its sender only', async () => {
  const table = await Table.declaring({ humans: 4 });
  for (const person of table.people) person.mark();
  const id = table.host.send('declare', { player_name: 'Hana', value: 1 });
  await table.settle();
  expect(table.host.fresh.map(({ data }) => data['in_reply_to'])).toEqual([id]);
  for (const seat of [1, 2, 3]) {
    expect(table.person(seat).freshEvents).toEqual(['phase_change']);
    expect(Object.hasOwn(table.person(seat).fresh[0]!.data, 'in_reply_to')).toBe(false);
  }
});

test('protocol 7.4 accepted: a message without an id gets its frames without one', async () => {
  const table = await Table.declaring();
  const frames = await table.host.sendAndListen('{"event":"declare","data":{"player_name":"Hana","value":1}}');
  expect(frames.map(({ event }) => event)).toEqual(['phase_change']);
  expect(Object.hasOwn(frames[0]!.data, 'in_reply_to')).toBe(false);
});

test('protocol 7.4 accepted: nobody sees anything of a move before it is durable', async () => {
  const table = await Table.declaring({ humans: 2 });
  table.sim.engine.stall();
  for (const person of table.people) person.mark();
  const id = table.host.send('declare', { player_name: 'Hana', value: 1 });
  await table.advance(2_000);
  expect(table.people.map(({ fresh }) => fresh.length)).toEqual([0, 0]);
  const durable = table.entries.length;
  table.sim.engine.resume();
  await table.settle();
  expect(table.entries).toHaveLength(durable + 1);
  expect(table.host.fresh[0]).toMatchObject({ event: 'phase_change', data: { in_reply_to: id } });
  expect(table.person(1).freshEvents).toEqual(['phase_change']);
});

test('protocol 7.4 accepted: the redeal answers are acknowledged after the commit, and never for a refusal', async () => {
  const table = await Table.open({ humans: 4, deals: [TWO_WEAK], bots: SLOW_BOTS });
  await table.start();
  await table.advance(2_010);
  const refused = await table.person(2).call('accept_redeal', { player_name: 'Mona' });
  expect(refused).toMatchObject({ event: 'error', data: { type: 'action_rejected', reason: 'notAsked' } });
  table.sim.engine.stall();
  table.host.mark();
  table.host.send('accept_redeal', { player_name: 'Hana' });
  await table.settle(100);
  expect(table.host.fresh).toEqual([]);
  table.sim.engine.resume();
  await table.settle();
  expect(table.host.freshEvents).toEqual(['redeal_response_success', 'phase_change']);
  expect(table.host.last('redeal_response_success').data).toMatchObject({ player_name: 'Hana', choice: 'accept' });
  const again = await table.host.call('decline_redeal', { player_name: 'Hana' });
  expect(again.data).toMatchObject({ type: 'action_rejected', reason: 'alreadyAnswered' });
  const last = await table.person(1).call('request_redeal', { player_name: 'Gio' });
  expect(last).toMatchObject({ event: 'redeal_success', data: { player_name: 'Gio' } });
});

test('protocol 7.4 accepted: play_success follows a committed play_pieces only', async () => {
  const table = await Table.playing();
  const refused = await table.person(1).call('play_pieces', { player_name: 'Gio', indices: [0] });
  expect(refused).toMatchObject({ event: 'error', data: { reason: 'notYourTurn', action: 'play_pieces' } });
  const taken = await table.host.call('play_pieces', { player_name: 'Hana', indices: [0] });
  expect(taken).toMatchObject({ event: 'play_success', data: { player_name: 'Hana', indices: [0] } });
});

test('protocol 7.4 accepted: a repeated message is applied once and answered to its sender again', async () => {
  const table = await Table.declaring({ humans: 2 });
  const first = await table.host.call('declare', { player_name: 'Hana', value: 2 }, 'twice');
  const entries = table.entries.length;
  table.person(1).mark();
  const again = await table.host.call('declare', { player_name: 'Hana', value: 5 }, 'twice');
  await table.settle(20);
  expect(again.event).toBe('phase_change');
  expect(at(again.data, 'phase_data', 'declarations')).toEqual({ Hana: 2 });
  expect(at(again.data, 'phase_data')).toEqual(at(first.data, 'phase_data'));
  expect(table.entries).toHaveLength(entries);
  expect(table.person(1).fresh).toEqual([]);
});

test('protocol 7.4 accepted: create_room sent twice under one id makes one room', async () => {
  const table = await Table.open();
  const made = [await table.lobby.call('create_room', { player_name: 'Gio' }, 'once')];
  made.push(await table.lobby.call('create_room', { player_name: 'Gio' }, 'once'));
  expect(made.map(({ event }) => event)).toEqual(['room_created', 'room_created']);
  expect(made[0]!.data['room_id']).toBe(made[1]!.data['room_id']);
  expect(table.sim.server.rooms.counts.open).toBe(2);
});

test('protocol 7.4 refused by the rules: the answer names sentence, reason, action and message', async () => {
  const table = await Table.playing();
  const cases: readonly (readonly [number, readonly number[], string])[] = [
    [1, [0], 'notYourTurn'],
    [0, [0, 1], 'notAPlay'],
    [0, [8], 'pieceNotHeld'],
  ];
  for (const [seat, indices, reason] of cases) {
    const { event, data } = await table.play(seat, ...indices);
    expect(event).toBe('error');
    expect(Object.keys(data).sort()).toEqual(['action', 'in_reply_to', 'message', 'reason', 'type']);
    expect(data).toMatchObject({ type: 'action_rejected', reason, action: 'play' });
    expect(String(data['message'])).toMatch(/\w+ \w+/);
  }
  await table.play(0, 0);
  expect((await table.play(1, 0, 1)).data).toMatchObject({ reason: 'wrongPieceCount' });
});

test('protocol 7.4 refused by the phase: what the phase has no place for is rejected with a reason', async () => {
  const table = await Table.declaring({ humans: 2 });
  expect((await table.play(0, 0)).data).toMatchObject({
    type: 'action_rejected',
    reason: 'wrongPhase',
    action: 'play',
  });
  expect((await table.host.call('accept_redeal', { player_name: 'Hana' })).data).toMatchObject({
    reason: 'wrongPhase',
  });
  const started = await table.host.call('start_game');
  expect(started.data).toMatchObject({ message: 'Failed to start game', type: 'action_rejected' });
});

test('protocol 7.4 store away: temporarily_unavailable, retryable, and the same message is taken later', async () => {
  const table = await Table.declaring({ humans: 2 });
  const entries = table.entries.length;
  table.sim.engine.failNext(1, 'SQLITE_FULL');
  const failed = await table.host.call('declare', { player_name: 'Hana', value: 1 }, 'patient');
  expect(failed.data).toMatchObject({
    type: 'temporarily_unavailable',
    retryable: true,
    reason: 'storeAway',
    action: 'declare',
    in_reply_to: 'patient',
  });
  expect(table.entries).toHaveLength(entries);
  expect((await table.host.call('declare', { player_name: 'Hana', value: 1 }, 'patient')).event).toBe('phase_change');
});

test('protocol 7.4 mailbox full: temporarily_unavailable, retryable, the socket waits, and all is answered in the end', async () => {
  const table = await Table.open({ humans: 1 });
  const tabs: WireClient[] = []; // a socket has 16 messages under way at most
  for (let tab = 0; tab < 21; tab++) {
    const client = await WireClient.open(table.sim, table.code, table.host.session);
    await client.call('client_ready', { room_id: table.code, player_name: 'Hana' }, `ready-${tab}`);
    tabs.push(client);
  }
  await table.advance(1_000); // each has been told of its room twice
  const durable = table.entries.length;
  table.sim.engine.stall();
  const addBot = (tab: WireClient, id: string): string => tab.send('add_bot', { slot_id: 2 }, id);
  const taken: string[] = [];
  for (const [number, tab] of tabs.slice(0, 20).entries()) {
    for (const sent of ids(16)) taken.push(addBot(tab, `taken-${number}-${sent}`));
    await table.settle(20); // two of a seat are read in a millisecond
  }
  // 64 entries are on their way, 256 messages wait, the next is refused, and the rest is not read.
  const last = tabs[20]!;
  last.mark();
  const [refused, ...later] = ids(40).map((sent) => addBot(last, `late-${sent}`));
  await table.settle(50);
  expect(last.fresh.map(({ data }) => data)).toMatchObject([
    { type: 'temporarily_unavailable', retryable: true, reason: 'mailboxFull', in_reply_to: refused },
  ]);
  table.sim.engine.resume();
  await table.settle(5_000);
  expect(last.fresh.slice(1).map(({ event, data }) => [event, data['in_reply_to']])).toEqual(
    [...taken, ...later].map((id) => ['room_update', id]),
  );
  expect(table.entries).toHaveLength(durable + 320 + 39);
});

test('protocol 7.4 rate: rate_limited says after how many seconds', async () => {
  const table = await Table.open({ settings: { rateLimitFactor: 1 } });
  const lobby = await WireClient.open(table.sim, 'lobby');
  let last: Data = {};
  for (let count = 0; count < 8; count++) last = (await lobby.call('create_room', { player_name: 'Gio' })).data;
  expect(last).toMatchObject({ type: 'rate_limited', retry_after: 60 });
  await table.advance(60_000);
  expect((await lobby.call('create_room', { player_name: 'Gio' })).event).toBe('room_created');
});

test('protocol 7.4 row 1: join with a name in use', async () => {
  const table = await Table.open({ humans: 2 });
  await table.host.call('remove_player', { slot_id: 3 });
  const { data } = await table.lobby.call('join_room', { room_id: table.code, player_name: 'Gio' });
  expect(data).toMatchObject({ message: 'That name is already taken in this room', type: 'join_room_error' });
});

test('protocol 7.4 row 2: a name of blanks, of digits only, or like Bot N', async () => {
  const table = await Table.open();
  await table.host.call('remove_player', { slot_id: 3 });
  for (const player_name of [' ', '\t \t', '007', 'Bot 3', 'BOT  12', 'bot1']) {
    for (const event of ['create_room', 'join_room']) {
      const { data } = await table.lobby.call(event, { player_name, room_id: table.code });
      expect(data).toMatchObject({ message: 'Please choose another name', type: 'validation_error' });
    }
  }
});

test('protocol 7.4 row 3: start by somebody who is not the host', async () => {
  const table = await Table.open({ humans: 2 });
  const spectator = await WireClient.open(table.sim, table.code);
  for (const client of [table.person(1), spectator]) {
    const { data } = await client.call('start_game');
    expect(data).toMatchObject({ message: 'Only the host can start the game', type: 'permission_denied' });
  }
  expect(await ofRoom(table)).toMatchObject({ started: false });
});

test("protocol 7.4 row 4: a seat change after the start, or of the host's own seat", async () => {
  const table = await Table.open({ deals: [STEADY], bots: SLOW_BOTS });
  for (const event of ['add_bot', 'remove_player']) {
    const { data } = await table.host.call(event, { slot_id: 1 });
    expect(data).toMatchObject({ message: "The host can't be replaced", type: 'permission_denied' });
  }
  await table.start();
  for (const event of ['add_bot', 'remove_player']) {
    const { data } = await table.host.call(event, { slot_id: 2 });
    expect(data).toMatchObject({ message: "Seats can't change after the start", type: 'permission_denied' });
  }
});

test('protocol 7.4 row 5: an action on a socket without a seat', async () => {
  const table = await Table.declaring();
  const nobody = await WireClient.open(table.sim, table.code);
  const actions: Record<string, Data> = {
    declare: { value: 1 },
    play: { piece_indices: [0] },
    play_pieces: { indices: [0] },
    accept_redeal: {},
    decline_redeal: {},
    request_redeal: {},
    redeal_decision: { choice: 'accept' },
    leave_game: {},
    leave_room: {},
  };
  for (const [event, data] of Object.entries(actions)) {
    const answer = await nobody.call(event, { player_name: 'Hana', ...data });
    expect(answer.data).toMatchObject({ message: 'Join the room first', type: 'not_seated' });
  }
});

test('protocol 7.4 row 6: the seat of another session, in a game', async () => {
  const table = await Table.declaring();
  const thief = await WireClient.open(table.sim, table.code);
  thief.send('client_ready', { player_name: NAMES[0] });
  await table.settle();
  expect(thief.last('error').data).toMatchObject({ message: 'That seat belongs to somebody else', type: 'seat_taken' });
});

function ids(count: number): number[] {
  return [...Array(count).keys()];
}
