import { build } from 'hdr-histogram-js';
import { playGame } from '../src/client/game-session.js';
import { realGame } from '../test/support/real-game.js';
import { ServerProcess } from '../test/support/server-process.js';
import { microseconds } from './histogram.js';

export interface GamesOptions {
  readonly games: number;
  readonly tables: number; // games at the same time
}

/** Whole games, from the making of the room to `game_over`, with one to four people in turn. */
export async function benchGames({ games, tables }: GamesOptions): Promise<object> {
  const server = await ServerProcess.start();
  const latencies = build();
  const seen = { completed: 0, rounds: 0, moves: 0, refused: 0, violations: 0 };
  const failures: string[] = [];
  let next = 0;
  const table = async (): Promise<void> => {
    while (next < games) {
      const index = next++;
      try {
        const game = await playGame({ ...realGame(server.connect, index, 1 + (index % 4)), roundsMax: 500 });
        if (game.complete) seen.completed++;
        seen.rounds += game.rounds;
        seen.moves += game.movesApplied;
        seen.refused += game.movesRefused;
        seen.violations += game.violations.length;
        for (const latencyUs of game.latenciesUs) latencies.recordValue(latencyUs);
      } catch (failure) {
        failures.push(String(failure));
      }
    }
  };
  const startMs = performance.now();
  try {
    await Promise.all(Array.from({ length: Math.min(tables, games) }, table));
    const seconds = (performance.now() - startMs) / 1000;
    return { ...seen, failures, duration_s: seconds, latency_us: microseconds(latencies) };
  } finally {
    await server.dispose();
  }
}
