import { describe, expect, test } from 'vitest';
import { roomMessage } from '../../actors/room/room-message.js';
import { type ClientEvent, clientData } from './client-message.js';
import { decode } from './decode.js';
import { claimedName, isRoomCommand, ROOM_COMMANDS, toRoomMessage } from './to-room-message.js';

/** What becomes of a client's event: a room message, or an answer of the gateway (protocol.md 1.6, 3). */
type Way =
  | { readonly to: 'room'; readonly data: Readonly<Record<string, unknown>>; readonly message: object }
  | { readonly to: 'gateway'; readonly answer: string };

const name = { player_name: 'Hana' };
const by = { session: 's1', seat: 2 } as const;
const gateway = (answer: string): Way => ({ to: 'gateway', answer });
const room = (data: Readonly<Record<string, unknown>>, message: object): Way => ({ to: 'room', data, message });

/** The whole table of wire events. The compiler demands every one of them. */
const WAYS: Readonly<Record<ClientEvent, Way>> = {
  ping: gateway('pong'),
  request_room_list: gateway('room_list_update'),
  get_rooms: gateway('room_list_update'),
  client_ready: gateway('room_list_update in the lobby, room_state_update in a room'),
  create_room: gateway('room_created'), // a room's first message: it has no room yet that could take it
  join_room: gateway('room_joined'), // becomes `join`, from a session without a seat
  get_room_state: gateway('room_update'),
  player_ready: gateway('error'),
  ack: gateway('nothing'),
  sync_request: gateway('error'),
  add_bot: room({ slot_id: '2' }, { type: 'addBot', target: 1 }),
  remove_player: room({ slot_id: 4 }, { type: 'removePlayer', target: 3 }),
  leave_room: room(name, { type: 'leave' }),
  leave_game: room(name, { type: 'leave' }),
  start_game: room({}, { type: 'startGame' }),
  declare: room({ ...name, value: 3 }, { type: 'declare', value: 3 }),
  play: room({ ...name, piece_indices: [4, 0] }, { type: 'play', indices: [4, 0] }),
  play_pieces: room({ ...name, indices: [1] }, { type: 'play', indices: [1] }),
  accept_redeal: room(name, { type: 'answerRedeal', accept: true }),
  request_redeal: room(name, { type: 'answerRedeal', accept: true }),
  decline_redeal: room(name, { type: 'answerRedeal', accept: false }),
  redeal_decision: room({ ...name, choice: 'decline' }, { type: 'answerRedeal', accept: false }),
};

test('the table has every event that a client may send, and no other', () => {
  expect(Object.keys(WAYS).sort()).toEqual(Object.keys(clientData).sort());
});

describe.each(Object.entries(WAYS))('wire event %s', (event, way) => {
  test(way.to === 'room' ? 'becomes its room message' : `is answered by the gateway: ${way.answer}`, () => {
    expect(Object.hasOwn(ROOM_COMMANDS, event)).toBe(way.to === 'room');
    if (way.to === 'gateway') return;
    const decoded = decode(JSON.stringify({ event, data: way.data }), false);
    if (!decoded.ok || !isRoomCommand(decoded.message)) throw new Error(`${event} is no room command`);
    const message = toRoomMessage(decoded.message, by);
    expect(message).toEqual({ ...by, ...way.message });
    expect(roomMessage.parse({ ...message, at: 1 })).toEqual({ ...message, at: 1 });
  });
});

test('who speaks comes from the connection, never from the message', () => {
  const decoded = decode('{"event":"declare","data":{"player_name":"Gio","value":1,"seat":0,"session":"x"}}', false);
  if (!decoded.ok || !isRoomCommand(decoded.message)) throw new Error('declare is a room command');
  expect(toRoomMessage(decoded.message, by)).toEqual({ type: 'declare', session: 's1', seat: 2, value: 1 });
  expect(claimedName(decoded.message)).toBe('Gio');
});

test('an event named like a member of every object is no room command', () => {
  for (const event of ['constructor', '__proto__', 'toString']) {
    expect(isRoomCommand({ event: event as ClientEvent })).toBe(false);
  }
});
