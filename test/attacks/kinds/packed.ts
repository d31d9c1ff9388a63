import { msgpackOfClients, packMessage } from '../../../src/protocol/msgpack-codec.js';
import type { Arena } from '../arena.js';
import { type Attack, refused } from '../attack.js';
import type { Peer } from '../peer.js';

const READER = 'src/protocol/plain-msgpack.ts';
const DECODER = 'src/protocol/decode.ts';
const INVALID = ['error validation_error'];

type Member = readonly [key: Buffer | string, value: Buffer | string];

/** MessagePack by hand (its specification's tokens), for what a library would not write. */
const raw = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);
const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([raw(0xda, bytes.length >> 8, bytes.length & 0xff), bytes]);
};
const map = (...members: readonly Member[]): Buffer => {
  const token = (part: Buffer | string): Buffer => (typeof part === 'string' ? text(part) : part);
  return Buffer.concat([raw(0x80 + members.length), ...members.flatMap(([key, value]) => [token(key), token(value)])]);
};
const float = (value: number): Buffer => {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};
const event = (name: string, ...data: readonly Member[]): Buffer => map(['event', name], ['data', map(...data)]);
const hosting = (name: Buffer | string): Buffer => event('create_room', ['player_name', name]);

const PING = event('ping');
/** The greatest length that four bytes can claim. */
const GIANT = [0xff, 0xff, 0xff, 0xff];

function packedSocket(arena: Arena, place = 'lobby'): Promise<Peer> {
  return arena.socket(place, { protocol: msgpackOfClients.subprotocol });
}

/** Each frame on one socket, which must be as good as before afterwards. */
async function answersTo(arena: Arena, frames: readonly Buffer[], peer?: Peer): Promise<string[]> {
  const socket = peer ?? (await packedSocket(arena));
  const answers: string[] = [];
  for (const frame of frames) answers.push(await socket.tryText(frame, { binary: true }));
  const after = await socket.try('ping');
  refused(after === 'pong', `afterwards a ping was answered by ${after}`);
  refused(arena.roomsOfHost('Packer') === 0, 'a room was made');
  return answers;
}

export const PACKED_ATTACKS: readonly Attack[] = [
  {
    name: 'packed-giant-lengths',
    does: 'claims four billion letters, bytes, items and members in frames of a few bytes, alone and within a message',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const claims = [0xdb, 0xc6, 0xdd, 0xdf, 0xc9].map((token) => raw(token, ...GIANT, 0x61, 0x61));
      return answersTo(arena, [...claims, ...claims.map(hosting), raw(0xdf, ...GIANT), raw(0xdd, 0, 1, 0, 0, 0x90)]);
    },
  },
  {
    name: 'packed-deep-nesting',
    does: 'sends lists within lists and maps within maps, sixty thousand deep, whole and cut off',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const lists = Buffer.concat([Buffer.alloc(60_000, 0x91), raw(0xc0)]);
      const maps = Buffer.concat([...Array.from({ length: 20_000 }, () => raw(0x81, 0xa1, 0x61)), raw(0xc0)]);
      return answersTo(arena, [lists, maps, lists.subarray(0, -1), hosting(lists), hosting(maps)]);
    },
  },
  {
    name: 'packed-extensions',
    does: 'sends times, errors, expressions, sets, typed arrays and references to itself, of which readers make objects',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const types = [0xff, 0x00, 0x42, 0x62, 0x65, 0x69, 0x70, 0x73, 0x74, 0x78];
      const one = types.map((type) => raw(0xd4, type, 0x01));
      const time = raw(0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
      const expression = Buffer.concat([raw(0xd4, 0x78, 0), raw(0x92), text('(a+)+$'), text('g')]);
      const itself = Buffer.concat([raw(0xd6, 0x69, 0, 0, 0, 1), raw(0x91), raw(0xd6, 0x70, 0, 0, 0, 1)]);
      const values = [...one, time, expression, itself];
      return answersTo(arena, [...values, ...values.map(hosting), map([raw(0xd4, 0xff, 1), PING])]);
    },
  },
  {
    name: 'packed-records',
    does: 'defines a kind of record in one message, and speaks by it in the next one and on another socket',
    expected: INVALID,
    by: READER,
    run: async (arena) => {
      const keys = Buffer.concat([raw(0x92), text('event'), text('data')]);
      const values = Buffer.concat([text('create_room'), map(['player_name', 'Packer'])]);
      const defined = Buffer.concat([raw(0xd4, 0x72, 0x40), keys, values]);
      const used = Buffer.concat([raw(0x40), values]);
      return [...(await answersTo(arena, [defined, used, raw(0x40)])), ...(await answersTo(arena, [used]))];
    },
  },
  {
    name: 'packed-prototype-keys',
    does: 'sends the members `__proto__`, `constructor` and `prototype` in place of those that are needed',
    expected: INVALID,
    by: DECODER,
    run: (arena) =>
      answersTo(arena, [
        map(['__proto__', PING]),
        map(['event', '__proto__']),
        map(['event', 'constructor']),
        map(['event', 'create_room'], ['__proto__', map(['data', map(['player_name', 'Packer'])])]),
        event('create_room', ['__proto__', map(['player_name', 'Packer'])]),
        event('create_room', ['constructor', map(['prototype', map(['player_name', 'Packer'])])]),
        hosting('__proto__'),
      ]),
  },
  {
    name: 'packed-prototype-pollution-stays-away',
    does: 'sends `__proto__` with members that would open doors if they reached all objects',
    expected: ['error not_seated', 'pong'],
    by: DECODER,
    run: async (arena) => {
      const { code } = await arena.game();
      const peer = await packedSocket(arena, code);
      const doors = map(['seat', raw(0)], ['isAdmin', raw(0xc3)], ['player_name', 'Hana']);
      const data = map(['__proto__', doors], ['player_name', 'Hana'], ['value', raw(1)]);
      const declare = map(['event', 'declare'], ['data', data], ['__proto__', doors]);
      return [await peer.tryText(declare, { binary: true }), await peer.try('ping')];
    },
  },
  {
    name: 'packed-keys-twice',
    does: 'names members twice, so that who looks first would see another message than who acts',
    expected: ['error validation_error', 'pong'],
    by: DECODER,
    run: (arena) => {
      const mallory = map(['player_name', 'Packer']);
      return answersTo(arena, [
        map(['event', 'create_room'], ['data', mallory], ['event', 'ping']),
        map(['event', 'create_room'], ['data', mallory], ['data', map()]),
        event('create_room', ['player_name', 'Packer'], ['player_name', '']),
        map(['event', 'ping'], ['event', 'restored']),
      ]);
    },
  },
  {
    name: 'packed-keys-that-are-no-text',
    does: 'sends members whose names are numbers, nothing, bytes, lists and maps',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const keys = [raw(5), raw(0xff), raw(0xc0), raw(0xc3), raw(0xc4, 1, 0x61), raw(0x90), raw(0x80), float(1)];
      return answersTo(arena, [
        ...keys.map((key) => map(['event', 'ping'], [key, raw(1)])),
        ...keys.map((key) => event('create_room', ['player_name', 'Packer'], [key, raw(1)])),
      ]);
    },
  },
  {
    name: 'packed-numbers',
    does: 'declares and plays with NaN, infinities, halves, and whole numbers that no number of the language holds',
    expected: INVALID,
    by: 'src/protocol/client-message.ts',
    run: async (arena) => {
      const { code, current } = await arena.game();
      const numbers = [
        ...[NaN, Infinity, -Infinity, 0.5, 1e300, 2 ** 53].map(float),
        raw(0xca, 0x7f, 0xc0, 0, 0), // NaN and infinity in four bytes
        raw(0xca, 0x7f, 0x80, 0, 0),
        raw(0xcf, ...GIANT, ...GIANT), // 2^64 - 1
        raw(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0), // -2^63
        raw(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1), // 2^53 + 1
        raw(0xff), // -1
        raw(32),
      ];
      const own: Member = ['player_name', current.name!];
      return answersTo(
        arena,
        [
          ...numbers.map((number) => event('declare', own, ['value', number])),
          ...numbers.map((number) => event('play', own, ['piece_indices', Buffer.concat([raw(0x91), number])])),
        ],
        await packedSocket(arena, code),
      );
    },
  },
  {
    name: 'packed-broken-text',
    does: 'sends names, members, events and ids whose bytes are no UTF-8: cut off, overlong, halves of characters',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const broken = [[0xff], [0xc3], [0xc0, 0xaf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]];
      return answersTo(
        arena,
        broken.flatMap((bytes) => {
          const name = text(raw(...bytes));
          return [hosting(name), map([name, PING]), map(['event', name]), map(['event', 'ping'], ['id', name])];
        }),
      );
    },
  },
  {
    name: 'packed-bytes-behind',
    does: 'sends a message with more behind it: a byte, another message, a token that is none; and texts of JSON as bytes',
    expected: INVALID,
    by: READER,
    run: (arena) =>
      answersTo(arena, [
        Buffer.concat([PING, raw(0xc0)]),
        Buffer.concat([PING, PING]),
        Buffer.concat([PING, raw(0xc1)]),
        raw(0xc1),
        raw(),
        Buffer.from('{"event":"ping"}'),
      ]),
  },
  {
    name: 'packed-half-messages',
    does: 'sends each beginning of a message that would make a room, as a whole frame',
    expected: INVALID,
    by: READER,
    run: (arena) => {
      const whole = packMessage({ event: 'create_room', data: { player_name: 'Packer' } });
      return answersTo(
        arena,
        Array.from({ length: whole.length }, (_, length) => Buffer.from(whole.subarray(0, length))),
      );
    },
  },
  {
    name: 'text-on-a-packed-socket',
    does: 'sends texts, good ones among them, where bytes were agreed',
    expected: INVALID,
    by: DECODER,
    run: async (arena) => {
      const peer = await packedSocket(arena);
      const outcomes: string[] = [];
      for (const sent of ['{"event":"ping"}', '{"event":"create_room","data":{"player_name":"Packer"}}', '']) {
        outcomes.push(await peer.tryText(sent));
      }
      return [...outcomes, ...(await answersTo(arena, [], peer))];
    },
  },
];
