import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { playBrowserGame, type BrowserGameOptions, type BrowserGameResult } from './browser-game.js';
import { FakeGameServer, type FakeGameServerOptions } from './fake-game-server.js';
import { seededRandom } from './random.js';
import { randomStrategy } from './strategy.js';

async function play(
  options: Partial<BrowserGameOptions>,
  serverOptions: Partial<FakeGameServerOptions> = {},
): Promise<{ result: BrowserGameResult; server: FakeGameServer }> {
  const clock = new SimulatedClock();
  const server = new FakeGameServer({ clock, totals: 44, ...serverOptions });
  const random = seededRandom(3);
  let ids = 0;
  const game = playBrowserGame({
    humans: 1,
    connect: server.sockets.connect,
    clock,
    random,
    newId: () => `b${++ids}`,
    strategy: randomStrategy(random),
    thinkMs: () => 400,
    ...options,
  });
  let settled = false;
  // The rejection itself is seen by whoever awaits the game.
  const settle = (): void => {
    settled = true;
  };
  game.then(settle, settle);
  await clock.runUntil(() => settled, 3_600_000);
  return { result: await game, server };
}

test('people at the frontend play a whole game, from one to four of them', async () => {
  for (const humans of [1, 2, 3, 4]) {
    const { result } = await play({ humans });
    expect(result.violations).toEqual([]);
    expect(result.humans).toHaveLength(humans);
    expect(result.clicks).toBeGreaterThan(humans * 3);
  }
});

test('a slow handshake loses create_room, and the game fails with a sentence that says so', async () => {
  // Two ways of 60 ms are more than the 100 ms after which the page sends.
  await expect(play({}, { handshakeLatencyMs: 60 })).rejects.toThrow(
    /Hana waited 20000 ms for the room page: page lobby, connected, lost: create_room/,
  );
});
