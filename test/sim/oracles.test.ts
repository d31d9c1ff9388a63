import { expect, test } from 'vitest';
import { liapTui } from '../../actors/room/liap-tui.js';
import { contentHash } from '../../persistence/hash-chain.js';
import { type Append, type JournalEngine, StoreFailure, type Verdict } from '../../persistence/journal.js';
import type { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { botStrategy } from '../../src/client/strategy.js';
import type { ServerSocket } from '../../src/gateway/server-socket.js';
import type { RoomServer } from '../../src/server.js';
import { orderOf, SIMPLE_BOTS, TWO_WEAK } from '../support/table.js';
import type { MakeOracle } from './oracle.js';
import { acknowledgedIsKept } from './oracles/acknowledged.js';
import { everyCommandIsAnswered } from './oracles/answered.js';
import { appliedOnce } from './oracles/applied-once.js';
import { clocksAreFair } from './oracles/clocks-are-fair.js';
import { oneOrder } from './oracles/one-order.js';
import { NO_ROOM_IS_GIVEN_UP } from './oracles/promises.js';
import { replayIsEqual } from './oracles/replay-is-equal.js';
import { retryIsHarmless } from './oracles/retry-is-harmless.js';
import { roomsGoOn } from './oracles/rooms-go-on.js';
import { secretsAreKept } from './oracles/secrets.js';
import { shownIsDurable } from './oracles/shown-is-durable.js';
import { whatWaitsIsDeliveredOnce } from './oracles/waiting-once.js';
import { simulate, type SimulateOptions } from './simulate.js';
import { World, type WorldOptions } from './world.js';

/*
 * Goal: no oracle is blind. Method: a server with one fault of its own, watched by the one oracle that must see it; the
 * same run without the fault breaks nothing (simulator.test.ts).
 */

const SHORT: SimulateOptions = { seed: 3, profile: 'calm', hours: 0.02, tables: 2 };

async function found(oracle: MakeOracle, options: Partial<SimulateOptions>): Promise<string | undefined> {
  const { failure } = await simulate({ ...SHORT, ...options, oracles: [oracle] });
  return failure?.promise;
}

const promiseOf = (oracle: MakeOracle): string => oracle({} as Parameters<MakeOracle>[0]).promise;

/** The engine with some of its methods changed. */
function changed(engine: SimulatedEngine, change: Partial<JournalEngine>): JournalEngine {
  return new Proxy<JournalEngine>(engine, {
    get: (target, name) => {
      const own = change[name as keyof JournalEngine];
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  });
}

const committed = (batch: readonly Append[]): Verdict[] => batch.map(() => ({ kind: 'committed' }));

/** The gateway's sockets, with another way to send. */
function sending(server: RoomServer, send: (inner: ServerSocket, text: string) => void): void {
  const { gateway } = server;
  const accept = gateway.accept.bind(gateway);
  gateway.accept = (inner, handshake) => {
    const outer = new Proxy(inner, {
      get: (target, name): unknown =>
        name === 'send' ? (text: string) => send(target, text) : Reflect.get(target, name),
      set: (target, name, value) => Reflect.set(target, name, value),
    });
    accept(outer, handshake);
  };
}

test('a store that answers before it has synced', async () => {
  const wrapEngine = (engine: SimulatedEngine) =>
    changed(engine, {
      commit: (batch, aliveAt) => {
        void engine.commit(batch, aliveAt);
        return Promise.resolve(committed(batch));
      },
    });
  expect(await found(shownIsDurable, { wrapEngine })).toBe(promiseOf(shownIsDurable));
});

test('a store that forgets what it has answered for', async () => {
  const wrapEngine = (engine: SimulatedEngine) => {
    let commits = 0;
    return changed(engine, {
      commit: (batch, aliveAt) => (++commits === 6 ? Promise.resolve(committed(batch)) : engine.commit(batch, aliveAt)),
    });
  };
  expect(await found(acknowledgedIsKept, { wrapEngine })).toBe(promiseOf(acknowledgedIsKept));
});

test('a store that does what it says has failed', async () => {
  const wrapEngine = (engine: SimulatedEngine) => {
    let commits = 0;
    return changed(engine, {
      commit: async (batch, aliveAt) => {
        const verdicts = await engine.commit(batch, aliveAt);
        if (++commits % 4 === 0) throw new StoreFailure('failed', 'SQLITE_FULL', 'it says');
        return verdicts;
      },
    });
  };
  expect(await found(retryIsHarmless, { wrapEngine })).toBe(promiseOf(retryIsHarmless));
});

test('a snapshot that is not the state', async () => {
  const wrapEngine = (engine: SimulatedEngine) =>
    changed(engine, {
      commit: (batch, aliveAt) => engine.commit(batch.map(falseSnapshot), aliveAt),
    });
  expect(await found(replayIsEqual, { wrapEngine })).toBe(promiseOf(replayIsEqual));
});

function falseSnapshot(append: Append): Append {
  if (append.snapshot === null) return append;
  const state = append.snapshot.state.replace(/"hostArrived":(true|false)/, '"hostArrived":null');
  return { ...append, snapshot: { ...append.snapshot, state, stateHash: contentHash(state) } };
}

test('a view that tells sessions', async () => {
  const honest = liapTui();
  const definition = {
    ...honest,
    view: (...[snapshot]: Parameters<typeof honest.view>) => {
      const view = honest.view(snapshot, 'router');
      const seats = view.seats.map((seat) => seat && { ...seat, name: seat.session ?? seat.name });
      return { ...view, seats: seats as unknown as typeof view.seats };
    },
  };
  expect(await found(secretsAreKept, { definition })).toBe(promiseOf(secretsAreKept));
});

test('a view that shows the neighbour’s hand', async () => {
  const honest = liapTui();
  const definition = {
    ...honest,
    view: (...[snapshot, viewer]: Parameters<typeof honest.view>) => {
      const view = honest.view(snapshot, viewer);
      const all = snapshot.context.game?.hands;
      if (typeof viewer !== 'number' || view.game === null || all === undefined) return view;
      return { ...view, game: { ...view.game, hands: [...all.slice(1), all[0]] as unknown as typeof all } };
    },
  };
  expect(await found(secretsAreKept, { definition })).toBe(promiseOf(secretsAreKept));
});

test('a gateway that leaves out a frame of one socket', async () => {
  let frames = 0;
  const sabotage = (server: RoomServer): void =>
    sending(server, (inner, text) => {
      if (!text.includes('"phase_change"') || ++frames % 25 !== 0) inner.send(text);
    });
  expect(await found(oneOrder, { sabotage, seed: 8 })).toBe(promiseOf(oneOrder));
});

test('a gateway that owes an answer', async () => {
  let answers = 0;
  const sabotage = (server: RoomServer): void =>
    sending(server, (inner, text) => {
      if (!text.includes('"pong"') || ++answers % 2 !== 0) inner.send(text);
    });
  expect(await found(everyCommandIsAnswered, { sabotage })).toBe(promiseOf(everyCommandIsAnswered));
});

test('rooms that never ring', async () => {
  const definition = { ...liapTui(), deadline: () => null };
  expect(await found(roomsGoOn, { definition })).toBe(promiseOf(roomsGoOn));
});

/** A world with one player at one table, who never gets to the end. */
async function tableIn(world: World, thinkMs: number, humans = 1): Promise<void> {
  let ids = 0;
  const random = seededRandom(1);
  world.start();
  const { network, clock } = world;
  const strategy = botStrategy(random);
  const newId = (): string => `m${++ids}`;
  playGame({ humans, connect: network.connect, clock, random, newId, strategy, thinkMs: () => thinkMs }).catch(
    () => undefined, // the oracle says what was wrong
  );
  await world.until(() => [...world.evidence.rooms.values()].some(({ states }) => isAsked(states.at(-1))), 60_000);
}

function isAsked(state: { readonly context: { readonly awaiting: unknown } } | undefined): boolean {
  return state !== undefined && state.context.awaiting !== null;
}

function worldWith(oracle: MakeOracle | null, options: Partial<WorldOptions>): World {
  return new World({ seed: 'oracle', ...options, ...(oracle !== null && { oracles: [oracle] }) });
}

test('a store that forgets which create_room it has carried out', async () => {
  const world = worldWith(appliedOnce, {
    wrapEngine: (engine) => changed(engine, { roomByCreation: () => Promise.resolve(null) }),
  });
  world.start();
  await world.until(() => world.server !== null, 1_000);
  const socket = world.network.connect('/ws/lobby', {});
  const create = JSON.stringify({ event: 'create_room', data: { player_name: 'Ada' }, id: 'once' });
  socket.onOpen = () => socket.send(create);
  await world.advance(200);
  socket.send(create);
  await world.advance(200);
  expect(world.witness.failure?.promise).toBe(promiseOf(appliedOnce));
});

test('an inbox that is not read again after a crash', async () => {
  const nothing = { items: [], next: null, damaged: [] };
  const world = worldWith(whatWaitsIsDeliveredOnce, {
    settings: { restartGraceMs: 36_000_000 }, // no news of who is away takes the places of what waits
    wrapEngine: (engine) =>
      changed(engine, {
        select: (query, values, page) =>
          query.startsWith('inbox') ? Promise.resolve(nothing) : engine.select(query, values, page),
      }),
  });
  await tableIn(world, 2_000, 4);
  const [roomId] = world.evidence.rooms.keys();
  const paused = world.server!.rooms.operations.pause(roomId!, 'a test');
  await world.advance(5_000);
  await paused;
  world.network.close(); // nobody comes back to say it again
  world.kill('killed', 'lost', 100);
  await world.advance(5_000);
  await world.releaseAll();
  world.settled(world.clock.elapsedMs());
  expect(world.witness.failure?.promise).toBe(promiseOf(whatWaitsIsDeliveredOnce));
});

test('outages that nobody counts', async () => {
  const world = worldWith(clocksAreFair, {
    definition: liapTui({ order: () => orderOf(TWO_WEAK), bots: SIMPLE_BOTS }),
    wrapEngine: (engine) =>
      changed(engine, { outages: () => Promise.resolve([]), recordOutage: () => Promise.resolve() }),
  });
  await tableIn(world, 1_000_000, 2);
  world.kill('killed', 'lost', 20_000);
  await world.advance(60_000);
  expect(world.witness.failure?.promise).toBe(promiseOf(clocksAreFair));
});

test('an entry that the disk has changed', async () => {
  const world = worldWith(null, {});
  await tableIn(world, 1_000);
  const [roomId] = world.evidence.rooms.keys();
  world.engine.tamper(roomId!, 2, (entry) => ({ ...entry, at: entry.at + 1 }));
  world.kill('killed', 'lost', 100);
  await world.advance(60_000);
  expect(world.witness.failure?.promise).toBe(NO_ROOM_IS_GIVEN_UP);
});
