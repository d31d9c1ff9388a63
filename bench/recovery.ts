import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { journalFile } from '../persistence/sqlite/open.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { startFlags } from '../test/support/start-command.js';
import type { Section } from './figure.js';
import { firstMessage, forkModule } from './fork-module.js';
import type { Recovery } from './recovered-server.js';
import { copyOf, type NextMove, playedRoom, type RoomHistory } from './room-history.js';
import { beside, interleaved } from './rounds.js';
import type { RoomsAlone } from './rooms-alone.js';
import { mean } from './statistics.js';

export interface RecoveryOptions {
  readonly rooms: number;
  readonly tails: number; // percent of the rooms that were in memory at the kill: no snapshot of their last entries
  readonly rounds: number; // starts on the same folder
}

/** Games that are played; the other rooms are copies of them. */
const TEMPLATES = 200;
const ENTRIES_MIN = 20;
const ENTRIES_SPREAD = 80;
const BATCH_ROOMS = 100;

interface Folder {
  readonly dataDir: string;
  readonly movesFile: string;
  readonly entries: number;
  readonly replayed: number; // entries behind the newest snapshots
}

/** A killed server's folder with games under way: how long until every one of them goes on. */
export async function benchRecovery({ rooms, tails, rounds }: RecoveryOptions): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'recovery-'));
  try {
    const filled = await fill(folder, rooms, tails / 100);
    const raw = (): Promise<Round> => Promise.resolve({ recovery: null, ms: rawRead(filled.dataDir) });
    const product = async (): Promise<Round> => {
      const recovery = await start(filled);
      return { recovery, ms: recovery.playableMs };
    };
    const alone = async (): Promise<Round> => ({ recovery: null, ms: await roomsAlone(filled) });
    const contestants = [
      { name: 'product', run: product },
      { name: 'alone', run: alone },
    ];
    const rotated = await interleaved(rounds, raw, contestants);
    const measured = rotated.get('product')!;
    const starts = measured.map(({ result }) => result.recovery!);
    const refused = starts.flatMap((recovery) => recovery.refused);
    if (refused.length > 0) throw new Error(`a move was not acknowledged after the start: ${refused[0]}`);
    const average = (of: (recovery: Recovery) => number): number => mean(starts.map(of));
    return {
      name: 'recovery',
      title: `Recovery of ${rooms.toLocaleString('en-US')} rooms`,
      method:
        `The server starts on a copy of a folder as SIGKILL leaves it: games under way, ${tails} % of them with entries behind their newest ` +
        `snapshot. Counted from the start of the process until one move is acknowledged in each room. ${rounds} rounds; raw SQLite ` +
        'reads the same rows room by room before and after each. No warm-up: a start is cold. The rooms alone: rebuilt and moved in ' +
        "a loop of a process that does nothing else, by the product's own functions and from rows in memory.",
      figures: [
        {
          id: 'recovery.playable',
          title: `${rooms.toLocaleString('en-US')} rooms, a move acknowledged in each`,
          unit: 'ms',
          better: 'lower',
          values: measured.map(({ result }) => result.ms),
          comparisons: [
            { name: 'raw SQLite', values: beside(measured, ({ ms }) => ms) },
            { name: 'rooms alone', values: rotated.get('alone')!.map(({ result }) => result.ms) },
          ],
          target: { floor: 5_000, goal: 1_000 },
        },
        {
          id: 'recovery.ready',
          title: 'Ready to take connections',
          unit: 'ms',
          better: 'lower',
          values: starts.map(({ readyMs }) => readyMs),
          comparisons: [],
        },
      ],
      details: {
        entries: filled.entries,
        'entries replayed': filled.replayed,
        'code loaded after ms': average(({ loadedMs }) => loadedMs),
        'first move acknowledged after ms': average(({ firstPlayedMs }) => firstPlayedMs),
        'CPU from ready to playable in ms': average(({ cpuMs }) => cpuMs),
        'heap in MiB': average(({ heapBytes }) => heapBytes / 2 ** 20),
      },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Round {
  readonly recovery: Recovery | null; // null: raw SQLite, or the rooms alone
  readonly ms: number;
}

async function fill(folder: string, rooms: number, tails: number): Promise<Folder> {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const engine = await openSqliteEngine({ folder: dataDir });
  const templates = Array.from({ length: Math.min(rooms, TEMPLATES) }, (_, index) =>
    playedRoom({
      entries: ENTRIES_MIN + Math.floor((index * ENTRIES_SPREAD) / TEMPLATES),
      people: 1 + (index % 4),
      // Spread evenly over all lengths and numbers of people.
      saved: Math.floor((index + 1) * tails) > Math.floor(index * tails) ? 'asPlayed' : 'atTheEnd',
    }),
  );
  const moves: [string, NextMove][] = [];
  let entries = 0;
  let replayed = 0;
  for (let made = 0; made < rooms; ) {
    const batch: RoomHistory[] = [];
    for (; batch.length < BATCH_ROOMS && made < rooms; made++) batch.push(copyOf(templates[made % TEMPLATES]!, made));
    const appends = batch.flatMap((room) => room.appends);
    const verdicts = await engine.commit(appends, Date.now());
    if (verdicts.some(({ kind }) => kind !== 'committed')) throw new Error('the journal refused a room');
    for (const { roomId, next, appends: ofRoom } of batch) {
      moves.push([roomId, next]);
      entries += ofRoom.length;
      replayed += ofRoom.length - 1 - ofRoom.findLastIndex(({ snapshot }) => snapshot !== null);
    }
  }
  await engine.close();
  const movesFile = join(folder, 'moves.json');
  writeFileSync(movesFile, JSON.stringify(moves));
  return { dataDir, movesFile, entries, replayed };
}

/** Starts the server on a copy, so that each round begins alike. */
async function start(filled: Folder): Promise<Recovery> {
  const dataDir = `${filled.dataDir}-copy`;
  cpSync(filled.dataDir, dataDir, { recursive: true });
  try {
    return await recoveryOf(dataDir, filled.movesFile);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

async function recoveryOf(dataDir: string, movesFile: string): Promise<Recovery> {
  const env = { PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, LOG_LEVEL: 'warn', MOVES_FILE: movesFile };
  const server = forkModule('recovered-server', env, startFlags());
  return lastWord<Recovery>(server);
}

async function roomsAlone({ dataDir, movesFile }: Folder): Promise<number> {
  const child = forkModule('rooms-alone', { DATA_DIR: dataDir, MOVES_FILE: movesFile });
  const { ms } = await lastWord<RoomsAlone>(child);
  return ms;
}

/** What a process says before it ends by itself. */
async function lastWord<T>(child: ChildProcess): Promise<T> {
  const word = await firstMessage<T>(child);
  if (child.exitCode === null) await once(child, 'exit');
  return word;
}

/** What can't be saved: the same rows, room by room, by one connection that does nothing with them. */
function rawRead(dataDir: string): number {
  const startMs = performance.now();
  const db = new Database(journalFile(dataDir), { readonly: true });
  const streams = db.prepare<[], { key: number; room_id: string }>('SELECT key, room_id FROM streams').all();
  const snapshot = db.prepare<[number], { seq: number }>(
    'SELECT * FROM snapshots WHERE stream = ? ORDER BY seq DESC LIMIT 1',
  );
  const entries = db.prepare('SELECT * FROM entries WHERE stream = ? AND seq >= ? ORDER BY seq');
  const room = db.prepare('SELECT * FROM rooms WHERE room_id = ?');
  for (const { key, room_id } of streams) {
    entries.all(key, snapshot.get(key)?.seq ?? 1);
    room.get(room_id);
  }
  db.close();
  return performance.now() - startMs;
}
