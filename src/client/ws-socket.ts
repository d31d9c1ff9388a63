import { WebSocket } from 'ws';
import { NORMAL_CLOSE, type ClientSocket, type Connect } from './client-socket.js';

/** Another way to write messages down, for a server that takes its subprotocol. */
export interface BinaryFormat {
  readonly subprotocol: string;
  readonly pack: (message: object) => Uint8Array;
  readonly unpack: (frame: Uint8Array) => unknown;
}

/** How the reason of a close begins where a server answered the handshake and refused it; the HTTP status follows. */
export const REFUSED_WITH = 'Unexpected server response: ';

/**
 * Connections over the network.
 * @param baseUrl e.g. `ws://127.0.0.1:5050`
 * @param binary asks for this format on the wire; whoever uses the socket reads and writes JSON all the same
 */
export function connectOverWs(baseUrl: string, binary?: BinaryFormat): Connect {
  const base = baseUrl.replace(/\/+$/, '');
  const subprotocols = binary === undefined ? [] : [binary.subprotocol];
  return (path, headers) => new WsSocket(new WebSocket(base + path, subprotocols, { headers: { ...headers } }), binary);
}

class WsSocket implements ClientSocket {
  onOpen: ClientSocket['onOpen'] = () => undefined;
  onMessage: ClientSocket['onMessage'] = () => undefined;
  onClose: ClientSocket['onClose'] = () => undefined;
  readonly #ws: WebSocket;
  readonly #binary: BinaryFormat | undefined;
  #setCookie: readonly string[] = [];
  #failure = '';
  #retryAfterMs: number | undefined;

  constructor(ws: WebSocket, binary: BinaryFormat | undefined) {
    this.#ws = ws;
    this.#binary = binary;
    ws.on('upgrade', (response) => {
      this.#setCookie = response.headers['set-cookie'] ?? [];
    });
    ws.on('unexpected-response', (_, { statusCode, headers }) => {
      const seconds = Number(headers['retry-after']); // a date is of no use: clocks differ
      if (seconds > 0) this.#retryAfterMs = seconds * 1000;
      this.#failure = `${REFUSED_WITH}${statusCode}`;
      ws.terminate();
    });
    ws.on('open', () => this.onOpen(this.#setCookie));
    // One text frame arrives as one buffer, because `binaryType` is left at `nodebuffer`.
    ws.on('message', (bytes: Buffer, isBinary) => {
      const text = isBinary && binary !== undefined ? JSON.stringify(binary.unpack(bytes)) : bytes.toString('utf8');
      this.onMessage(text);
    });
    // `close` always follows an `error`, so the error is only kept as the reason.
    ws.on('error', (error: NodeJS.ErrnoException) => {
      // What follows a refusal says less than the refusal.
      if (this.#failure !== '') return;
      this.#failure = error.message === '' ? (error.code ?? error.name) : error.message;
    });
    ws.on('close', (code, reason) => {
      this.onClose(code, reason.length > 0 ? reason.toString('utf8') : this.#failure, this.#retryAfterMs);
    });
  }

  send(text: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const binary = this.#binary?.subprotocol === this.#ws.protocol ? this.#binary : undefined;
    this.#ws.send(binary === undefined ? text : binary.pack(JSON.parse(text) as object));
  }

  close(code = NORMAL_CLOSE, reason = ''): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}
