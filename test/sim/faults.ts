import { OperationRefused } from '../../actors/operation-refused.js';
import { StoreFailure } from '../../persistence/journal.js';
import type { Fate } from '../../persistence/simulated/simulated-engine.js';
import { pick, type Random, seededRandom } from '../../src/client/random.js';
import { echo, leave, strangerSays, twin } from './meddling.js';
import { RUNTIME_NEVER_FAILS } from './oracles/promises.js';
import { FAULT_KINDS, type FaultKind, type Profile } from './profiles.js';
import { numberOf, Poison, type World } from './world.js';

const FATES: readonly Fate[] = ['lost', 'torn', 'durable'];

/** Makes things go wrong, each kind at its own rate, all from one seed. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly #world: World;
  readonly #random: Random;
  #isOver = false;

  constructor(world: World, { rates }: Profile, seed: string) {
    this.#world = world;
    this.#random = seededRandom(numberOf(`${seed}/faults`));
    for (const kind of FAULT_KINDS) {
      const everyMs = rates[kind];
      if (everyMs !== undefined) this.#schedule(kind, everyMs);
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  /** As if by chance: the pauses are spread as those between independent accidents. */
  #schedule(kind: FaultKind, everyMs: number): void {
    const pauseMs = -Math.log(1 - this.#random()) * everyMs;
    this.#world.clock.schedule(pauseMs, () => {
      if (this.#isOver) return;
      if (this.#strike(kind)) {
        this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
        this.#world.witness.note(kind);
      }
      this.#schedule(kind, everyMs);
    });
  }

  /** @returns whether there was anything to strike at */
  #strike(kind: FaultKind): boolean {
    const world = this.#world;
    const random = this.#random;
    const { engine, network, clock } = world;
    const later = (ms: number, run: () => void): void => void clock.schedule(ms, run);
    const link = network.open.length === 0 ? null : pick(random, network.open);
    switch (kind) {
      case 'cut':
        link?.cut('cut');
        return link !== null;
      case 'halfOpen':
        link?.goDeaf();
        return link !== null;
      case 'slowReader':
        link?.slowDown(pick(random, [0.001, 0.01, 1]));
        later(5_000 + random() * 60_000, () => link?.slowDown(Infinity));
        return link !== null;
      case 'absence':
        return link !== null && network.keepAway(link, 5_000 + random() * 20_000);
      case 'stutter':
        return echo(network, random);
      case 'twin':
        return twin(world, random);
      case 'stranger':
        return strangerSays(world, random);
      case 'leaver':
        return leave(network, random);
      case 'diskFull':
        engine.failNext(1 + Math.floor(random() * 8), 'SQLITE_FULL');
        return true;
      case 'syncFails':
        engine.failNext(1 + Math.floor(random() * 4), 'SQLITE_IOERR_FSYNC');
        return true;
      case 'readsFail':
        engine.failNext(1 + Math.floor(random() * 6), 'SQLITE_BUSY', 'read');
        return true;
      case 'stall':
        engine.stall();
        later(random() * 9_000, () => engine.resume());
        return true;
      case 'lostAnswer':
        engine.loseNextAnswer(random() < 0.5 ? 'committed' : 'notCommitted');
        return true;
      case 'lostWriter':
        engine.loseWriter(pick(random, FATES), random() < 0.5 ? 0 : random() * 5_000);
        return true;
      case 'kill':
        world.kill('killed', pick(random, FATES), random() * 5_000);
        return true;
      case 'powerCut':
        world.kill('power cut', pick(random, FATES), random() * 60_000);
        return true;
      case 'drain':
        void this.#operate(() => world.drain(random() * 3_000));
        return true;
      case 'wallClockJump':
        clock.jumpWall((random() - 0.5) * 2 * pick(random, [1_000, 60_000, 86_400_000]));
        return true;
      case 'poison':
        world.poison(pick(random, [1, 1, 1, 2, 2, 3, 15]));
        return true;
      case 'roomRestart':
        return this.#upon((roomId, rooms) => rooms.operations.restartRoom(roomId));
      case 'pause':
        return this.#upon(async (roomId, rooms) => {
          await rooms.operations.pause(roomId, 'the simulation');
          later(random() * 40_000, () => this.#upon((_, now) => now.operations.resume(roomId)));
        });
      case 'pauseAll':
        return this.#upon(async (_, rooms) => {
          await rooms.operations.pauseAll('the simulation');
          later(random() * 40_000, () => this.#upon((__, now) => now.operations.resumeAll()));
        });
      case 'restore':
        return this.#upon(async (roomId, rooms) => {
          const seq = engine.durableEntries(roomId).at(-1)!.seq;
          await rooms.operations.restore(roomId, Math.max(1, seq - Math.floor(random() * 20)));
        });
      case 'partFails':
        world.server?.supervisor.failed(pick(random, ['journal', 'rooms', 'gateway']), new Error('made to fail'));
        return world.server !== null;
      case 'compaction':
        return this.#upon(async (roomId) => {
          await engine.compact(roomId, engine.durableEntries(roomId).at(-1)!.seq);
        });
    }
  }

  #upon(act: (roomId: string, rooms: NonNullable<World['server']>['rooms']) => Promise<void>): boolean {
    const { server } = this.#world;
    const roomIds = server === null ? [] : [...server.rooms.openIds];
    if (server === null || roomIds.length === 0) return false;
    const roomId = pick(this.#random, roomIds);
    void this.#operate(() => act(roomId, server.rooms));
    return true;
  }

  /** Operators are told what could not be done; anything else that is thrown at them is a fault of the runtime. */
  async #operate(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      if (failure instanceof OperationRefused || failure instanceof StoreFailure || failure instanceof Poison) return;
      const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
      this.#world.witness.break(RUNTIME_NEVER_FAILS, text);
    }
  }
}
