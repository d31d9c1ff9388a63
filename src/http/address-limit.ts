import type { MiddlewareHandler } from 'hono';
import type { RateLimiter } from '../limits/rate-limiter.js';
import { peerOfRequest } from './client-address.js';
import { problem } from './problem.js';
import type { ProxyTrust } from '../limits/trusted-proxies.js';

export interface AddressLimitDeps {
  readonly limiter: RateLimiter;
  /** Read for each request. */
  readonly limits: {
    readonly rateLimitFactor: number; // Infinity = off
    readonly limitLoopback: boolean; // this machine's own requests are counted as well
  };
  readonly trustProxy: ProxyTrust; // believe X-Forwarded-For
  readonly onLimited?: ((kind: string) => void) | undefined; // a request was refused
}

const WINDOW_S = 60;

/**
 * Requests a minute from one address, by the kind of path, each kind by itself: whoever polls the health of the server
 * can still load the page. The numbers are the existing system's (protocol.md 1.7), except for files: a page of ours is
 * made of dozens, and a school stands behind one address.
 */
const KINDS: readonly { readonly kind: string; readonly path: RegExp; readonly perMinute: number }[] = [
  { kind: 'health', path: /^\/(?:health|api\/health)(?:\/(?:live|ready))?$/, perMinute: 90 },
  { kind: 'health-details', path: /^\/(?:api\/)?health\//, perMinute: 45 },
  { kind: 'rooms', path: /^\/api\/(?:rooms|replay|fairness)(?:\/|$)/, perMinute: 45 },
  { kind: 'recovery', path: /^\/api\/recovery(?:\/|$)/, perMinute: 15 },
  { kind: 'operators', path: /^\/api\/(?:admin|visualizer)(?:\/|$)/, perMinute: 6_000 },
  { kind: 'api', path: /^\/api(?:\/|$)/, perMinute: 225 },
  { kind: 'files', path: /^/, perMinute: 2_400 },
];

/** Answers 429 to an address that asks too often; each answer says what is left. */
export function addressLimit({ limiter, limits, trustProxy, onLimited }: AddressLimitDeps): MiddlewareHandler {
  return async (c, next) => {
    const { rateLimitFactor, limitLoopback } = limits;
    const { address, isThisMachine } = peerOfRequest(c, { trustProxy });
    // Where no address is known nobody could be told from anybody else.
    if (rateLimitFactor === Infinity || address === '' || (!limitLoopback && isThisMachine)) return next();
    const { kind, perMinute } = KINDS.find(({ path }) => path.test(c.req.path))!;
    const capacity = Math.max(Math.floor(perMinute * rateLimitFactor), 1);
    const size = { capacity, perSecond: capacity / WINDOW_S };
    const taken = await limiter.take(`http:${kind}:${address}`, size);
    const waitS = taken.allowed ? 0 : Math.ceil(taken.waitMs / 1000);
    c.header('X-RateLimit-Limit', String(capacity));
    c.header('X-RateLimit-Remaining', String(taken.remaining));
    c.header('X-RateLimit-Reset', String(Math.ceil((capacity - taken.remaining) / size.perSecond))); // s until it is full
    c.header('X-RateLimit-Window', String(WINDOW_S));
    if (taken.allowed) return next();
    onLimited?.(kind);
    c.header('Retry-After', String(waitS));
    return problem(c, 429, `Too many requests from this address: try again in ${waitS} s`);
  };
}
