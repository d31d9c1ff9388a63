import type { Arena } from '../arena.js';
import { type Attack, refused } from '../attack.js';
import type { Peer } from '../peer.js';

const DECODER = 'src/protocol/decode.ts';
const SCHEMAS = 'src/protocol/client-message.ts';

/** Each text on one socket of the lobby; afterwards the socket must be as good as before. */
async function answersTo(arena: Arena, texts: readonly (string | Buffer)[], binary = false): Promise<string[]> {
  const peer = await arena.socket('lobby');
  const answers: string[] = [];
  for (const text of texts) answers.push(await peer.tryText(text, { binary }));
  await stillServed(peer);
  return answers;
}

async function stillServed(peer: Peer): Promise<void> {
  const answer = await peer.try('ping');
  refused(answer === 'pong', `afterwards a ping was answered by ${answer}`);
}

const createRoom = (member: string): string => `{"event":"create_room","data":${member}}`;

export const MESSAGE_ATTACKS: readonly Attack[] = [
  {
    name: 'broken-json',
    does: 'sends texts that are no JSON: nothing, half an object, two objects, numbers that JSON does not know',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) =>
      answersTo(arena, ['', ' ', '{', '{"event":"ping"', '{}{}', 'NaN', '\u0000', '{"event":undefined}', '\ufeff{}']),
  },
  {
    name: 'json-of-another-shape',
    does: 'sends numbers, arrays, null and objects whose members have other types',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) =>
      answersTo(arena, ['17', '[]', 'null', '{"event":[]}', '{"event":{}}', '{"event":"ping","data":[]}', '"ping"']),
  },
  {
    name: 'giant-message',
    does: 'sends a message of more than 64 KiB that would be valid',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) => answersTo(arena, [createRoom(`{"player_name":"Mallory","x":"${'x'.repeat(64 * 1024)}"}`)]),
  },
  {
    name: 'deep-json',
    does: 'sends arrays within arrays and objects within objects, thirty thousand deep',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) =>
      answersTo(arena, [
        '['.repeat(30_000) + ']'.repeat(30_000),
        createRoom(`{"player_name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`),
        createRoom(`{"player_name":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
        '['.repeat(60_000),
      ]),
  },
  {
    name: 'prototype-keys',
    does: 'sends the members `__proto__`, `constructor` and `prototype` in place of those that are needed',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) =>
      answersTo(arena, [
        '{"__proto__":{"event":"ping"}}',
        '{"event":"__proto__"}',
        '{"event":"constructor"}',
        '{"event":"hasOwnProperty"}',
        createRoom('{"__proto__":{"player_name":"Mallory"}}'),
        createRoom('{"constructor":{"prototype":{"player_name":"Mallory"}}}'),
        createRoom('{"player_name":"__proto__"}'),
      ]),
  },
  {
    name: 'prototype-pollution-stays-away',
    does: 'sends `__proto__` with members that would open doors if they reached all objects',
    expected: ['error not_seated', 'pong'],
    by: DECODER,
    run: async (arena) => {
      const { code } = await arena.game();
      const peer = await arena.socket(code);
      const data = '{"__proto__":{"seat":0,"isAdmin":true,"player_name":"Hana"},"player_name":"Hana","value":1}';
      const answer = await peer.tryText(`{"event":"declare","data":${data},"__proto__":{"seat":0}}`);
      return [answer, await peer.try('ping')];
    },
  },
  {
    name: 'numbers-out-of-range',
    does: 'declares and plays with numbers that are too large, too small, broken, or no numbers',
    expected: ['error validation_error'],
    by: SCHEMAS,
    run: async (arena) => {
      const { code, current } = await arena.game();
      const values = ['1e999', '-1e999', '9007199254740993', '-1', '9', '0.5', '"1"', 'true', '[1]', '{}', 'null'];
      const answers = values.map(
        (value) => `{"event":"declare","data":{"player_name":"${current.name}","value":${value}}}`,
      );
      const indices = ['[32]', '[-1]', '[0,0]', '[1e300]', '[null]', '[[0]]', '{"length":1,"0":0}', '"0"', '[]'];
      const plays = indices.map(
        (list) => `{"event":"play","data":{"player_name":"${current.name}","piece_indices":${list}}}`,
      );
      const peer = await arena.socket(code);
      const outcomes: string[] = [];
      for (const text of [...answers, ...plays]) outcomes.push(await peer.tryText(text));
      await stillServed(peer);
      return outcomes;
    },
  },
  {
    name: 'binary-frames',
    does: 'sends messages as bytes where texts were agreed: packed data, an archive, noise',
    expected: ['error validation_error'],
    by: DECODER,
    run: (arena) =>
      answersTo(
        arena,
        [Buffer.from('{"event":"ping"}'), Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(1_000, 0xff)],
        true,
      ),
  },
  {
    name: 'slow-expressions',
    does: 'sends names and numbers made to keep regular expressions busy',
    expected: ['error join_room_error', 'error validation_error'],
    by: SCHEMAS,
    run: async (arena) => {
      const peer = await arena.socket('lobby');
      const blanks = ' '.repeat(60_000);
      const outcomes: string[] = [];
      // What takes quadratic time for any of these takes minutes for all; the answers would not come in time.
      for (const text of [`${blanks}x`, `bot${blanks}1x`, `Bot ${'1'.repeat(40_000)}x`, '\t'.repeat(60_000)]) {
        outcomes.push(await peer.tryText(createRoom(JSON.stringify({ player_name: text }))));
      }
      const room = await arena.waitingRoom();
      for (const slot of [`${blanks}1x`, `+${'1'.repeat(50_000)}x`]) {
        outcomes.push(await room.host.tryText(JSON.stringify({ event: 'add_bot', data: { slot_id: slot } })));
      }
      outcomes.push(await peer.try('join_room', { room_id: `${' '.repeat(49)}x`, player_name: 'Mallory' }));
      return outcomes;
    },
  },
  {
    name: 'unknown-events',
    does: 'sends events that the server sends itself, or that only operators and clocks cause',
    expected: ['error validation_error'],
    by: DECODER,
    run: async (arena) => {
      const { code } = await arena.game();
      const peer = await arena.socket(code);
      const events = [
        'phase_change',
        'timer',
        'create',
        'resume',
        'quarantine',
        'connect',
        'restored',
        'x'.repeat(5_000),
      ];
      const outcomes: string[] = [];
      for (const event of events) outcomes.push(await peer.tryText(JSON.stringify({ event, data: {} })));
      return outcomes;
    },
  },
  {
    name: 'events-of-another-place',
    does: "sends a room's commands in the lobby, and the lobby's in a room",
    expected: ['pong'],
    by: 'src/gateway/gateway.ts',
    run: async (arena) => {
      const { code } = await arena.game();
      const before = arena.entriesOf(code);
      const outcomes: string[] = [];
      for (const [place, event] of [
        ['lobby', 'start_game'],
        ['lobby', 'declare'],
        ['lobby', 'leave_game'],
        [code, 'create_room'],
        [code, 'join_room'],
      ] as const) {
        const peer = await arena.socket(place);
        const id = peer.send(event, { player_name: 'Misplaced', value: 1, room_id: code });
        outcomes.push(await peer.try('ping'));
        refused(!peer.frames.some(({ data }) => data['in_reply_to'] === id), `${event} at ${place} was answered`);
      }
      refused(arena.entriesOf(code) === before && arena.roomsOfHost('Misplaced') === 0, 'something was written');
      return outcomes;
    },
  },
];
