import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Counts the connections of a server that are no players' sockets (the server's own `maxConnections` would count those
 * too), and cuts one where there are too many: the one that has been idle for longest, else one whose request is not
 * here yet, else the new one. So whoever opens thousands and says nothing gets in the way of nobody but himself.
 */
export class HttpConnections {
  readonly #limits: { readonly httpConnectionsMax: number };
  readonly #onCut: () => void;
  readonly #idle = new Set<Socket>(); // since when, oldest first; in the middle of a head is idle
  readonly #busy = new Map<Socket, IncomingMessage>();

  constructor(server: Server, limits: { readonly httpConnectionsMax: number }, onCut: () => void = () => undefined) {
    this.#limits = limits;
    this.#onCut = onCut;
    server.on('connection', (socket: Socket) => this.#opened(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#asked(request, response));
    server.on('upgrade', ({ socket }: IncomingMessage) => this.#forget(socket));
  }

  get size(): number {
    return this.#idle.size + this.#busy.size;
  }

  #opened(socket: Socket): void {
    this.#idle.add(socket);
    socket.once('close', () => this.#forget(socket));
    while (this.size > this.#limits.httpConnectionsMax) {
      const cut = this.#idlest(socket) ?? this.#slowest() ?? socket;
      this.#forget(cut);
      cut.destroy();
      this.#onCut();
    }
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!this.#idle.delete(socket)) return; // gone, or a request behind another one
    this.#busy.set(socket, request);
    response.once('close', () => {
      if (this.#busy.delete(socket) && !socket.destroyed) this.#idle.add(socket);
    });
  }

  #idlest(newest: Socket): Socket | null {
    const [first] = this.#idle;
    return first === undefined || first === newest ? null : first;
  }

  #slowest(): Socket | null {
    for (const [socket, request] of this.#busy) if (!request.complete) return socket;
    return null;
  }

  #forget(socket: Socket): void {
    this.#idle.delete(socket);
    this.#busy.delete(socket);
  }
}
