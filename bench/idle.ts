import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Section } from './figure.js';
import { firstMessage, forkModule, killed } from './fork-module.js';
import { connect, type Connected, each, type Frame, send, until } from './load/seating.js';
import type { Usage } from './usage.js';

export interface IdleOptions {
  readonly rooms: number; // two files are open for each: mind `ulimit -n`
  readonly seconds: number; // of each round
  readonly rounds: number;
  /** What rooms in memory use is measured only: resting takes a minute. */
  readonly isCutShort?: boolean;
}

const SETUPS_AT_ONCE = 50;
/** Rooms leave memory after a minute; then a while for the last ones to be written. */
const PASSIVATION_LIMIT_MS = 150_000;

/**
 * Rooms with a game that waits for one person each, who is connected and thinks. Measured are a plain server with as many
 * sockets, the product with as many sockets in the lobby and no room, then with rooms in memory, then passivated.
 */
export async function benchIdle(options: IdleOptions): Promise<Section> {
  const { rooms, seconds, rounds, isCutShort = false } = options;
  const raw = await rawSockets(options);
  const dataDir = mkdtempSync(join(tmpdir(), 'idle-'));
  const server = forkModule(
    'measured-server',
    { PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, TIME_SCALE: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' },
    ['--expose-gc'],
  );
  try {
    const { port } = await firstMessage<{ port: number }>(server);
    const url = `ws://127.0.0.1:${port}`;
    const empty = await usageOf(server);

    const lobby = await each(rooms, SETUPS_AT_ONCE, () => connect(`${url}/ws/lobby`));
    const withSockets = await over(server, seconds, rounds);
    for (const { socket } of lobby) socket.terminate();
    await pause(1_000);

    const players = await each(rooms, SETUPS_AT_ONCE, (index) => startGame(url, `Player ${index}`));
    const inMemory = await usageOf(server);
    const deadlineMs = performance.now() + PASSIVATION_LIMIT_MS;
    while (!isCutShort && (await usageOf(server)).roomsInMemory > 0) {
      if (performance.now() > deadlineMs) throw new Error('the rooms did not leave memory');
      await pause(1_000);
    }
    const passivated = await over(server, seconds, rounds);
    for (const { socket } of players) socket.terminate();

    const perRoom = (usage: Usage): number => (usage.heapBytes - withSockets.usage.heapBytes) / rooms;
    const count = rooms.toLocaleString('en-US');
    return {
      name: 'idle',
      title: `${count} idle rooms`,
      method:
        'Each room has a game that waits for one connected person. CPU of the whole process in a time in which nobody acts, ' +
        `${rounds} rounds of ${seconds} s; memory of the heap after a full collection, sockets counted apart. raw ws is a plain server that pings as many sockets ` +
        'as often. No warm-up: nothing runs.',
      figures: [
        {
          id: 'idle.cpu',
          title: `${count} idle rooms with a socket each, CPU`,
          unit: '% of a core',
          better: 'lower',
          values: passivated.cpuPercent,
          comparisons: [
            { name: 'sockets alone', values: withSockets.cpuPercent },
            { name: 'raw ws', values: raw.cpuPercent },
          ],
          target: { floor: 3, goal: 0.2 },
        },
        {
          id: 'idle.bytes',
          title: `An idle room${isCutShort ? ' in memory' : ''}`,
          unit: 'bytes',
          better: 'lower',
          values: [perRoom(passivated.usage)],
          comparisons: [],
          target: { floor: 6 * 1024, goal: 2 * 1024 },
        },
        {
          id: 'idle.inMemory',
          title: 'A room that was played just now',
          unit: 'bytes',
          better: 'lower',
          values: [perRoom(inMemory)],
          comparisons: [],
        },
        {
          id: 'idle.socket',
          title: 'A socket',
          unit: 'bytes',
          better: 'lower',
          values: [(withSockets.usage.heapBytes - empty.heapBytes) / rooms],
          comparisons: [{ name: 'raw ws', values: [raw.bytesPerSocket] }],
        },
      ],
      details: {
        'rooms in memory when measured': passivated.usage.roomsInMemory,
        'resident MiB: empty': empty.rssBytes / 2 ** 20,
        'resident MiB: rooms in memory': inMemory.rssBytes / 2 ** 20,
        'resident MiB: passivated': passivated.usage.rssBytes / 2 ** 20,
      },
    };
  } finally {
    await killed(server);
    rmSync(dataDir, { recursive: true });
  }
}

/** What as many sockets cost in a server that does nothing but ping them. */
async function rawSockets({ rooms, seconds, rounds }: IdleOptions) {
  const server = forkModule('reference/pinging-server', {}, ['--expose-gc']);
  try {
    const { port } = await firstMessage<{ port: number }>(server);
    const empty = await usageOf(server);
    const sockets = await each(rooms, SETUPS_AT_ONCE, () => connect(`ws://127.0.0.1:${port}`));
    const { usage, cpuPercent } = await over(server, seconds, rounds);
    for (const { socket } of sockets) socket.terminate();
    return { cpuPercent, bytesPerSocket: (usage.heapBytes - empty.heapBytes) / rooms };
  } finally {
    await killed(server);
  }
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  server.send('usage');
  const [usage] = (await once(server, 'message')) as [Usage];
  return usage;
}

/** CPU over times in which nothing is asked, in percent of one core. */
async function over(
  server: ChildProcess,
  seconds: number,
  rounds: number,
): Promise<{ usage: Usage; cpuPercent: readonly number[] }> {
  const cpuPercent: number[] = [];
  let usage = await usageOf(server);
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    await pause(seconds * 1000);
    const elapsedMs = performance.now() - startMs;
    const next = await usageOf(server);
    cpuPercent.push((next.cpuUs - usage.cpuAfterUs) / 10 / elapsedMs);
    usage = next;
  }
  return { usage, cpuPercent };
}

/** @returns the player's socket, once the game waits for that player */
async function startGame(url: string, name: string): Promise<Connected> {
  const lobby = await connect(`${url}/ws/lobby`);
  const created = until(lobby.socket, ({ event }) => event === 'room_created');
  send(lobby.socket, 'create_room', { player_name: name });
  const code = String((await created).data['room_id']);
  lobby.socket.terminate();

  const room = await connect(`${url}/ws/${code}`, lobby.cookie);
  const waits = until(room.socket, ({ event, data }) => event === 'phase_change' && waitsFor(data, name));
  const update = until(room.socket, ({ event }) => event === 'room_update' || event === 'room_state_update');
  send(room.socket, 'client_ready', { room_id: code, player_name: name });
  await update;
  send(room.socket, 'start_game', {});
  await waits;
  return room;
}

function waitsFor(data: Frame['data'], name: string): boolean {
  const phase = (data['phase_data'] ?? {}) as { current_declarer?: string; weak_players_awaiting?: string[] };
  return phase.current_declarer === name || phase.weak_players_awaiting?.includes(name) === true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
