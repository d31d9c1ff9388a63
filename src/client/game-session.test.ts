import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { FakeGameServer, type FakeGameServerOptions } from './fake-game-server.js';
import { GameFailed, playGame, type GameResult, type GameSessionOptions } from './game-session.js';
import type { Violation } from './protocol-watch.js';
import { seededRandom } from './random.js';
import type { RoomClient } from './room-client.js';
import { botStrategy, randomStrategy } from './strategy.js';

interface Table {
  readonly clock: SimulatedClock;
  readonly server: FakeGameServer;
  readonly game: Promise<GameResult>;
}

/** Starts a game against the fake server. All four have 44 points, so that it is short. */
function start(options: Partial<GameSessionOptions> = {}, serverOptions: Partial<FakeGameServerOptions> = {}): Table {
  const clock = new SimulatedClock();
  const server = new FakeGameServer({ clock, totals: 44, ...serverOptions });
  const random = seededRandom(7);
  let ids = 0;
  const game = playGame({
    humans: 1,
    connect: server.sockets.connect,
    clock,
    random,
    newId: () => `m${++ids}`,
    strategy: botStrategy(random),
    thinkMs: () => 5,
    ...options,
  });
  return { clock, server, game };
}

async function finish({ clock, game }: Table): Promise<GameResult> {
  let settled = false;
  // The rejection itself is seen by whoever awaits the game.
  const settle = (): void => {
    settled = true;
  };
  game.then(settle, settle);
  await clock.runUntil(() => settled, 3_600_000);
  await clock.advance(10);
  return game;
}

test.each([1, 2, 3, 4])('plays a whole game with %i humans and sees nothing wrong', async (humans) => {
  const result = await finish(start({ humans }));
  expect(result.violations).toEqual([]);
  expect(result.movesRefused).toBe(0);
  expect(result.humans).toEqual(['Hana', 'Gio', 'Mona', 'Nils'].slice(0, humans));
  expect(result.winners).toContain(result.rankings[0]!.name);
  expect(result.rankings[0]!.score).toBeGreaterThanOrEqual(50);
  expect(result.latenciesUs).toHaveLength(result.movesApplied);
  // There and back.
  expect(new Set(result.latenciesUs)).toEqual(new Set([2000]));
  expect(result.actions.flat()).toHaveLength(result.movesApplied);
});

test('plays random legal moves without a refusal, one seed being one game', async () => {
  const play = (): Promise<GameResult> =>
    finish(start({ humans: 4, strategy: randomStrategy(seededRandom(11)), roundsMax: 8 }, { seed: 5 }));
  const [first, second] = [await play(), await play()];
  expect(first.movesRefused).toBe(0);
  expect(first.violations).toEqual([]);
  expect(second).toEqual(first);
});

test('changes pages as the frontend does: a new socket at the start, the old one closed with 1000', async () => {
  const table = start({ humans: 2, changePages: true });
  const result = await finish(table);
  expect(result.violations).toEqual([]);
  const room = table.server.sockets.connections.filter(({ path }) => path !== '/ws/lobby');
  expect(room).toHaveLength(4);
  expect(room.every(({ state }) => state === 'closed')).toBe(true);
});

test('plays without cookies by the token of its seat', async () => {
  const table = start({ humans: 2, credentials: 'token' }, { cookies: false });
  const result = await finish(table);
  expect(result.violations).toEqual([]);
  expect(table.server.sockets.connections.every(({ headers }) => headers['cookie'] === undefined)).toBe(true);
});

test('loses no move and repeats none when connections are cut all the time', async () => {
  const clients: RoomClient[] = [];
  const table = start(
    { humans: 3, observer: { client: (_human, client) => clients.push(client) } },
    { totals: 30, handshakeLatencyMs: 10 },
  );
  const random = seededRandom(99);
  const cut = (): void => {
    const client = clients[Math.floor(random() * clients.length)];
    if (client?.roomId !== 'lobby') client?.drop();
    table.clock.schedule(20 + 60 * random(), cut);
  };
  table.clock.schedule(60, cut);
  const result = await finish(table);
  expect(result.violations).toEqual([]);
  expect(result.movesRefused).toBe(0);
  const ids = result.actions.flat().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(table.server.sockets.connections.length).toBeGreaterThan(20);
  // Some answers took a reconnect.
  expect(Math.max(...result.latenciesUs)).toBeGreaterThan(100_000);
});

test('repeats what the server has no time for, until it is done', async () => {
  const refused = new Set<string>();
  const later = { message: 'Later.', type: 'temporarily_unavailable', retryable: true };
  const table = start(
    { humans: 2 },
    {
      refuse: ({ event, id }) => {
        if (event === 'ping' || refused.has(id)) return undefined;
        refused.add(id);
        return later;
      },
    },
  );
  const result = await finish(table);
  expect(result.violations).toEqual([]);
  expect(result.movesRefused).toBe(result.movesApplied);
});

test('gives up a game after the rounds it was asked for', async () => {
  const result = await finish(start({ humans: 2, roundsMax: 2 }, { totals: -500 }));
  expect(result).toMatchObject({ complete: false, rounds: 2, winners: [], violations: [] });
});

test('fails with a sentence when a step is refused for good', async () => {
  const refuse: FakeGameServerOptions['refuse'] = ({ event }) =>
    event === 'join_room' ? { message: 'Room is full', type: 'join_room_error' } : undefined;
  await expect(finish(start({ humans: 2 }, { refuse }))).rejects.toThrow(
    'Gio: join_room failed, join_room_error: Room is full',
  );
});

test('fails with a sentence when the server cannot be reached', async () => {
  const table = start({ connectFailuresMax: 2 });
  table.server.sockets.accepting = false;
  await expect(finish(table)).rejects.toThrow('Hana: lobby does not let us in: connection refused');
  expect(table.clock.scheduledCount).toBe(0);
});

test('fails with a sentence when nothing goes on any more', async () => {
  const table = start({ stallLimitMs: 20_000 }, { pauseMs: 30_000 });
  await expect(finish(table)).rejects.toThrow('Nothing has happened in room AAAAA1 for a long time');
  expect(table.server.sockets.connections.every(({ state }) => state === 'closed')).toBe(true);
});

test('fails with a sentence when the room is closed under the players', async () => {
  const table = start({ humans: 2 }, { pauseMs: 1000 });
  table.clock.schedule(3000, () => {
    for (const connection of table.server.sockets.connections) connection.send('room_closed', { reason: 'operator' });
  });
  await expect(finish(table)).rejects.toThrow('Hana left room AAAAA1 early: the room was closed (operator)');
});

test('what the server must not send is told when it is seen: this game has no end and no result', async () => {
  const seen: string[] = [];
  const violation = (human: number, { sentence }: Violation): void => void seen.push(`${human}: ${sentence}`);
  const table = start({ humans: 2, observer: { violation } }, { pauseMs: 1000 });
  table.clock.schedule(3000, () => {
    for (const connection of table.server.sockets.connections) connection.send('round_complete', {});
    for (const connection of table.server.sockets.connections) connection.send('room_closed', { reason: 'operator' });
  });
  await expect(finish(table)).rejects.toThrow(GameFailed);
  expect(seen).toEqual(['0: round_complete must never be sent', '1: round_complete must never be sent']);
});
