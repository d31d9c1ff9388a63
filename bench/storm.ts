import { once } from 'node:events';
import { build, type Histogram } from 'hdr-histogram-js';
import { ServerProcess } from '../test/support/server-process.js';
import type { Section } from './figure.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { connect, each, seatInRoom, send, until } from './load/seating.js';
import { NAMES, Table } from './load/table.js';
import { beside, interleaved } from './rounds.js';
import { mean } from './statistics.js';
import { PRODUCT } from './wire-contestants.js';

export interface StormOptions {
  readonly rooms: number; // with a game under way and four people each
  readonly rounds: number;
}

interface Storm {
  readonly allSeatedMs: number;
  readonly seatedMs: Histogram; // µs from the first connect to each socket's state of the game
}

interface Seat {
  readonly path: string;
  readonly cookie: string;
  readonly code: string;
  readonly name: string;
}

const SEATED_AT_ONCE = 20;
/** The server is warm, as one that its players come back to. */
const STORMS_BEFORE = 1;

/** All players of a server come back in one moment: from the first connect until everybody sees the game. */
export async function benchStorm({ rooms, rounds }: StormOptions): Promise<Section> {
  // Nobody's bot takes over while all are away.
  const server = await ServerProcess.start({ ...PRODUCT, env: { ...PRODUCT.env, DISCONNECT_GRACE_MS: '3600000' } });
  try {
    const seats = (await each(rooms, SEATED_AT_ONCE, () => seatsOfGame(server.socketUrl))).flat();
    const answer = await answerTo(server.socketUrl, seats[0]!);
    const echo = forkModule('reference/answer-server', { ANSWER: JSON.stringify(answer) });
    try {
      const { port } = await firstMessage<{ port: number }>(echo);
      const product = (): Promise<Storm> => storm(server.socketUrl, seats);
      const raw = (): Promise<Storm> => storm(`ws://127.0.0.1:${port}`, seats);
      for (let before = 0; before < STORMS_BEFORE; before++) {
        await product();
        await raw();
      }
      const measured = (await interleaved(rounds, raw, [{ name: 'product', run: product }])).get('product')!;
      const results = measured.map(({ result }) => result);
      const p50 = ({ seatedMs }: Storm): number => seatedMs.getValueAtPercentile(50) / 1000;
      return {
        name: 'storm',
        title: 'A connection storm',
        method:
          `${seats.length} sockets of ${rooms} games are cut and come back at once: handshake, client_ready, and the state of the game. ` +
          `raw ws makes the same handshakes and answers with as many bytes. ${STORMS_BEFORE} storm of warm-up each, ${rounds} rounds, raw ws before and after each.`,
        figures: [
          {
            id: 'storm.all',
            title: `${seats.length.toLocaleString('en-US')} sockets at once, all seated`,
            unit: 'ms',
            better: 'lower',
            values: results.map(({ allSeatedMs }) => allSeatedMs),
            comparisons: [{ name: 'raw ws', values: beside(measured, ({ allSeatedMs }) => allSeatedMs) }],
          },
          {
            id: 'storm.p50',
            title: 'The same, half of them seated',
            unit: 'ms',
            better: 'lower',
            values: results.map(p50),
            comparisons: [{ name: 'raw ws', values: beside(measured, p50) }],
          },
        ],
        details: {
          'sockets seated per second': mean(results.map(({ allSeatedMs }) => (seats.length / allSeatedMs) * 1000)),
          'bytes answered to each': answer.join('').length,
        },
      };
    } finally {
      await killed(echo);
    }
  } finally {
    await server.dispose();
  }
}

/** A game under way whose four sockets are gone. */
async function seatsOfGame(url: string): Promise<Seat[]> {
  const { sockets, start, code, cookies } = await seatInRoom(url);
  await new Promise<void>((resolve) => {
    const table = new Table(sockets, {
      ready: () => {
        table.close();
        resolve();
      },
      answered: () => undefined,
    });
    start();
  });
  return NAMES.map((name, seat) => ({ path: `/ws/${code}`, cookie: cookies[seat]!, code, name }));
}

/** All frames up to the one that shows the game. */
async function answerTo(url: string, { path, cookie, code, name }: Seat): Promise<readonly string[]> {
  const { socket } = await connect(url + path, cookie);
  const frames: string[] = [];
  socket.on('message', (bytes: Buffer) => frames.push(bytes.toString()));
  const seated = until(socket, ({ event }) => event === 'phase_change');
  send(socket, 'client_ready', { room_id: code, player_name: name });
  await seated;
  socket.terminate();
  return frames;
}

async function storm(url: string, seats: readonly Seat[]): Promise<Storm> {
  const seatedMs = build();
  const startMs = performance.now();
  const sockets = await Promise.all(
    seats.map(async ({ path, cookie, code, name }) => {
      const { socket } = await connect(url + path, cookie);
      const seated = until(socket, ({ event }) => event === 'phase_change');
      send(socket, 'client_ready', { room_id: code, player_name: name });
      await seated;
      seatedMs.recordValue(Math.round((performance.now() - startMs) * 1000));
      return socket;
    }),
  );
  const allSeatedMs = performance.now() - startMs;
  await Promise.all(
    sockets.map(async (socket) => {
      socket.terminate();
      await once(socket, 'close');
    }),
  );
  return { allSeatedMs, seatedMs };
}
