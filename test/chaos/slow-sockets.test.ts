import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { playGame } from '../../src/client/game-session.js';
import { checkJournal } from '../support/journal-check.js';
import { realGame } from '../support/real-game.js';
import { CommandRecorder } from '../support/recorded-commands.js';
import { ServerProcess } from '../support/server-process.js';

// Goal: a socket that does not read costs nobody but itself. Method: sockets that ask much and read nothing, and one
// that reads a little at a time, beside four people whose game is judged as always.

const TOO_SLOW = 1013;
/** Each is answered with some 400 bytes: in all well above what the server and the system hold for one socket. */
const ASKS = 60_000;
const ASKS_AT_ONCE = 200;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function spectator(server: ServerProcess, code: string): Promise<WebSocket> {
  const socket = new WebSocket(`${server.socketUrl}/ws/${code}`);
  cleanUps.push(() => socket.terminate());
  socket.on('error', () => undefined); // its end is what is looked at
  await new Promise((resolve) => socket.once('open', resolve));
  return socket;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface StuckSocket {
  /** Reads what waits; a socket that reads nothing does not see that it was closed. */
  readonly resume: () => void;
  readonly closed: Promise<number>;
}

/** Asks for the state of the room again and again without reading an answer. */
async function askWithoutReading(socket: WebSocket): Promise<StuckSocket> {
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.pause();
  for (let asked = 0; asked < ASKS; asked++) {
    socket.send(JSON.stringify({ event: 'get_room_state', data: {}, id: `ask-${asked}` }));
    if (asked % ASKS_AT_ONCE === 0) await turn();
  }
  return { resume: () => socket.resume(), closed };
}

/** Resolves when the server has closed so many sockets for reading too slowly: they are read no faster than answered. */
async function closedAsTooSlow(server: ServerProcess, count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    if (metrics.includes(`\nwebsocket_slow_closed_total ${count}\n`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Reads one piece of what came, rests, and reads the next; until its game is over. */
function readSlowly(socket: WebSocket): { readonly frames: () => number } {
  let frames = 0;
  socket.on('message', () => {
    frames++;
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
  return { frames: () => frames };
}

test('sockets that ask and never read are sent away, a slow one is served, and the game beside them goes on', async () => {
  const server = await ServerProcess.start({ env: { LOG_LEVEL: 'error' } });
  cleanUps.push(() => server.dispose());
  const recorder = new CommandRecorder();
  const asking: Promise<StuckSocket>[] = [];
  let slow: { readonly frames: () => number } | undefined;
  let code = '';
  let moves = 0;
  const game = await playGame({
    ...realGame(recorder.watch(server.connect), 7, 4),
    roundsMax: 3,
    observer: {
      room: (roomId) => (code = roomId),
      action: () => {
        if (++moves !== 4) return;
        void spectator(server, code).then((socket) => (slow = readSlowly(socket)));
        for (let stuck = 0; stuck < 2; stuck++) asking.push(spectator(server, code).then(askWithoutReading));
      },
    },
  });
  const stuck = await Promise.all(asking);
  await closedAsTooSlow(server, stuck.length);
  for (const socket of stuck) socket.resume();
  expect(await Promise.all(stuck.map((socket) => socket.closed))).toEqual([TOO_SLOW, TOO_SLOW]);
  await server.stop();
  expect(game.violations).toEqual([]);
  expect(game.movesRefused).toBe(0);
  expect(game.rounds).toBe(3);
  expect(slow!.frames()).toBeGreaterThan(20);
  expect(checkJournal(server.dataDir, recorder.acknowledged)).toMatchObject({ lost: [], twice: [], brokenChains: [] });
});
