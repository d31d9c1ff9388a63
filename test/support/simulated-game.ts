import { type GameResult, type GameSessionOptions, playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';
import type { SimulatedServer } from './simulated-server.js';

/** One whole game of two people and two bots on a simulated server, the same for the same seed. */
export function simulatedGame(
  sim: SimulatedServer,
  { seed = 1, ...over }: Partial<GameSessionOptions> & { readonly seed?: number } = {},
): Promise<GameResult> {
  const random = seededRandom(seed);
  let ids = 0;
  return sim.until(
    playGame({
      humans: 2,
      connect: sim.connect,
      clock: sim.clock,
      random,
      newId: () => `m${++ids}`,
      strategy: carefulStrategy(random),
      thinkMs: () => 500,
      ...over,
    }),
  );
}
