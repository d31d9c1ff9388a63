import type { Arena } from '../arena.js';
import { type Attack, refused } from '../attack.js';
import type { RawConnection } from '../raw-connection.js';

const LISTENER = 'src/server.ts';
/** What no server of ours waits longer for than this. */
const PATIENCE_MS = 100_000;

/** Many connections from many addresses, each of which has said something and stays. */
async function hold(arena: Arena, count: number, said: string): Promise<RawConnection[]> {
  const held: RawConnection[] = [];
  for (let from = 0; from < count; from += 50) {
    const size = Math.min(50, count - from);
    held.push(...(await Promise.all(Array.from({ length: size }, () => arena.raw()))));
  }
  if (said !== '') for (const raw of held) raw.write(said);
  return held;
}

/** Whether somebody else is served meanwhile. */
async function othersAreServed(arena: Arena): Promise<string> {
  const peer = await arena.socket('lobby');
  const list = await peer.try('client_ready');
  const { status } = await arena.http('/play');
  return list === 'room_list_update' && status === 200 ? 'others are served' : `others get ${list} and ${status}`;
}

async function endsWithin(raw: RawConnection, limitMs: number): Promise<string> {
  const startMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([raw.ended, limit]);
  clearTimeout(timer);
  const tookS = ((performance.now() - startMs) / 1000).toFixed();
  return raw.isEnded ? 'ended by the server' : `still open after ${tookS} s`;
}

/** Says one more letter each second until the server has had enough. */
async function dribble(raw: RawConnection, letter: string): Promise<string> {
  const timer = setInterval(() => raw.write(letter), 1_000);
  try {
    return await endsWithin(raw, PATIENCE_MS);
  } finally {
    clearInterval(timer);
  }
}

const SLOW_HEAD = 'GET / HTTP/1.1\r\nHost: here\r\nX: ';
const SLOW_BODY =
  'POST /api/visualizer/session HTTP/1.1\r\nHost: here\r\nX-Visualizer: 1\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 1000\r\n\r\n';

export const SLOW_ATTACKS: readonly Attack[] = [
  {
    name: 'half-open-sockets',
    does: 'opens thousands of connections from many addresses and says nothing',
    expected: ['others are served'],
    by: LISTENER,
    sizes: [150, 10_000],
    run: async (arena, size) => {
      await hold(arena, size, '');
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'slow-headers',
    does: 'begins hundreds of requests and never comes to their end',
    expected: ['others are served'],
    by: LISTENER,
    sizes: [60, 2_000],
    run: async (arena, size) => {
      const held = await hold(arena, size, SLOW_HEAD);
      for (const raw of held) raw.write('x');
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'slow-bodies',
    does: 'announces hundreds of bodies and sends a letter of each',
    expected: ['others are served'],
    by: LISTENER,
    sizes: [60, 2_000],
    run: async (arena, size) => {
      const held = await hold(arena, size, SLOW_BODY);
      for (const raw of held) raw.write('{');
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'half-upgrades',
    does: 'begins hundreds of handshakes of sockets and never comes to their end',
    expected: ['others are served'],
    by: LISTENER,
    sizes: [60, 2_000],
    run: async (arena, size) => {
      await hold(arena, size, 'GET /ws/lobby HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'half-messages',
    does: 'begins a message on each of many sockets, in pieces and by a length, and never comes to its end',
    expected: ['others are served'],
    by: 'src/gateway/ws-sockets.ts',
    sizes: [30, 500],
    run: async (arena, size) => {
      const held = await hold(arena, size, '');
      await Promise.all(held.map((raw) => raw.upgrade('lobby')));
      for (const [index, raw] of held.entries()) {
        if (index % 2 === 0) raw.frame({ isFinal: false, payload: 'x'.repeat(1_000) });
        else raw.frame({ claimedLength: 1_000_000n, payload: 'x'.repeat(1_000) });
      }
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'asking-without-reading',
    does: 'asks on a socket and never reads an answer, so that answers pile up',
    expected: ['others are served'],
    by: 'src/gateway/connection.ts',
    sizes: [2_000, 100_000],
    run: async (arena, size) => {
      const { code } = await arena.game();
      const raw = await arena.raw();
      await raw.upgrade(code);
      raw.socket.pause();
      for (let sent = 0; sent < size; sent++) {
        raw.frame({ payload: '{"event":"get_room_state","data":{}}' });
        if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'half-closed-requests',
    does: 'asks for pages and closes its side at once, hundreds of times, without reading the answers',
    expected: ['others are served'],
    by: LISTENER,
    sizes: [60, 2_000],
    run: async (arena, size) => {
      const held = await hold(arena, size, 'GET /play/play.css HTTP/1.1\r\nHost: here\r\n\r\n');
      for (const raw of held) raw.socket.end();
      return [await othersAreServed(arena)];
    },
  },
  {
    name: 'silence',
    does: 'opens a connection and says nothing, for as long as it is let',
    expected: ['ended by the server'],
    by: LISTENER,
    isSlow: true,
    run: async (arena) => [await endsWithin(await arena.raw(), PATIENCE_MS)],
  },
  {
    name: 'a-letter-a-second',
    does: 'sends a header, and a body, a letter a second for as long as it is let',
    expected: ['ended by the server'],
    by: LISTENER,
    isSlow: true,
    run: async (arena) => {
      const [head, body] = [await arena.raw(), await arena.raw()];
      head.write(SLOW_HEAD);
      body.write(SLOW_BODY);
      return Promise.all([dribble(head, 'x'), dribble(body, 'x')]);
    },
  },
  {
    name: 'deaf-socket',
    does: 'opens a WebSocket and answers none of its pings',
    expected: ['ended by the server'],
    by: 'src/gateway/heartbeat.ts',
    isSlow: true,
    run: async (arena) => {
      const raw = await arena.raw();
      await raw.upgrade('lobby');
      return [await endsWithin(raw, PATIENCE_MS)];
    },
  },
  {
    name: 'clinging-socket',
    does: 'breaks the protocol of WebSockets and keeps its side of the connection open',
    expected: ['closed 1002', 'ended by the server'],
    by: 'src/gateway/ws-sockets.ts',
    isSlow: true,
    run: async (arena) => {
      const raw = await arena.raw();
      await raw.upgrade('lobby');
      raw.frame({ reserved: 7 });
      const closing = await raw.closing();
      refused(!raw.socket.writableEnded, 'this side was closed as well');
      return [closing, await endsWithin(raw, PATIENCE_MS)];
    },
  },
];
