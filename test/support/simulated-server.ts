import { createHash } from 'node:crypto';
import { liapTui, type LiapTui, type LiapTuiOptions } from '../../actors/room/liap-tui.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import type { ClientSocket, Connect } from '../../src/client/client-socket.js';
import type { GatewaySettings } from '../../src/gateway/gateway.js';
import type { ServerSocket } from '../../src/gateway/server-socket.js';
import { createSessions } from '../../src/gateway/sessions.js';
import { type RoomServer, startRooms } from '../../src/server.js';
import { createLog, type Log } from '../../src/telemetry/log.js';
import type { OperatorAlert } from '../../src/telemetry/operator-alerts.js';

export interface SimulatedServerOptions extends LiapTuiOptions {
  readonly seed?: string; // all chance of the server; the same seed is the same run
  readonly commitDelayMs?: number;
  readonly settings?: Partial<GatewaySettings>;
  readonly log?: Log; // else nothing is logged
  readonly linkDelayMs?: number; // of a frame, each way
}

const SETTINGS: GatewaySettings = {
  timeScale: 1,
  rateLimitFactor: Infinity,
  playerMessagesPerMinute: 600,
  roomMessagesPerSecond: 100,
  messageBytesMax: 64 * 1024,
  disconnectGraceMs: 3_000,
  restartGraceMs: 60_000,
};

/** A whole server in this thread: virtual clock, simulated disk, sockets in memory. Restarts keep the disk. */
export class SimulatedServer {
  readonly clock: SimulatedClock;
  readonly #options: SimulatedServerOptions;
  readonly #sessions: ReturnType<typeof createSessions>;
  readonly #random: (bytes: number) => Buffer;
  readonly #links = new Set<Link>();
  /** Every text that any client was sent, with the path of its socket: for oracles. */
  onFrame: (path: string, text: string) => void = () => undefined;
  engine: SimulatedEngine;
  server!: RoomServer;
  /** Steps of rooms that fail from now on: a fault of the machine that passes. */
  stepsToFail = 0;
  gaveUp = 0; // how often the supervisor did
  /** What operators were told by alerts, oldest first. */
  readonly alerts: OperatorAlert[] = [];

  private constructor(options: SimulatedServerOptions, clock: SimulatedClock) {
    this.#options = options;
    this.clock = clock;
    this.#random = seededBytes(options.seed ?? 'simulated');
    this.#sessions = createSessions({ secret: 'a secret of the simulation', random: this.#random });
    this.engine = new SimulatedEngine(clock, { commitDelayMs: options.commitDelayMs ?? 1 });
  }

  static async start(options: SimulatedServerOptions = {}): Promise<SimulatedServer> {
    const simulated = new SimulatedServer(options, new SimulatedClock());
    await simulated.#start();
    return simulated;
  }

  /** What replays this server's journals: its deals and bots may be a test's. */
  get definition(): LiapTui {
    return liapTui(this.#options);
  }

  /** As kill -9 and a new start: what was not committed is gone, and so are all sockets. */
  async crash(downMs = 1_000): Promise<void> {
    this.engine.crash();
    for (const link of [...this.#links]) link.cut();
    this.server.stopClocks();
    await this.clock.advance(downMs);
    this.engine = this.engine.reopen();
    await this.#start();
  }

  /** Lets virtual time pass until the promise settles. */
  async until<T>(promise: Promise<T>, limitMs = 36_000_000): Promise<T> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => undefined); // thrown to the caller below
    await this.clock.runUntil(() => settled, limitMs);
    return done;
  }

  readonly connect: Connect = (path, headers) => {
    const link = new Link(this, this.#options.linkDelayMs ?? 0, () => this.#links.delete(link));
    this.#links.add(link);
    this.clock.defer(() => {
      const known = this.#sessions.fromCookieHeader(headers['cookie'] ?? headers['Cookie']);
      const issued = known === null ? this.#sessions.issue() : null;
      const setCookie = issued === null ? [] : [this.#sessions.cookie(issued.token, { secure: false })];
      if (!link.accept(setCookie)) return;
      const session = known ?? issued!.sid;
      this.server.gateway.accept(link.serverEnd, { path, session, token: issued?.token ?? null });
      link.path = path;
    });
    return link.clientEnd;
  };

  /** A binary frame from a client, which the protocol has no use for. */
  sendBytes(client: ClientSocket, bytes: Uint8Array): void {
    for (const link of this.#links) if (link.clientEnd === client) link.sendRaw(bytes, true);
  }

  #failStep(): void {
    if (this.stepsToFail === 0) return;
    this.stepsToFail--;
    throw new Error('the step was made to fail');
  }

  async #start(): Promise<void> {
    const pending = startRooms({
      engine: this.engine,
      definition: liapTui(this.#options),
      sessions: this.#sessions,
      clock: this.clock,
      random: this.#random,
      log: this.#options.log ?? createLog('silent'),
      settings: { ...SETTINGS, ...this.#options.settings },
      stepMark: { begin: () => this.#failStep(), end: () => undefined },
      onGiveUp: () => this.gaveUp++,
      onAlert: (alert) => this.alerts.push(alert),
    });
    this.server = await this.until(pending);
  }
}

type Phase = 'connecting' | 'open' | 'closed';

/** Two ends of one connection; frames travel in order and arrive in a later turn. */
class Link {
  readonly clientEnd: ClientSocket;
  readonly serverEnd: ServerSocket;
  path = '';
  #phase: Phase = 'connecting';
  #paused = false;
  readonly #held: (() => void)[] = [];
  readonly #simulated: SimulatedServer;
  readonly #delayMs: number;
  readonly #onEnd: () => void;

  constructor(simulated: SimulatedServer, delayMs: number, onEnd: () => void) {
    this.#simulated = simulated;
    this.#delayMs = delayMs;
    this.#onEnd = onEnd;
    const nothing = (): void => undefined;
    this.clientEnd = {
      onOpen: nothing,
      onMessage: nothing,
      onClose: nothing,
      send: (text) => {
        if (this.#phase === 'open') this.#toServer(() => this.serverEnd.onMessage(text, false));
      },
      close: (code = 1000, reason = '') => this.#end(code, reason),
      terminate: () => this.cut(),
    };
    this.serverEnd = {
      onMessage: nothing,
      onClose: nothing,
      onPong: nothing,
      send: (frame) => {
        if (this.#phase !== 'open') return;
        const text = frame as string; // no client here asks for binary frames
        this.#simulated.onFrame(this.path, text);
        this.#later(() => {
          if (this.#phase === 'open') this.clientEnd.onMessage(text);
        });
      },
      close: (code, reason) => this.#later(() => this.#end(code, reason)),
      terminate: () => this.cut(),
      ping: () => this.#later(() => this.#phase === 'open' && this.serverEnd.onPong()),
      pause: () => (this.#paused = true),
      resume: () => this.#resume(),
      backlogBytes: 0,
    };
  }

  /** The handshake's answer. @returns false where the client has given up meanwhile */
  accept(setCookie: readonly string[]): boolean {
    if (this.#phase !== 'connecting') return false;
    this.#phase = 'open';
    this.#later(() => this.clientEnd.onOpen(setCookie));
    return true;
  }

  cut(): void {
    this.#end(1006, '');
  }

  /** A frame that is no text of the protocol, e.g. binary. */
  sendRaw(frame: string | Uint8Array, binary: boolean): void {
    if (this.#phase === 'open') this.#toServer(() => this.serverEnd.onMessage(frame, binary));
  }

  #end(code: number, reason: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#onEnd();
    this.#later(() => {
      this.serverEnd.onClose(code);
      this.clientEnd.onClose(code, reason);
    });
  }

  #toServer(deliver: () => void): void {
    this.#later(() => {
      if (this.#paused) this.#held.push(deliver);
      else deliver();
    });
  }

  #resume(): void {
    this.#paused = false;
    for (let deliver = this.#nextHeld(); deliver !== undefined; deliver = this.#nextHeld()) deliver();
  }

  /** What was held back comes in order; any of it may pause the reading again. */
  #nextHeld(): (() => void) | undefined {
    return this.#paused ? undefined : this.#held.shift();
  }

  #later(run: () => void): void {
    this.#simulated.clock.schedule(this.#delayMs, run);
  }
}

/** Bytes that follow from the seed: SHA-256 in counter mode. */
function seededBytes(seed: string): (count: number) => Buffer {
  let counter = 0;
  return (count) => {
    let bytes = Buffer.alloc(0);
    while (bytes.length < count) {
      bytes = Buffer.concat([bytes, createHash('sha256').update(`${seed}/${counter++}`).digest()]);
    }
    return bytes.subarray(0, count);
  };
}
