import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Clock } from '../../actors/clock.js';
import type { LostConnections } from '../gateway/lost-connections.js';
import { HttpConnections } from './http-connections.js';
import { problemBody } from './problem.js';
import { RequestPace, stopAtCut } from './request-pace.js';

export interface HttpServerOptions {
  readonly fetch: Parameters<typeof getRequestListener>[0];
  /** Read for each connection. */
  readonly limits: { readonly httpConnectionsMax: number }; // sockets of players are not counted
  readonly clock: Clock;
  readonly lost: Pick<LostConnections, 'watch'>;
  readonly receiveMs: number; // a request is here whole by then, its body included
  readonly headMs?: number; // its head by then
  readonly checkEveryMs?: number; // how late those two may be noticed
  readonly silentMs?: number; // a connection on which nothing moves is cut
  /** A connection was cut because there were too many. */
  readonly onCut?: () => void;
}

const HEAD_MS = 10_000;
const CHECK_EVERY_MS = 1_000;
const SILENT_MS = 60_000;
/** Longer than a proxy keeps its own side: else a request would meet a connection that is just being closed. */
const KEEP_ALIVE_MS = 65_000;
const REQUESTS_MAX = 1_000; // on one connection
const HEAD_BYTES_MAX = 16 * 1024;

/**
 * The port: requests are handed to `fetch`, handshakes to whoever hears `upgrade`. Whatever is slow here, on purpose or
 * not, ends: a head, a body, a reader, a connection that says nothing. What is no request gets a problem as well.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const { fetch, limits, clock, lost, receiveMs, headMs = HEAD_MS, silentMs = SILENT_MS, onCut } = options;
  const settings = {
    maxHeaderSize: HEAD_BYTES_MAX,
    requireHostHeader: false, // the listener refuses them as well, in their turn and not as fast as they are read
    headersTimeout: Math.min(headMs, receiveMs),
    requestTimeout: receiveMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: options.checkEveryMs ?? CHECK_EVERY_MS,
  };
  const errorHandler = (failure: unknown): Response => {
    if (!(failure instanceof RequestError)) throw failure;
    return new Response(problemBody(400, 'The request can not be read'), { status: 400, headers: PROBLEM });
  };
  const listener = getRequestListener(fetch, { errorHandler });
  const answering = new WeakMap<object, ServerResponse>(); // by connection; not those that wait behind it
  const pace = new RequestPace(clock, (request, response) => {
    answering.set(request.socket, response);
    void listener(request, response);
  });
  const server = createServer(settings, (request, response) => pace.add(request, response));
  // Likewise: Node answers by 417, and nobody has to (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => pace.add(request, response));
  server.maxRequestsPerSocket = REQUESTS_MAX;

  // A handler may take its time; whoever was answered and does not read, or asks nothing, may not.
  server.setTimeout(silentMs, (socket: Socket) => {
    const response = answering.get(socket);
    const isAwaited = response !== undefined && !response.headersSent && !response.destroyed;
    if (!isAwaited) socket.destroy();
  });
  server.on('clientError', (failure: Error & { readonly code?: string }, socket: Socket) => {
    const response = answering.get(socket);
    const isBetween = response !== undefined && response.headersSent && !response.writableFinished;
    // Who has ended their side in the middle of a request does not wait for an answer: thousands end in one moment.
    if (!socket.writable || socket.readableEnded || isBetween || failure.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, failure.code);
  });
  server.on('connection', (socket: Socket) => {
    lost.watch(socket);
    stopAtCut(socket);
  });
  new HttpConnections(server, limits, onCut);
  return server;
}

const PROBLEM = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };

/** What no parser could read has no request that could be answered: the text is ours. */
function refuse(socket: Socket, code: string | undefined): void {
  const [status, detail] = refusalOf(code);
  const body = problemBody(status, detail);
  const head = { ...PROBLEM, Connection: 'close', 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

function refusalOf(code: string | undefined): readonly [number, string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'The request did not come whole in time'];
    case 'HPE_HEADER_OVERFLOW':
      return [431, `The head of a request has at most ${HEAD_BYTES_MAX} bytes`];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'The body is too long'];
    default:
      return [400, 'The request can not be read'];
  }
}
