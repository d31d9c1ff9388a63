import { randomUUID } from 'node:crypto';
import { systemClock } from '../../actors/clock.js';
import type { Connect } from '../../src/client/client-socket.js';
import type { GameSessionOptions } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import { carefulStrategy } from '../../src/client/strategy.js';

/** For clients that must outlive a server which is away for minutes. */
const CONNECT_FAILURES_MAX = 1_000;
const SETUP_LIMIT_MS = 600_000;

/** A game over real sockets whose people decide at once and by the seed. */
export function realGame(connect: Connect, seed: number, humans: number): Omit<GameSessionOptions, 'observer'> {
  const random = seededRandom(seed);
  return {
    humans,
    connect,
    clock: systemClock,
    random,
    newId: randomUUID,
    strategy: carefulStrategy(random),
    thinkMs: () => 0,
    connectFailuresMax: CONNECT_FAILURES_MAX,
    setupLimitMs: SETUP_LIMIT_MS,
  };
}
