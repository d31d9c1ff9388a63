import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { journalFile } from '../persistence/sqlite/open.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import type { Recovery } from './recovered-server.js';
import { copyOf, type NextMove, playedRoom, type RoomHistory } from './room-history.js';

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
export async function benchRecovery({ rooms, tails, rounds }: RecoveryOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'recovery-'));
  try {
    const filled = await fill(folder, rooms, tails / 100);
    const starts: Recovery[] = [];
    const raws: number[] = [];
    for (let round = 0; round < rounds; round++) {
      raws.push(rawRead(filled.dataDir));
      starts.push(await start(filled));
    }
    const fastest = starts.reduce((best, one) => (one.playableMs < best.playableMs ? one : best));
    const rawMs = Math.min(...raws);
    return {
      entries: filled.entries,
      entries_replayed: filled.replayed,
      loaded_ms: fastest.loadedMs,
      ready_ms: fastest.readyMs,
      first_played_ms: fastest.firstPlayedMs,
      all_playable_ms: fastest.playableMs,
      all_playable_ms_of_each_round: starts.map(({ playableMs }) => playableMs),
      cpu_ms: fastest.cpuMs,
      heap_bytes: fastest.heapBytes,
      raw_read_ms: rawMs,
      ratio: (fastest.playableMs - fastest.loadedMs) / rawMs,
      refused: starts.flatMap(({ refused }) => refused),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  const server = fork(fileURLToPath(new URL('./recovered-server.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: {
      ...process.env,
      ...{ PORT: '0', HOST: '127.0.0.1', DATA_DIR: dataDir, LOG_LEVEL: 'warn', MOVES_FILE: movesFile },
    },
  });
  const [recovery] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => Promise.reject(new Error('the server ended before all rooms were playable'))),
  ])) as [Recovery];
  if (server.exitCode === null) await once(server, 'exit');
  return recovery;
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
