import { Session } from '../../src/client/session.js';
import type { ClientSocket } from '../../src/client/client-socket.js';
import { isRecord } from '../../src/client/frame.js';
import type { SimulatedServer } from './simulated-server.js';

export type Data = Readonly<Record<string, unknown>>;

export interface WireFrame {
  readonly event: string;
  readonly data: Data;
  readonly text: string; // as it came
}

/** Virtual time within which a server that is well has answered. */
const ANSWER_MS = 1_000;

let clients = 0;

/** One socket that says exactly what a test tells it to, and keeps everything it gets. It never reconnects. */
export class WireClient {
  readonly frames: WireFrame[] = [];
  readonly session: Session;
  readonly path: string;
  isOpen = false;
  closeCode: number | null = null;
  readonly #sim: SimulatedServer;
  readonly #socket: ClientSocket;
  readonly #id = `c${++clients}`;
  #sent = 0;
  #seen = 0;

  constructor(sim: SimulatedServer, place: string, session = new Session()) {
    this.#sim = sim;
    this.session = session;
    this.path = `/ws/${place}`;
    this.#socket = sim.connect(this.path, session.headers());
    this.#socket.onOpen = (setCookie) => {
      session.takeCookies(setCookie);
      this.isOpen = true;
    };
    this.#socket.onMessage = (text) => {
      const { event, data } = JSON.parse(text) as { event: string; data: Data };
      if (typeof data['session_token'] === 'string') session.takeToken(data['session_token']);
      this.frames.push({ event, data, text });
    };
    this.#socket.onClose = (code) => {
      this.isOpen = false;
      this.closeCode = code;
    };
  }

  /** A socket whose handshake is done. */
  static async open(sim: SimulatedServer, place: string, session = new Session()): Promise<WireClient> {
    const client = new WireClient(sim, place, session);
    await sim.clock.runUntil(() => client.isOpen, ANSWER_MS);
    return client;
  }

  /** @returns the id that the answers carry */
  send(event: string, data: unknown = {}, id = `${this.#id}-${++this.#sent}`): string {
    this.#socket.send(JSON.stringify({ event, data, sequence: this.#sent, timestamp: this.#sim.clock.nowMs(), id }));
    return id;
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Sends, and gives the first frame that answers. */
  async call(event: string, data: unknown = {}, id?: string): Promise<WireFrame> {
    const from = this.frames.length;
    const sent = this.send(event, data, id);
    const find = (): WireFrame | undefined =>
      this.frames.slice(from).find((frame) => frame.data['in_reply_to'] === sent);
    await this.#sim.clock.runUntil(() => find() !== undefined, ANSWER_MS);
    await this.#sim.clock.advance(0); // whatever else is due now, for others too
    return find()!;
  }

  /** Sends a text as it is, and gives all that comes within `ms` on this socket. */
  async sendAndListen(text: string, ms = 50): Promise<readonly WireFrame[]> {
    this.mark();
    this.sendText(text);
    await this.#sim.clock.advance(ms);
    return this.fresh;
  }

  /** Everything from here on is `fresh`. */
  mark(): void {
    this.#seen = this.frames.length;
  }

  get fresh(): readonly WireFrame[] {
    return this.frames.slice(this.#seen);
  }

  get freshEvents(): string[] {
    return this.fresh.map(({ event }) => event);
  }

  all(event: string): readonly WireFrame[] {
    return this.frames.filter((frame) => frame.event === event);
  }

  last(event: string): WireFrame {
    const frame = this.all(event).at(-1);
    if (frame === undefined) throw new Error(`${this.path} never got ${event}, but ${this.events.join(', ')}`);
    return frame;
  }

  get events(): string[] {
    return this.frames.map(({ event }) => event);
  }

  /** Data of the newest `phase_change`. */
  get phase(): Data {
    return this.last('phase_change').data;
  }

  close(code = 1000): void {
    this.#socket.close(code);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

/** The object at a path of members; fails where there is none. */
export function at(data: Data, ...path: readonly string[]): Data {
  let value: unknown = data;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  if (!isRecord(value)) throw new Error(`nothing at ${path.join('.')} of ${JSON.stringify(data)}`);
  return value;
}

/** A player's hand as the newest `phase_change` of a client shows it; undefined where it does not. */
export function shownHand(client: WireClient, name: string): readonly string[] | undefined {
  return at(client.phase, 'players', name)['hand'] as readonly string[] | undefined;
}
