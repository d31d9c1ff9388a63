import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { decode, faultAnswer, MESSAGE_BYTES_MAX } from './decode.js';
import { jsonCodec } from './frame-codec.js';
import { msgpackCodec } from './msgpack-codec.js';
import { chooseSubprotocol, codecOf } from './subprotocol.js';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const decoded = (frame: Uint8Array) => decode(frame, true, MESSAGE_BYTES_MAX, msgpackCodec);
const packed = (value: object): Uint8Array => msgpackCodec.encode(value as never) as Uint8Array;

const NOT_READABLE = 'Message must be valid MessagePack';
/** `{"event":"ping","data":` and one more value. */
const PING = '82 a5 6576656e74 a4 70696e67 a4 64617461';

describe('frames of a hostile client are answered and nothing else', () => {
  test.each([
    ['no byte at all', ''],
    ['a text that ends too early', '82 a5 6576'],
    ['a map that ends too early', '82 a5 6576656e74 a4 70696e67'],
    ['a byte behind the message', `${PING} 80 00`],
    ['a list that claims 4,294,967,295 items', `${PING} 81 a1 61 dd ffffffff`],
    ['a map that claims 4,294,967,295 members', `${PING} df ffffffff`],
    ['a text that claims 4 GiB', `${PING} 81 a1 61 db ffffffff`],
    ['bytes that claim 4 GiB', `${PING} 81 a1 61 c6 ffffffff`],
    ['an extension that claims 4 GiB', `${PING} 81 a1 61 c9 ffffffff 78`],
    ['raw bytes', `${PING} 81 a1 61 c4 01 00`],
    ['a date', `${PING} 81 a1 61 d6 ff 00000001`],
    ['a regular expression', `${PING} 81 a1 61 c7 0a 78 92 a5 6128612b29 a0 00`],
    ['a definition of records', 'd5 72 40 00 92 a5 6576656e74 a4 64617461 a4 70696e67 80'],
    ['a key that is a number', `${PING} 81 01 02`],
    ['a key that is a map', `${PING} 81 80 02`],
    ['a text that is no UTF-8', `${PING} 81 a1 61 a2 c328`],
    ['the byte that is never used', 'c1'],
    ['33 lists within each other', `${'91'.repeat(33)}00`],
  ])('%s', (_, frame) => {
    const answer = decoded(hex(frame));
    expect(answer).toMatchObject({ ok: false, fault: { text: NOT_READABLE } });
    expect(faultAnswer((answer as Extract<typeof answer, { ok: false }>).fault).data.type).toBe('validation_error');
  });

  test('lists within each other to the limit of a message', () => {
    expect(decoded(Buffer.alloc(MESSAGE_BYTES_MAX, 0x91))).toMatchObject({ fault: { text: NOT_READABLE } });
    expect(decoded(Buffer.alloc(MESSAGE_BYTES_MAX + 1, 0x91))).toMatchObject({ fault: { text: 'Message too large' } });
  });

  test('a key __proto__ changes no prototype and is no member', () => {
    const frame = hex(`${PING} 81 a9 5f5f70726f746f5f5f 81 a9 74696d657374616d70 07`);
    expect(decoded(frame)).toEqual({ ok: true, message: { event: 'ping', data: {} } });
    expect(Object.hasOwn(Object.prototype, 'timestamp')).toBe(false);
  });

  test('numbers beyond what a number can hold are no integers of ours; small ones of 8 bytes are', () => {
    const declare = (value: string) =>
      hex(`82 a5 6576656e74 a7 6465636c617265 a4 64617461 82 ab 706c617965725f6e616d65 a1 41 a5 76616c7565 ${value}`);
    const notInteger = { fault: { text: 'Declaration value must be an integer' } };
    for (const value of ['cfffffffffffffffff', 'd38000000000000000', 'cb7ff8000000000000']) {
      expect(decoded(declare(value))).toMatchObject(notInteger);
    }
    expect(decoded(declare('d30000000000000003'))).toMatchObject({ message: { data: { value: 3 } } });
    const zero = decoded(declare('cb8000000000000000')); // -0, as a float
    expect(zero).toEqual(decode('{"event":"declare","data":{"player_name":"A","value":0}}', false));
  });
});

test('a socket takes frames of its own kind only', () => {
  expect(decode('{"event":"ping"}', false, MESSAGE_BYTES_MAX, msgpackCodec)).toMatchObject({
    fault: { text: 'Text messages are not supported' },
  });
  expect(decode(packed({ event: 'ping', data: {} }), true)).toMatchObject({
    fault: { text: 'Binary messages are not supported' },
  });
});

property.prop([fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))], { numRuns: 300 })(
  'whatever JSON can tell arrives the same over both',
  (data) => {
    const message = { event: 'any', data };
    const viaJson = jsonCodec.decode(jsonCodec.encode(message));
    // The packer writes this one key differently, so that no reader is led astray.
    fc.pre(!JSON.stringify(data).includes('__proto__'));
    expect(msgpackCodec.decode(msgpackCodec.encode(message))).toEqual(viaJson);
  },
);

property.prop([fc.uint8Array({ maxLength: 64 })], { numRuns: 500 })('random bytes never throw', (bytes) => {
  const answer = decoded(bytes);
  if (!answer.ok) expect(answer.fault.message).toMatch(/^Invalid message: |^Please/);
});

test('what JSON leaves out is left out', () => {
  const message = { event: 'x', data: { none: undefined, list: [undefined, 1], not: null } };
  expect(msgpackCodec.decode(msgpackCodec.encode(message))).toEqual({
    value: { event: 'x', data: { list: [null, 1], not: null } },
  });
});

test('an envelope has event and data and nothing else', () => {
  const more = { event: 'pong', data: { timestamp: 1 }, sequence: 4, id: 'x' };
  expect(msgpackCodec.decode(packed(more))).toEqual({ value: { event: 'pong', data: { timestamp: 1 } } });
});

test('half a surrogate pair in a name makes no frame that others can not read', () => {
  const message = { event: 'room_update', data: { players: [{ name: 'a\ud800b' }, { name: '한국' }] } };
  expect(msgpackCodec.decode(msgpackCodec.encode(message))).toEqual({
    value: { event: 'room_update', data: { players: [{ name: 'a\ufffdb' }, { name: '한국' }] } },
  });
});

test('the first known subprotocol of an offer is taken; of unknown ones none, which is JSON', () => {
  expect(chooseSubprotocol(['graphql-ws', 'liap-tui.msgpack', 'liap-tui.json'])).toBe('liap-tui.msgpack');
  expect(chooseSubprotocol(['liap-tui.json', 'liap-tui.msgpack'])).toBe('liap-tui.json');
  expect(chooseSubprotocol(['graphql-ws', 'LIAP-TUI.MSGPACK'])).toBeNull();
  expect(codecOf('')).toBe(jsonCodec);
});
