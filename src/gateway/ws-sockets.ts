import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerType } from '@hono/node-server';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.js';
import type { Log } from '../telemetry/log.js';
import { chooseSubprotocol, codecOf } from '../protocol/subprotocol.js';
import type { Gateway } from './gateway.js';
import type { Handshake, ServerSocket } from './server-socket.js';
import type { Sessions } from './sessions.js';

/** Frames above it end their socket with 1009 (design.md section 9, Sizes). */
const FRAME_BYTES_MAX = 1024 * 1024;
const PATH = /^\/ws\/([^/?]+)\/?$/;
/** Time for clients to answer the close frame before their sockets are cut. */
const CLOSE_MS = 2_000;

interface SocketsPorts {
  readonly gateway: Gateway;
  readonly sessions: Sessions;
  readonly config: { readonly current: Pick<Config, 'allowedOrigins' | 'trustProxy'> };
  readonly log: Pick<Log, 'debug'>;
}

/** Takes WebSocket handshakes on the server's port: path, origin and session are settled before the upgrade. */
export function attachSockets(server: ServerType, { gateway, sessions, config, log }: SocketsPorts) {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    clientTracking: true,
    handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
  });
  const cookies = new WeakMap<IncomingMessage, string>();
  wss.on('headers', (headers, request) => {
    const cookie = cookies.get(request);
    if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`);
  });

  server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on('error', (failure) => log.debug({ err: failure }, 'socket lost in its handshake'));
    const path = pathOf(request);
    if (path === null || !originAllowed(request, config.current.allowedOrigins)) {
      refuseUpgrade(raw, path === null ? '404 Not Found' : '403 Forbidden');
      return;
    }

    const known = sessions.fromCookieHeader(request.headers.cookie);
    const issued = known === null ? sessions.issue() : null;
    if (issued !== null)
      cookies.set(request, sessions.cookie(issued.token, { secure: isSecure(request, config.current) }));
    const session = known ?? issued!.sid;
    const handshake: Handshake = { path, session, token: issued?.token ?? null };
    wss.handleUpgrade(request, raw, head, (ws) =>
      gateway.accept(serverSocket(ws, raw, log), { ...handshake, codec: codecOf(ws.protocol) }),
    );
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
  const forwarded = trustProxy ? headers['x-forwarded-proto'] : undefined;
  if (typeof forwarded === 'string') return forwarded.split(',')[0]?.trim().toLowerCase() === 'https';
  return 'encrypted' in socket;
}

function refuseUpgrade(raw: Duplex, status: string): void {
  raw.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
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
    get backlogBytes() {
      return ws.bufferedAmount;
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
