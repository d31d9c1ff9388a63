import type { Config } from '../config.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { type Bucket, draw } from '../limits/token-bucket.js';
import type { HandshakeRefusal } from './traffic.js';

/** Seconds, drawn for each refusal, so that those who were refused together do not come back together. */
const RETRY_S = { full: { min: 5, max: 15 }, rate: { min: 1, max: 5 } } as const;
/** Handshakes that are let in at once, in seconds of their rate: after a restart everybody comes back. */
const BURST_S = 2;

export type AdmissionSettings = Pick<
  Config,
  | 'rateLimitFactor'
  | 'socketsMax'
  | 'socketsPerAddressMax'
  | 'socketsPerSessionMax'
  | 'handshakesPerSecond'
  | 'handshakesPerAddressPerMinute'
>;

export interface AdmissionPorts {
  readonly config: { readonly current: AdmissionSettings }; // read for each handshake
  readonly limiter: RateLimiter;
  readonly elapsedMs: () => number; // monotonic
  readonly random: () => number; // in [0, 1)
}

/** Who wants in. */
export interface Guest {
  readonly session: string;
  readonly address: string | undefined; // of limits by address; undefined where none concerns it
}

export interface Refused {
  readonly kind: 'refused';
  readonly why: Exclude<HandshakeRefusal, 'path' | 'origin'>;
  readonly status: 429 | 503; // too many of this guest, or too many at all
  readonly retryAfterS: number;
  readonly detail: string;
}

/** A place. `leave` gives it back, once; `becomes` makes it one of another session's, false where that has none left. */
interface Place {
  readonly leave: () => void;
  readonly becomes: (session: string) => boolean;
}

export type Admitted = ({ readonly kind: 'admitted' } & Place) | Refused;

/** Decides who gets a socket, before there is one. Places are counted here; rates by address where all processes can. */
export class Admission {
  readonly #ports: AdmissionPorts;
  readonly #byAddress = new Map<string, number>();
  readonly #bySession = new Map<string, number>();
  #count = 0;
  #handshakes: Bucket | undefined;

  constructor(ports: AdmissionPorts) {
    this.#ports = ports;
  }

  async admit({ session, address }: Guest): Promise<Admitted> {
    const { socketsMax, socketsPerAddressMax } = this.#ports.config.current;
    if (this.#count >= socketsMax) return this.#refused('full', 'The server has no place left');
    if (address !== undefined && (this.#byAddress.get(address) ?? 0) >= socketsPerAddressMax) {
      return this.#refused('address', 'This address has too many open sockets');
    }
    if (!this.#hasPlace(session)) {
      return this.#refused('session', 'This session has too many open sockets');
    }
    // Taken before anybody is asked, so that those who come meanwhile find it taken.
    const place = this.#enter(session, address);
    const refused = (address === undefined ? null : await this.#tooFast(address)) ?? this.#tooMany();
    if (refused === null) return { kind: 'admitted', ...place };
    place.leave();
    return refused;
  }

  #enter(session: string, address: string | undefined): Place {
    this.#count++;
    add(this.#bySession, session, 1);
    if (address !== undefined) add(this.#byAddress, address, 1);
    let isIn = true;
    let owner = session;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      this.#count--;
      add(this.#bySession, owner, -1);
      if (address !== undefined) add(this.#byAddress, address, -1);
    };
    const becomes = (other: string): boolean => {
      if (!isIn || other === owner) return true;
      if (!this.#hasPlace(other)) return false;
      add(this.#bySession, owner, -1);
      add(this.#bySession, other, 1);
      owner = other;
      return true;
    };
    return { leave, becomes };
  }

  #hasPlace(session: string): boolean {
    return (this.#bySession.get(session) ?? 0) < this.#ports.config.current.socketsPerSessionMax;
  }

  async #tooFast(address: string): Promise<Admitted | null> {
    const { limiter, config } = this.#ports;
    const { rateLimitFactor, handshakesPerAddressPerMinute } = config.current;
    if (rateLimitFactor === Infinity) return null;
    const capacity = Math.max(Math.floor(handshakesPerAddressPerMinute * rateLimitFactor), 1);
    const taken = await limiter.take(`socket:${address}`, { capacity, perSecond: capacity / 60 });
    if (taken.allowed) return null;
    return this.#refused('addressRate', 'This address opens sockets too often', taken.waitMs);
  }

  /** Behind the limits of addresses: one of them alone shall not use up what all have together. */
  #tooMany(): Admitted | null {
    const { elapsedMs, config } = this.#ports;
    const { rateLimitFactor, handshakesPerSecond } = config.current;
    if (rateLimitFactor === Infinity) return null;
    const perSecond = handshakesPerSecond * rateLimitFactor;
    const drawn = draw(this.#handshakes, { capacity: Math.max(perSecond * BURST_S, 1), perSecond }, elapsedMs());
    this.#handshakes = drawn.bucket;
    return drawn.ok ? null : this.crowded(drawn.waitMs);
  }

  /** Too many come at once. @param waitMs until those in front have had their turn */
  crowded(waitMs: number): Refused {
    return this.#refused('rate', 'Too many sockets are opened at the moment', waitMs);
  }

  #refused(why: Refused['why'], detail: string, waitMs = 0): Refused {
    const { min, max } = waitMs === 0 ? RETRY_S.full : RETRY_S.rate;
    const jitterS = min + Math.floor(this.#ports.random() * (max - min + 1));
    const retryAfterS = Math.floor(waitMs / 1000) + jitterS;
    return { kind: 'refused', why, status: why === 'full' || why === 'rate' ? 503 : 429, retryAfterS, detail };
  }
}

/** Keys without a place are forgotten. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
