import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { Usage } from './measured-server.js';

export interface IdleOptions {
  readonly rooms: number; // two files are open for each: mind `ulimit -n`
  readonly seconds: number;
}

const SETUPS_AT_ONCE = 50;
/** Rooms leave memory after a minute; then a while for the last ones to be written. */
const PASSIVATION_LIMIT_MS = 150_000;

/**
 * Rooms with a game that waits for one person each, who is connected and thinks. Measured are the server with as many
 * sockets in the lobby and no room, then with the rooms in memory, then with the rooms passivated.
 */
export async function benchIdle({ rooms, seconds }: IdleOptions): Promise<object> {
  const dataDir = mkdtempSync(join(tmpdir(), 'idle-'));
  const server = fork(fileURLToPath(new URL('./measured-server.ts', import.meta.url)), {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    env: {
      ...process.env,
      ...{ PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, TIME_SCALE: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' },
    },
  });
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const url = `ws://127.0.0.1:${port}`;
    const empty = await usageOf(server);

    const lobby = await each(rooms, () => connect(`${url}/ws/lobby`));
    const withSockets = await over(server, seconds);
    for (const { socket } of lobby) socket.terminate();
    await pause(1_000);

    const players = await each(rooms, (index) => startGame(url, `Player ${index}`));
    const inMemory = await usageOf(server);
    const deadlineMs = performance.now() + PASSIVATION_LIMIT_MS;
    while ((await usageOf(server)).roomsInMemory > 0 && performance.now() < deadlineMs) await pause(2_000);
    const passivated = await over(server, seconds);
    for (const { socket } of players) socket.terminate();

    const perRoom = (usage: Usage): number => Math.round((usage.heapBytes - withSockets.usage.heapBytes) / rooms);
    return {
      per_socket_bytes: Math.round((withSockets.usage.heapBytes - empty.heapBytes) / rooms),
      sockets_only_cpu_percent: withSockets.cpuPercent,
      in_memory: { rooms: inMemory.roomsInMemory, per_room_bytes: perRoom(inMemory) },
      passivated: {
        rooms_in_memory: passivated.usage.roomsInMemory,
        per_room_bytes: perRoom(passivated.usage),
        cpu_percent: passivated.cpuPercent,
      },
      rss_bytes: { empty: empty.rssBytes, in_memory: inMemory.rssBytes, passivated: passivated.usage.rssBytes },
    };
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
    rmSync(dataDir, { recursive: true });
  }
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  server.send('usage');
  const [usage] = (await once(server, 'message')) as [Usage];
  return usage;
}

/** CPU over a time in which nothing is asked, in percent of one core. */
async function over(server: ChildProcess, seconds: number): Promise<{ usage: Usage; cpuPercent: number }> {
  const before = await usageOf(server);
  const startMs = performance.now();
  await pause(seconds * 1000);
  const elapsedMs = performance.now() - startMs;
  const usage = await usageOf(server);
  return { usage, cpuPercent: (usage.cpuUs - before.cpuAfterUs) / 10 / elapsedMs };
}

async function each<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) made.push(await make(next++));
  };
  await Promise.all(Array.from({ length: SETUPS_AT_ONCE }, worker));
  return made;
}

interface Link {
  readonly socket: WebSocket;
  readonly cookie: string;
}

async function connect(url: string, cookie?: string): Promise<Link> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...(cookie !== undefined && { headers: { cookie } }) });
  let issued = cookie ?? '';
  socket.once('upgrade', ({ headers }) => (issued = headers['set-cookie']?.[0]?.split(';')[0] ?? issued));
  await once(socket, 'open');
  return { socket, cookie: issued };
}

/** @returns the player's socket, once the game waits for that player */
async function startGame(url: string, name: string): Promise<Link> {
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

interface Frame {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function waitsFor(data: Frame['data'], name: string): boolean {
  const phase = (data['phase_data'] ?? {}) as { current_declarer?: string; weak_players_awaiting?: string[] };
  return phase.current_declarer === name || phase.weak_players_awaiting?.includes(name) === true;
}

function send(socket: WebSocket, event: string, data: object): void {
  socket.send(JSON.stringify({ event, data, id: `${event}-${Math.random()}` }));
}

function until(socket: WebSocket, wanted: (frame: Frame) => boolean): Promise<Frame> {
  return new Promise((resolve) => {
    const listener = (bytes: Buffer): void => {
      const frame = JSON.parse(bytes.toString()) as Frame;
      if (!wanted(frame)) return;
      socket.off('message', listener);
      resolve(frame);
    };
    socket.on('message', listener);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
