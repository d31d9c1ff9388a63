import { build } from 'hdr-histogram-js';
import { systemClock } from '../actors/clock.js';
import type { RoomClient } from '../src/client/room-client.js';
import { GameFailed, playGame } from '../src/client/game-session.js';
import { realGame } from '../test/support/real-game.js';
import { ServerProcess } from '../test/support/server-process.js';
import { microseconds } from './histogram.js';

export interface LatencyOptions {
  readonly rooms: number;
  readonly humans: number; // in each room: they all see each move
  readonly rate: number; // moves per second, all rooms together
  readonly seconds: number;
}

/** Not counted: the server's code is not compiled yet, and the rooms are still being made. */
const WARM_UP_MS = 5_000;

/**
 * Moves leave at times that are fixed beforehand, each by the next player whose turn it is. Where no player is ready
 * in time the rate falls behind: `rate_reached` says so.
 */
export async function benchLatency({ rooms, humans, rate, seconds }: LatencyOptions): Promise<object> {
  const server = await ServerProcess.start();
  const clients = new Set<RoomClient>();
  const latencies = build();
  let measuring = false;
  let stopped = false;
  let nextMs = 0;
  const thinkMs = (): number => {
    const now = systemClock.elapsedMs();
    nextMs = Math.max(nextMs + 1000 / rate, now);
    return nextMs - now;
  };
  const table = async (index: number): Promise<void> => {
    for (let game = 0; !isStopped(); game++) {
      try {
        await playGame({
          ...realGame(server.connect, index + rooms * game, humans),
          thinkMs,
          observer: {
            client: (_, client) => clients.add(client),
            action: (_, { outcome }) => {
              if (measuring && outcome.kind === 'applied') latencies.recordValue(outcome.latencyUs);
            },
          },
        });
      } catch (failure) {
        if (!(failure instanceof GameFailed && isStopped())) throw failure;
      }
    }
  };
  const isStopped = (): boolean => stopped;
  try {
    const tables = Promise.all(Array.from({ length: rooms }, (_, index) => table(index)));
    await Promise.race([pause(WARM_UP_MS), tables]);
    measuring = true;
    await Promise.race([pause(seconds * 1000), tables]);
    measuring = false;
    stopped = true;
    for (const client of clients) client.close();
    await tables;
    return { rate_reached: latencies.totalCount / seconds, latency_us: microseconds(latencies) };
  } finally {
    await server.dispose();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
