import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'hdr-histogram-js';
import { liapTui } from '../actors/room/liap-tui.js';
import { uuidV7 } from '../actors/room-ids.js';
import type { Append, JournalEngine } from '../persistence/journal.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { type GameObserver, playGame } from '../src/client/game-session.js';
import { connectOverWs } from '../src/client/ws-socket.js';
import { RoomIndex, type RoomQuery } from '../src/visualizer/room-index.js';
import { RoomPast } from '../src/visualizer/room-past.js';
import { EntryShower } from '../src/visualizer/shown-entry.js';
import { realGame } from '../test/support/real-game.js';
import { forkModule } from './fork-module.js';
import { microseconds } from './histogram.js';
import type { Usage } from './usage.js';
import { copyOf, playedRoom } from './room-history.js';

export interface VisualizerOptions {
  readonly entries: number; // of the room that is scrubbed
  readonly rooms: number; // in the list
  readonly watchers: number;
  readonly tables: number; // games at the same time
  readonly rounds: number; // without watchers and with them once each, in changing order
  readonly seconds: number; // of each
}

const SCRUBS = 1_000;
const LISTS = 50;
const COMMIT_ROWS = 1_000;

/** What looking costs: an entry of a long room, the list of many rooms, and what watchers take from those who play. */
export async function benchVisualizer(options: VisualizerOptions): Promise<object> {
  const { entries, rooms, watchers } = options;
  return {
    ...(entries > 1 && { scrub: await scrubbed(entries) }),
    ...(rooms > 1 && { list: await listed(rooms) }),
    ...(watchers > 1 && { watched: await watched(options) }),
  };
}

async function scrubbed(entries: number): Promise<object> {
  return inFolder(async (folder) => {
    const engine = await openSqliteEngine({ folder });
    const { roomId, appends } = copyOf(playedRoom({ entries, people: 2, saved: 'asPlayed' }), 1);
    for (let from = 0; from < appends.length; from += COMMIT_ROWS) {
      await engine.commit(appends.slice(from, from + COMMIT_ROWS), Date.now());
    }
    const definition = liapTui();
    const past = new RoomPast(definition, new EntryShower(definition), () => new Map());
    const source = { key: roomId, roomId, reader: engine, revealed: true };
    const look = async (seq: number): Promise<void> => {
      const state = await past.state(source, 'operator', { seq });
      if (state?.seq !== seq) throw new Error(`entry ${seq} can't be seen`);
      JSON.stringify(state);
    };
    const random = build();
    for (let sample = -50; sample < SCRUBS; sample++) {
      const startMs = performance.now();
      await look(1 + Math.floor(Math.random() * appends.length));
      if (sample >= 0) random.recordValue(Math.round((performance.now() - startMs) * 1_000));
    }
    const inARow = build();
    for (let seq = 2_000; seq < 2_000 + SCRUBS; seq++) {
      const startMs = performance.now();
      await look(seq);
      inARow.recordValue(Math.round((performance.now() - startMs) * 1_000));
    }
    const startMs = performance.now();
    await past.tally(source);
    const tallyMs = performance.now() - startMs;
    await engine.close();
    return {
      entries: appends.length,
      random_us: microseconds(random),
      in_a_row_us: microseconds(inARow),
      counting_all_ms: Math.round(tallyMs),
    };
  });
}

async function listed(count: number): Promise<object> {
  return inFolder(async (folder) => {
    const engine = await openSqliteEngine({ folder });
    await fill(engine, count);
    const index = new RoomIndex({
      rooms: {
        subscribe: () => () => undefined,
        holdOf: () => null,
        holds: () => [],
        inMemory: () => [][Symbol.iterator](),
        statusOf: () => null,
        restartsOf: () => 0,
        query: () => Promise.resolve(null),
        resolve: () => undefined,
      },
      engine,
      recorder: { refusedIn: () => 0, refusingRooms: [][Symbol.iterator]() },
      elapsedMs: () => performance.now(),
    });
    const startMs = performance.now();
    await index.page({ sort: 'activity', limit: 50, after: null });
    const firstMs = Math.round(performance.now() - startMs);
    const queries: Readonly<Record<string, RoomQuery>> = {
      newest: { sort: 'activity', limit: 50, after: null },
      search: { q: 'player 77', sort: 'code', limit: 50, after: null },
      nothing: { q: 'nobody at all', sort: 'activity', limit: 50, after: null },
      playing: { status: 'playing', sort: 'host', limit: 200, after: null },
    };
    const result: Record<string, object> = {};
    for (const [name, query] of Object.entries(queries)) {
      const times = build();
      for (let sample = 0; sample < LISTS; sample++) {
        const beganMs = performance.now();
        // Another limit each time: the same question would be answered by the last answer.
        JSON.stringify(await index.page({ ...query, limit: query.limit - (sample % 50) * 0.001 }));
        times.recordValue(Math.round((performance.now() - beganMs) * 1_000));
      }
      result[name] = microseconds(times);
    }
    await engine.close();
    return { rooms: count, first_ms: firstMs, page_us: result };
  });
}

async function fill(engine: JournalEngine, count: number): Promise<void> {
  const seat = (name: string, isPerson: boolean) => ({ name, isBot: !isPerson, isPerson, awaySince: null });
  for (let made = 0; made < count; ) {
    const rows: Append['rows'][number][] = [];
    for (; rows.length < COMMIT_ROWS && made < count; made++) {
      const roomId = uuidV7(Date.now() - made * 1_000, randomBytes);
      const names = [`Player ${made}`, `Guest ${made * 7}`];
      const seats = JSON.stringify([seat(names[0]!, true), seat(names[1]!, true), seat('Bot 3', false), null]);
      const code = made.toString(16).toUpperCase().padStart(6, '0');
      const status = (['waiting', 'playing', 'over', 'closed'] as const)[made % 4]!;
      const at = Date.now() - made * 1_000;
      const values = { roomId, code, status, hostName: names[0]!, seats, freeSeats: 1, createdAt: at, updatedAt: at };
      rows.push({ kind: 'put', table: 'rooms', key: roomId, values });
    }
    const append = { roomId: '', expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
    await engine.commit([append], Date.now());
  }
}

interface Load {
  readonly movesPerS: number;
  readonly cpuUsPerMove: number;
}

const TOKEN = 'a-token-for-benchmarks';

async function watched({ watchers, tables, rounds, seconds }: VisualizerOptions): Promise<object> {
  const dataDir = mkdtempSync(join(tmpdir(), 'watched-'));
  const settings = { PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, TIME_SCALE: '0', RATE_LIMITS: 'off' };
  const server = forkModule('measured-server', { ...settings, LOG_LEVEL: 'warn', ADMIN_TOKEN: TOKEN }, ['--expose-gc']);
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const load = new Players(`ws://127.0.0.1:${port}`, tables);
    await pause(3_000);
    const plain: Load[] = [];
    const seen: Load[] = [];
    let got = { events: 0, bytes: 0 };
    for (let round = 0; round < rounds; round++) {
      const without = async (): Promise<void> => void plain.push(await measured(server, load, seconds));
      const withThem = async (): Promise<void> => {
        const watching = await startWatchers(`http://127.0.0.1:${port}`, watchers);
        seen.push(await measured(server, load, seconds));
        watching.send('?');
        const [told] = (await once(watching, 'message')) as [typeof got];
        got = { events: got.events + told.events, bytes: got.bytes + told.bytes };
        watching.kill();
        await once(watching, 'exit');
        await pause(500);
      };
      await (round % 2 === 0 ? without().then(withThem) : withThem().then(without));
    }
    load.stop();
    const ratio = (of: (load: Load) => number): number => round3(median(seen.map(of)) / median(plain.map(of)));
    return {
      watchers,
      plain,
      seen,
      cpu_per_move_ratio: ratio(({ cpuUsPerMove }) => cpuUsPerMove),
      moves_ratio: ratio(({ movesPerS }) => movesPerS),
      events_per_watcher_and_s: Math.round(got.events / watchers / rounds / seconds),
      kb_per_watcher_and_s: Math.round(got.bytes / 1_024 / watchers / rounds / seconds),
    };
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
    rmSync(dataDir, { recursive: true });
  }
}

/** People who play one game after the other as fast as the server lets them. */
class Players {
  moves = 0;
  #stopped = false;

  constructor(url: string, tables: number) {
    for (let table = 0; table < tables; table++) void this.#play(url, table);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #play(url: string, table: number): Promise<void> {
    for (let game = 0; !this.#stopped; game++) {
      const options = realGame(connectOverWs(url), table * 1_000 + game, 4);
      const observer: GameObserver = {
        action: (_, { outcome }) => {
          if (outcome.kind === 'applied') this.moves++;
        },
      };
      // A game that the end of the measurement cuts off is nobody's failure.
      await playGame({ ...options, observer, roundsMax: 400 }).catch(() => null);
    }
  }
}

async function measured(server: ChildProcess, load: Players, seconds: number): Promise<Load> {
  await pause(1_000);
  const before = await usageOf(server);
  const [moves, startMs] = [load.moves, performance.now()];
  await pause(seconds * 1_000);
  const after = await usageOf(server);
  const done = load.moves - moves;
  return {
    movesPerS: Math.round(done / ((performance.now() - startMs) / 1_000)),
    cpuUsPerMove: Math.round((after.cpuUs - before.cpuAfterUs) / Math.max(1, done)),
  };
}

async function startWatchers(url: string, count: number): Promise<ChildProcess> {
  const watching = forkModule('visualizer-watchers', { WATCH_URL: url, WATCH_TOKEN: TOKEN, WATCHERS: String(count) });
  await once(watching, 'message');
  return watching;
}

async function usageOf(server: ChildProcess): Promise<Usage> {
  server.send('usage');
  const [usage] = (await once(server, 'message')) as [Usage];
  return usage;
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'visualizer-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
