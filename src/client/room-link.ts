import type { Cancel, Clock } from '../../actors/clock.js';
import { acknowledgementOf, type Acknowledgement } from './acknowledgement.js';
import { ABNORMAL_CLOSE, NORMAL_CLOSE, type ClientSocket, type Connect } from './client-socket.js';
import { inReplyTo, readFrame, textIn, type Frame } from './frame.js';
import { backoffMs, type Random } from './random.js';
import type { Session } from './session.js';

/** The id of the lobby among the rooms (protocol.md 1.1). */
export const LOBBY = 'lobby';

const HEARTBEAT_MS = 30_000;
const CONNECT_LIMIT_MS = 10_000;
const ACK_LIMIT_MS = 60_000;
const CONNECT_FAILURES_MAX = 30;
/** Longer than a server may ask for: whoever plays is waited for no longer. */
const COME_BACK_MS_MAX = 60_000;

export interface RoomLinkOptions {
  readonly roomId: string; // `lobby`, or the code of a room
  readonly playerName?: string; // needed for a seat
  readonly connect: Connect;
  readonly clock: Pick<Clock, 'nowMs' | 'elapsedMs' | 'schedule'>;
  readonly random: Random; // for the jitter of reconnects
  readonly newId: () => string; // a new text each time, at most 100 characters
  readonly session: Session;
  readonly ackLimitMs?: number; // on an open connection; then a command counts as unanswered
  readonly connectFailuresMax?: number; // in a row; then the client gives up
  readonly silenceLimitMs?: number; // after a ping; a connection that brings nothing by then is replaced. None where left out
}

/**
 * `identified` follows `open` once the server has answered `client_ready`; commands are sent from then on.
 * `refused`: it has answered, but gives this client no seat.
 */
export type Link = 'connecting' | 'open' | 'identified' | 'refused' | 'waiting' | 'closed';

/** Why a client stopped for good. */
export type ClientEnd =
  | { readonly kind: 'closed'; readonly by: 'us' | 'server'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface ClientListener {
  /** Every message as it came, before anything is read from it. */
  readonly text?: (text: string) => void;
  /** Every readable message, once the client's view took it in. A command that it answers is told of it in a later turn. */
  readonly frame?: (frame: Frame) => void;
  readonly link?: (link: Link) => void;
}

interface Pending {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly settle: (acknowledgement: Acknowledgement) => void;
  firstSentMs: number | undefined;
  cancelLimit: Cancel;
}

/**
 * One place in one room (or the lobby), over as many connections as it takes. A connection that ends with any code but
 * 1000 is replaced after a growing pause or the one that the server asked for, and commands without an answer are sent again
 * under their old id, which the server applies at most once (design.md 9, Idempotency).
 *
 * Browsers load it as it is: it and what it imports need nothing of Node, and no package.
 */
export class RoomLink {
  readonly ended: Promise<ClientEnd>;
  readonly #options: RoomLinkOptions;
  readonly #listeners = new Set<ClientListener>();
  readonly #pending = new Map<string, Pending>(); // in the order of their first sending
  readonly #timers = new Set<Cancel>();
  #settleEnd!: (end: ClientEnd) => void;
  #socket: ClientSocket | undefined;
  #ready: { readonly id: string; readonly cancelLimit: Cancel } | undefined; // `client_ready` without an answer
  #cancelRetry: Cancel = () => undefined;
  #cancelSilence: Cancel | undefined; // while a ping waits for any frame
  #link: Link = 'connecting';
  #failures = 0;
  #sequence = 0;
  #comeBackWithinMs: number | undefined; // what a server that ends asks for

  constructor(options: RoomLinkOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#settleEnd = resolve;
    });
  }

  get roomId(): string {
    return this.#options.roomId;
  }

  get playerName(): string | undefined {
    return this.#options.playerName;
  }

  get session(): Session {
    return this.#options.session;
  }

  get link(): Link {
    return this.#link;
  }

  open(): void {
    const { connect, session, roomId, clock } = this.#options;
    this.#setLink('connecting');
    const socket = connect(`/ws/${roomId}`, session.headers());
    this.#socket = socket;
    // A socket that was replaced may still report its end.
    const current = (): boolean => this.#socket === socket;
    const cancelLimit = clock.schedule(CONNECT_LIMIT_MS, () => {
      if (!current()) return;
      socket.terminate();
      this.#connectionEnded(ABNORMAL_CLOSE, `no connection within ${CONNECT_LIMIT_MS / 1000} s`);
    });
    socket.onOpen = (setCookie) => {
      cancelLimit();
      session.takeCookies(setCookie);
      if (current()) this.#opened();
    };
    socket.onMessage = (text) => {
      if (current()) this.#received(text);
    };
    socket.onClose = (code, reason, retryAfterMs) => {
      cancelLimit();
      if (current()) this.#connectionEnded(code, reason, retryAfterMs);
    };
  }

  /**
   * Sends a command, as soon as the server knows who we are.
   * @param id of an earlier command that was refused for a passing reason: should it have been applied after all, the
   *   server answers with what it did then
   * @returns when the first frame that answers it has come, or none will
   */
  command(
    event: string,
    data: Readonly<Record<string, unknown>>,
    id = this.#options.newId(),
  ): Promise<Acknowledgement> {
    return new Promise((settle) => {
      if (this.#link === 'closed') {
        settle({ kind: 'unanswered', id, why: 'closed' });
        return;
      }
      const pending: Pending = { id, event, data, settle, firstSentMs: undefined, cancelLimit: () => undefined };
      this.#pending.set(id, pending);
      if (this.#link === 'identified' || this.#link === 'refused') this.#sendPending(pending);
    });
  }

  /** @returns a function that ends the listening */
  listen(listener: ClientListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Waits until this client is identified. @returns false when it is refused or closed instead */
  identified(): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.listen({ link: check });
      check(this.#link);
      function check(link: Link): void {
        if (link !== 'identified' && link !== 'refused' && link !== 'closed') return;
        stop();
        resolve(link === 'identified');
      }
    });
  }

  /** Cuts the connection as a dead network does; the client comes back by itself. */
  drop(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.terminate();
    this.#connectionEnded(ABNORMAL_CLOSE, 'dropped');
  }

  /** Ends the connection and the client. */
  close(): void {
    if (this.#link === 'closed') return;
    const socket = this.#socket;
    this.#end({ kind: 'closed', by: 'us', reason: '' });
    socket?.close(NORMAL_CLOSE, 'Client disconnect');
  }

  /** For what a client knows by its frames: it takes each in before anybody else hears of it, of `link` too. */
  protected takeIn?(frame: Frame): void;

  #opened(): void {
    this.#sequence = 0;
    this.#setLink('open');
    this.#identify(this.#options.newId());
    this.#heartbeat();
  }

  #identify(id: string): void {
    const { roomId, playerName, session } = this.#options;
    this.#send('client_ready', id, {
      room_id: roomId,
      is_reconnection: false,
      ...(playerName === undefined ? {} : { player_name: playerName }),
      ...(session.token === undefined ? {} : { session_token: session.token }),
    });
    // A connection on which nothing is answered is as good as none.
    const cancelLimit = this.#schedule(this.#options.ackLimitMs ?? ACK_LIMIT_MS, () => this.drop());
    this.#ready = { id, cancelLimit };
  }

  #heartbeat(): void {
    this.#schedule(HEARTBEAT_MS, () => {
      this.#send('ping', this.#options.newId(), { timestamp: Math.floor(this.#options.clock.nowMs()) });
      this.#limitSilence();
      this.#heartbeat();
    });
  }

  /** Whoever is told that the connection is gone may come back; a network that only swallows tells nobody. */
  #limitSilence(): void {
    const { silenceLimitMs } = this.#options;
    if (silenceLimitMs === undefined) return;
    this.#cancelSilence ??= this.#schedule(silenceLimitMs, () => this.drop());
  }

  #received(text: string): void {
    this.#cancelSilence?.();
    this.#cancelSilence = undefined;
    for (const listener of this.#listeners) listener.text?.(text);
    const read = readFrame(text);
    if (read.kind === 'unreadable') return;
    const { frame } = read;
    const withinMs = frame.event === 'reconnect_hint' ? frame.data['within_ms'] : undefined;
    if (typeof withinMs === 'number') this.#comeBackWithinMs = withinMs;
    const token = textIn(frame.data, 'session_token');
    if (token !== undefined) this.#options.session.takeToken(token);
    this.takeIn?.(frame);
    // Before the listeners: one of them may close this client, as the page does that hears of the start.
    this.#settle(frame);
    for (const listener of this.#listeners) listener.frame?.(frame);
  }

  #settle(frame: Frame): void {
    const id = inReplyTo(frame);
    if (id === undefined) return;
    if (id === this.#ready?.id) {
      this.#readyAnswered(id, frame);
      return;
    }
    const pending = this.#pending.get(id);
    // The second and later frames of one command, and those of other sockets of this session.
    if (pending?.firstSentMs === undefined) return;
    this.#pending.delete(id);
    pending.cancelLimit();
    const latencyUs = Math.round((this.#options.clock.elapsedMs() - pending.firstSentMs) * 1000);
    pending.settle(acknowledgementOf(pending.event, frame, latencyUs));
  }

  #readyAnswered(id: string, frame: Frame): void {
    this.#ready?.cancelLimit();
    this.#ready = undefined;
    const answer = acknowledgementOf('client_ready', frame, 0);
    if (answer.kind === 'refused' && answer.retryAfterMs !== undefined) {
      this.#schedule(answer.retryAfterMs * (1 + this.#options.random()), () => this.#identify(id));
      return;
    }
    this.#failures = 0;
    // Before anybody hears of it: what a listener asks for is sent as it asks.
    for (const pending of this.#pending.values()) this.#sendPending(pending);
    this.#setLink(answer.kind === 'applied' ? 'identified' : 'refused');
  }

  #sendPending(pending: Pending): void {
    const { clock, ackLimitMs } = this.#options;
    pending.firstSentMs ??= clock.elapsedMs();
    this.#send(pending.event, pending.id, pending.data);
    pending.cancelLimit = this.#schedule(ackLimitMs ?? ACK_LIMIT_MS, () => {
      this.#pending.delete(pending.id);
      pending.settle({ kind: 'unanswered', id: pending.id, why: 'timeout' });
    });
  }

  #send(event: string, id: string, data: Readonly<Record<string, unknown>>): void {
    const timestamp = Math.floor(this.#options.clock.nowMs());
    this.#options.session.issue(id);
    this.#sequence++;
    this.#socket?.send(JSON.stringify({ event, data, sequence: this.#sequence, timestamp, id }));
  }

  #connectionEnded(code: number, reason: string, retryAfterMs?: number): void {
    this.#socket = undefined;
    this.#ready = undefined;
    this.#cancelTimers();
    if (code === NORMAL_CLOSE) {
      this.#end({ kind: 'closed', by: 'server', reason });
      return;
    }
    this.#failures++;
    if (this.#failures >= (this.#options.connectFailuresMax ?? CONNECT_FAILURES_MAX)) {
      this.#end({ kind: 'unreachable', reason: reason === '' ? `closed with ${code}` : reason });
      return;
    }
    this.#setLink('waiting');
    this.#cancelRetry = this.#options.clock.schedule(this.#pauseMs(retryAfterMs), () => this.open());
  }

  /** Clients that lost their connections together come back one by one, as the server has told them or at random. */
  #pauseMs(retryAfterMs: number | undefined): number {
    const { random } = this.#options;
    const withinMs = this.#comeBackWithinMs;
    this.#comeBackWithinMs = undefined;
    if (withinMs !== undefined) return random() * Math.min(Math.max(withinMs, 0), COME_BACK_MS_MAX);
    if (retryAfterMs !== undefined) return Math.min(retryAfterMs, COME_BACK_MS_MAX) * (1 + random() / 2);
    return backoffMs(random, this.#failures - 1);
  }

  #end(end: ClientEnd): void {
    this.#cancelRetry();
    this.#socket = undefined;
    this.#cancelTimers();
    this.#setLink('closed');
    for (const pending of this.#pending.values()) pending.settle({ kind: 'unanswered', id: pending.id, why: 'closed' });
    this.#pending.clear();
    this.#settleEnd(end);
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#cancelSilence = undefined;
  }

  /** A timer that dies with the connection. */
  #schedule(delayMs: number, run: () => void): Cancel {
    const cancelTimer = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = (): void => {
      this.#timers.delete(cancel);
      cancelTimer();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  #setLink(link: Link): void {
    if (this.#link === link) return;
    this.#link = link;
    for (const listener of this.#listeners) listener.link?.(link);
  }
}
