import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roomTime, systemClock } from '../actors/clock.js';
import { Outages } from '../actors/outages.js';
import { liapTui } from '../actors/room/liap-tui.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage, UntimedMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import type { Notice } from '../actors/notice.js';
import { Rooms } from '../actors/rooms.js';
import { GroupCommit } from '../persistence/group-commit.js';
import type { JournalEngine } from '../persistence/journal.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { heapBytes, slopeOf } from './heap.js';
import { copyOf, playedRoom } from './room-history.js';

export interface ChurnOptions {
  readonly rooms: number; // opened and closed, one after the other at each of some hundred tables
  readonly passivated: number; // rooms with a game that are kept on the disk
}

const TABLES = 200;
const POINTS = 10;
const TEMPLATES = 20;
const IDLE_MS = 200;

type GameRooms = Rooms<RoomState, RoomMessage, RoomEvent, RoomView>;

/**
 * What rooms leave behind in this thread's heap: those that were closed, and those that rest. The store is SQLite, whose
 * files and caches are no part of that heap.
 */
export async function benchChurn({ rooms, passivated }: ChurnOptions): Promise<object> {
  return { ...(await churn(rooms)), ...(await rest(passivated)) };
}

async function churn(count: number): Promise<object> {
  return inFolder(async (engine) => {
    const { rooms, stop } = start(engine, {});
    const tables = new Tables(rooms);
    await tables.play(Math.ceil(count / POINTS)); // compiled code and pools are not what a room leaves
    const points: [number, number][] = [[0, heapBytes()]];
    const startMs = performance.now();
    for (let point = 1; point <= POINTS; point++) {
      await tables.play(Math.ceil(count / POINTS));
      points.push([point * Math.ceil(count / POINTS), heapBytes()]);
    }
    const seconds = (performance.now() - startMs) / 1000;
    const { counts } = rooms;
    await stop();
    return {
      heap_bytes: points.map(([, bytes]) => bytes),
      slope_bytes_per_room: slopeOf(points),
      left: counts,
      rooms_per_s: count / seconds,
    };
  });
}

async function rest(count: number): Promise<object> {
  return inFolder(async (engine) => {
    const played = Array.from({ length: TEMPLATES }, (_, index) =>
      playedRoom({ entries: 30 + index, people: 1 + (index % 4), saved: 'atTheEnd' }),
    );
    const roomIds: string[] = [];
    for (let made = 0; made < count; made++) {
      const { roomId, appends } = copyOf(played[made % TEMPLATES]!, made);
      await engine.commit(appends, Date.now());
      roomIds.push(roomId);
    }
    const { rooms, stop } = start(engine, { idleMs: IDLE_MS });
    const empty = heapBytes();
    await rooms.open();
    const opened = heapBytes();
    const looked = new Promise<void>((resolve) => {
      let waiting = count;
      rooms.subscribe(({ cause }) => {
        if (cause.correlationId === 'look' && --waiting === 0) resolve();
      });
    });
    for (const roomId of roomIds) rooms.look(roomId, { correlationId: 'look', session: null, messageId: null });
    await looked;
    const inMemoryAtMost = rooms.counts.inMemory;
    while (rooms.counts.inMemory > 0) await pause(IDLE_MS);
    const rested = heapBytes();
    await stop();
    return {
      passivated_rooms: rooms.counts.open,
      in_memory_before: inMemoryAtMost,
      bytes_per_room_known: (opened - empty) / count,
      bytes_per_passivated_room: (rested - empty) / count,
    };
  });
}

function start(engine: JournalEngine, { idleMs }: { readonly idleMs?: number }) {
  const now = roomTime(systemClock, 0);
  const writer = new GroupCommit(engine, { ...systemClock, now });
  const rooms: GameRooms = new Rooms({
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
    ...(idleMs !== undefined && { idleMs }),
  });
  const stop = async (): Promise<void> => {
    await rooms.drain();
    await writer.stop();
  };
  return { rooms, stop };
}

const HOST = { session: 'the-host', seat: 0 } as const;
/** The life of a room after its making. */
const LIFE: readonly UntimedMessage[] = [
  { type: 'connect', ...HOST },
  { type: 'removePlayer', ...HOST, target: 3 },
  { type: 'join', session: 'a-guest', name: 'Guest' },
  { type: 'startGame', ...HOST },
  { type: 'close', reason: 'operator' },
];

/** At each table a room lives its life, then the next one begins. */
class Tables {
  readonly #rooms: GameRooms;
  #toMake = 0;
  #living = 0;
  #made = 0;
  #onDone: () => void = () => undefined;

  constructor(rooms: GameRooms) {
    this.#rooms = rooms;
    rooms.subscribe((notice) => this.#onNotice(notice));
  }

  /** Resolves when so many more rooms were made and closed. */
  async play(count: number): Promise<void> {
    this.#toMake = count;
    const done = new Promise<void>((resolve) => (this.#onDone = resolve));
    for (let table = 0; table < Math.min(TABLES, count); table++) this.#make();
    await done;
    await pause(0); // what closes the last room has gone through
  }

  #make(): void {
    this.#toMake--;
    this.#living++;
    const first = (code: string, seed: string) =>
      ({ type: 'create', session: HOST.session, code, seed, hostName: 'Host', timeScale: 1 }) as const;
    void this.#rooms.create(first, this.#cause(0));
  }

  #onNotice({ kind, roomId, cause: { correlationId } }: Notice<RoomEvent, RoomView>): void {
    if (!correlationId.startsWith('life-')) return; // a bot's move
    if (kind !== 'applied') throw new Error(`${correlationId} was ${kind}`);
    const done = Number(correlationId.slice('life-'.length));
    const next = LIFE[done];
    if (next !== undefined) {
      this.#rooms.tell(roomId, next, this.#cause(done + 1), { bytes: 100 });
      return;
    }
    this.#living--;
    if (this.#toMake > 0) this.#make();
    else if (this.#living === 0) this.#onDone();
  }

  #cause(step: number) {
    return { correlationId: `life-${step}`, session: HOST.session, messageId: `m-${++this.#made}` };
  }
}

async function inFolder<T>(run: (engine: JournalEngine) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'churn-'));
  try {
    const engine = await openSqliteEngine({ folder });
    const result = await run(engine);
    await engine.close();
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
