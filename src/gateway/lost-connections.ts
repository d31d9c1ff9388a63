import type { Duplex } from 'node:stream';
import type { Clock } from '../../actors/clock.js';
import { Slices } from './slices.js';

/** 2,000 a second at most: each costs some 60 µs, most of them in the platform. */
const CONNECTIONS = { count: 20, ms: 10 };

/**
 * Connections whose other side has ended without a farewell: a network that fails, or a proxy that stops, ends
 * thousands in one turn of the event loop, and taking all of them down there would hold up everybody else's moves.
 */
export class LostConnections {
  readonly #slices: Slices<() => void>;

  constructor(clock: Clock) {
    this.#slices = new Slices(clock, CONNECTIONS, (end) => end());
  }

  /**
   * From now on `raw` is taken down when it is its turn. An end in order, of which its listeners hear, costs a fifth
   * more: it is for those to whom something is still on its way.
   */
  watch(raw: Duplex): void {
    const listeners = raw.listeners('end') as (() => void)[];
    raw.removeAllListeners('end');
    raw.once('end', () =>
      this.#slices.add(() => {
        if (raw.destroyed) return; // it was lost altogether meanwhile
        if (raw.writableLength === 0) {
          raw.destroy();
          return;
        }
        for (const listener of listeners) listener.call(raw);
      }),
    );
  }

  stop(): void {
    this.#slices.stop();
  }
}
