import type { Frame, FrameCodec } from '../protocol/frame-codec.js';

/** One accepted WebSocket as the gateway needs it; the real one is over `ws`, the simulated one over the virtual clock. */
export interface ServerSocket {
  onMessage: (frame: Frame, binary: boolean) => void;
  /** Exactly once; nothing comes after it. */
  onClose: (code: number) => void;
  onPong: () => void;

  /** Does nothing once the socket is closing. */
  send(frame: Frame): void;
  close(code: number, reason: string): void;
  /** Cuts the connection without a close frame. */
  terminate(): void;
  ping(): void;
  /** Stops and goes on reading, so that the sender feels that a room can't keep up. */
  pause(): void;
  resume(): void;
  /** Bytes that were sent and have not left yet. */
  readonly backlogBytes: number;
}

/** What is known of a client when its handshake is done. */
export interface Handshake {
  readonly path: string; // `/ws/lobby`, `/ws/{room_id}`
  readonly session: string; // session id: of the cookie, or a new one
  readonly token: string | null; // for a client that came without a cookie: what it may send back
  readonly codec?: FrameCodec; // as it asked for; JSON without
  /** The key of limits by address; absent where none of them concerns the client, as on this machine. */
  readonly address?: string | undefined;
  /** From now on it counts as another session's; false where that has no place left. Absent: there is no limit. */
  readonly becomes?: (session: string) => boolean;
}

/** Close codes as the frontend understands them: all but 1000 make it come back (protocol.md 1.5, 7.1.13). */
export const CLOSE = { stayAway: 1000, overLimits: 1008, failed: 1011, restart: 1012, tooSlow: 1013 } as const;
