import type { Cancel, Clock } from '../../actors/clock.js';
import type { Connection } from './connection.js';
import type { Traffic } from './traffic.js';

/** A socket that owes us more gets no more states that a newer one replaces. */
export const SKIPS_ABOVE_BYTES = 256 * 1024;
/** A socket that owes us no more than that has caught up, and gets the newest state. */
export const CAUGHT_UP_BYTES = 64 * 1024;
/** Slow sockets are looked at that often. */
const LOOK_MS = 50;

/**
 * Sockets that read more slowly than their room moves. They skip states until they have caught up, and then get the
 * newest one; answers and whatever no later state tells are sent to them all the same. Owns no timer while there is none.
 */
export class SlowReaders {
  readonly #behind = new Map<Connection, 'reading' | 'asked'>();
  readonly #clock: Clock;
  readonly #traffic: Pick<Traffic, 'broadcast' | 'resyncs'>;
  readonly #onRead: (connection: Connection) => void;
  #look: Cancel | null = null;

  /** @param onRead a socket has caught up and is to get the newest state: `caughtUp` right in front of it */
  constructor(clock: Clock, traffic: Pick<Traffic, 'broadcast' | 'resyncs'>, onRead: (connection: Connection) => void) {
    this.#clock = clock;
    this.#traffic = traffic;
    this.#onRead = onRead;
  }

  /** @returns whether the socket is to be spared a state that is about to be sent */
  skips(connection: Connection): boolean {
    if (!this.#behind.has(connection)) {
      if (connection.backlogBytes <= SKIPS_ABOVE_BYTES) return false;
      this.#behind.set(connection, 'reading');
      this.#look ??= this.#schedule();
    }
    this.#traffic.broadcast.skipped++;
    return true;
  }

  /** From now on it gets every state again. */
  caughtUp(connection: Connection): void {
    this.#behind.delete(connection);
    this.#traffic.resyncs++;
  }

  /** The newest state could not be had: it is asked for again. */
  missed(connection: Connection): void {
    if (this.#behind.has(connection)) this.#behind.set(connection, 'reading');
  }

  remove(connection: Connection): void {
    this.#behind.delete(connection);
  }

  stop(): void {
    this.#look?.();
    this.#look = null;
  }

  #schedule(): Cancel {
    return this.#clock.schedule(LOOK_MS, () => {
      for (const [connection, doing] of this.#behind) {
        if (doing === 'asked' || connection.backlogBytes > CAUGHT_UP_BYTES) continue;
        this.#behind.set(connection, 'asked');
        this.#onRead(connection);
      }
      this.#look = this.#behind.size > 0 ? this.#schedule() : null;
    });
  }
}
