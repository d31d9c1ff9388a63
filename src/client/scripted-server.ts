import type { Clock } from '../../actors/clock.js';
import { ABNORMAL_CLOSE, NORMAL_CLOSE, type ClientSocket, type Connect } from './client-socket.js';

// The far end of simulated sockets, for the tests of this folder.

export interface ReceivedMessage {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sequence: number;
  readonly id: string;
}

export interface ScriptedServerOptions {
  readonly clock: Clock;
  readonly latencyMs?: number; // each way
  readonly closeLatencyMs?: number; // more than `latencyMs`: close frames are answered late
  readonly setCookie?: (headers: Readonly<Record<string, string>>) => readonly string[];
  readonly onConnection?: (connection: ServerConnection) => void;
}

/** Accepts sockets and leaves it to the test what to say on them. */
export class ScriptedServer {
  /** In the order of their handshakes, closed ones included. */
  readonly connections: ServerConnection[] = [];
  accepting = true;
  readonly connect: Connect;

  constructor(options: ScriptedServerOptions) {
    const { clock, latencyMs = 1, setCookie, onConnection } = options;
    this.connect = (path, headers) => {
      const connection = new ServerConnection(options, path, headers);
      clock.schedule(2 * latencyMs, () => {
        if (connection.state === 'closed') return;
        if (!this.accepting) {
          connection.refuse();
          return;
        }
        this.connections.push(connection);
        connection.state = 'open';
        onConnection?.(connection);
        connection.client.onOpen(setCookie?.(headers) ?? []);
      });
      return connection.client;
    };
  }

  /** The newest connection. */
  get last(): ServerConnection {
    return this.connections.at(-1)!;
  }
}

export class ServerConnection {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly received: ReceivedMessage[] = [];
  state: 'connecting' | 'open' | 'closed' = 'connecting';
  onMessage: (message: ReceivedMessage) => void = () => undefined;
  onClosed: (code: number) => void = () => undefined;
  readonly client: ClientSocket;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  #clientClosed = false;

  constructor(
    { clock, latencyMs = 1, closeLatencyMs = latencyMs }: ScriptedServerOptions,
    path: string,
    headers: Readonly<Record<string, string>>,
  ) {
    this.path = path;
    this.headers = headers;
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.client = {
      onOpen: () => undefined,
      onMessage: () => undefined,
      onClose: () => undefined,
      send: (text) => {
        if (this.state !== 'open') return;
        clock.schedule(latencyMs, () => {
          if (this.state !== 'open') return;
          const message = JSON.parse(text) as ReceivedMessage;
          this.received.push(message);
          this.onMessage(message);
        });
      },
      close: (code = NORMAL_CLOSE) => {
        clock.schedule(latencyMs, () => this.#serverClosed(code));
        clock.schedule(latencyMs + closeLatencyMs, () => this.#toldClient(code, ''));
      },
      terminate: () => {
        clock.schedule(latencyMs, () => this.#serverClosed(ABNORMAL_CLOSE));
        clock.defer(() => this.#toldClient(ABNORMAL_CLOSE, 'terminated'));
      },
    };
  }

  send(event: string, data: Readonly<Record<string, unknown>>): void {
    this.sendText(JSON.stringify({ event, data }));
  }

  sendText(text: string): void {
    if (this.state !== 'open') return;
    this.#clock.schedule(this.#latencyMs, () => {
      if (!this.#clientClosed) this.client.onMessage(text);
    });
  }

  /** Ends the connection; 1006 as if the server had died. */
  close(code: number, reason = ''): void {
    this.state = 'closed';
    this.#clock.schedule(this.#latencyMs, () => this.#toldClient(code, reason));
  }

  /** The handshake fails. */
  refuse(): void {
    this.state = 'closed';
    this.#toldClient(ABNORMAL_CLOSE, 'connection refused');
  }

  #serverClosed(code: number): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.onClosed(code);
  }

  #toldClient(code: number, reason: string): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    this.state = 'closed';
    this.client.onClose(code, reason);
  }
}
