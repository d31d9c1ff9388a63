import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../actors/clock.js';
import { Slices, type SliceSize } from '../gateway/slices.js';

/** Requests begun in one slice: thousands that come in one moment leave every turn of the event loop to players as well. */
const PACE: SliceSize = { count: 4, ms: 1 };
/** Requests of one connection behind the one under way. Browsers and proxies send none; who sends more is cut off. */
const BEHIND_MAX = 16;

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
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
