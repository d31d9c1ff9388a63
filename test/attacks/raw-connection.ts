import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Loot } from './loot.js';
import { ANSWER_LIMIT_MS } from './peer.js';

const CLOSE_OPCODE = 8;

export interface RawFrame {
  readonly opcode?: number; // 1 is text
  readonly payload?: Buffer | string;
  readonly isFinal?: boolean;
  readonly reserved?: number; // bits
  readonly isMasked?: boolean;
  readonly claimedLength?: bigint; // in place of the payload's own
}

/** Bytes over TCP, for whatever a library would not send. */
export class RawConnection {
  readonly socket: Socket;
  /** By the other side, or by an error. */
  readonly ended: Promise<void>;
  #received = Buffer.alloc(0);
  #isEnded = false;
  readonly #listeners = new Set<() => void>();

  private constructor(socket: Socket, loot: Loot) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      loot.see(bytes.toString('latin1'), 'an answer to raw bytes');
      this.#tell();
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isEnded = true;
        resolve();
        this.#tell();
      };
      // An end or a reset: after what was sent too much, a server may choose either.
      socket.on('end', end).on('error', end).on('close', end);
    });
  }

  static async open(port: number, address: string, loot: Loot): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: address, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    return new RawConnection(socket, loot);
  }

  get text(): string {
    return this.#received.toString('latin1');
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  write(bytes: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  end(): void {
    this.socket.destroy();
  }

  /** The status of the first answer, and `closed` where there is none. */
  async status(): Promise<string> {
    await this.#until(() => this.#isEnded || this.text.includes('\r\n'));
    return /^HTTP\/1\.1 (\d{3})/.exec(this.text)?.[1] ?? 'closed';
  }

  /** Of all answers until the server ends the connection. */
  async statuses(): Promise<string[]> {
    await this.#until(() => this.#isEnded);
    const statuses = [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status!);
    return statuses.length === 0 ? ['closed'] : statuses;
  }

  /** Becomes a WebSocket by a handshake in order; what follows is up to the attacker. */
  async upgrade(place: string, headers = ''): Promise<void> {
    this.write(
      `GET /ws/${place} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${headers}\r\n`,
    );
    await this.#until(() => this.#isEnded || this.text.includes('\r\n\r\n'));
    const status = await this.status();
    if (status !== '101') throw new Error(`the handshake was answered with ${status}`);
    this.#received = this.#received.subarray(this.#received.indexOf('\r\n\r\n') + 4);
  }

  frame(frame: RawFrame): void {
    this.write(encodeFrame(frame));
  }

  /** How the server ended this WebSocket: `closed 1002`; `closed 1006` where it cut it without a word. */
  async closing(): Promise<string> {
    await this.#until(() => this.#isEnded || this.#closeCode() !== null);
    return `closed ${this.#closeCode() ?? 1006}`;
  }

  /** Waits for a text frame of the server that holds this. */
  async heard(part: string): Promise<void> {
    await this.#until(() => this.#isEnded || this.text.includes(part));
    if (!this.text.includes(part)) throw new Error(`the server ended the connection before ${part}`);
  }

  #closeCode(): number | null {
    for (const { opcode, payload } of framesIn(this.#received)) {
      if (opcode === CLOSE_OPCODE) return payload.length >= 2 ? payload.readUInt16BE() : 1005;
    }
    return null;
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        reject(new Error(`nothing came within ${ANSWER_LIMIT_MS / 1000} s behind ${this.text.slice(-200)}`));
      }, ANSWER_LIMIT_MS);
      const end = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const look = (): void => {
        if (!isSo()) return;
        end();
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }
}

export function encodeFrame(frame: RawFrame): Buffer {
  const { opcode = 1, payload = '', isFinal = true, reserved = 0, isMasked = true, claimedLength } = frame;
  const bytes = Buffer.from(payload);
  const length = claimedLength ?? BigInt(bytes.length);
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10);
  head[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (length < 126n ? Number(length) : length < 65_536n ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(Number(length), 2);
  if (head.length === 10) head.writeBigUInt64BE(length, 2);
  // A mask of zeros is one: the bytes stay readable.
  return Buffer.concat([head, ...(isMasked ? [Buffer.alloc(4)] : []), bytes]);
}

/** Whole frames of a server, which are not masked. */
function* framesIn(bytes: Buffer): Iterable<{ readonly opcode: number; readonly payload: Buffer }> {
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = bytes[at + 1]! & 0x7f;
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length - at < headBytes) return;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length - at < headBytes + length) return;
    const from = at + headBytes;
    yield { opcode: bytes[at]! & 0x0f, payload: bytes.subarray(from, from + length) };
    at = from + length;
  }
}
