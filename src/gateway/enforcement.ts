import type { Clock } from '../../actors/clock.js';
import { EVERY_ROOM } from '../../actors/holds.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { type BucketSize, draw } from '../limits/token-bucket.js';
import type { ClientMessage } from '../protocol/client-message.js';
import type { Frame } from '../protocol/frame-codec.js';
import { rateLimited } from '../protocol/refusals.js';
import { inReplyTo } from '../protocol/wire.js';
import type { Log } from '../telemetry/log.js';
import type { Connection } from './connection.js';
import { FramePace } from './frame-pace.js';
import { PlayLimits, type PlayLimitSettings } from './play-limits.js';
import type { ReadingShare } from './reading-shares.js';
import { CLOSE } from './server-socket.js';
import type { LimitStep, Traffic } from './traffic.js';

/**
 * Messages of one socket that may be on their way to rooms and back; then it is read no further, and where very many
 * sockets ask too much, what waits for the disk stays small. Who plays has one on the way, who clicks fast two or three.
 */
const UNANSWERED_MAX = 16;
/** A socket that floods is told so at most that often. */
const FLOOD_ANSWER_MS = 1_000;
/** Messages of a socket that limits may refuse, or that are none: so many at once, then one a second. */
const PATIENCE: BucketSize = { capacity: 300, perSecond: 1 };
/** Rooms that do not exist an address may ask for: whoever guesses codes needs many more. */
const UNKNOWN_ROOMS: BucketSize = { capacity: 60, perSecond: 0.5 };
/** Rooms that an address may make: each socket has a limit of its own, but sockets can be had by hundreds. */
const ROOMS: BucketSize = { capacity: 120, perSecond: 1 };
/** A socket that is sent away may answer the close frame so long; after that it is cut. */
const FAREWELL_MS = 2_000;

export interface EnforcementPorts {
  readonly clock: Clock;
  readonly limiter: RateLimiter; // of limits by address
  readonly log: Pick<Log, 'debug' | 'warn'>;
  readonly settings: PlayLimitSettings; // read for each message
  readonly rooms: { readonly holdOf: (roomId: string) => object | null };
}

/**
 * Limits of sockets, players and rooms, and what becomes of whoever is over them, step by step: a warning, slower
 * reading, refusal, the end of the socket. Each step of a socket is counted and logged once.
 */
export class Enforcement {
  readonly #ports: EnforcementPorts;
  readonly #traffic: Traffic;
  readonly #playLimits: PlayLimits;

  constructor(ports: EnforcementPorts, traffic: Traffic) {
    this.#ports = ports;
    this.#traffic = traffic;
    this.#playLimits = new PlayLimits(ports.settings);
  }

  /**
   * What hands on the frames of a socket, no faster than it may send them and than they are answered.
   * @param share of what is read in a moment
   */
  paceOf(connection: Connection, share: ReadingShare, read: (frame: Frame, binary: boolean) => void): FramePace {
    const { clock, settings, rooms } = this.#ports;
    // What waits for an operator is on the disk, and may have to wait for long.
    const isHeld = (): boolean => rooms.holdOf(connection.roomId ?? EVERY_ROOM) !== null;
    const pace = new FramePace({
      clock,
      settings,
      share,
      read: (frame, binary) => {
        if (!connection.isSentAway) read(frame, binary); // it may have waited
      },
      mayRead: () => connection.unanswered < UNANSWERED_MAX || isHeld(),
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      onOutOfTurn: () => this.#traffic.outOfTurn++,
      onSlowed: () => this.#step(connection, 'slowed', 'flood'),
      onRefused: () => this.#frameRefused(connection),
      onFlooding: () => this.#sendAway(connection, 'Too many messages for too long'),
    });
    connection.onAnswered = () => pace.answered();
    return pace;
  }

  /**
   * Judges a message, and answers it where a limit refuses it.
   * @param roomId the room that it is meant for
   * @returns whether it may go its way
   */
  pass(connection: Connection, message: ClientMessage, roomId: string | null): boolean {
    const nowMs = this.#ports.clock.elapsedMs();
    const { event } = message;
    const verdict = connection.limits.message(event, nowMs);
    if (verdict.kind === 'limited') return this.#refuse(connection, message, 'message', verdict.retryAfterS);
    if (verdict.kind === 'warned') {
      this.#traffic.limited.warning++;
      this.#step(connection, 'warned', event);
      connection.send({ event: 'rate_limit_warning', data: { ...verdict.warning } });
    }
    if (event === 'client_ready' && !connection.isIntroduced) {
      // Paid for by the handshake. Else those who come back after a restart would keep each other out.
      connection.isIntroduced = true;
      return true;
    }
    const { session, seat, address } = connection;
    const played = this.#playLimits.judge({ event, session, roomId, seat, address }, nowMs);
    return played.kind === 'accepted' || this.#refuse(connection, message, played.by, played.retryAfterS);
  }

  /** Its session, as it says by a token, has as many sockets as it may. */
  tooManySockets(connection: Connection): void {
    this.#traffic.handshakesRefused.session++;
    this.#sendAway(connection, 'This session has too many open sockets');
  }

  /** Counts a frame that was no message. */
  invalid(connection: Connection): void {
    this.#traffic.invalid++;
    this.#tryPatience(connection);
  }

  /** Whoever guesses room codes pays for each handful of them with a handshake. */
  unknownRoom(connection: Connection): void {
    const { limiter, log, settings } = this.#ports;
    if (connection.address === undefined || settings.rateLimitFactor === Infinity) return;
    const size = scaled(UNKNOWN_ROOMS, settings.rateLimitFactor);
    limiter.take(`unknown-room:${connection.address}`, size).then(
      (taken) => {
        if (taken.allowed) return;
        this.#traffic.limited.unknownRoom++;
        this.#sendAway(connection, 'Too many unknown rooms');
      },
      (failure: unknown) => log.warn({ err: failure }, 'unknown room not counted'),
    );
  }

  /** Whether the sender's address may have another room; answers the message where it may not. */
  async mayCreate(connection: Connection, message: ClientMessage): Promise<boolean> {
    const { limiter, log, settings } = this.#ports;
    if (connection.address === undefined || settings.rateLimitFactor === Infinity) return true;
    try {
      const size = scaled(ROOMS, settings.rateLimitFactor);
      const taken = await limiter.take(`create-room:${connection.address}`, size);
      return taken.allowed || this.#refuse(connection, message, 'newRoom', Math.ceil(taken.waitMs / 1000));
    } catch (failure) {
      log.warn({ err: failure }, 'new room not counted');
      return true;
    }
  }

  /** Nothing has changed, and the sender is told when to try again. */
  #refuse(
    connection: Connection,
    { event, id }: ClientMessage,
    limit: 'message' | 'player' | 'room' | 'newRoom',
    retryAfterS: number,
  ): false {
    this.#traffic.limited[limit]++;
    this.#step(connection, 'refused', limit);
    connection.send(inReplyTo(rateLimited(event, retryAfterS), id ?? null));
    this.#tryPatience(connection);
    return false;
  }

  #frameRefused(connection: Connection): void {
    const nowMs = this.#ports.clock.elapsedMs();
    this.#traffic.limited.flood++;
    this.#step(connection, 'refused', 'flood');
    // One answer for many: otherwise a flood in would be a flood out.
    if (nowMs - connection.floodToldMs >= FLOOD_ANSWER_MS) {
      connection.floodToldMs = nowMs;
      connection.send(rateLimited(null, 1));
    }
    this.#tryPatience(connection);
  }

  #tryPatience(connection: Connection): void {
    const { clock, settings } = this.#ports;
    if (settings.rateLimitFactor === Infinity) return;
    const drawn = draw(connection.patience, scaled(PATIENCE, settings.rateLimitFactor), clock.elapsedMs());
    connection.patience = drawn.bucket;
    if (!drawn.ok) this.#sendAway(connection, 'Too many messages were refused');
  }

  /** The code lets it come back: a person behind a broken page shall not be shut out, and handshakes have limits too. */
  #sendAway(connection: Connection, reason: string): void {
    if (connection.isSentAway) return;
    connection.isSentAway = true;
    this.#step(connection, 'disconnected', reason);
    connection.close(CLOSE.overLimits, reason);
    // It may be paused, or go on sending and never answer.
    this.#ports.clock.schedule(FAREWELL_MS, () => {
      if (connection.open) connection.socket.terminate();
    });
  }

  #step(connection: Connection, step: LimitStep, why: string): void {
    if (connection.steps.has(step)) return;
    connection.steps.add(step);
    this.#traffic.socketsAtStep[step]++;
    this.#ports.log[step === 'warned' ? 'debug' : 'warn']({ connection: connection.id, step, why }, 'over the limits');
  }
}

function scaled({ capacity, perSecond }: BucketSize, factor: number): BucketSize {
  return { capacity: Math.max(capacity * factor, 1), perSecond: perSecond * factor };
}
