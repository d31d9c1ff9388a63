/** Message ids remembered; the oldest is forgotten first. Enough for everything that can still be answered. */
const ISSUED_MAX = 4096;

/**
 * Who a client is to the server, kept across its connections: a cookie jar for one host, or for clients without cookies
 * the token that a create or join answers with (design.md 9). Sockets of one session share one of these.
 */
export class Session {
  readonly #mode: 'cookie' | 'token';
  readonly #cookies = new Map<string, string>();
  readonly #issued = new Map<string, number>(); // id to times sent
  #token: string | undefined;

  /** @param mode `token` ignores cookies, as a client without a jar does */
  constructor(mode: 'cookie' | 'token' = 'cookie') {
    this.#mode = mode;
  }

  /** Headers of the next handshake. */
  headers(): Readonly<Record<string, string>> {
    if (this.#cookies.size === 0) return {};
    return { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  /** Takes the cookies of a handshake's answer; attributes are of no matter for one host and one path. */
  takeCookies(setCookie: readonly string[]): void {
    if (this.#mode === 'token') return;
    for (const line of setCookie) {
      const pair = line.split(';', 1)[0]!;
      const equals = pair.indexOf('=');
      if (equals > 0) this.#cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
    }
  }

  takeToken(token: string): void {
    this.#token = token;
  }

  /** What a `client_ready` must carry: nothing where the cookie speaks. */
  get token(): string | undefined {
    return this.#cookies.size === 0 ? this.#token : undefined;
  }

  /** Notes a message id that a socket of this session sent. */
  issue(id: string): void {
    this.#issued.set(id, (this.#issued.get(id) ?? 0) + 1);
    if (this.#issued.size > ISSUED_MAX) {
      for (const oldest of this.#issued.keys()) {
        this.#issued.delete(oldest);
        break;
      }
    }
  }

  hasIssued(id: string): boolean {
    return this.#issued.has(id);
  }

  /** Whether the id was sent more than once: its answer may tell what was true when the first one was applied. */
  hasRepeated(id: string): boolean {
    return (this.#issued.get(id) ?? 0) > 1;
  }
}
