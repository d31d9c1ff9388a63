import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
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
import { journalFile } from '../persistence/sqlite/open.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import type { Figure, Section } from './figure.js';
import { copyOf, playedRoom } from './room-history.js';
import { beside, interleaved } from './rounds.js';

export interface RestoreOptions {
  readonly views: number; // of long rooms in each round
  readonly restores: number; // in each round
  readonly rounds: number;
}

const LONG_ENTRIES = 1_000;
const LONG_GAMES = 5;
const COPIES = 4; // of each game

interface StoredRoom {
  readonly roomId: string;
  readonly entries: number;
}

/** Long rooms at random entries of their past: looked at, as one scrubs through a game, then durably set back to. */
export async function benchRestore({ views, restores, rounds }: RestoreOptions): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'restore-'));
  try {
    const engine = await openSqliteEngine({ folder });
    const stored = await fill(engine);
    const measured = await interleaved<Histogram>(rounds, () => rawReads(folder, stored, views), [
      { name: 'view', run: () => viewed(engine, stored, views) },
    ]);
    const seen = measured.get('view')!;
    const restoreTimes: Histogram[] = [];
    for (let round = 0; round < rounds; round++) restoreTimes.push(await restored(engine, stored, restores));
    await engine.close();
    const ms = (percentile: number) => (times: Histogram) => times.getValueAtPercentile(percentile) / 1000;
    const view = (percentile: number): Figure => ({
      id: `restore.view.p${percentile}`,
      title: `A past entry of a long room, p${percentile}`,
      unit: 'ms',
      better: 'lower',
      values: seen.map(({ result }) => ms(percentile)(result)),
      comparisons: [{ name: 'raw SQLite', values: beside(seen, ms(percentile)) }],
      ...(percentile === 99 && { target: { floor: 200, goal: 200 } }),
    });
    return {
      name: 'restore',
      title: 'Scrubbing through a room, and setting it back',
      method:
        `${stored.length} rooms of ${stored[0]!.entries} entries or more. View: the state at a random entry, from newest snapshot before it and replay, with all checks, ` +
        `${views} times in each round; raw SQLite reads the same snapshot and entries. Setting back: the same entries, until the \`restored\` entry is durable, ` +
        `${restores} times. A tenth as many before each as warm-up; ${rounds} rounds, raw SQLite before and after each.`,
      figures: [
        view(50),
        view(99),
        {
          id: 'restore.restore.p50',
          title: 'A room durably set back, p50',
          unit: 'ms',
          better: 'lower',
          values: restoreTimes.map(ms(50)),
          comparisons: [],
        },
      ],
      details: {},
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(engine: JournalEngine): Promise<StoredRoom[]> {
  const stored: StoredRoom[] = [];
  for (let game = 0; game < LONG_GAMES; game++) {
    const played = playedRoom({ entries: LONG_ENTRIES, people: 1 + (game % 4), saved: 'asPlayed' });
    for (let copy = 0; copy < COPIES; copy++) {
      const { roomId, appends } = copyOf(played, game * COPIES + copy);
      const verdicts = await engine.commit(appends, Date.now());
      if (verdicts.some(({ kind }) => kind !== 'committed')) throw new Error('the journal refused a room');
      stored.push({ roomId, entries: appends.length });
    }
  }
  return stored;
}

/** The newest snapshot up to the entry, and the entries behind it, by one connection that does nothing with them. */
async function rawReads(folder: string, stored: readonly StoredRoom[], count: number): Promise<Histogram> {
  const db = new Database(journalFile(folder), { readonly: true });
  const stream = db.prepare<[string], { key: number }>('SELECT key FROM streams WHERE room_id = ?');
  const snapshot = db.prepare<[number, number], { seq: number }>(
    'SELECT * FROM snapshots WHERE stream = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
  );
  const entries = db.prepare('SELECT * FROM entries WHERE stream = ? AND seq > ? AND seq <= ? ORDER BY seq');
  const times = await timed(stored, count, ({ roomId }, seq) => {
    const { key } = stream.get(roomId)!;
    entries.all(key, snapshot.get(key, seq)?.seq ?? 0, seq);
    return Promise.resolve();
  });
  db.close();
  return times;
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
