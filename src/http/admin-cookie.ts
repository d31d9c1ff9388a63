import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a browser stays known. */
const LIFE_MS = 12 * 3_600_000;

export const ADMIN_COOKIE = 'admin_session';
export const ADMIN_COOKIE_S = LIFE_MS / 1000;

/** What a browser carries in the token's place: it says until when, signed by the token, and holds nothing of it. */
export interface AdminCookies {
  readonly issue: () => string;
  readonly isValid: (value: string | undefined) => boolean;
}

/** A new token ends all cookies; a new process does not. @param nowMs wall clock */
export function createAdminCookies(token: string, nowMs: () => number): AdminCookies {
  const signed = (untilMs: string): string =>
    `${untilMs}.${createHmac('sha256', token).update(`admin cookie until ${untilMs}`).digest('base64url')}`;
  return {
    issue: () => signed(String(nowMs() + LIFE_MS)),
    isValid: (value = '') => {
      const [untilMs = ''] = value.split('.');
      if (!/^\d{1,15}$/.test(untilMs)) return false;
      const [given, expected] = [Buffer.from(value), Buffer.from(signed(untilMs))];
      return given.length === expected.length && timingSafeEqual(given, expected) && Number(untilMs) > nowMs();
    },
  };
}
