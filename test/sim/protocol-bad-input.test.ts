import { expect, test } from 'vitest';
import { Table } from '../support/table.js';
import { type Data, WireClient } from '../support/wire-client.js';

/*
 * Goal: whatever a client sends, it gets the protocol's error, nothing changes, and connection and room live on.
 * Method: before and after each frame the journal's head and the room's whole state are compared, and at the end the
 * player whose turn it is moves as if nothing had been.
 */

/** The room as it is, to be the same afterwards. */
async function seen(table: Table): Promise<string> {
  return JSON.stringify({ entries: table.entries.map(({ hash }) => hash), view: await table.view() });
}

async function unharmed(table: Table, before: string): Promise<void> {
  expect(await seen(table)).toBe(before);
  expect((await table.host.call('ping')).event).toBe('pong');
}

const play = (data: Data): string => JSON.stringify({ event: 'play', data: { player_name: 'Hana', ...data } });
const declare = (data: Data): string => JSON.stringify({ event: 'declare', data: { player_name: 'Hana', ...data } });

/** Frame, and what is said of it behind `Invalid message: `. */
const REFUSED: readonly (readonly [name: string, frame: string, text: string])[] = [
  ['an empty text', '', 'Message must be valid JSON'],
  ['a text of blanks', '   ', 'Message must be valid JSON'],
  ['broken JSON', '{"event":"play"', 'Message must be valid JSON'],
  ['two messages in one frame', '{"event":"ping"}{"event":"ping"}', 'Message must be valid JSON'],
  ['a number', '17', 'Message must be a dictionary'],
  ['null', 'null', 'Message must be a dictionary'],
  ['an array', '[{"event":"ping"}]', 'Message must be a dictionary'],
  ['no event', '{"data":{}}', "Message must contain 'event' field"],
  ['an event that is a number', '{"event":7}', 'Event name must be a string'],
  ['an event that is too long', `{"event":"${'x'.repeat(101)}"}`, 'Event name too long'],
  ['an unknown event', '{"event":"cheat"}', 'Unknown event type: cheat'],
  ['the event constructor', '{"event":"constructor"}', 'Unknown event type: constructor'],
  ['the event __proto__', '{"event":"__proto__"}', 'Unknown event type: __proto__'],
  ['the event toString', '{"event":"toString"}', 'Unknown event type: toString'],
  ['data that is null', '{"event":"play","data":null}', 'Event data must be a dictionary'],
  ['data that is an array', '{"event":"play","data":[]}', 'Event data must be a dictionary'],
  [
    'a prototype instead of members',
    '{"event":"play","data":{"__proto__":{"player_name":"Hana"}}}',
    'Player name is required',
  ],
  ['a name that is a number', play({ player_name: 5, piece_indices: [0] }), 'Player name must be a string'],
  ['a name with markup', play({ player_name: '<b>', piece_indices: [0] }), 'Player name contains invalid characters'],
  ['indices that are a text', play({ piece_indices: '0' }), 'Piece indices must be an array'],
  ['no piece', play({ piece_indices: [] }), 'Must select at least one piece'],
  ['seven pieces', play({ piece_indices: [0, 1, 2, 3, 4, 5, 6] }), 'Cannot play more than 6 pieces at once'],
  ['an index that is a fraction', play({ piece_indices: [0.5] }), 'All piece indices must be integers'],
  ['an index that is true', play({ piece_indices: [true] }), 'All piece indices must be integers'],
  ['a negative index', play({ piece_indices: [-1] }), 'Piece index -1 out of valid range'],
  ['an index beyond all pieces', play({ piece_indices: [32] }), 'Piece index 32 out of valid range'],
  ['one index twice', play({ piece_indices: [1, 1] }), 'Duplicate piece index: 1'],
  ['a declaration of true', declare({ value: true }), 'Declaration value must be an integer'],
  ['a declaration that is a text', declare({ value: '1' }), 'Declaration value must be an integer'],
  ['a declaration of 9', declare({ value: 9 }), 'Declaration value must be between 0 and 8'],
  [
    'a number too large for JSON',
    '{"event":"declare","data":{"player_name":"Hana","value":1e999}}',
    'Declaration value must be an integer',
  ],
];

test.each(REFUSED)('bad input, %s: validation_error, and nothing changes', async (_name, frame, text) => {
  const table = await Table.playing();
  const before = await seen(table);
  const frames = await table.host.sendAndListen(frame);
  expect(frames.map(({ event, data }) => [event, data])).toEqual([
    ['error', { message: `Invalid message: ${text}`, type: 'validation_error' }],
  ]);
  await unharmed(table, before);
  expect((await table.play(0, 0)).event).toBe('phase_change');
});

test('bad input, oversize: a message over 64 KiB gets an error and the socket stays, also where it would have been valid', async () => {
  const table = await Table.playing();
  const before = await seen(table);
  const frame = play({ piece_indices: [0], padding: 'x'.repeat(64 * 1024) });
  const frames = await table.host.sendAndListen(frame);
  expect(frames.map(({ data }) => data['message'])).toEqual(['Invalid message: Message too large']);
  await unharmed(table, before);
  const padded = play({ piece_indices: [0], padding: 'x'.repeat(63 * 1024) });
  expect((await table.host.sendAndListen(padded)).map(({ event }) => event)).toEqual(['phase_change']);
});

test('bad input, deep nesting: 30,000 brackets are no danger', async () => {
  const table = await Table.playing();
  const before = await seen(table);
  const deep = '['.repeat(15_000) + ']'.repeat(15_000);
  expect(await table.host.sendAndListen(`{"event":"ping","data":{"timestamp":${deep}}}`)).toMatchObject([
    { event: 'error', data: { type: 'validation_error' } },
  ]);
  expect(await table.host.sendAndListen(deep)).toMatchObject([{ event: 'error' }]);
  await unharmed(table, before);
});

test('bad input, wrong turn: each of the others is refused with a reason, and nothing changes', async () => {
  const table = await Table.playing();
  const before = await seen(table);
  for (const seat of [1, 2, 3]) {
    expect((await table.play(seat, 0)).data).toMatchObject({ type: 'action_rejected', reason: 'notYourTurn' });
    expect((await table.declare(seat, 1)).data).toMatchObject({ type: 'action_rejected', reason: 'wrongPhase' });
  }
  await unharmed(table, before);
});

test("bad input, foreign seat: nobody plays another's pieces, by name, by cookie or by nothing", async () => {
  const table = await Table.playing();
  const before = await seen(table);
  const [unbound, spectator] = [
    await WireClient.open(table.sim, table.code),
    await WireClient.open(table.sim, table.code),
  ];
  await spectator.call('client_ready', { player_name: 'Hana' });
  for (const client of [table.person(1), unbound, spectator]) {
    const { event, data } = await client.call('play', { player_name: 'Hana', piece_indices: [0] });
    expect(event).toBe('error');
    expect(['action_rejected', 'not_seated']).toContain(data['type']);
  }
  await unharmed(table, before);
});

test('bad input, stale room: a room that never was or is gone answers, and the socket stays', async () => {
  const table = await Table.playing();
  const before = await seen(table);
  const lost = await WireClient.open(table.sim, 'ZZZZZZ', table.host.session);
  await table.settle();
  expect(lost.last('room_not_found').data).toMatchObject({
    room_id: 'ZZZZZZ',
    message: 'This game room no longer exists',
    suggestion: 'The server may have restarted. Please create or join a new game.',
  });
  const answers: readonly (readonly [string, Data, string])[] = [
    ['client_ready', { player_name: 'Hana' }, 'Room not found.'],
    ['get_room_state', {}, 'Room not found.'],
    ['add_bot', { slot_id: 2 }, 'Room not found.'],
    ['remove_player', { slot_id: 2 }, 'Room not found.'],
    ['leave_room', { player_name: 'Hana' }, 'Room not found.'],
    ['start_game', {}, 'Room not found'],
    ['declare', { player_name: 'Hana', value: 1 }, 'Game not found'],
    ['play', { player_name: 'Hana', piece_indices: [0] }, 'Game not found'],
    ['accept_redeal', { player_name: 'Hana' }, 'Game not found'],
    ['player_ready', { player_name: 'Hana' }, 'Game not found'],
  ];
  for (const [event, data, message] of answers) {
    expect([event, (await lost.call(event, data)).data['message']]).toEqual([event, message]);
  }
  expect(lost.isOpen).toBe(true);
  await unharmed(table, before);
});

test('bad input, no game yet: game actions in a waiting room answer Game not found', async () => {
  const table = await Table.open();
  const before = await seen(table);
  for (const [event, data] of [
    ['declare', { value: 1 }],
    ['play', { piece_indices: [0] }],
    ['accept_redeal', {}],
    ['player_ready', {}],
  ] as const) {
    expect((await table.host.call(event, { player_name: 'Hana', ...data })).data['message']).toBe('Game not found');
  }
  await unharmed(table, before);
});

test('bad input, duplicate ids: one id on different messages counts once, from whatever socket of the session', async () => {
  const table = await Table.playing();
  await table.host.call('play', { player_name: 'Hana', piece_indices: [0] }, 'same');
  const before = await seen(table);
  for (const piece_indices of [[0], [1], [2]]) {
    const again = await table.host.call('play', { player_name: 'Hana', piece_indices }, 'same');
    expect(again.event).toBe('phase_change');
  }
  await unharmed(table, before);
  // The same id of another session is another message.
  const other = await table.person(1).call('play', { player_name: 'Gio', piece_indices: [0] }, 'same');
  expect(other.event).toBe('phase_change');
});

test('bad input, wrong kind of socket: lobby events in a room and room events in the lobby are ignored', async () => {
  const table = await Table.playing();
  const before = await seen(table);
  table.host.mark();
  table.host.send('create_room', { player_name: 'Hana' });
  table.host.send('join_room', { player_name: 'Hana', room_id: table.code });
  table.host.send('get_rooms');
  table.lobby.mark();
  table.lobby.send('play', { player_name: 'Hana', piece_indices: [0] });
  table.lobby.send('leave_game', { player_name: 'Hana' });
  await table.settle(50);
  expect([...table.host.fresh, ...table.lobby.fresh]).toEqual([]);
  await unharmed(table, before);
});

test('bad input, flood: of 2,000 frames two are read in a millisecond until its 200 are used up, each is answered, after 300 the socket ends, and others play on', async () => {
  const table = await Table.playing({ settings: { rateLimitFactor: 1 } });
  const before = await seen(table);
  const vandal = await WireClient.open(table.sim, table.code);
  for (let count = 0; count < 2_000; count++) vandal.sendText('{"event":"cheat"}');
  const answered = (): number => vandal.frames.filter(({ data }) => data['type'] === 'validation_error').length;
  await table.settle(50);
  expect(answered()).toBe(102);
  await table.settle(100);
  expect(answered()).toBe(221); // 200, and what came back meanwhile
  expect(vandal.isOpen).toBe(true);
  await unharmed(table, before);
  expect((await table.play(0, 0)).event).toBe('phase_change');
  await table.advance(1_100);
  expect(vandal.closeCode).toBe(1008);
  expect(answered()).toBe(301);
});

test('bad input, flood of legal messages: every one within the limit is answered, the rest is told to wait', async () => {
  const table = await Table.playing({ settings: { rateLimitFactor: 1 } });
  const before = await seen(table);
  const seat = table.person(1);
  seat.mark();
  const ids = Array.from({ length: 150 }, () => seat.send('play', { player_name: 'Gio', piece_indices: [0] }));
  await table.settle(100);
  const answers = seat.fresh.filter(({ event }) => event === 'error').map(({ data }) => data);
  expect(answers.map((data) => data['in_reply_to'])).toEqual(ids);
  const limited = answers.filter(({ type }) => type === 'rate_limited');
  expect(answers.length - limited.length).toBe(72); // 60, and 20 % more after the warning
  expect(answers.slice(0, 72).every(({ reason }) => reason === 'notYourTurn')).toBe(true);
  await unharmed(table, before);
});
