import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../actors/clock.js';
import { Slices, type SliceSize } from '../gateway/slices.js';

/** Requests begun in one slice: thousands that come in one moment leave every turn of the event loop to players as well. */
const PACE: SliceSize = { count: 2, ms: 1 };
/** Requests of one connection behind the one under way. Browsers and proxies send none; who sends more is cut off. */
const BEHIND_MAX = 16;

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The parser of a connection, which Node does not tell of. */
interface Parser {
  onIncoming: (request: IncomingMessage, keepsAlive: boolean) => number;
}

/** To a parser: the connection is another protocol's from here on. */
const UPGRADED = 2;

/**
 * Nothing more is read of a connection that is cut. Node's parser goes through all 64 KiB that it was given, also when
 * the connection is gone: 1,800 small requests, for 100 ms, unless it is told that the next one begins an upgrade.
 */
export function stopAtCut(socket: Socket & { readonly parser?: Parser }): void {
  const { parser } = socket;
  if (parser === undefined) return;
  const { onIncoming } = parser;
  parser.onIncoming = (request, keepsAlive) => {
    if (!socket.destroyed) return onIncoming(request, keepsAlive);
    Object.assign(request, { upgrade: false }); // and nobody is told of it
    return UPGRADED;
  };
}

/** Begins requests a few at a time, and those of one connection one after the other. */
export class RequestPace {
  readonly #slices: Slices<Asked>;
  readonly #behind = new WeakMap<Socket, Asked[]>(); // of connections with a request under way

  constructor(clock: Clock, begin: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#slices = new Slices(clock, PACE, ({ request, response }) => begin(request, response));
  }

  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const asked = { request, response };
    const behind = this.#behind.get(socket);
    if (behind === undefined) {
      this.#behind.set(socket, []);
      this.#begin(asked);
    } else if (behind.push(asked) > BEHIND_MAX) socket.destroy();
  }

  #begin(asked: Asked): void {
    this.#slices.add(asked);
    asked.response.once('close', () => {
      this.#slices.remove(asked); // whoever asked has gone meanwhile
      const { socket } = asked.request;
      const next = this.#behind.get(socket)?.shift();
      if (next === undefined) this.#behind.delete(socket);
      else if (!socket.destroyed) this.#begin(next);
    });
  }
}
