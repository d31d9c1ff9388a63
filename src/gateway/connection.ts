import type { Seat } from '../game/seats.js';
import type { Bucket } from '../limits/token-bucket.js';
import { type Frame, frameBytes, type FrameCodec, jsonCodec } from '../protocol/frame-codec.js';
import type { WireMessage } from '../protocol/wire.js';
import type { SocketLimits } from './rate-limit.js';
import type { LimitStep, Traffic } from './traffic.js';
import { CLOSE, type Handshake, type ServerSocket } from './server-socket.js';

/**
 * Bytes a slow socket may owe us; above it the client is sent away and comes back to the newest state. Long before that
 * it is sent no more of what the next state replaces (SlowReaders).
 */
export const SOCKET_BACKLOG_BYTES_MAX = 1024 * 1024;

/** One client's socket: where it is, whose it is, and for which seat it speaks. */
export class Connection {
  readonly id: string;
  readonly socket: ServerSocket;
  readonly limits: SocketLimits;
  readonly codec: FrameCodec;
  /** Room code of the path, null in the lobby. */
  readonly code: string | null;
  token: string | null; // of the session, for a client that came without a cookie
  readonly address: string | undefined; // of limits by address
  readonly becomes: NonNullable<Handshake['becomes']>;
  session: string;
  roomId: string | null = null;
  seat: Seat | null = null;
  name: string | null = null; // of the player in that seat
  open = true;
  answeredPing = true;
  isSentAway = false; // nothing that it sends is read any more
  isIntroduced = false; // its first `client_ready` came
  floodToldMs = Number.NEGATIVE_INFINITY; // monotonic
  patience: Bucket | undefined; // for what is refused
  readonly steps = new Set<LimitStep>(); // that it was brought to
  readonly #traffic: Traffic;
  onAnswered: () => void = () => undefined;
  #unanswered = 0;
  #correlated = 0;
  #pauses = 0;
  #isTooSlow = false;
  #held: Frame[] = []; // that wait for `flush`, and all that came behind them
  #heldBytes = 0;

  constructor(
    id: string,
    socket: ServerSocket,
    limits: SocketLimits,
    { path, session, token, address, codec = jsonCodec, becomes = () => true }: Handshake,
    traffic: Traffic,
  ) {
    this.#traffic = traffic;
    this.id = id;
    this.socket = socket;
    this.limits = limits;
    this.codec = codec;
    const place = path.slice('/ws/'.length);
    this.code = place === 'lobby' ? null : place;
    this.session = session;
    this.token = token;
    this.address = address;
    this.becomes = becomes;
  }

  /** Stops reading. Each reason is taken back by a `resume` of its own. */
  pause(): void {
    if (this.#pauses++ === 0) this.socket.pause();
  }

  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  resume(): void {
    if (--this.#pauses === 0) this.socket.resume();
  }

  /** Messages of it that are on their way to rooms and back. */
  get unanswered(): number {
    return this.#unanswered;
  }

  asked(): void {
    this.#unanswered++;
  }

  answered(): void {
    this.#unanswered--;
    this.onAnswered();
  }

  /** A new id that joins everything one message causes: answers, journal entry, log lines. */
  nextCorrelationId(): string {
    return `${this.id}-${++this.#correlated}`;
  }

  send(message: WireMessage): void {
    this.#traffic.encoded++;
    this.sendFrame(this.codec.encode(message));
  }

  /** What it was sent and has not left yet. */
  get backlogBytes(): number {
    return this.socket.backlogBytes + this.#heldBytes;
  }

  /**
   * @param frame of this socket's codec
   * @param later it waits for `flush`, and whatever is sent until then waits behind it
   * @returns whether the socket took it
   */
  sendFrame(frame: Frame, later = false): boolean {
    if (!this.open || this.#isTooSlow) return false;
    if (this.backlogBytes > SOCKET_BACKLOG_BYTES_MAX) {
      this.#isTooSlow = true;
      this.#traffic.slowClosed++;
      this.socket.close(CLOSE.tooSlow, 'Too slow');
      return false;
    }
    const bytes = frameBytes(frame);
    this.#traffic.framesOut++;
    this.#traffic.bytesOut += bytes;
    if (later || this.#held.length > 0) {
      this.#held.push(frame);
      this.#heldBytes += bytes;
    } else this.socket.send(frame);
    return true;
  }

  flush(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const frame of held) this.socket.send(frame);
  }

  close(code: number, reason: string): void {
    this.flush();
    this.socket.close(code, reason);
  }
}
