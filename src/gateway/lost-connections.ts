import type { Duplex } from 'node:stream';
import type { Clock } from '../../actors/clock.js';
import { Slices } from './slices.js';

/** Two for each connection, the platform's and its protocol's: 2,000 connections a second, each of which costs some 60 µs. */
const LISTENERS = { count: 40, ms: 10 };

/**
 * Connections whose other side has ended without a farewell: a network that fails, a proxy that stops, or a crowd that
 * means harm ends thousands in one turn of the event loop, and taking all of them down there would hold up everybody
 * else's moves.
 */
export class LostConnections {
  readonly #slices: Slices<() => void>;

  constructor(clock: Clock) {
    this.#slices = new Slices(clock, LISTENERS, (end) => end());
  }

  /** From now on what listens to the end of `raw` hears of it when it is its turn; what is added later, at once. */
  watch(raw: Duplex): void {
    for (const listener of raw.listeners('end') as (() => void)[]) {
      const hear = (): void => listener.call(raw);
      const inTurn = (): void => {
        this.#slices.add(hear);
        raw.once('close', () => this.#slices.remove(hear)); // it was lost altogether meanwhile
      };
      raw.off('end', listener);
      // By this property whoever added it can remove it: HTTP does when a connection becomes a player's socket.
      raw.on('end', Object.assign(inTurn, { listener }));
    }
  }

  stop(): void {
    this.#slices.stop();
  }
}
