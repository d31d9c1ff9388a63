import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../actors/clock.js';
import type { AdminAccess } from '../../src/http/admin-access.js';
import { type CookieKey, createAdminCookies } from '../../src/http/admin-cookie.js';
import { createTokenGuard, staffOf, type StaffTokens } from '../../src/http/admin-token.js';

/** A key of cookies that stands on no disk. */
export function memoryKey(): CookieKey {
  let key = randomBytes(32).toString('hex');
  return { read: () => key, renew: () => (key = randomBytes(32).toString('hex')) };
}

/** Who may pass by these tokens, as a server has it. */
export function staffAccess(
  tokens: StaffTokens,
  {
    rateLimitFactor = 1,
    elapsedMs = () => 0,
    trustProxy = false,
    clock = systemClock,
  }: {
    readonly rateLimitFactor?: number;
    readonly elapsedMs?: () => number;
    readonly trustProxy?: boolean;
    readonly clock?: Pick<Clock, 'nowMs' | 'schedule'>;
  } = {},
): AdminAccess {
  return {
    guard: createTokenGuard({ tokens: staffOf(tokens), limits: { rateLimitFactor }, elapsedMs }),
    cookies: createAdminCookies({ tokens, key: memoryKey(), clock }),
    trustProxy,
  };
}
