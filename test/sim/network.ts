import type { ClientSocket, Connect } from '../../src/client/client-socket.js';
import type { Random } from '../../src/client/random.js';
import type { Handshake, ServerSocket } from '../../src/gateway/server-socket.js';
import type { Sessions } from '../../src/gateway/sessions.js';
import type { SimulatedClock } from '../../actors/simulated-clock.js';

export interface NetworkPace {
  readonly delayMs: number; // of a frame, each way, at least
  readonly jitterMs: number; // and up to that much more, so that connections overtake each other
}

/** A socket as the oracles know it. */
export interface Socket {
  readonly id: number;
  readonly path: string;
  session: string;
  readonly life: number; // of the process that it talks to
  isOpen: boolean; // the server has not seen its end
  owedBytesMax: number; // the most that the server saw it owe
}

export interface NetworkPorts {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly sessions: Sessions;
  readonly pace: () => NetworkPace;
  /** The process that takes connections; null while it is down. */
  readonly server: () => NetworkServer | null;
  /** The frame is about to reach the server. @returns false where the process died at that */
  readonly onArrive: (socket: Socket, frame: string | Uint8Array) => boolean;
  /** The server is about to send the frame. @returns false where the process died at that */
  readonly onSend: (socket: Socket, text: string) => boolean;
  readonly onOpen: (socket: Socket) => void;
  readonly onEnd: (socket: Socket) => void; // the server knows of it, or is gone
}

export interface NetworkServer {
  readonly life: number;
  readonly accept: (socket: ServerSocket, handshake: Handshake) => void;
}

/** All connections of a simulation. Frames of one keep their order; those of different ones overtake each other. */
export class SimulatedNetwork {
  readonly #ports: NetworkPorts;
  readonly #links = new Set<Link>();
  readonly #awayUntil = new Map<string, number>(); // by session, elapsed ms
  #count = 0;
  #isClosed = false;

  constructor(ports: NetworkPorts) {
    this.#ports = ports;
  }

  readonly connect: Connect = (path, headers) => {
    const { server, sessions, clock } = this.#ports;
    const known = sessions.fromCookieHeader(headers['cookie'] ?? headers['Cookie']);
    const isAway = known !== null && (this.#awayUntil.get(known) ?? 0) > clock.elapsedMs();
    const link = new Link(this.#ports, { id: ++this.#count, path, headers }, () => this.#links.delete(link));
    this.#links.add(link);
    link.later(() => {
      const listening = this.#isClosed || isAway ? null : server();
      if (listening === null) {
        link.cut('refused');
        return;
      }
      const issued = known === null ? sessions.issue() : null;
      const setCookie = issued === null ? [] : [sessions.cookie(issued.token, { secure: false })];
      const session = known ?? issued!.sid;
      link.accept(listening, setCookie, { path, session, token: issued?.token ?? null });
    });
    return link.clientEnd;
  };

  /** Cuts a connection, and lets nobody with its cookie in for a while. @returns whether it has one */
  keepAway(link: Link, ms: number): boolean {
    const { sessions, clock } = this.#ports;
    const session = sessions.fromCookieHeader(link.headers['cookie'] ?? link.headers['Cookie']);
    if (session === null) return false;
    this.#awayUntil.set(session, clock.elapsedMs() + ms);
    link.cut('away');
    return true;
  }

  /** From now on nobody gets through any more. */
  close(): void {
    this.#isClosed = true;
    this.cutAll();
  }

  /** Open connections, in the order in which they were made. */
  get open(): readonly Link[] {
    return [...this.#links].filter((link) => link.isOpen);
  }

  /** The process is gone, and with it every connection. */
  cutAll(): void {
    for (const link of [...this.#links]) link.cut('the process ended');
  }

  /** Nothing is slow or half open any more: what looked alive and was not is cut. */
  heal(): void {
    for (const link of [...this.#links]) link.heal();
  }
}

/** A slow client owes so much more than its frames have bytes: runs are too short for long ones to pile up. */
const SLOW_WEIGHT = 16;
/** Texts of a client that are kept, to be repeated. */
const SAID_MAX = 8;

type Phase = 'connecting' | 'open' | 'closed';

/** Two ends of one connection. */
export class Link {
  readonly clientEnd: ClientSocket;
  readonly serverEnd: ServerSocket;
  readonly #ports: NetworkPorts;
  readonly id: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The texts that the client sent, newest last. */
  readonly said: string[] = [];
  readonly #onGone: () => void;
  #phase: Phase = 'connecting';
  #socket: Socket | null = null;
  #toServerAt = 0; // elapsed ms: frames keep their order
  #toClientAt = 0;
  #isPaused = false;
  readonly #held: (() => void)[] = [];
  #isDeaf = false; // half open: the client is gone, and nobody tells the server
  #bytesPerMs = Infinity; // how fast the client reads
  #backlogBytes = 0;

  constructor(ports: NetworkPorts, { id, path, headers }: Pick<Link, 'id' | 'path' | 'headers'>, onGone: () => void) {
    this.#ports = ports;
    this.id = id;
    this.path = path;
    this.headers = headers;
    this.#onGone = onGone;
    const nothing = (): void => undefined;
    this.clientEnd = {
      onOpen: nothing,
      onMessage: nothing,
      onClose: nothing,
      send: (text) => this.say(text),
      close: (code = 1000, reason = '') => this.#end(code, reason),
      terminate: () => this.cut(''),
    };
    const backlogBytes = (): number => {
      const bytes = this.#backlogBytes * SLOW_WEIGHT;
      if (this.#socket !== null) this.#socket.owedBytesMax = Math.max(this.#socket.owedBytesMax, bytes);
      return bytes;
    };
    this.serverEnd = {
      onMessage: nothing,
      onClose: nothing,
      onPong: nothing,
      send: (frame) => this.#toClient(frame as string), // no client here asks for binary frames
      close: (code, reason) => this.#later('client', () => this.#end(code, reason)),
      terminate: () => this.cut('terminated'),
      ping: () =>
        this.#later('client', () => {
          if (this.#phase === 'open' && !this.#isDeaf) this.#later('server', () => this.#pong());
        }),
      pause: () => (this.#isPaused = true),
      resume: () => this.#resume(),
      get backlogBytes() {
        return backlogBytes();
      },
    };
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  later(run: () => void): void {
    this.#later('server', run);
  }

  accept(server: NetworkServer, setCookie: readonly string[], handshake: Handshake): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'open';
    const { path, session } = handshake;
    this.#socket = { id: this.id, path, session, life: server.life, isOpen: true, owedBytesMax: 0 };
    this.#ports.onOpen(this.#socket);
    server.accept(this.serverEnd, handshake);
    this.#later('client', () => {
      if (this.#phase === 'open') this.clientEnd.onOpen(setCookie);
    });
  }

  /** A frame from the client. */
  say(frame: string | Uint8Array): void {
    if (this.#phase !== 'open' || this.#isDeaf) return;
    if (typeof frame === 'string') {
      this.said.push(frame);
      if (this.said.length > SAID_MAX) this.said.shift();
    }
    this.#later('server', () => {
      const deliver = (): void => {
        if (this.#phase !== 'open' || !this.#ports.onArrive(this.#socket!, frame)) return;
        this.serverEnd.onMessage(frame, typeof frame !== 'string');
      };
      if (this.#isPaused) this.#held.push(deliver);
      else deliver();
    });
  }

  /** The connection ends without a close frame; what is in flight is lost. */
  cut(reason: string): void {
    this.#end(1006, reason);
  }

  /** The client is gone for itself and comes back on another connection; the server hears nothing. */
  goDeaf(): void {
    if (this.#phase !== 'open' || this.#isDeaf) return;
    this.#isDeaf = true;
    this.#later('client', () => this.clientEnd.onClose(1006, 'lost'), true);
  }

  slowDown(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
  }

  heal(): void {
    this.#bytesPerMs = Infinity;
    if (this.#isDeaf) this.cut('lost');
  }

  #toClient(text: string): void {
    if (this.#phase !== 'open' || !this.#ports.onSend(this.#socket!, text)) return;
    if (this.#isDeaf) {
      this.#backlogBytes += text.length;
      return;
    }
    const readMs = text.length / this.#bytesPerMs;
    if (readMs > 0) this.#backlogBytes += text.length;
    this.#later(
      'client',
      () => {
        if (readMs > 0) this.#backlogBytes -= text.length;
        if (this.#phase === 'open' && !this.#isDeaf) this.clientEnd.onMessage(text);
      },
      false,
      readMs,
    );
  }

  #pong(): void {
    if (this.#phase === 'open' && !this.#isDeaf) this.serverEnd.onPong();
  }

  #end(code: number, reason: string): void {
    if (this.#phase === 'closed') return;
    const wasOpen = this.#phase === 'open';
    this.#phase = 'closed';
    this.#onGone();
    if (wasOpen) {
      this.#later('server', () => {
        this.#socket!.isOpen = false;
        this.#ports.onEnd(this.#socket!);
        if (this.#ports.server()?.life === this.#socket!.life) this.serverEnd.onClose(code);
      });
    }
    if (!this.#isDeaf) this.#later('client', () => this.clientEnd.onClose(code, reason), true);
  }

  #resume(): void {
    this.#isPaused = false;
    for (let deliver = this.#nextHeld(); deliver !== undefined; deliver = this.#nextHeld()) deliver();
  }

  /** What was held back comes in order; any of it may pause the reading again. */
  #nextHeld(): (() => void) | undefined {
    return this.#isPaused ? undefined : this.#held.shift();
  }

  /** Behind everything that goes the same way. @param isNews of an end, which overtakes what is lost by it */
  #later(to: 'server' | 'client', run: () => void, isNews = false, moreMs = 0): void {
    const { clock, random, pace } = this.#ports;
    const { delayMs, jitterMs } = pace();
    const now = clock.elapsedMs();
    let at = now + delayMs + random() * jitterMs + moreMs;
    if (!isNews) {
      at = Math.max(at, to === 'server' ? this.#toServerAt : this.#toClientAt + moreMs);
      if (to === 'server') this.#toServerAt = at;
      else this.#toClientAt = at;
    }
    clock.schedule(at - now, run);
  }
}
