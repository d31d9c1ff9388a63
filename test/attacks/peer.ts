import { randomUUID } from 'node:crypto';
import { type ClientOptions, WebSocket } from 'ws';
import { type Frame, inReplyTo, textIn } from '../../src/client/frame.js';
import { msgpackOfClients, packMessage } from '../../src/protocol/msgpack-codec.js';
import type { Loot } from './loot.js';

export interface PeerOptions extends Pick<ClientOptions, 'headers' | 'perMessageDeflate'> {
  readonly address: string; // of this machine, to come from
  readonly cookie?: string;
  readonly protocol?: string; // of which bytes are packed messages
  readonly loot?: Loot; // of an attacker
}

/** On a machine that is busy with other things; a refusal that comes is there within milliseconds. */
export const ANSWER_LIMIT_MS = 60_000;

/** These come by themselves. */
const LISTS: ReadonlySet<string> = new Set(['room_list_update', 'room_update']);

/** One WebSocket that does what it is told, by a library that keeps the protocol. */
export class Peer {
  readonly frames: Frame[] = [];
  readonly address: string;
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  cookie = '';
  /** In whose name it speaks, if anybody's. */
  name: string | undefined;
  #closeCode: number | null = null;
  readonly #loot: Loot | undefined;
  readonly #listeners = new Set<() => void>();

  private constructor(
    url: string,
    { address, cookie, loot, headers, protocol, perMessageDeflate = false }: PeerOptions,
  ) {
    this.address = address;
    this.#loot = loot;
    if (cookie !== undefined) this.cookie = cookie;
    this.socket = new WebSocket(url, protocol === undefined ? [] : [protocol], {
      localAddress: address,
      perMessageDeflate,
      headers: { ...(cookie !== undefined && { cookie }), ...headers },
    });
    this.socket.once('upgrade', (response) => {
      this.cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? this.cookie;
    });
    this.socket.on('message', (bytes: Buffer, isBinary) =>
      this.#received(isBinary ? JSON.stringify(msgpackOfClients.unpack(bytes)) : bytes.toString()),
    );
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code) => {
        this.#closeCode = code;
        resolve(code);
        this.#tell();
      }),
    );
  }

  /** @throws with the status where the handshake is refused */
  static async open(url: string, options: PeerOptions): Promise<Peer> {
    const peer = new Peer(url, options);
    await new Promise<void>((resolve, reject) => {
      peer.socket.once('open', resolve);
      peer.socket.once('unexpected-response', (_, { statusCode = 0 }) => {
        reject(new HandshakeRefused(statusCode));
        peer.socket.terminate();
      });
      peer.socket.on('error', reject); // later ones are followed by the close
    });
    return peer;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(event: string, data: object = {}, id: string = randomUUID()): string {
    const message = { event, data, id };
    const isPacked = this.socket.protocol === msgpackOfClients.subprotocol;
    this.socket.send(isPacked ? packMessage(message) : JSON.stringify(message));
    return id;
  }

  /** @returns how the server answers: see `outcomeOf` */
  async try(event: string, data: object = {}, id?: string): Promise<string> {
    return this.#outcome(await this.answerTo(this.send(event, data, id)));
  }

  /** @throws where it is refused: for those who are in the right */
  async must(event: string, data: object = {}): Promise<Frame> {
    const frame = await this.answerTo(this.send(event, data));
    if (frame === null || frame.event === 'error') throw new Error(`${event} is refused: ${JSON.stringify(frame)}`);
    return frame;
  }

  answerTo(id: string): Promise<Frame | null> {
    return this.until((frame) => inReplyTo(frame) === id);
  }

  /**
   * Sends a text as it is. @returns how whatever comes next answers it, lists for everybody aside; a socket that is closed
   * is `closed 1007`
   */
  async tryText(text: string | Buffer, options: { readonly binary?: boolean } = {}): Promise<string> {
    const from = this.frames.length;
    this.socket.send(text, options);
    return this.#outcome(await this.until(({ event }) => !LISTS.has(event), from));
  }

  /** The first frame that is wanted, null where the socket is closed instead. @param from frames that are looked at */
  until(wanted: (frame: Frame) => boolean, from = 0): Promise<Frame | null> {
    return new Promise((resolve, reject) => {
      let next = from;
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s; the last frame was ${this.lastText}`));
      }, ANSWER_LIMIT_MS);
      const end = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const look = (): void => {
        while (next < this.frames.length) {
          const frame = this.frames[next++]!;
          if (!wanted(frame)) continue;
          end();
          resolve(frame);
          return;
        }
        if (this.#closeCode === null) return;
        end();
        resolve(null);
      };
      this.#listeners.add(look);
      look();
    });
  }

  get lastText(): string {
    return JSON.stringify(this.frames.at(-1) ?? null);
  }

  async end(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  #outcome(frame: Frame | null): string {
    return frame === null ? `closed ${this.#closeCode}` : outcomeOf(frame);
  }

  #received(text: string): void {
    const frame = JSON.parse(text) as Frame;
    this.#loot?.see(text, frame.event);
    this.#loot?.seeFrame(frame, this.name);
    this.frames.push(frame);
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }
}

export class HandshakeRefused extends Error {
  override readonly name = 'HandshakeRefused';
  readonly status: number;

  constructor(status: number) {
    super(`the handshake was answered with ${status}`);
    this.status = status;
  }
}

/** `error not_seated`, `error action_rejected notYourTurn`, `room_closed name_in_use`, else the event. */
export function outcomeOf({ event, data }: Frame): string {
  const details = { error: ['type', 'reason'], room_closed: ['reason'] }[event] ?? [];
  return [event, ...details.map((detail) => textIn(data, detail))].filter((word) => word !== undefined).join(' ');
}
