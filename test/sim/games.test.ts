import { expect, test } from 'vitest';
import { playGame, type GameResult } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';
import { SimulatedServer } from '../support/simulated-server.js';

/*
 * Goal: whole games, from create_room to game_over, with one to four people. Method: 25 rooms at once on one simulated
 * server; each player's client watches every frame against protocol and rules, hands of others included.
 */

const GAMES = 25;
/** Far beyond what careful players need; a game that gets there hangs in a circle. */
const ROUNDS_MAX = 400;

async function playGames(humans: number): Promise<readonly GameResult[]> {
  const sim = await SimulatedServer.start({ seed: `games of ${humans}` });
  let ids = 0;
  const games = Array.from({ length: GAMES }, (_, game) => {
    const random = seededRandom(1_000 * humans + game);
    return playGame({
      humans,
      connect: sim.connect,
      clock: sim.clock,
      random,
      newId: () => `m${++ids}`,
      strategy: carefulStrategy(random),
      thinkMs: () => 200 + 800 * random(),
      changePages: game % 2 === 1,
      roundsMax: ROUNDS_MAX,
    });
  });
  return sim.until(Promise.all(games), 1_000 * 3_600_000);
}

test.each([1, 2, 3, 4])(
  '25 games with %i humans reach game_over without a violation or a refused move',
  async (humans) => {
    const games = await playGames(humans);
    expect(new Set(games.map(({ roomId }) => roomId)).size).toBe(GAMES);
    for (const game of games) {
      expect(game.violations).toEqual([]);
      expect(game).toMatchObject({ complete: true, movesRefused: 0 });
      expect(game.rankings.map(({ rank }) => rank)).toEqual([1, 2, 3, 4]);
      const best = game.rankings[0]!.score;
      expect(best).toBeGreaterThanOrEqual(50);
      const tied = game.rankings.filter(({ score }) => score === best).map(({ name }) => name);
      expect([...game.winners].sort()).toEqual(tied.sort());
      expect(game.movesApplied).toBeGreaterThan(humans * game.rounds);
    }
  },
  240_000, // 8 to 22 s each were measured on two shared cores
);
