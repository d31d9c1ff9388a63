import type { ClientEvent } from '../protocol/client-message.js';

/** Close codes that are told apart (RFC 6455 section 7.4.1, and 1012 and 1013 of its registry); a client may send any. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013,
]);

/** What becomes of a socket that is over its limits, one after the other. */
export type LimitStep = 'warned' | 'slowed' | 'refused' | 'disconnected';

/** Why a handshake was refused. */
export type HandshakeRefusal = 'path' | 'origin' | 'full' | 'address' | 'session' | 'addressRate' | 'rate';

/** What went through the sockets since the start. Plain numbers, because they are counted for every frame. */
export class Traffic {
  opened = 0;
  framesIn = 0;
  bytesIn = 0;
  framesOut = 0;
  bytesOut = 0;
  encoded = 0; // messages into frames: those that many read, once for each codec
  /** Frames of broadcasts: `skipped` are states that slow sockets were spared, `lost` had no open socket any more. */
  readonly broadcast = { sent: 0, skipped: 0, lost: 0 };
  broadcastsFailed = 0; // what was to be told could not be made
  resyncs = 0; // slow sockets that got the newest state instead
  outOfTurn = 0; // sockets that had to wait until others with their share were read
  invalid = 0; // frames that were no message
  slowClosed = 0; // sockets that owed more than they may
  heartbeatDrops = 0;
  readonly limited = { flood: 0, message: 0, player: 0, room: 0, newRoom: 0, unknownRoom: 0, warning: 0 };
  readonly socketsAtStep: Record<LimitStep, number> = { warned: 0, slowed: 0, refused: 0, disconnected: 0 };
  readonly handshakesRefused: Record<HandshakeRefusal, number> = {
    ...{ path: 0, origin: 0, full: 0, address: 0, session: 0, addressRate: 0, rate: 0 },
  };
  readonly #closed = new Map<string, number>();
  readonly #messages = new Map<ClientEvent, number>();

  closed(code: number): void {
    const known = KNOWN_CODES.has(code) ? String(code) : 'other';
    this.#closed.set(known, (this.#closed.get(known) ?? 0) + 1);
  }

  message(event: ClientEvent): void {
    this.#messages.set(event, (this.#messages.get(event) ?? 0) + 1);
  }

  /** Sockets that are gone, by close code; rare codes together as `other`. */
  get closedByCode(): ReadonlyMap<string, number> {
    return this.#closed;
  }

  /** Messages of clients by their event, whatever became of them. */
  get messages(): ReadonlyMap<ClientEvent, number> {
    return this.#messages;
  }
}
