import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerType } from '@hono/node-server';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../actors/clock.js';
import type { Config } from '../config.js';
import { believes, peerOf } from '../limits/peer.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { Log } from '../telemetry/log.js';
import { chooseSubprotocol, codecOf } from '../protocol/subprotocol.js';
import { Admission, type AdmissionSettings, type Refused } from './admission.js';
import type { Gateway } from './gateway.js';
import type { LostConnections } from './lost-connections.js';
import type { ServerSocket } from './server-socket.js';
import type { Sessions } from './sessions.js';
import { Slices, type SliceSize } from './slices.js';

/** Frames above it end their socket with 1009 (design.md section 9, Sizes). */
const FRAME_BYTES_MAX = 1024 * 1024;
const PATH = /^\/ws\/([^/?]+)\/?$/;
/** Handshakes begun in one slice: whoever opens hundreds at once leaves every turn of the event loop to players as well. */
const PACE: SliceSize = { count: 2, ms: 1 };
/** Of those that wait for theirs, two seconds' worth; who comes then is told to come back. */
const WAITING_MAX = 4_096;
/** Time for clients to answer the close frame before their sockets are cut. */
const CLOSE_MS = 2_000;

interface SocketsPorts {
  readonly gateway: Gateway;
  readonly sessions: Sessions;
  readonly config: {
    readonly current: AdmissionSettings & Pick<Config, 'allowedOrigins' | 'trustProxy' | 'limitLoopback'>;
  };
  readonly limiter: RateLimiter;
  readonly lost: Pick<LostConnections, 'watch'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug' | 'error'>;
}

interface Handshake {
  readonly request: IncomingMessage;
  readonly raw: Duplex;
  readonly head: Buffer;
}

/**
 * Takes WebSocket handshakes on the server's port: path, origin, session and whether there is a place are settled
 * before the upgrade.
 */
export function attachSockets(
  server: ServerType,
  { gateway, sessions, config, limiter, lost, clock, log }: SocketsPorts,
) {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    clientTracking: true,
    handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
    // One message of a socket in a turn of the event loop: else a chunk full of small ones would hold up all others.
    allowSynchronousEvents: false,
  });
  const admission = new Admission({ config, limiter, elapsedMs: clock.elapsedMs, random: Math.random });
  const cookies = new WeakMap<IncomingMessage, string>();
  wss.on('headers', (headers, request) => {
    const cookie = cookies.get(request);
    if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`);
  });

  const turnAway = (raw: Duplex, { why, status, detail, retryAfterS }: Refused): void => {
    gateway.traffic.handshakesRefused[why]++;
    refuseUpgrade(raw, status, detail, { 'Retry-After': String(retryAfterS) });
  };

  const upgrade = async ({ request, raw, head }: Handshake): Promise<void> => {
    const path = pathOf(request);
    if (path === null || !originAllowed(request, config.current.allowedOrigins)) {
      gateway.traffic.handshakesRefused[path === null ? 'path' : 'origin']++;
      refuseUpgrade(raw, path === null ? 404 : 403, 'There is no socket here for this page');
      return;
    }

    const known = sessions.fromCookieHeader(request.headers.cookie);
    const issued = known === null ? sessions.issue() : null;
    const session = known ?? issued!.sid;
    const address = addressOf(request, config.current);
    const admitted = await admission.admit({ session, address });
    if (admitted.kind === 'refused') {
      turnAway(raw, admitted);
      return;
    }
    raw.once('close', admitted.leave);
    if (raw.destroyed) admitted.leave(); // it was lost meanwhile, and its close event may have been before

    if (issued !== null)
      cookies.set(request, sessions.cookie(issued.token, { secure: isSecure(request, config.current) }));
    const { becomes } = admitted;
    const handshake = { path, session, token: issued?.token ?? null, address, becomes };
    wss.handleUpgrade(request, raw, head, (ws) => {
      lost.watch(raw);
      gateway.accept(serverSocket(ws, raw, log), { ...handshake, codec: codecOf(ws.protocol) });
    });
  };
  const pace = new Slices<Handshake>(clock, PACE, (handshake) => {
    if (handshake.raw.destroyed) return;
    upgrade(handshake).catch((failure: unknown) => {
      log.error({ err: failure }, 'handshake not handled');
      handshake.raw.destroy();
    });
  });
  server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on('error', (failure) => log.debug({ err: failure }, 'socket lost in its handshake'));
    if (pace.waiting < WAITING_MAX) {
      pace.add({ request, raw, head });
      return;
    }
    turnAway(raw, admission.crowded((WAITING_MAX / PACE.count) * PACE.ms));
  });

  const close = async (): Promise<void> => {
    const cut = setTimeout(() => {
      for (const ws of wss.clients) ws.terminate();
    }, CLOSE_MS);
    await new Promise((resolve) => wss.close(resolve));
    clearTimeout(cut);
  };
  return { close };
}

function pathOf({ url }: IncomingMessage): string | null {
  const [, place] = PATH.exec(url?.split('?')[0] ?? '') ?? [];
  if (place === undefined) return null;
  try {
    return `/ws/${decodeURIComponent(place)}`;
  } catch {
    return null; // a broken escape names no room
  }
}

/** A page of another site must not speak with the player's cookie. Clients that are no browsers send no origin. */
function originAllowed({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function isSecure({ headers, socket }: IncomingMessage, { trustProxy }: Pick<Config, 'trustProxy'>): boolean {
  const isBelieved = believes(trustProxy, socket.remoteAddress);
  const forwarded = isBelieved ? headers['x-forwarded-proto'] : undefined;
  if (typeof forwarded === 'string') return forwarded.split(',')[0]?.trim().toLowerCase() === 'https';
  return 'encrypted' in socket;
}

/** The key of limits by address; undefined where none of them concerns the client. */
function addressOf(
  { headers, socket }: IncomingMessage,
  { trustProxy, limitLoopback }: Pick<Config, 'trustProxy' | 'limitLoopback'>,
): string | undefined {
  const forwarded = headers['x-forwarded-for']?.toString();
  const { address, isThisMachine } = peerOf(socket.remoteAddress, forwarded, trustProxy);
  return address === '' || (isThisMachine && !limitLoopback) ? undefined : address;
}

function refuseUpgrade(
  raw: Duplex,
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const title = STATUS_CODES[status]!;
  const body = JSON.stringify({ title, status, detail });
  const lines = Object.entries({
    ...headers,
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  // The other side may keep its half open for as long as it likes: it would be counted nowhere.
  raw.once('finish', () => raw.destroy());
  raw.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
}

function serverSocket(ws: WebSocket, raw: Duplex, log: Pick<Log, 'debug'>): ServerSocket {
  let isHeld = false;
  /** What one turn sends to a socket leaves together: each write would be a system call, dearer than all the rest. */
  const holdUntilTurnEnds = (): void => {
    if (isHeld) return;
    isHeld = true;
    raw.cork();
    process.nextTick(() => {
      isHeld = false;
      raw.uncork();
    });
  };
  const nothing = (): void => undefined;
  const socket: ServerSocket = {
    onMessage: nothing,
    onClose: nothing,
    onPong: nothing,
    send: (frame) => {
      if (ws.readyState !== ws.OPEN) return;
      holdUntilTurnEnds();
      ws.send(frame);
    },
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
    ping: () => {
      if (ws.readyState === ws.OPEN) ws.ping();
    },
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    // Frames are not compressed, so all that the library has taken is here; its own sum asks more than once.
    get backlogBytes() {
      return raw.writableLength;
    },
  };
  ws.on('message', (data, isBinary) => socket.onMessage(isBinary ? bytesOf(data) : bytesOf(data).toString(), isBinary));
  ws.on('pong', () => socket.onPong());
  ws.on('close', (code) => socket.onClose(code));
  ws.on('error', (failure) => log.debug({ err: failure }, 'socket failed')); // its close follows
  return socket;
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
