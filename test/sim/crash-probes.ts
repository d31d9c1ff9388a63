import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { SimulatedDisk } from '../../persistence/simulated/simulated-disk.js';
import type { Fate } from '../../persistence/simulated/simulated-engine.js';
import { pick, type Random, seededRandom } from '../../src/client/random.js';
import type { Evidence, FollowedRoom } from './evidence.js';
import { ORACLES, RUNTIME_NEVER_FAILS } from './oracles/promises.js';
import { retryIsHarmless } from './oracles/retry-is-harmless.js';
import type { Witness } from './witness.js';
import { numberOf, World } from './world.js';

interface Point {
  readonly number: number;
  readonly fate: Fate;
  readonly disk: SimulatedDisk;
  readonly evidence: Evidence;
  readonly clients: readonly Client[];
}

/** Somebody who was connected when the process died, and what it said last. */
interface Client {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ready: string | null;
  readonly last: readonly string[];
}

/** Who comes back says again what the process before it was told: no sending is the first one. */
const ORACLES_AFTER = ORACLES.filter((oracle) => oracle !== retryIsHarmless);
const FATES: readonly Fate[] = ['lost', 'torn', 'durable'];
const DOWN_MS = 500;
const START_MS = 5_000;
const COME_BACK_MS = 200;
/** Virtual time in which a room must show that it is alive: more than the longest pause of a game. */
const ALIVE_MS = 32_000;

/**
 * Crash points beside a run that goes on: the disk is forked as a crash at this very moment would leave it, and another
 * process, with its own clock and clients, starts on it. So a crash point costs a recovery, not a run.
 */
export class CrashProbes {
  done = 0;
  simulatedMs = 0;
  readonly #max: number;
  readonly #every: number;
  readonly #seed: string;
  readonly #random: Random;
  #taken = 0;
  #points: Point[] = [];

  /** @param every about one moment in so many is taken, until there are `max` */
  constructor(max: number, every: number, seed: string) {
    this.#max = max;
    this.#every = every;
    this.#seed = seed;
    this.#random = seededRandom(numberOf(`${seed}/probes`));
  }

  /** The world stands at a moment at which it could die. */
  offer(world: World): void {
    if (this.#taken >= this.#max || this.#random() * this.#every >= 1) return;
    const { engine, evidence, network } = world;
    const fate = pick(this.#random, FATES);
    const disk = engine.diskAfterCrash(fate);
    const clients = network.open
      .filter(({ path }) => path !== '/ws/lobby')
      .map(({ path, headers, said }) => ({
        path,
        headers,
        ready: said.find((text) => text.includes('"client_ready"')) ?? null,
        last: said.slice(-2),
      }));
    this.#points.push({ number: ++this.#taken, fate, disk, evidence: evidence.fork(disk), clients });
  }

  /** Tries the points that were taken since the last time. */
  async run({ witness }: World): Promise<void> {
    const points = this.#points;
    this.#points = [];
    for (const point of points) {
      if (witness.failure !== null) return;
      await this.#try(point, witness);
      this.done++;
    }
  }

  async #try({ number, fate, disk, evidence, clients }: Point, witness: Witness): Promise<void> {
    const world = new World({
      seed: `${this.#seed}/crash point ${number}`,
      clock: new SimulatedClock(disk.aliveAt + DOWN_MS),
      disk,
      definition: evidence.definition, // a machine is dear to make
      evidence,
      oracles: ORACLES_AFTER,
      traced: false,
    });
    world.start();
    await world.until(() => world.server !== null, START_MS);
    const heads = new Map([...evidence.rooms.values()].map((room) => [room, room.entries.length]));
    const cameBackAt = world.clock.elapsedMs();
    for (const client of clients) comeBack(world, client);
    await world.advance(COME_BACK_MS);
    await world.releaseAll();
    const stuck = (): FollowedRoom | undefined => [...heads].find(([room, head]) => !isAlive(world, room, head))?.[0];
    await world.until(() => stuck() === undefined, ALIVE_MS);
    if (!world.isBroken) world.settled(cameBackAt + 50);
    const room = stuck();
    if (room !== undefined) {
      world.witness.break('every open room goes on', whereItStands(world, room));
    }
    if (world.server === null) world.witness.break(RUNTIME_NEVER_FAILS, 'no process starts on the disk');
    this.simulatedMs += world.clock.elapsedMs();
    world.retire();
    const { failure } = world.witness;
    if (failure === null) return;
    witness.break(
      failure.promise,
      `crash point ${number}, the write under way ${fate}: ${failure.message}`,
      failure.events,
    );
  }
}

function whereItStands({ evidence, server }: World, { code, entries, ...room }: FollowedRoom): string {
  const { value, context } = evidence.stateOf({ code, entries, ...room });
  const { nextDeadline } = entries.at(-1)!;
  const dueMs = nextDeadline === null || server === null ? null : Math.round(nextDeadline - server.now());
  const due = dueMs === null ? 'without a deadline' : `with a deadline in ${dueMs} ms`;
  return `room ${code} stands still in ${JSON.stringify(value)} at entry ${entries.length}, ${due}, waiting for ${JSON.stringify(context.awaiting)}`;
}

/** It did something since, or it waits for somebody who could do it. */
function isAlive({ server, evidence }: World, room: FollowedRoom, head: number): boolean {
  if (room.isClosed || room.entries.length > head) return true;
  const { context } = evidence.stateOf(room);
  const isHeld = server !== null && server.rooms.holdOf(room.roomId) !== null;
  return (
    isHeld ||
    context.game === null ||
    context.seats.some((seat, index) => {
      const isAsked = context.awaiting?.seats.some((asked) => asked === index) === true;
      return isAsked && seat?.kind === 'person' && seat.awaySince === null;
    })
  );
}

/** As a client does: who it is, and then again what it has no answer to, or believes to have none. */
function comeBack(world: World, { path, headers, ready, last }: Client): void {
  const socket = world.network.connect(path, headers);
  socket.onOpen = () => {
    if (ready !== null) socket.send(ready);
    for (const text of last) socket.send(text);
  };
}
