import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Histogram } from 'hdr-histogram-js';
import { roomTime, systemClock } from '../actors/clock.js';
import { Outages } from '../actors/outages.js';
import { recover } from '../actors/recovery.js';
import { liapTui } from '../actors/room/liap-tui.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import { Rooms } from '../actors/rooms.js';
import { GroupCommit } from '../persistence/group-commit.js';
import type { JournalEngine } from '../persistence/journal.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { microseconds } from './histogram.js';
import { copyOf, playedRoom } from './room-history.js';

export interface RestoreOptions {
  readonly views: number; // of long rooms, and as many of normal ones
  readonly restores: number;
}

const LONG_ENTRIES = 1_000;
const LONG_GAMES = 5;
const NORMAL_ENTRIES = 60;
const NORMAL_GAMES = 50;
const COPIES = 4; // of each game

interface StoredRoom {
  readonly roomId: string;
  readonly entries: number;
}

/** Rooms at random entries of their past: looked at, then durably set back to. */
export async function benchRestore({ views, restores }: RestoreOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'restore-'));
  try {
    const engine = await openSqliteEngine({ folder });
    const long = await fill(engine, LONG_GAMES, LONG_ENTRIES);
    const normal = await fill(engine, NORMAL_GAMES, NORMAL_ENTRIES);
    const result = {
      entries_of_long_rooms: long[0]!.entries,
      view_us: {
        long_rooms: microseconds(await viewed(engine, long, views)),
        normal_rooms: microseconds(await viewed(engine, normal, views)),
      },
      restore_us: microseconds(await restored(engine, [...long, ...normal], restores)),
    };
    await engine.close();
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(engine: JournalEngine, games: number, entries: number): Promise<StoredRoom[]> {
  const stored: StoredRoom[] = [];
  for (let game = 0; game < games; game++) {
    const played = playedRoom({ entries, people: 1 + (game % 4), saved: 'asPlayed' });
    for (let copy = 0; copy < COPIES; copy++) {
      const { roomId, appends } = copyOf(played, entries * 1_000 + game * COPIES + copy);
      const verdicts = await engine.commit(appends, Date.now());
      if (verdicts.some(({ kind }) => kind !== 'committed')) throw new Error('the journal refused a room');
      stored.push({ roomId, entries: appends.length });
    }
  }
  return stored;
}

async function viewed(engine: JournalEngine, stored: readonly StoredRoom[], count: number): Promise<Histogram> {
  const definition = liapTui();
  return timed(stored, count, async ({ roomId }, seq) => {
    const room = await recover(engine, definition, roomId, seq);
    if (room?.seq !== seq) throw new Error(`room ${roomId} can't be seen at its entry ${seq}`);
    definition.view(room.runner.snapshot, 'operator');
  });
}

async function restored(engine: JournalEngine, stored: readonly StoredRoom[], count: number): Promise<Histogram> {
  const { aliveAt, lastAt } = await engine.marks();
  const now = roomTime(systemClock, Math.max(aliveAt, lastAt));
  const writer = new GroupCommit(engine, { ...systemClock, now });
  const rooms = new Rooms<RoomState, RoomMessage, RoomEvent, RoomView>({
    definition: liapTui(),
    engine,
    writer,
    outages: new Outages([]),
    clock: systemClock,
    now,
    random: randomBytes,
    onFailure: (roomId, failure) => {
      throw new Error(`room ${roomId} failed`, { cause: failure });
    },
  });
  await rooms.open();
  const latencies = await timed(stored, count, async ({ roomId }, seq) => {
    await rooms.operations.restore(roomId, seq);
  });
  await rooms.drain();
  await writer.stop();
  return latencies;
}

/** One after the other, at random entries of random rooms. */
async function timed(
  stored: readonly StoredRoom[],
  count: number,
  run: (room: StoredRoom, seq: number) => Promise<void>,
): Promise<Histogram> {
  const latencies = build();
  for (let sample = -Math.ceil(count / 10); sample < count; sample++) {
    const room = stored[Math.floor(Math.random() * stored.length)]!;
    const seq = 1 + Math.floor(Math.random() * room.entries);
    const startMs = performance.now();
    await run(room, seq);
    // The first ones are not counted: the code is not compiled yet.
    if (sample >= 0) latencies.recordValue(Math.max(1, Math.round((performance.now() - startMs) * 1000)));
  }
  return latencies;
}
