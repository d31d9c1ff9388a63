import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
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
import type { Append } from '../persistence/journal.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import { botPlay } from '../src/game/bot.js';
import { type Seat, SEATS } from '../src/game/seats.js';

export interface MovesOptions {
  readonly rooms: number; // in play at the same time, four people each
  readonly seconds: number; // of each round
  readonly rounds: number; // the product and the comparison once each, in changing order
}

interface ProductRound {
  readonly movesPerS: number;
  readonly entriesPerS: number;
  readonly batches: readonly (readonly Append[])[];
}

const WARM_UP_S = 2;

/** Rooms, group commit and SQLite without sockets, beside SQLite alone with the same bytes in the same batches. */
export async function benchMoves({ rooms, seconds, rounds }: MovesOptions): Promise<object> {
  const { batches } = await productRound(rooms, WARM_UP_S);
  const products: ProductRound[] = [];
  const raws: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const product = async (): Promise<void> => void products.push(await productRound(rooms, seconds));
    const raw = (): void => void raws.push(rawRound(batches, seconds));
    if (round % 2 === 0) {
      await product();
      raw();
    } else {
      raw();
      await product();
    }
  }
  const sizes = batches.map(({ length }) => length);
  return {
    moves_per_s: range(products.map(({ movesPerS }) => movesPerS)),
    entries_per_s: range(products.map(({ entriesPerS }) => entriesPerS)),
    raw_entries_per_s: range(raws),
    ratio: range(products.map(({ entriesPerS }, index) => entriesPerS / raws[index]!)),
    entries_per_batch: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
  };
}

function range(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]!, max: sorted.at(-1)! };
}

async function inFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function productRound(count: number, seconds: number): Promise<ProductRound> {
  return inFolder(async (folder) => {
    const engine = await openSqliteEngine({ folder });
    const batches: (readonly Append[])[] = [];
    const commit = engine.commit.bind(engine);
    engine.commit = (batch, aliveAt) => {
      batches.push(batch);
      return commit(batch, aliveAt);
    };
    const now = roomTime(systemClock, 0);
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
    const tables = new Tables(rooms);
    await tables.open(count);

    const [moves, entries, startMs] = [tables.moves, entriesOf(batches), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const elapsedS = (performance.now() - startMs) / 1000;
    const result = {
      movesPerS: (tables.moves - moves) / elapsedS,
      entriesPerS: (entriesOf(batches) - entries) / elapsedS,
      batches,
    };
    tables.stop();
    await rooms.drain();
    await writer.stop();
    await engine.close();
    return result;
  });
}

function entriesOf(batches: readonly (readonly Append[])[]): number {
  return batches.reduce((sum, { length }) => sum + length, 0);
}

/** Four people in each room who move as soon as it is their turn. */
class Tables {
  moves = 0; // durable
  readonly #rooms: Rooms<RoomState, RoomMessage, RoomEvent, RoomView>;
  readonly #seated: string[] = []; // rooms that wait for the start: who plays already would hold up the others
  #count = 0;
  #opened = 0;
  #onStarted: () => void = () => undefined;
  #messages = 0;
  #stopped = false;

  constructor(rooms: Rooms<RoomState, RoomMessage, RoomEvent, RoomView>) {
    this.#rooms = rooms;
    rooms.subscribe((notice) => this.#onNotice(notice));
  }

  /** Resolves when all rooms are in play. */
  async open(count: number): Promise<void> {
    this.#count = count;
    const started = new Promise<void>((resolve) => {
      this.#onStarted = () => {
        if (++this.#opened === count) resolve();
      };
    });
    const session = sessionOf(0);
    const first = (code: string, seed: string) =>
      ({ type: 'create', session, code, seed, hostName: 'Player 0', timeScale: 0 }) as const;
    const create = () => this.#rooms.create(first, this.#cause('create', session));
    await Promise.all(Array.from({ length: count }, create));
    await started;
  }

  stop(): void {
    this.#stopped = true;
  }

  #onNotice(notice: Notice<RoomEvent, RoomView>): void {
    if (notice.kind !== 'applied' || this.#stopped) return;
    const { roomId, cause } = notice;
    if (cause.correlationId.startsWith('move')) this.moves++;
    if (cause.correlationId.startsWith('create')) this.#seat(roomId);
    if (cause.correlationId.startsWith('start')) this.#onStarted();
    const { game, awaiting } = notice.view('operator');
    if (game === null || awaiting === null) return;
    for (const seat of awaiting.seats) {
      const from = { session: sessionOf(seat), seat };
      if (awaiting.what === 'play') {
        const indices = botPlay(game.hands[seat] ?? [], game.requiredCount);
        this.#tell(roomId, 'move', { type: 'play', ...from, indices });
      } else if (awaiting.what === 'declaration') {
        this.#tell(roomId, 'move', { type: 'declare', ...from, value: game.declareOptions?.[1] ?? 1 });
      } else {
        this.#tell(roomId, 'move', { type: 'answerRedeal', ...from, accept: false });
      }
    }
  }

  #seat(roomId: string): void {
    const host = { session: sessionOf(0), seat: 0 } as const;
    this.#tell(roomId, 'seat', { type: 'connect', ...host });
    for (const seat of SEATS.slice(1)) {
      this.#tell(roomId, 'seat', { type: 'removePlayer', ...host, target: seat });
      this.#tell(roomId, 'seat', { type: 'join', session: sessionOf(seat), name: `Player ${seat}` });
    }
    if (this.#seated.push(roomId) < this.#count) return;
    for (const seated of this.#seated) this.#tell(seated, 'start', { type: 'startGame', ...host });
  }

  #tell(roomId: string, kind: string, message: UntimedMessage & { readonly session: string }): void {
    this.#rooms.tell(roomId, message, this.#cause(kind, message.session), { bytes: 100 });
  }

  #cause(kind: string, session: string) {
    const id = `${kind}-${++this.#messages}`;
    return { correlationId: id, session, messageId: id };
  }
}

function sessionOf(seat: Seat): string {
  return `session-of-seat-${seat}`;
}

/** @returns entries per second */
function rawRound(batches: readonly (readonly Append[])[], seconds: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const db = new Database(join(folder, 'raw.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE entries (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, at INTEGER, hash TEXT, text TEXT)');
  const insert = db.prepare('INSERT INTO entries (room, seq, at, hash, text) VALUES (?, ?, ?, ?, ?)');
  const write = db.transaction((batch: readonly Append[]) => {
    for (const { entry, snapshot, rows } of batch) {
      const text = `${entry?.message}${entry?.events}${snapshot?.state ?? ''}${rows.length > 0 ? JSON.stringify(rows) : ''}`;
      insert.run(entry?.roomId, entry?.seq, entry?.at, entry?.hash, text);
    }
  });
  let entries = 0;
  const startMs = performance.now();
  for (let index = 0; performance.now() - startMs < seconds * 1000; index++) {
    const batch = batches[index % batches.length]!;
    write.immediate(batch);
    entries += batch.length;
  }
  const elapsedS = (performance.now() - startMs) / 1000;
  db.close();
  rmSync(folder, { recursive: true });
  return entries / elapsedS;
}
