import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../actors/clock.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import { verifyAll } from '../../actors/verification.js';
import type { DeadLetterRow, RowPage } from '../../persistence/rows.js';
import { openSqliteEngine, type SqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { seededRandom } from '../../src/client/random.js';
import { createSessions } from '../../src/gateway/sessions.js';
import { type RoomServer, startRooms } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';
import { checkJournal } from '../support/journal-check.js';
import { type Acknowledged, pause, ScriptedTables } from '../support/scripted-tables.js';
import { StepFaults } from './poison-faults.js';

export interface PoisonRunOptions {
  readonly seed: number;
  readonly rooms: number; // games at the same time
  readonly faults: number;
  readonly windowMs: number; // with faults and without take turns
  readonly windows: number; // of each kind
  readonly poisonMs: number; // how long 1 % of the rooms, one at least, throw at everything
  readonly thinkMs?: number; // mean pause of a person before a move
  readonly onProgress?: (text: string) => void;
}

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface PoisonRunResult {
  readonly seed: number;
  readonly rooms: number; // at the same time
  readonly roomsPlayed: number;
  readonly gamesOver: number;
  readonly faults: number; // injected, without those of poisoned rooms
  readonly throws: number; // all
  readonly byKind: Readonly<Record<string, number>>;
  readonly byMessage: Readonly<Record<string, number>>;
  readonly byPhase: Readonly<Record<string, number>>;
  readonly restarts: number;
  readonly deadLetters: number;
  readonly poisoned: number;
  readonly poisonedFor: number; // ms
  readonly quarantined: { readonly poisoned: number; readonly others: number };
  readonly released: number; // of those, after the run
  readonly stuck: readonly string[]; // of the released, those that did not go on
  readonly goOn: number; // of the released, a move was acknowledged or the room went on by itself
  readonly unhandled: number; // errors that nobody took
  readonly giveUps: number; // of the supervisor
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly brokenChains: readonly string[];
  readonly notSound: readonly string[]; // rooms whose replay does not give their journal
  readonly calm: Latency; // of moves, in windows without faults
  readonly faulty: Latency; // of moves in healthy rooms, in windows with faults
  readonly p99Ratio: number;
  readonly durationMs: number;
}

const SETTINGS = {
  timeScale: 0,
  rateLimitFactor: Infinity,
  playerMessagesPerMinute: 600,
  roomMessagesPerSecond: 100,
  messageBytesMax: 64 * 1024,
  disconnectGraceMs: 3_000,
  restartGraceMs: 60_000,
};
/** A room at which nothing was thrown for so long is healthy. */
const HEALTHY_AFTER_MS = 1_000;
const MOVES_BEFORE_LEAVING = 12;
const GO_ON_LIMIT_MS = 20_000;
/** Moves of players: what their page waits for. */
const MOVES: ReadonlySet<string> = new Set(['declare', 'play', 'answerRedeal']);

/** Plays in many rooms of a server in this process, and has their machine throw in every other stretch of time. */
export async function poisonRun(options: PoisonRunOptions): Promise<PoisonRunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'poison-'));
  let unhandled = 0;
  const count = (): void => {
    unhandled++;
  };
  process.on('unhandledRejection', count);
  process.on('uncaughtException', count);
  try {
    const engine = await openSqliteEngine({ folder });
    try {
      return await new PoisonRun(options, folder, engine).run(() => unhandled);
    } finally {
      await engine.close();
    }
  } finally {
    process.off('unhandledRejection', count);
    process.off('uncaughtException', count);
    rmSync(folder, { recursive: true, force: true });
  }
}

class PoisonRun {
  readonly #options: PoisonRunOptions;
  readonly #folder: string;
  readonly #engine: SqliteEngine;
  readonly #faults: StepFaults;
  readonly #latencies = { calm: [] as number[], faulty: [] as number[] };
  readonly #poisoned = new Set<string>();
  #window: 'warmUp' | 'calm' | 'faulty' | 'end' = 'warmUp';
  #windowSinceMs = 0;
  #restarts = 0;
  #giveUps = 0;

  constructor(options: PoisonRunOptions, folder: string, engine: SqliteEngine) {
    this.#options = options;
    this.#folder = folder;
    this.#engine = engine;
    this.#faults = new StepFaults({ random: seededRandom(options.seed) });
  }

  async run(unhandled: () => number): Promise<PoisonRunResult> {
    const { seed, rooms: roomCount, thinkMs = 400, onProgress = () => undefined } = this.#options;
    const startMs = performance.now();
    const faults = this.#faults;
    const definition = faults.into(liapTui());
    const server = await this.#start(definition);
    const random = seededRandom(seed + 1);
    const tables = new ScriptedTables({
      rooms: server.rooms,
      random,
      thinkMs: () => thinkMs * (0.5 + random()),
      onAcknowledged: (acknowledged) => this.#measure(acknowledged),
    });
    // Whole games at most tables, and a few where people come and go, so that all kinds of messages occur.
    for (let table = 0; table < roomCount; table++) {
      tables.start(((table % 4) + 1) as 1 | 2 | 3 | 4, table % 8 < 6 ? undefined : MOVES_BEFORE_LEAVING);
    }
    await this.#inTurns(server, onProgress);
    this.#window = 'end';
    faults.heal();
    await pause(1_000); // rooms that are on their way back

    const held = server.rooms.holds().filter(({ kind }) => kind === 'quarantined');
    onProgress(`${held.length} rooms are quarantined and released now`);
    const released = await this.#release(
      server,
      held.map(({ roomId }) => roomId),
    );
    await tables.stop();
    const roomsPlayed = tables.roomIds.length;
    const deadLetters = await this.#deadLetters();
    await server.stop();
    onProgress('every room is replayed');
    const verdict = await verifyAll(this.#engine, liapTui());
    const check = checkJournal(this.#folder, tables.acknowledged);
    const calm = latencyOf(this.#latencies.calm);
    const faulty = latencyOf(this.#latencies.faulty);
    const quarantinedPoisoned = held.filter(({ roomId }) => this.#poisoned.has(roomId)).length;
    return {
      seed,
      rooms: roomCount,
      roomsPlayed,
      gamesOver: tables.gamesOver,
      faults: faults.injected,
      throws: faults.throws,
      byKind: Object.fromEntries(faults.byKind),
      byMessage: Object.fromEntries(faults.byMessage),
      byPhase: Object.fromEntries(faults.byPhase),
      restarts: this.#restarts,
      deadLetters,
      poisoned: this.#poisoned.size,
      poisonedFor: this.#options.poisonMs,
      quarantined: { poisoned: quarantinedPoisoned, others: held.length - quarantinedPoisoned },
      ...released,
      unhandled: unhandled(),
      giveUps: this.#giveUps,
      acknowledged: check.acknowledged,
      lost: check.lost,
      twice: check.twice,
      brokenChains: check.brokenChains,
      notSound: [...verdict.notSound, ...verdict.store],
      calm,
      faulty,
      p99Ratio: Number((faulty.p99Ms / calm.p99Ms).toFixed(2)),
      durationMs: Math.round(performance.now() - startMs),
    };
  }

  #start(definition: ReturnType<typeof liapTui>): Promise<RoomServer> {
    const log = createLog('error', {
      write: (line) => {
        const { msg } = JSON.parse(line) as { readonly msg: string };
        if (msg === 'room failed') this.#restarts++;
      },
    });
    return startRooms({
      engine: this.#engine,
      definition,
      sessions: createSessions({ secret: 'a secret of this run' }),
      clock: systemClock,
      random: randomBytes,
      log,
      settings: SETTINGS,
      stepMark: this.#faults.mark,
      onGiveUp: () => {
        this.#giveUps++;
      },
    });
  }

  /** Calm and faulty windows take turns, so that both meet the same machine and the same load. */
  async #inTurns(server: RoomServer, onProgress: (text: string) => void): Promise<void> {
    const { windows, windowMs, faults: faultCount, poisonMs, rooms } = this.#options;
    const faults = this.#faults;
    await pause(windowMs); // the rooms are made, and code gets hot
    let healAtMs = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < windows; turn++) {
      this.#open('calm');
      faults.wanted = () => 0;
      await pause(windowMs);
      this.#open('faulty');
      const before = faults.injected;
      const share = (faultCount - before) / (windows - turn);
      const poisonedBefore = faults.throws - faults.injected;
      // `wanted` counts all throws, those of poisoned rooms come on top of what is asked for.
      faults.wanted = () => {
        const done = Math.min(1, (performance.now() - this.#windowSinceMs) / (windowMs * 0.9));
        return before + share * done + (faults.throws - faults.injected);
      };
      if (turn === 0) {
        for (const roomId of [...server.rooms.openIds].slice(0, Math.ceil(rooms / 100))) {
          this.#poisoned.add(roomId);
          faults.poison(roomId);
        }
        healAtMs = performance.now() + poisonMs;
      }
      await pause(windowMs);
      const lateMs = performance.now() + windowMs;
      while (faults.injected < before + share && performance.now() < lateMs) await pause(50);
      onProgress(
        `window ${turn + 1} of ${windows}: ${faults.injected} faults, ` +
          `${faults.throws - faults.injected - poisonedBefore} throws of poisoned rooms, ${this.#restarts} restarts`,
      );
    }
    faults.wanted = () => 0;
    this.#open('end');
    await pause(Math.max(0, healAtMs - performance.now()));
  }

  #open(window: 'calm' | 'faulty' | 'end'): void {
    this.#window = window;
    this.#windowSinceMs = performance.now();
  }

  #measure({ roomId, type, sentAtMs, latencyMs }: Acknowledged): void {
    if (!MOVES.has(type) || sentAtMs < this.#windowSinceMs) return; // those that reach over the border count for nobody
    if (this.#window !== 'calm' && this.#window !== 'faulty') return;
    const thrownAtMs = this.#faults.lastAtMs.get(roomId);
    const isHealthy = thrownAtMs === undefined || thrownAtMs < sentAtMs - HEALTHY_AFTER_MS;
    if (isHealthy) this.#latencies[this.#window].push(latencyMs);
  }

  /** @returns how many could be released, and how many of them then had an entry that they did not have before */
  async #release(server: RoomServer, roomIds: readonly string[]) {
    const before = new Map<string, number>();
    let released = 0;
    for (const roomId of roomIds) {
      before.set(roomId, (await server.rooms.query(roomId, 'operator'))?.seq ?? 0);
      await server.rooms.operations.resume(roomId);
      released++;
    }
    const startMs = performance.now();
    let waiting = [...roomIds];
    while (waiting.length > 0 && performance.now() - startMs < GO_ON_LIMIT_MS) {
      await pause(100);
      const seqs = await Promise.all(waiting.map((roomId) => server.rooms.query(roomId, 'operator')));
      // The release itself may be an entry, so it takes two.
      waiting = waiting.filter((roomId, index) => (seqs[index]?.seq ?? 0) < before.get(roomId)! + 2);
    }
    const stuck = await Promise.all(waiting.map(async (roomId) => describe(server, roomId)));
    return { released, goOn: released - waiting.length, stuck };
  }

  async #deadLetters(): Promise<number> {
    let count = 0;
    for (let after: string | null = null; ; ) {
      const page: RowPage<DeadLetterRow> = await this.#engine.select('deadLetters', {}, { after });
      count += page.items.length;
      if (page.next === null) return count;
      after = page.next;
    }
  }
}

/** What a room that does not go on waits for. */
async function describe({ rooms }: RoomServer, roomId: string): Promise<string> {
  const seen = await rooms.query(roomId, 'operator');
  const what =
    seen === null ? 'is gone' : `stands in ${seen.view.leaf}, awaiting ${JSON.stringify(seen.view.awaiting)}`;
  const people = seen?.view.seats.map((seat) => (seat?.isBot === false ? 'person' : 'bot')).join();
  return `room ${roomId} ${what}, seats ${people ?? ''}, hold ${JSON.stringify(rooms.holdOf(roomId))}, ${JSON.stringify(rooms.statusOf(roomId))}`;
}

function latencyOf(latencies: readonly number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2));
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}
