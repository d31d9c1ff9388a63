import type { Cancel, Clock } from '../../actors/clock.js';
import { ABNORMAL_CLOSE, NORMAL_CLOSE, type ClientSocket, type Connect } from './client-socket.js';
import { readFrame, type Frame } from './frame.js';
import type { Random } from './random.js';
import type { Session } from './session.js';

const HEARTBEAT_MS = 30_000;
const CONNECT_LIMIT_MS = 10_000;
const RECONNECT_MS = 1000;
/** The frontend waits for nothing here; this is what a refused handshake takes at least. */
const NAMELESS_RECONNECT_MS = 10;
/**
 * An old socket's end this long after its closing comes late. A browser tells it as soon as the server has answered the
 * close frame; sockets here wait for the end of the TCP connection too, which would make the race unfairly close.
 */
const LATE_CLOSE_MS = 50;
const GOING_AWAY = 1001;

export interface BrowserNetworkOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly session: Session; // cookies only: the frontend knows no token
  readonly onConnected: (roomId: string) => void;
  readonly onFrame: (roomId: string, frame: Frame) => void;
  readonly onText: (text: string) => void;
  /** The first connection to a room could not be made. The frontend leaves it at that. */
  readonly onFailed: (roomId: string) => void;
}

/** A message that the frontend believes to have sent. */
export interface LostMessage {
  readonly roomId: string;
  readonly event: string;
}

interface Connection {
  readonly roomId: string;
  readonly playerName: string | undefined;
  socket: ClientSocket;
  phase: 'first' | 'named' | 'nameless' | 'connected' | 'lost';
  sequence: number;
  cancelTimer: Cancel;
}

/**
 * The connection keeping of the unmodified frontend, mistakes included (protocol.md 1.4, 2.1, 2.6): one connection per
 * room, found by the room's id and not by the socket; messages sent while it is not open are lost.
 */
export class BrowserNetwork {
  readonly lost: LostMessage[] = [];
  readonly #options: BrowserNetworkOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #closedMs = new WeakMap<ClientSocket, number>(); // when we closed it

  constructor(options: BrowserNetworkOptions) {
    this.#options = options;
  }

  /** Replaces a connection to the same room. */
  connect(roomId: string, playerName?: string): void {
    this.disconnect(roomId);
    const connection: Connection = {
      roomId,
      playerName,
      socket: this.#newSocket(roomId),
      phase: 'first',
      sequence: 0,
      cancelTimer: () => undefined,
    };
    this.#connections.set(roomId, connection);
    this.#watchHandshake(connection);
  }

  disconnect(roomId: string): void {
    this.#forget(roomId)?.socket.close(NORMAL_CLOSE, 'Client disconnect');
  }

  /** The page is closed or loaded anew: the browser ends all sockets, and no code runs any more. */
  unload(): void {
    for (const roomId of [...this.#connections.keys()]) this.#forget(roomId)?.socket.close(GOING_AWAY);
  }

  send(roomId: string, event: string, data: Readonly<Record<string, unknown>>): void {
    const connection = this.#connections.get(roomId);
    if (connection?.phase !== 'connected') {
      this.lost.push({ roomId, event });
      return;
    }
    const { newId, session, clock } = this.#options;
    const id = newId();
    session.issue(id);
    connection.sequence++;
    const timestamp = Math.floor(clock.nowMs());
    connection.socket.send(JSON.stringify({ event, data, sequence: connection.sequence, timestamp, id }));
  }

  isConnected(roomId: string): boolean {
    return this.#connections.get(roomId)?.phase === 'connected';
  }

  /** Cuts the connection to a room as a dead network does. */
  drop(roomId: string): void {
    this.#connections.get(roomId)?.socket.terminate();
  }

  #newSocket(roomId: string): ClientSocket {
    const { connect, clock, session, onText, onFrame } = this.#options;
    const socket = connect(`/ws/${roomId}`, session.headers());
    const isCurrent = (): boolean => this.#connections.get(roomId)?.socket === socket;
    socket.onOpen = (setCookie) => {
      session.takeCookies(setCookie);
      const connection = this.#connections.get(roomId);
      if (connection?.socket === socket) this.#opened(connection);
    };
    socket.onMessage = (text) => {
      if (!isCurrent()) return;
      onText(text);
      const read = readFrame(text);
      if (read.kind === 'frame') onFrame(roomId, read.frame);
    };
    socket.onClose = (code) => {
      const closedMs = this.#closedMs.get(socket);
      if (closedMs !== undefined && clock.elapsedMs() - closedMs < LATE_CLOSE_MS) return;
      // By the room, as the frontend does it: the late end of an old socket hits the new connection (protocol.md 1.5).
      const connection = this.#connections.get(roomId);
      if (connection !== undefined) this.#closed(connection, code, connection.socket === socket);
    };
    return socket;
  }

  #watchHandshake(connection: Connection): void {
    const { socket } = connection;
    connection.cancelTimer = this.#options.clock.schedule(CONNECT_LIMIT_MS, () => {
      socket.terminate();
      this.#closed(connection, ABNORMAL_CLOSE, true);
    });
  }

  #opened(connection: Connection): void {
    const { roomId, playerName } = connection;
    connection.cancelTimer();
    // The emergency reconnect has forgotten the name (protocol.md 2.6).
    const named = playerName !== undefined && connection.phase !== 'nameless';
    connection.phase = 'connected';
    connection.sequence = 0;
    const name = named ? { player_name: playerName } : {};
    this.send(roomId, 'client_ready', { room_id: roomId, ...name, is_reconnection: false });
    this.#heartbeat(connection);
    this.#options.onConnected(roomId);
  }

  #heartbeat(connection: Connection): void {
    const { clock } = this.#options;
    connection.cancelTimer = clock.schedule(HEARTBEAT_MS, () => {
      this.send(connection.roomId, 'ping', { timestamp: Math.floor(clock.nowMs()) });
      this.#heartbeat(connection);
    });
  }

  #closed(connection: Connection, code: number, isOwn: boolean): void {
    switch (connection.phase) {
      case 'first':
        if (!isOwn) return;
        connection.cancelTimer();
        connection.phase = 'lost';
        this.#options.onFailed(connection.roomId);
        return;
      case 'named':
      case 'nameless':
        if (isOwn) this.#reconnect(connection, 'nameless', NAMELESS_RECONNECT_MS);
        return;
      case 'connected': {
        connection.cancelTimer();
        connection.phase = 'lost';
        if (code === NORMAL_CLOSE) return;
        this.#reconnect(connection, 'named', RECONNECT_MS * (0.9 + 0.2 * this.#options.random()));
        return;
      }
      case 'lost':
    }
  }

  #reconnect(connection: Connection, phase: 'named' | 'nameless', delayMs: number): void {
    connection.cancelTimer();
    connection.cancelTimer = this.#options.clock.schedule(delayMs, () => {
      connection.phase = phase;
      connection.socket = this.#newSocket(connection.roomId);
      this.#watchHandshake(connection);
    });
  }

  #forget(roomId: string): Connection | undefined {
    const connection = this.#connections.get(roomId);
    if (connection === undefined) return undefined;
    connection.cancelTimer();
    this.#closedMs.set(connection.socket, this.#options.clock.elapsedMs());
    this.#connections.delete(roomId);
    return connection;
  }
}
