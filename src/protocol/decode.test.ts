import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientData, type ClientEvent } from './client-message.js';
import { type Decoded, decode, faultAnswer, MESSAGE_BYTES_MAX } from './decode.js';

function send(message: unknown): Decoded {
  return decode(JSON.stringify(message), false);
}

/** What the client reads, or the decoded data. */
function answer(event: string, data: unknown): unknown {
  const decoded = send({ event, data });
  return decoded.ok ? decoded.message.data : decoded.fault.message;
}

function text(frame: string | Uint8Array, binary = false): string {
  const decoded = decode(frame, binary);
  return decoded.ok ? 'accepted' : decoded.fault.text;
}

/** A message of every event that the existing system accepts. */
const VALID: { readonly [E in ClientEvent]: Readonly<Record<string, unknown>> } = {
  ping: { timestamp: 1795459252037 },
  request_room_list: {},
  get_rooms: {},
  client_ready: {},
  create_room: { player_name: 'Hana' },
  join_room: { room_id: 'A442EC', player_name: 'Gio' },
  get_room_state: {},
  remove_player: { slot_id: 2 },
  add_bot: { slot_id: 3 },
  leave_room: { player_name: 'Gio' },
  start_game: {},
  declare: { player_name: 'Hana', value: 2 },
  play: { player_name: 'Hana', piece_indices: [0, 4] },
  play_pieces: { player_name: 'Hana', indices: [0, 4] },
  request_redeal: { player_name: 'Hana' },
  accept_redeal: { player_name: 'Hana' },
  decline_redeal: { player_name: 'Hana' },
  redeal_decision: { player_name: 'Hana', choice: 'accept' },
  player_ready: { player_name: 'Hana' },
  leave_game: { player_name: 'Hana' },
  ack: { sequence: 1, client_id: 'c1' },
  sync_request: { client_id: 'c1' },
};
const EVENTS = Object.keys(VALID) as ClientEvent[];

describe('frames', () => {
  test('broken JSON gets a validation error instead of a closed socket', () => {
    expect(text('{"event": "ping", ')).toBe('Message must be valid JSON');
    expect(text('{bad')).toBe('Message must be valid JSON');
    expect(text('\uFEFF{"event":"ping"}')).toBe('Message must be valid JSON');
  });

  test('an empty text gets a validation error', () => {
    expect(text('')).toBe('Message must be valid JSON');
  });

  test('a binary frame gets a validation error, even when it holds a valid message', () => {
    expect(text(Uint8Array.of(1, 2, 3), true)).toBe('Binary messages are not supported');
    expect(text(Buffer.from('{"event":"ping"}'), true)).toBe('Binary messages are not supported');
  });

  test('a text frame may come as bytes, also as a view into a larger buffer', () => {
    const bytes = Buffer.from('xx{"event":"get_rooms","data":{"player_name":"Zoë"}}');
    const decoded = decode(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, bytes.length - 2), false);
    expect(decoded).toEqual({ ok: true, message: { event: 'get_rooms', data: { player_name: 'Zoë' } } });
  });

  test('a message of exactly the limit is read, one byte more is answered as too large', () => {
    const frame = (bytes: number) => JSON.stringify({ event: 'ping', data: { pad: 'x'.repeat(bytes - 34) } });
    expect(frame(MESSAGE_BYTES_MAX)).toHaveLength(MESSAGE_BYTES_MAX);
    expect(text(frame(MESSAGE_BYTES_MAX))).toBe('accepted');
    expect(text(frame(MESSAGE_BYTES_MAX + 1))).toBe('Message too large');
  });

  test('the size counts bytes, not characters', () => {
    const frame = JSON.stringify({ event: 'ping', data: { pad: '€'.repeat(10) } });
    expect(decode(frame, false, 60)).toMatchObject({ ok: false, fault: { text: 'Message too large' } });
    expect(decode(frame, false, Buffer.byteLength(frame)).ok).toBe(true);
  });

  test('nesting that no message needs is refused, whether it would end or not', () => {
    const ping = (deep: number): string => `{"event":"ping","data":{"pad":${'['.repeat(deep)}${']'.repeat(deep)}}}`;
    expect(decode(ping(30), false)).toEqual({ ok: true, message: { event: 'ping', data: {} } });
    expect(text(ping(30_000))).toBe('Message must be valid JSON');
    expect(text('['.repeat(60_000))).toBe('Message must be valid JSON');
  });
});

describe('envelope', () => {
  test.each(EVENTS)('reads %s and keeps its id', (event) => {
    const decoded = send({ event, data: VALID[event], sequence: 7, timestamp: 1795459252037, id: '4c0f' });
    expect(decoded).toEqual({ ok: true, message: { event, id: '4c0f', data: VALID[event] } });
  });

  test.each(EVENTS)('strips unknown members of %s', (event) => {
    const decoded = send({ event, data: { ...VALID[event], is_reconnection: false, play_value: 9, hand: ['x'] } });
    expect(decoded).toEqual({ ok: true, message: { event, data: VALID[event] } });
  });

  test('missing data is an empty object, null is not', () => {
    expect(send({ event: 'start_game' })).toEqual({ ok: true, message: { event: 'start_game', data: {} } });
    expect(answer('start_game', null)).toBe('Invalid message: Event data must be a dictionary');
  });

  test.each([
    [[], 'Message must be a dictionary'],
    [null, 'Message must be a dictionary'],
    [true, 'Message must be a dictionary'],
    [{ data: {} }, "Message must contain 'event' field"],
    [{ event: null }, 'Event name must be a string'],
    [{ event: ['ping'] }, 'Event name must be a string'],
    [{ event: 'Ping' }, 'Unknown event type: Ping'],
    [{ event: 'x'.repeat(100) }, `Unknown event type: ${'x'.repeat(100)}`],
    [{ event: 'x'.repeat(101) }, 'Event name too long'],
    [{ event: '😀'.repeat(101) }, 'Event name too long'],
    [{ event: 'start_next_round', data: null }, 'Unknown event type: start_next_round'],
    [{ event: 'request_recovery' }, 'Unknown event type: request_recovery'],
    [{ event: 'request_state_sync' }, 'Unknown event type: request_state_sync'],
    [{ event: 'ping', data: [] }, 'Event data must be a dictionary'],
  ])('%j is answered "%s"', (message, expected) => {
    expect(text(JSON.stringify(message))).toBe(expected);
  });

  test('the name of a member of every object is no event', () => {
    for (const event of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(text(JSON.stringify({ event }))).toBe(`Unknown event type: ${event}`);
    }
  });

  test('__proto__ and constructor as keys change neither the message nor any other object', () => {
    const decoded = decode(
      '{"event":"declare","__proto__":{"id":"evil"},"constructor":{"prototype":{"x":1}},' +
        '"data":{"value":2,"player_name":"Hana","__proto__":{"value":9},"constructor":1}}',
      false,
    );
    expect(decoded).toEqual({ ok: true, message: { event: 'declare', data: { player_name: 'Hana', value: 2 } } });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(text('{"__proto__":{"event":"ping"}}')).toBe("Message must contain 'event' field");
  });

  test('a value may not come from a smuggled prototype', () => {
    expect(text('{"event":"declare","data":{"player_name":"A","__proto__":{"value":3}}}')).toBe(
      'Declaration value is required',
    );
  });
});

describe('ids', () => {
  test.each([['x'.repeat(101)], [''], [7], [null], [{}], [['a']]])('an id that is %j is dropped, not refused', (id) => {
    expect(send({ event: 'ping', id })).toEqual({ ok: true, message: { event: 'ping', data: {} } });
  });

  test('an id of 100 characters is kept', () => {
    const id = 'x'.repeat(100);
    expect(send({ event: 'ping', id })).toMatchObject({ message: { id } });
  });

  test('a fault carries the id and the event as far as they could be read', () => {
    expect(send({ event: 'declare', id: 'm1', data: { player_name: 'A' } })).toEqual({
      ok: false,
      fault: {
        text: 'Declaration value is required',
        message: 'Invalid message: Declaration value is required',
        id: 'm1',
        event: 'declare',
      },
    });
    expect(send({ event: 'nonsense', id: 'm2' })).toMatchObject({ fault: { id: 'm2' } });
    expect(send({ id: 'm3' })).toMatchObject({ fault: { id: 'm3' } });
    expect(send({ event: 'nonsense', id: 8 })).not.toHaveProperty('fault.id');
  });

  test('the answer to a fault names the message that it answers, if that had an id', () => {
    const faulty = (message: unknown) => {
      const decoded = send(message);
      return decoded.ok ? undefined : faultAnswer(decoded.fault);
    };
    expect(faulty({ event: 'declare', id: 'm1' })).toEqual({
      event: 'error',
      data: { message: 'Invalid message: Player name is required', type: 'validation_error', in_reply_to: 'm1' },
    });
    expect(faulty({ event: 5 })).toEqual({
      event: 'error',
      data: { message: 'Invalid message: Event name must be a string', type: 'validation_error' },
    });
  });
});

describe('names', () => {
  const BY_NAME = EVENTS.filter((event) => 'player_name' in VALID[event] && !event.startsWith('leave'));

  test.each(BY_NAME)('%s asks for a name before anything else', (event) => {
    expect(answer(event, {})).toBe('Invalid message: Player name is required');
    expect(answer(event, { player_name: null })).toBe('Invalid message: Player name is required');
    expect(answer(event, { player_name: 7 })).toBe('Invalid message: Player name must be a string');
    expect(answer(event, { player_name: '' })).toBe('Invalid message: Player name cannot be empty');
    expect(answer(event, { player_name: 'x'.repeat(51) })).toBe('Invalid message: Player name too long');
    for (const bad of ['<', '>', '&', '"', "'", '\n', '\r']) {
      expect(answer(event, { player_name: `a${bad}b` })).toBe(
        'Invalid message: Player name contains invalid characters',
      );
    }
  });

  test('a name that is too long and has invalid characters is answered as too long', () => {
    expect(answer('declare', { player_name: '<'.repeat(51) })).toBe('Invalid message: Player name too long');
  });

  test('the length counts characters, not UTF-16 units', () => {
    expect(answer('create_room', { player_name: '😀'.repeat(50) })).toEqual({ player_name: '😀'.repeat(50) });
    expect(answer('create_room', { player_name: '😀'.repeat(51) })).toBe('Invalid message: Player name too long');
  });

  test('names are trimmed after the check of their length', () => {
    expect(answer('create_room', { player_name: '  Hana\t' })).toEqual({ player_name: 'Hana' });
    expect(answer('create_room', { player_name: `${' '.repeat(50)}H` })).toBe('Invalid message: Player name too long');
    expect(answer('declare', { player_name: ' Hana ', value: 0 })).toEqual({ player_name: 'Hana', value: 0 });
  });

  test('nobody may take a seat under a name that deceives; whoever sits under one already goes on', () => {
    for (const name of ['a\ud800b', 'Ha\u200bna', '\u001b[31mHana', 'H\u0430na']) {
      expect(answer('create_room', { player_name: name })).toBe('Please choose another name');
      expect(answer('join_room', { player_name: name, room_id: 'A442EC' })).toBe('Please choose another name');
      expect(answer('declare', { player_name: name, value: 1 })).toEqual({ player_name: name, value: 1 });
    }
  });

  test.each(['   ', '42', ' 007 ', 'Bot 2', 'bot 3', 'BOT  12', 'Bot4', ' bOt\t1 ', '__proto__'])(
    'nobody may take a seat as %j, and the answer stands without a prefix',
    (name) => {
      expect(answer('create_room', { player_name: name })).toBe('Please choose another name');
      expect(answer('join_room', { player_name: name, room_id: 'A442EC' })).toBe('Please choose another name');
    },
  );

  test.each(['Robot 2', 'Bot', 'Bot x', 'Bottom', 'Bot 2 Fan', '4you', 'B0t 2'])('%j is a name', (name) => {
    expect(answer('create_room', { player_name: name })).toEqual({ player_name: name });
  });

  test('only those who take a seat are asked for another name', () => {
    expect(answer('declare', { player_name: 'Bot 2', value: 1 })).toEqual({ player_name: 'Bot 2', value: 1 });
    expect(answer('leave_room', { player_name: '42' })).toEqual({ player_name: '42' });
  });

  test('leaving takes no name, and validates one that is given', () => {
    for (const event of ['leave_room', 'leave_game']) {
      expect(answer(event, {})).toEqual({});
      expect(answer(event, { player_name: null })).toEqual({});
      expect(answer(event, { player_name: 3 })).toBe('Invalid message: Player name must be a string');
      expect(answer(event, { player_name: 'a<b' })).toBe('Invalid message: Player name contains invalid characters');
    }
  });

  test.each(['client_ready', 'get_rooms', 'request_room_list'])(
    '%s takes a usable name and ignores any other',
    (event) => {
      expect(answer(event, { player_name: ' Hana ' })).toEqual({ player_name: 'Hana' });
      for (const name of ['', '   ', 'a<b', 'x'.repeat(51), 7, null, {}, ['Hana']]) {
        expect(answer(event, { player_name: name })).toEqual({});
      }
    },
  );
});

describe('the data of each event', () => {
  test('client_ready keeps a session token of sensible length and nothing else', () => {
    const token = 't'.repeat(66);
    expect(answer('client_ready', { session_token: token, room_id: 'A', is_reconnection: false })).toEqual({
      session_token: token,
    });
    expect(answer('client_ready', { session_token: 5 })).toEqual({});
    expect(answer('client_ready', { session_token: 't'.repeat(201) })).toEqual({});
  });

  test('ping passes any number or string on and drops the rest', () => {
    for (const timestamp of [0, -1.5, 1795459252037, 1e300, '', 'now']) {
      expect(answer('ping', { timestamp })).toEqual({ timestamp });
    }
    for (const timestamp of [null, true, [], {}]) expect(answer('ping', { timestamp })).toEqual({});
  });

  test.each([
    [{ player_name: 'A' }, 'Room ID is required'],
    [{ player_name: 'A', room_id: null }, 'Room ID is required'],
    [{ player_name: 'A', room_id: 3 }, 'Room ID must be a string'],
    [{ player_name: 'A', room_id: '' }, 'Room ID cannot be empty'],
    [{ player_name: 'A', room_id: 'r'.repeat(51) }, 'Room ID too long'],
    [{ player_name: 'A', room_id: 'R&B' }, 'Room ID contains invalid characters'],
    [{ room_id: '' }, 'Player name is required'],
  ])('join_room %j is answered "%s"', (data, expected) => {
    expect(answer('join_room', data)).toBe(`Invalid message: ${expected}`);
  });

  test.each([
    [undefined, 'is required'],
    [null, 'is required'],
    ['3', 'must be an integer'],
    [1.5, 'must be an integer'],
    [true, 'must be an integer'],
    [false, 'must be an integer'],
    [[1], 'must be an integer'],
    [9, 'must be between 0 and 8'],
    [-1, 'must be between 0 and 8'],
    [1e20, 'must be between 0 and 8'],
  ])('declaring %j is answered "Declaration value %s"', (value, expected) => {
    expect(answer('declare', { player_name: 'A', value })).toBe(`Invalid message: Declaration value ${expected}`);
  });

  test('numbers that JSON can write and no room should meet become plain ones', () => {
    const declared = (value: string) =>
      decode(`{"event":"declare","data":{"player_name":"A","value":${value}}}`, false);
    const zero = declared('-0');
    expect(zero.ok && Object.is(zero.message.event === 'declare' && zero.message.data.value, 0)).toBe(true);
    expect(declared('3.0')).toMatchObject({ message: { data: { value: 3 } } });
    expect(declared('1e999')).toMatchObject({ fault: { text: 'Declaration value must be an integer' } });
  });

  test.each([
    [undefined, 'Must select at least one piece'],
    [[], 'Must select at least one piece'],
    [null, 'Piece indices must be an array'],
    ['0', 'Piece indices must be an array'],
    [{ 0: 0, length: 1 }, 'Piece indices must be an array'],
    [[0, 1, 2, 3, 4, 5, 6], 'Cannot play more than 6 pieces at once'],
    [['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'Cannot play more than 6 pieces at once'],
    [['0'], 'All piece indices must be integers'],
    [[0, true], 'All piece indices must be integers'],
    [[0.5], 'All piece indices must be integers'],
    [[null], 'All piece indices must be integers'],
    [[32, '0'], 'All piece indices must be integers'],
    [[32], 'Piece index 32 out of valid range'],
    [[-1], 'Piece index -1 out of valid range'],
    [[3, 3, 40], 'Piece index 40 out of valid range'],
    [[0, 0], 'Duplicate piece index: 0'],
    [[1, 2, 3, 2, 1], 'Duplicate piece index: 2'],
  ])('playing %j is answered "%s"', (indices, expected) => {
    expect(answer('play', { player_name: 'A', piece_indices: indices })).toBe(`Invalid message: ${expected}`);
    expect(answer('play_pieces', { player_name: 'A', indices })).toBe(`Invalid message: ${expected}`);
  });

  test('play and play_pieces each read their own member', () => {
    expect(answer('play', { player_name: 'A', indices: [0] })).toBe('Invalid message: Must select at least one piece');
    expect(answer('play_pieces', { player_name: 'A', piece_indices: [0] })).toBe(
      'Invalid message: Must select at least one piece',
    );
    expect(answer('play', { player_name: 'A', piece_indices: [31, 0], play_value: 99 })).toEqual({
      player_name: 'A',
      piece_indices: [31, 0],
    });
  });

  test.each([
    [1, 1],
    ['2', 2],
    [' +3 ', 3],
    ['04', 4],
  ])('slot %j is slot %d', (slot, expected) => {
    expect(answer('add_bot', { slot_id: slot })).toEqual({ slot_id: expected });
    expect(answer('remove_player', { slot_id: slot })).toEqual({ slot_id: expected });
  });

  test.each([
    [undefined, 'is required'],
    [null, 'is required'],
    ['two', 'must be a number'],
    ['', 'must be a number'],
    ['1e0', 'must be a number'],
    ['0x1', 'must be a number'],
    [2.5, 'must be a number'],
    [true, 'must be a number'],
    [[1], 'must be a number'],
    [0, 'must be between 1 and 4'],
    [5, 'must be between 1 and 4'],
    ['-1', 'must be between 1 and 4'],
    [1e20, 'must be between 1 and 4'],
    ['9'.repeat(400), 'must be between 1 and 4'],
  ])('slot %j is answered "Slot ID %s"', (slot, expected) => {
    expect(answer('add_bot', { slot_id: slot })).toBe(`Invalid message: Slot ID ${expected}`);
  });

  test.each([
    [undefined, 'Redeal choice must be a string'],
    [true, 'Redeal choice must be a string'],
    ['maybe', "Invalid redeal choice. Must be one of: {'decline', 'accept'}"],
    ['Accept', "Invalid redeal choice. Must be one of: {'decline', 'accept'}"],
  ])('the redeal choice %j is answered "%s"', (choice, expected) => {
    expect(answer('redeal_decision', { player_name: 'A', choice })).toBe(`Invalid message: ${expected}`);
  });

  test.each([
    [{}, 'Sequence number is required'],
    [{ sequence: '1' }, 'Sequence number must be an integer'],
    [{ sequence: true }, 'Sequence number must be an integer'],
    [{ sequence: -1 }, 'Sequence number must be non-negative'],
    [{ sequence: 0, client_id: 5 }, 'Client ID must be a string'],
    [{ sequence: 0, client_id: '' }, 'Client ID cannot be empty'],
    [{ sequence: 0, client_id: 'c'.repeat(101) }, 'Client ID too long'],
  ])('ack %j is answered "%s"', (data, expected) => {
    expect(answer('ack', data)).toBe(`Invalid message: ${expected}`);
  });

  test('ack and sync_request need no client id', () => {
    expect(answer('ack', { sequence: 0 })).toEqual({ sequence: 0 });
    expect(answer('sync_request', {})).toEqual({});
    expect(answer('sync_request', { client_id: 'c'.repeat(101) })).toBe('Invalid message: Client ID too long');
  });

  test('there is a schema for every allowed event and for no other', () => {
    expect(Object.keys(clientData)).toHaveLength(22);
  });
});

describe('any input', () => {
  const RUNS = { seed: 20261123, numRuns: 2_000 };

  test('never throws on any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (frame) => {
        decode(frame, false);
      }),
      RUNS,
    );
  });

  test('never throws on any JSON value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (frame) => {
        decode(frame, false);
      }),
      RUNS,
    );
  });

  test('every JSON value as the data of any event is accepted or answered with a sentence of ours', () => {
    const members = Object.values(VALID).flatMap(Object.keys);
    const data = fc.oneof(fc.dictionary(fc.constantFrom(...members, '__proto__'), fc.jsonValue()), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS), data, fc.jsonValue(), (event, value, id) => {
        const decoded = send({ event, data: value, id });
        if (decoded.ok) expect(decoded.message.event).toBe(event);
        else expect(decoded.fault.text).toMatch(OUR_SENTENCES);
      }),
      RUNS,
    );
  });

  test('what was decoded once decodes to itself', () => {
    const data = fc.record({ player_name: fc.string({ maxLength: 60 }), value: fc.integer({ min: -2, max: 10 }) });
    fc.assert(
      fc.property(data, (sent) => {
        const first = send({ event: 'declare', data: sent });
        if (first.ok && first.message.event === 'declare' && first.message.data.player_name !== '') {
          expect(send(first.message)).toEqual(first);
        }
      }),
      RUNS,
    );
  });
});

const OUR_SENTENCES =
  /^(Event data|Player name|Room ID|Declaration value|Piece ind|Must select|Cannot play|All piece|Duplicate piece|Slot ID|Redeal choice|Invalid redeal|Sequence number|Client ID|Please choose)/;

interface Line {
  readonly t: number;
  readonly dir: string;
  readonly conn: string;
  readonly msg: unknown;
}

/**
 * Goal: the texts are those of the existing system. Method: each frame that a client sent in a recording is decoded,
 * and a validation error must be exactly the error that the recording answers with; any other answer, or silence,
 * means that the existing system's validation let the frame pass.
 */
describe.each(['invalid-envelopes', 'connection-killers'])('the recording %s', (name) => {
  const file = new URL(`../../../shared/transcripts/${name}.jsonl`, import.meta.url);
  const lines = existsSync(file) ? readLines(file) : [];

  test.skipIf(lines.length === 0)('every frame is judged as recorded, but for the repairs of protocol.md 7.2', () => {
    const differences = lines.flatMap((line, at) => {
      const frame = frameOf(line);
      if (frame === undefined) return [];
      const decoded = decode(frame, frame === BINARY);
      const ours = decoded.ok ? null : `Invalid message: ${decoded.fault.text}`;
      const theirs = recordedError(lines, at);
      const same = ours === theirs || (ours !== null && theirs !== null && sameWords(ours, theirs));
      return same ? [] : [`${line.conn}: ${label(frame)} -> ${ours ?? 'accepted'}`];
    });
    expect(differences).toEqual(REPAIRS[name]);
  });
});

const BINARY = Uint8Array.of(1, 2, 3);

/** Frames that the existing system took for valid, or that closed its socket: the repairs of 7.2.6 and 7.2.17. */
const REPAIRS: Readonly<Record<string, readonly string[]>> = {
  'invalid-envelopes': [
    'c-lobby: {"event":"declare","data":{"player_name":"A","value":true}} -> Invalid message: Declaration value must be an integer',
    'c-room: {"event":"declare","data":{"player_name":"A","value":true}} -> Invalid message: Declaration value must be an integer',
  ],
  'connection-killers': [
    'bad-json: {"event": "ping",  -> Invalid message: Message must be valid JSON',
    'empty:  -> Invalid message: Message must be valid JSON',
    'oversize-1MB: {"event":"ping","data":{"pad":"xxxxxxxxx -> Invalid message: Message too large',
    'oversize-20MB: {"event":"ping","data":{"pad":"xxxxxxxxx -> Invalid message: Message too large',
    'binary: <binary> -> Invalid message: Binary messages are not supported',
    'kim: {bad -> Invalid message: Message must be valid JSON',
  ],
};

function readLines(file: URL): Line[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The frame as it went over the wire; nothing for what is no frame. */
function frameOf({ dir, msg }: Line): string | Uint8Array | undefined {
  if (dir !== 'c>s') return undefined;
  if (msg === null || typeof msg !== 'object') return JSON.stringify(msg);
  if (Object.keys(msg).some((key) => key.startsWith('_'))) return undefined;
  if (!('raw' in msg)) return JSON.stringify(msg);
  const { raw, length } = msg as { raw: string; length?: number };
  if (raw.startsWith('<binary')) return BINARY;
  return length === undefined ? raw : raw.replace('…', '').padEnd(length - 3, 'x') + '"}}';
}

/** The validation error that the recording shows between this frame and the next one of that socket, or null. */
function recordedError(lines: readonly Line[], at: number): string | null {
  const { conn } = lines[at]!;
  for (const line of lines.slice(at + 1)) {
    if (line.conn !== conn) continue;
    if (line.dir === 'c>s') return null;
    const { data } = (line.msg ?? {}) as { data?: { type?: string; message?: string } };
    if (data?.type === 'validation_error') return data.message ?? null;
  }
  return null;
}

/** The existing system writes a set of two words in an order that varies. */
function sameWords(one: string, other: string): boolean {
  return one.replace("{'decline', 'accept'}", "{'accept', 'decline'}") === other;
}

function label(frame: string | Uint8Array): string {
  return typeof frame === 'string' ? (frame.length > 200 ? frame.slice(0, 40) : frame) : '<binary>';
}
