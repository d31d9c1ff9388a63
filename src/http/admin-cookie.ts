import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../actors/clock.js';
import type { Staff } from '../operations/roles.js';
import type { StaffTokens } from './admin-token.js';

/** How long a browser stays known. */
const LIFE_MS = 12 * 3_600_000;

export const ADMIN_COOKIE = 'admin_session';
export const ADMIN_COOKIE_S = LIFE_MS / 1000;

/** What a browser carries in the token's place: whose it is and until when, signed; it holds nothing of the token. */
export interface AdminCookies {
  readonly issue: (role: Staff) => string;
  /** @returns whose it is, or null for what is not, or no longer, a cookie of ours */
  readonly roleOf: (value: string | undefined) => Staff | null;
  /** Calls `onEnd` once when the cookie is valid no more, which may be at once. @returns the way to stop waiting */
  readonly follow: (value: string | undefined, onEnd: () => void) => () => void;
  /** Ends all cookies that were ever given. */
  readonly revoke: () => void;
}

/** What cookies are signed with besides the tokens; a new one ends them all. */
export interface CookieKey {
  readonly read: () => string;
  readonly renew: () => void;
}

export interface AdminCookiesOptions {
  readonly tokens: StaffTokens;
  readonly key: CookieKey;
  readonly clock: Pick<Clock, 'nowMs' | 'schedule'>;
}

/** A new token ends the cookies of its role; a new process ends none. */
export function createAdminCookies({ tokens, key, clock }: AdminCookiesOptions): AdminCookies {
  let secret = key.read();
  const followed = new Set<() => void>();

  const signed = (role: Staff, token: string, untilMs: string): string => {
    const own = createHmac('sha256', secret).update(token).digest();
    const signature = createHmac('sha256', own).update(`${role} until ${untilMs}`).digest('base64url');
    return `${role}.${untilMs}.${signature}`;
  };
  const parse = (value = ''): { readonly role: Staff; readonly untilMs: number } | null => {
    const [, name, until] = /^(admin|operator)\.(\d{1,15})\./.exec(value) ?? [];
    if (name === undefined || until === undefined) return null;
    const role = name as Staff;
    const token = tokens[role];
    if (token === undefined) return null;
    const [given, expected] = [Buffer.from(value), Buffer.from(signed(role, token, until))];
    const untilMs = Number(until);
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    return isOurs && untilMs > clock.nowMs() ? { role, untilMs } : null;
  };

  return {
    issue: (role) => {
      const token = tokens[role];
      if (token === undefined) throw new Error(`there is no token of the role ${role} that a cookie could stand for`);
      return signed(role, token, String(clock.nowMs() + LIFE_MS));
    },
    roleOf: (value) => parse(value)?.role ?? null,
    follow: (value, onEnd) => {
      const cookie = parse(value);
      if (cookie === null) {
        onEnd();
        return () => undefined;
      }
      const stop = (): void => {
        cancel();
        followed.delete(end);
      };
      const end = (): void => {
        stop();
        onEnd();
      };
      const cancel = clock.schedule(cookie.untilMs - clock.nowMs(), end);
      followed.add(end);
      return stop;
    },
    revoke: () => {
      key.renew();
      secret = key.read();
      for (const end of [...followed]) end();
    },
  };
}
