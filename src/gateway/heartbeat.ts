import type { Cancel, Clock } from '../../actors/clock.js';
import type { Connection } from './connection.js';
import type { Traffic } from './traffic.js';

/** A socket is pinged this often, and dropped when it let one go unanswered (protocol.md 1.4). */
const PERIOD_MS = 20_000;
/** Pings are spread over the period: thousands in one tick would hold up everybody's moves. */
const SLICES = 200;

/** Finds dead peers. Owns no timer while there is nobody to ping. */
export class Heartbeat {
  readonly #slices: Set<Connection>[] = Array.from({ length: SLICES }, () => new Set());
  readonly #sliceOf = new Map<Connection, Set<Connection>>();
  readonly #clock: Clock;
  #next = 0;
  #beat: Cancel | null = null;

  readonly #traffic: Pick<Traffic, 'heartbeatDrops'>;

  constructor(clock: Clock, traffic: Pick<Traffic, 'heartbeatDrops'>) {
    this.#traffic = traffic;
    this.#clock = clock;
  }

  add(connection: Connection): void {
    const slice = this.#slices[(this.#next + this.#sliceOf.size) % SLICES]!;
    slice.add(connection);
    this.#sliceOf.set(connection, slice);
    this.#beat ??= this.#schedule();
  }

  remove(connection: Connection): void {
    this.#sliceOf.get(connection)?.delete(connection);
    this.#sliceOf.delete(connection);
    if (this.#sliceOf.size === 0) this.stop();
  }

  stop(): void {
    this.#beat?.();
    this.#beat = null;
  }

  #schedule(): Cancel {
    return this.#clock.schedule(PERIOD_MS / SLICES, () => {
      const slice = this.#slices[this.#next]!;
      this.#next = (this.#next + 1) % SLICES;
      for (const connection of slice) {
        if (connection.isPaused) continue; // its pong would not be read
        if (!connection.answeredPing) {
          this.#traffic.heartbeatDrops++;
          connection.socket.terminate();
          continue;
        }
        connection.answeredPing = false;
        connection.socket.ping();
      }
      if (this.#sliceOf.size > 0) this.#beat = this.#schedule();
      else this.#beat = null;
    });
  }
}
