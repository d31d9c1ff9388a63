import type { Arena } from '../arena.js';
import type { Attack } from '../attack.js';
import type { RawConnection, RawFrame } from '../raw-connection.js';

const LIBRARY = 'src/gateway/ws-sockets.ts';
const PING = 9;
const CLOSE = 8;
const CONTINUATION = 0;
const TEXT = '{"event":"ping"}';

/** One or more frames on a new socket of the lobby. @returns how the server closed it */
async function closingAfter(arena: Arena, ...frames: readonly RawFrame[]): Promise<readonly string[]> {
  const raw = await socket(arena);
  for (const frame of frames) raw.frame(frame);
  return [await raw.closing()];
}

async function socket(arena: Arena): Promise<RawConnection> {
  const raw = await arena.raw();
  await raw.upgrade('lobby');
  return raw;
}

/** An upgrade that is not one: the status that answers it. */
function upgradeWith(head: string) {
  return async (arena: Arena): Promise<readonly string[]> => {
    const raw = await arena.raw();
    raw.write(`${head}Host: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    return [await raw.status()];
  };
}

const GOOD_KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const VERSION = 'Sec-WebSocket-Version: 13\r\n';

export const FRAME_ATTACKS: readonly Attack[] = [
  {
    name: 'reserved-bits',
    does: 'sets each of the three reserved bits of a frame; the first claims a compression that was not agreed',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: async (arena) =>
      (await Promise.all([1, 2, 4].map((reserved) => closingAfter(arena, { reserved, payload: TEXT })))).flat(),
  },
  {
    name: 'unmasked-frame',
    does: 'sends a frame without a mask, as no client may',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: (arena) => closingAfter(arena, { isMasked: false, payload: TEXT }),
  },
  {
    name: 'unknown-opcodes',
    does: 'sends frames of the kinds 3 and 11, which mean nothing',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: async (arena) => (await Promise.all([3, 11].map((opcode) => closingAfter(arena, { opcode })))).flat(),
  },
  {
    name: 'fragmented-control-frame',
    does: 'sends a ping in pieces',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: (arena) => closingAfter(arena, { opcode: PING, isFinal: false, payload: 'a' }),
  },
  {
    name: 'oversized-control-frame',
    does: 'sends a ping of 126 bytes',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: (arena) => closingAfter(arena, { opcode: PING, payload: 'x'.repeat(126) }),
  },
  {
    name: 'interleaved-fragments',
    does: 'begins a message before the one before it has ended',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: (arena) => closingAfter(arena, { isFinal: false, payload: '{"event":' }, { payload: TEXT }),
  },
  {
    name: 'continuation-of-nothing',
    does: 'continues a message that never began',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: (arena) => closingAfter(arena, { opcode: CONTINUATION, payload: TEXT }),
  },
  {
    name: 'many-fragments',
    does: 'sends one message in tens of thousands of empty pieces, each of which costs memory',
    expected: ['closed 1008'],
    by: LIBRARY,
    run: async (arena) => {
      const raw = await socket(arena);
      raw.frame({ isFinal: false });
      for (let piece = 0; piece < 20_000; piece++) raw.frame({ opcode: CONTINUATION, isFinal: false });
      return [await raw.closing()];
    },
  },
  {
    name: 'claimed-length',
    does: 'announces frames of a gigabyte and of more than any number holds, and sends a few bytes',
    expected: ['closed 1009'],
    by: LIBRARY,
    run: async (arena) =>
      (
        await Promise.all(
          [2n ** 30n, 2n ** 62n].map((claimedLength) => closingAfter(arena, { claimedLength, payload: TEXT })),
        )
      ).flat(),
  },
  {
    name: 'giant-frame',
    does: 'sends a frame of more than 1 MiB, at once and in pieces',
    expected: ['closed 1009'],
    by: LIBRARY,
    run: async (arena) => {
      const mib = 'x'.repeat(1024 * 1024);
      const inPieces = [
        { isFinal: false, payload: mib },
        { opcode: CONTINUATION, payload: 'x' },
      ];
      return [...(await closingAfter(arena, { payload: `${mib}x` })), ...(await closingAfter(arena, ...inPieces))];
    },
  },
  {
    name: 'invalid-utf8',
    does: 'sends texts that are no UTF-8: a broken sequence, an overlong one, half of a surrogate pair',
    expected: ['closed 1007'],
    by: LIBRARY,
    run: async (arena) => {
      const texts = [
        [0xc3, 0x28],
        [0xc0, 0xaf],
        [0xed, 0xa0, 0x80],
      ].map((bytes) => Buffer.from(bytes));
      return (await Promise.all(texts.map((payload) => closingAfter(arena, { payload })))).flat();
    },
  },
  {
    name: 'invalid-close',
    does: 'closes with codes that nobody may send, and with half of one',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: async (arena) => {
      const codes = [Buffer.from([0x03, 0xed]), Buffer.from([0x00, 0x01]), Buffer.from([0xff, 0xff]), Buffer.from([1])];
      return (await Promise.all(codes.map((payload) => closingAfter(arena, { opcode: CLOSE, payload })))).flat();
    },
  },
  {
    name: 'speaking-after-the-close',
    does: 'sends a message behind its own close frame',
    expected: ['closed 1000', 'no room was made'],
    by: LIBRARY,
    run: async (arena) => {
      const raw = await socket(arena);
      raw.frame({ opcode: CLOSE, payload: Buffer.from([0x03, 0xe8]) });
      raw.frame({ payload: '{"event":"create_room","data":{"player_name":"Afterwards"}}' });
      const closing = await raw.closing();
      await raw.ended;
      return [closing, arena.roomsOfHost('Afterwards') === 0 ? 'no room was made' : 'a room was made'];
    },
  },
  {
    name: 'upgrade-without-a-key',
    does: 'upgrades without a key, with a short one, and with two',
    expected: ['400'],
    by: LIBRARY,
    run: async (arena) =>
      (
        await Promise.all(
          ['', 'Sec-WebSocket-Key: short\r\n', GOOD_KEY + GOOD_KEY].map((key) =>
            upgradeWith(`GET /ws/lobby HTTP/1.1\r\n${VERSION}${key}`)(arena),
          ),
        )
      ).flat(),
  },
  {
    name: 'upgrade-of-another-version',
    does: 'upgrades to versions of the protocol that never were, or are no more',
    expected: ['400'],
    by: LIBRARY,
    run: async (arena) =>
      (
        await Promise.all(
          ['', 'Sec-WebSocket-Version: 7\r\n', 'Sec-WebSocket-Version: 99\r\n'].map((version) =>
            upgradeWith(`GET /ws/lobby HTTP/1.1\r\n${GOOD_KEY}${version}`)(arena),
          ),
        )
      ).flat(),
  },
  {
    name: 'upgrade-by-post',
    does: 'upgrades by another method than GET',
    expected: ['405'],
    by: LIBRARY,
    run: upgradeWith(`POST /ws/lobby HTTP/1.1\r\n${GOOD_KEY}${VERSION}`),
  },
  {
    name: 'upgrade-elsewhere',
    does: "upgrades at pages, at the operators' part, at paths that are none",
    expected: ['404'],
    by: LIBRARY,
    run: async (arena) =>
      (
        await Promise.all(
          ['/', '/play', '/api/admin/status', '/ws', '/ws/', '/ws/a/b', '/ws/%zz', '/ws/%'].map((path) =>
            upgradeWith(`GET ${path} HTTP/1.1\r\n${GOOD_KEY}${VERSION}`)(arena),
          ),
        )
      ).flat(),
  },
  {
    name: 'compression-bomb-on-a-socket',
    does: 'offers compression with every option, and sends a frame that claims to be compressed',
    expected: ['closed 1002'],
    by: LIBRARY,
    run: async (arena) => {
      const raw = await arena.raw();
      await raw.upgrade(
        'lobby',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_no_context_takeover\r\n',
      );
      raw.frame({ reserved: 4, payload: Buffer.alloc(60_000) });
      return [await raw.closing()];
    },
  },
];
