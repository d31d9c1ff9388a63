/**
 * One WebSocket as the clients here need it. The owner sets the three handlers in the same turn in which it got the
 * socket; the socket never calls one before that turn is over. `onClose` comes exactly once, also when the connection
 * never opened, and nothing comes after it.
 */
export interface ClientSocket {
  /** @param setCookie values of the `Set-Cookie` headers of the handshake's answer, e.g. `room_session=abc; Path=/` */
  onOpen: (setCookie: readonly string[]) => void;
  onMessage: (text: string) => void;
  /**
   * @param code 1006 when no close frame came, so also when the handshake failed; `reason` then says why
   * @param retryAfterMs where the handshake was refused with a time to wait; a browser does not tell it
   */
  onClose: (code: number, reason: string, retryAfterMs?: number) => void;

  /** Does nothing unless the socket is open. */
  send(text: string): void;
  /** Sends a close frame; without a code 1000. A socket that is still connecting is given up. */
  close(code?: number, reason?: string): void;
  /** Cuts the connection without a close frame. */
  terminate(): void;
}

/**
 * Starts a connection; it goes on in later turns.
 * @param path of the URL, e.g. `/ws/lobby`
 * @param headers of the handshake, e.g. `{ cookie: 'room_session=abc' }`
 */
export type Connect = (path: string, headers: Readonly<Record<string, string>>) => ClientSocket;

/** The application's end of a connection: nobody is to come back after it (protocol.md 7.1.13). */
export const NORMAL_CLOSE = 1000;
/** No close frame was seen. */
export const ABNORMAL_CLOSE = 1006;
