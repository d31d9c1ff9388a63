import type { Clock } from '../../actors/clock.js';
import type { Frame } from '../protocol/frame-codec.js';
import type { Connection } from './connection.js';
import { Slices } from './slices.js';

/** Up to that many sockets are sent to at once: a frame takes some 20 µs to send, so others wait a good millisecond. */
export const CROWD_ABOVE = 64;
const SOCKETS = { count: CROWD_ABOVE, ms: 1 };

/**
 * Those who only watch, where they are many: frames to them leave a few at a time, in order for each of them. A thousand
 * at once would make every table wait.
 */
export class Crowd {
  readonly #slices: Slices<Connection>;

  constructor(clock: Clock) {
    this.#slices = new Slices(clock, SOCKETS, (connection) => connection.flush());
  }

  /** @returns whether the connection took it */
  send(connection: Connection, frame: Frame): boolean {
    this.#slices.add(connection);
    return connection.sendFrame(frame, true);
  }

  remove(connection: Connection): void {
    this.#slices.remove(connection);
  }

  stop(): void {
    this.#slices.stop();
  }
}
