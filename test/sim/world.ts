import { EVERY_ROOM } from '../../actors/holds.js';
import { OperationRefused } from '../../actors/operation-refused.js';
import { liapTui, type LiapTui } from '../../actors/room/liap-tui.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { Append, JournalEngine } from '../../persistence/journal.js';
import { SimulatedDisk } from '../../persistence/simulated/simulated-disk.js';
import { type Fate, SimulatedEngine, type WriteStep } from '../../persistence/simulated/simulated-engine.js';
import { seededRandom, type Random } from '../../src/client/random.js';
import type { GatewaySettings } from '../../src/gateway/gateway.js';
import { createSessions, type Sessions } from '../../src/gateway/sessions.js';
import type { RoomServer } from '../../src/server.js';
import { createLog, type Log } from '../../src/telemetry/log.js';
import { Evidence } from './evidence.js';
import { type NetworkPace, SimulatedNetwork, type Socket } from './network.js';
import type { MakeOracle } from './oracle.js';
import { NO_ROOM_IS_GIVEN_UP, ORACLES, RUNTIME_NEVER_FAILS } from './oracles/promises.js';
import { SimulatedProcess, seededBytes } from './process.js';
import { Witness } from './witness.js';

/** A place at which a process may die: what it is about to do, or has just done. */
export type Moment = 'message' | 'timer' | 'send' | `${'append' | 'snapshot' | 'rows' | 'mark'} ${WriteStep}`;

export interface WorldOptions {
  readonly seed: string;
  readonly pace?: NetworkPace;
  readonly settings?: Partial<GatewaySettings>;
  readonly definition?: LiapTui;
  readonly clock?: SimulatedClock;
  readonly disk?: SimulatedDisk;
  readonly evidence?: Evidence;
  readonly oracles?: readonly MakeOracle[];
  readonly traced?: boolean;
  readonly onLine?: (line: string) => void; // of the trace, for people
  /** Told of each moment; the world may be killed, or its disk be copied, from within. */
  readonly onMoment?: (moment: Moment, batch: readonly Append[]) => void;
  /** Puts something between server and disk: a fault of the engine that no oracle may miss. */
  readonly wrapEngine?: (engine: SimulatedEngine) => JournalEngine;
  /** Changes the server once it has started, as a bug would. */
  readonly sabotage?: (server: RoomServer, world: World) => void;
}

const SETTINGS: GatewaySettings = {
  timeScale: 1,
  rateLimitFactor: Infinity,
  playerMessagesPerMinute: 600,
  roomMessagesPerSecond: 100,
  messageBytesMax: 64 * 1024,
  disconnectGraceMs: 3_000,
  restartGraceMs: 60_000,
};
const PACE: NetworkPace = { delayMs: 5, jitterMs: 10 };
const SECRET = 'a secret of the simulation';
/** In which everything that can be answered is answered, once nothing goes wrong any more. */
const SETTLED_MS = 45_000;
/** In which rooms end that everybody has left: the longest wait is the 10 minutes of a finished one. */
const ENDED_MS = 20 * 60_000;
const START_AGAIN_MS = 1_000;

/** What a step throws that is made to fail. */
export class Poison extends Error {}

/** A server, its disk and its network in one thread and under one virtual clock, watched by the oracles. */
export class World {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly witness: Witness;
  readonly evidence: Evidence;
  readonly random: Random; // of the world: delays; faults and players have their own
  engine: SimulatedEngine;
  process: SimulatedProcess | null = null; // null: it is down, or starts
  /** Steps of rooms that throw from now on. */
  stepsToFail = 0;
  moments = 0;
  starts = 0;
  pace: NetworkPace;
  readonly #options: WorldOptions;
  readonly #definition: LiapTui;
  readonly #sessions: Sessions;
  readonly #log: Log;
  readonly #poisoned = new Set<string>(); // rooms that may be quarantined
  #newest: SimulatedProcess | null = null;
  #roomTimeAhead = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, clock = new SimulatedClock(), disk, pace = PACE, definition = liapTui() } = options;
    this.clock = clock;
    this.pace = pace;
    this.#definition = definition;
    this.random = seededRandom(numberOf(`${seed}/world`));
    this.#sessions = createSessions({ secret: SECRET, random: seededBytes(`${seed}/sessions`) });
    this.evidence = options.evidence ?? new Evidence(definition);
    const scene = {
      evidence: this.evidence,
      elapsedMs: clock.elapsedMs,
      elapsedAt: (roomTimeMs: number) => roomTimeMs - this.#roomTimeAhead,
      upSinceMs: () => this.#newest?.startedAtMs ?? 0,
    };
    const verify = this.#sessions.verify;
    this.witness = new Witness(scene, options.oracles ?? ORACLES, {
      traced: options.traced ?? true,
      verify,
      isAfterCrash: options.evidence !== undefined,
      onLine: options.onLine,
    });
    this.#log = createLog('warn', { write: (line) => this.#logged(line) });
    this.engine = this.#open(disk ?? new SimulatedDisk());
    this.network = new SimulatedNetwork({
      clock,
      random: this.random,
      sessions: this.#sessions,
      pace: () => this.pace,
      server: () => this.#listening(),
      onOpen: () => undefined,
      onArrive: (socket, frame) => this.#arrive(socket, frame),
      onSend: (socket, text) => this.#send(socket, text),
      onEnd: (socket) => this.witness.ended(socket),
    });
  }

  get server(): RoomServer | null {
    return this.process?.server ?? null;
  }

  get isBroken(): boolean {
    return this.witness.failure !== null;
  }

  /** Starts a process on the disk; one that can't start is started again, as by its manager. */
  start(): void {
    const { seed, settings, wrapEngine, sabotage } = this.#options;
    const process = new SimulatedProcess({
      clock: this.clock,
      life: ++this.starts,
      seed,
      engine: wrapEngine === undefined ? this.engine : wrapEngine(this.engine),
      definition: this.#definition,
      sessions: this.#sessions,
      settings: { ...SETTINGS, ...settings },
      log: this.#log,
      onStep: (roomId) => this.#step(roomId),
      onWake: () => this.#moment('timer'),
      onGiveUp: () => this.kill('its supervisor gave up', 'lost', START_AGAIN_MS),
    });
    this.#newest = process;
    process.start().then(
      (server) => {
        if (server === null) return;
        this.#roomTimeAhead = server.now() - this.clock.elapsedMs();
        this.process = process;
        sabotage?.(server, this);
        this.witness.started();
      },
      (failure: unknown) => {
        // The store was away at the wrong time: the process ends with a sentence, and its manager starts another.
        if (process.isAlive) this.kill(`it could not start: ${sentence(failure)}`, 'lost', START_AGAIN_MS);
      },
    );
  }

  /** As kill -9, or a power cut: what is not synced has the given fate. Another process starts after a while. */
  kill(how: string, fate: Fate, downMs: number): void {
    const process = this.#newest;
    if (process === null || !process.isAlive) return;
    process.kill();
    this.process = null;
    this.engine.crash(fate);
    this.witness.died(`${how}, what was under way is ${fate}`);
    this.network.cutAll();
    this.clock.schedule(downMs, () => {
      this.engine = this.engine.reopen();
      this.start();
    });
  }

  /** Ends for good, and leaves nothing behind that runs on. */
  retire(): void {
    this.#newest?.kill();
    this.process = null;
  }

  /** An orderly end, as by SIGTERM; then another process. */
  async drain(downMs: number): Promise<void> {
    const { process } = this;
    if (process?.server == null) return;
    this.process = null; // takes no connections any more
    await process.server.stop();
    if (process.isAlive) this.kill('it was drained', 'lost', downMs);
  }

  /** Whatever was made to go wrong goes right again. */
  heal(): void {
    this.stepsToFail = 0;
    this.engine.heal();
    this.network.heal();
    this.pace = PACE;
  }

  poison(steps: number): void {
    this.stepsToFail = steps;
  }

  /** Lets true time pass, and stops where a promise breaks. */
  advance(ms: number): Promise<void> {
    return this.until(() => false, ms);
  }

  /** As `advance`, until something holds. */
  async until(holds: () => boolean, ms: number): Promise<void> {
    // The end is a task of its own: otherwise a world in which nothing is scheduled could not be waited for.
    let isOver = false;
    const cancel = this.clock.schedule(ms, () => (isOver = true));
    await this.clock.runUntil(() => isOver || this.isBroken || holds(), ms + 1);
    cancel();
  }

  /** Heals all, lets everything be answered, sends everybody away, and judges what is left. */
  async finish(): Promise<void> {
    this.heal();
    await this.advance(SETTLED_MS);
    await this.releaseAll();
    await this.advance(SETTLED_MS);
    if (this.isBroken) return;
    this.settled(this.clock.elapsedMs() - SETTLED_MS / 2);
    this.network.close();
    await this.advance(ENDED_MS);
    const { server } = this;
    if (server === null) {
      this.witness.break(RUNTIME_NEVER_FAILS, 'the server is down though nothing is wrong any more');
      return;
    }
    const openRooms = [...server.rooms.openIds].map((roomId) => ({
      roomId,
      held: server.rooms.holdOf(roomId) !== null,
    }));
    const entries = new Map([...this.evidence.rooms.keys()].map((id) => [id, this.engine.durableEntries(id)]));
    this.witness.finished({ openRooms, entries });
  }

  /** Nothing has gone wrong since then, and no room is held: judges what should have been done by now. */
  settled(sinceMs: number): void {
    this.witness.settled({ sinceMs, inboxRows: this.engine.rowsNow('inbox') });
  }

  /** What an operator does at last with all that is held. */
  async releaseAll(): Promise<void> {
    for (let tries = 0; tries < 5; tries++) {
      const rooms = this.server?.rooms;
      const holds = rooms?.holds() ?? [];
      if (rooms === undefined || holds.length === 0) return;
      for (const { roomId } of [...holds].sort((a) => (a.roomId === EVERY_ROOM ? -1 : 1))) {
        const released = roomId === EVERY_ROOM ? rooms.operations.resumeAll() : rooms.operations.resume(roomId);
        released.catch((failure: unknown) => {
          if (!(failure instanceof OperationRefused)) this.witness.break(RUNTIME_NEVER_FAILS, sentence(failure));
        });
        await this.advance(2_000);
      }
    }
  }

  #open(disk: SimulatedDisk): SimulatedEngine {
    const random = seededRandom(numberOf(`${this.#options.seed}/disk`));
    return new SimulatedEngine(
      this.clock,
      {
        commitDelayMs: () => 0.2 + random() * 2,
        syncDelayMs: () => 0.2 + random() * 4,
        answerDelayMs: () => random() * 0.5,
        readDelayMs: () => 0.1 + random(),
        onStep: (step, batch) => this.#moment(`${kindOf(batch)} ${step}`, batch),
        onDurable: (append) => this.witness.durable(append),
      },
      disk,
    );
  }

  #listening() {
    const { process } = this;
    if (process?.server == null || !process.isAlive) return null;
    const { gateway } = process.server;
    return { life: process.life, accept: gateway.accept.bind(gateway) };
  }

  #arrive(socket: Socket, frame: string | Uint8Array): boolean {
    if (!this.#isServing(socket.life)) return false;
    this.witness.arrived(socket, frame);
    this.#moment('message');
    return this.#isServing(socket.life);
  }

  #send(socket: Socket, text: string): boolean {
    if (!this.#isAlive(socket.life)) return false;
    this.#moment('send');
    if (!this.#isAlive(socket.life)) return false;
    this.witness.sent(socket, text);
    return true;
  }

  #isServing(life: number): boolean {
    return this.process?.life === life;
  }

  #isAlive(life: number): boolean {
    return this.#newest?.life === life && this.#newest.isAlive;
  }

  #moment(moment: Moment, batch: readonly Append[] = []): void {
    this.moments++;
    this.#options.onMoment?.(moment, batch);
  }

  #step(roomId: string): void {
    if (this.stepsToFail === 0) return;
    this.stepsToFail--;
    this.#poisoned.add(roomId);
    throw new Poison('the step was made to fail');
  }

  #logged(line: string): void {
    const { level, msg, roomId, finding, err } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (msg === 'frame not handled') this.witness.break(RUNTIME_NEVER_FAILS, JSON.stringify(err));
    if (typeof finding === 'string' && finding.startsWith('Quarantined') && !this.#poisoned.has(String(roomId))) {
      this.witness.break(NO_ROOM_IS_GIVEN_UP, `${String(roomId)}: ${finding}`);
    }
    this.witness.note(`${String(level)}: ${String(msg)} ${typeof finding === 'string' ? finding : ''}`.trim());
  }
}

function kindOf(batch: readonly Append[]): 'append' | 'snapshot' | 'rows' | 'mark' {
  if (batch.length === 0) return 'mark';
  if (batch.some(({ entry }) => entry !== null)) return 'append';
  return batch.some(({ snapshot }) => snapshot !== null) ? 'snapshot' : 'rows';
}

function sentence(failure: unknown): string {
  return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
}

/** A number that follows from a text. */
export function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
