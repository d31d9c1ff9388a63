import type { ClientSocket } from '../../src/client/client-socket.js';
import { isRecord } from '../../src/client/frame.js';
import { Session } from '../../src/client/session.js';
import { SimulatedServer } from '../support/simulated-server.js';
import { type ClientLine, type Line, type Members, nameOfConnection } from './recording.js';
import { recordedPlay } from './recorded-play.js';

/** What a connection got, in order: frames, and its end. */
export type Heard =
  | { readonly kind: 'gets'; readonly t: number; readonly event: string; readonly data: Members }
  | { readonly kind: 'closed'; readonly t: number; readonly code: number };

export interface Replayed {
  readonly heard: ReadonlyMap<string, readonly Heard[]>; // by connection
  readonly reached: readonly number[]; // virtual time at which each line was done with
  readonly stalledAt: Line | null; // what never came
}

/** The longest wait of a recording is the 30 s of a redeal. */
const WAIT_MS = 40_000;
/** After the last line: what comes now is one frame too many. */
const AFTERMATH_MS = 400;
/** Frames that the socket library closes with 1009 before the gateway sees them; it is not part of the simulation. */
const FRAME_BYTES_MAX = 1024 * 1024;

/**
 * Plays a conversation against a fresh server. What the server is to send is waited for, however long it takes; what a
 * client does comes as much later than the line before it as was recorded. So pauses in which nothing was to happen
 * last as long as they did, and effects may come at their own pace.
 * @param recorded the recording as it is, for deals and bots
 * @param expected the same after the rewrite rules
 */
export async function replay(recorded: readonly Line[], expected: readonly Line[]): Promise<Replayed> {
  const server = await SimulatedServer.start({ ...recordedPlay(recorded), settings: { rateLimitFactor: 1 } });
  const stage = new Stage(server, expected);
  const reached: number[] = [];
  let before = 0;
  try {
    for (const line of expected) {
      if (line.kind === 'gets' || line.kind === 'closed') {
        if (!(await stage.awaitNext(line.conn))) return { heard: stage.heard, reached, stalledAt: line };
      } else {
        await server.clock.advance(Math.max(line.t - before, 0));
        await stage.act(line);
      }
      before = line.t;
      reached.push(server.clock.elapsedMs());
    }
    await server.clock.advance(AFTERMATH_MS);
    return { heard: stage.heard, reached, stalledAt: null };
  } finally {
    server.server.stopClocks();
  }
}

/** The sockets of a conversation, under the names that they have in it. */
class Stage {
  readonly heard = new Map<string, Heard[]>();
  readonly #server: SimulatedServer;
  readonly #lines: readonly Line[];
  readonly #sockets = new Map<string, ClientSocket>();
  readonly #sessions = new Map<string, Session>(); // by person
  readonly #awaited = new Map<string, number>(); // lines of the conversation so far
  readonly #recordedCodes: readonly string[]; // in order of creation
  readonly #codes = new Map<string, string>(); // ours to the recorded one

  constructor(server: SimulatedServer, lines: readonly Line[]) {
    this.#server = server;
    this.#lines = lines;
    this.#recordedCodes = lines.flatMap((line) =>
      line.kind === 'gets' && line.event === 'room_created' ? [String(line.data['room_id'])] : [],
    );
  }

  /** @returns false when the connection's next line does not come */
  async awaitNext(conn: string): Promise<boolean> {
    const count = (this.#awaited.get(conn) ?? 0) + 1;
    this.#awaited.set(conn, count);
    const heard = this.heard.get(conn)!;
    const came = (): boolean => heard.length >= count;
    // A wait that ends without it is a finding, and told with all others.
    return this.#server.clock.runUntil(came, WAIT_MS).then(came, () => false);
  }

  async act(line: ClientLine): Promise<void> {
    const socket = this.#sockets.get(line.conn);
    switch (line.kind) {
      case 'opens':
        return this.#open(line.conn, this.#ours(line.path));
      case 'sends':
        if (line.text.length > FRAME_BYTES_MAX) socket!.close(1009);
        else socket!.send(this.#ours(line.text));
        return;
      case 'sendsBytes':
        this.#server.sendBytes(socket!, line.bytes);
        return;
      case 'closes':
        if (line.code === null) socket!.terminate();
        else socket!.close(line.code);
    }
  }

  async #open(conn: string, path: string): Promise<void> {
    const person = nameOfConnection(this.#lines, conn) ?? conn;
    const session = this.#sessions.get(person) ?? new Session();
    this.#sessions.set(person, session);
    const heard: Heard[] = [];
    this.heard.set(conn, heard);
    const socket = this.#server.connect(path, session.headers());
    this.#sockets.set(conn, socket);
    socket.onMessage = (text) => heard.push(this.#read(text));
    socket.onClose = (code) => heard.push({ kind: 'closed', t: this.#server.clock.elapsedMs(), code });
    await new Promise<void>((resolve) => {
      socket.onOpen = (setCookie) => {
        session.takeCookies(setCookie);
        resolve();
      };
      void this.#server.clock.settle();
    });
  }

  #read(text: string): Heard {
    const { event, data } = JSON.parse(text) as { event: string; data: Members };
    if (event === 'room_created') this.#codes.set(String(data['room_id']), this.#recordedCodes[this.#codes.size] ?? '');
    return { kind: 'gets', t: this.#server.clock.elapsedMs(), event, data: this.#recorded(data) as Members };
  }

  /** A recorded text with the room codes that they have here. */
  #ours(text: string): string {
    let result = text;
    for (const [ours, recorded] of this.#codes) result = result.replaceAll(recorded, ours);
    return result;
  }

  #recorded(value: unknown): unknown {
    if (typeof value === 'string') return this.#codes.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.#recorded(item));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#recorded(item)]));
  }
}
