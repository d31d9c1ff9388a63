import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { matchedRoutes } from 'hono/route';
import type { ProxyTrust } from '../limits/trusted-proxies.js';
import { may, type Role, roleFor, ROLES, type Staff } from '../operations/roles.js';
import { ADMIN_COOKIE, ADMIN_COOKIE_S, type AdminCookies } from './admin-cookie.js';
import type { TokenGuard } from './admin-token.js';
import { clientAddress, isOverTls } from './client-address.js';
import { problem } from './problem.js';

export interface AdminAccess {
  readonly guard: TokenGuard;
  readonly cookies: AdminCookies;
  readonly trustProxy: ProxyTrust; // believe X-Forwarded-For and X-Forwarded-Proto
}

/** How an asker showed that it has a token. */
export type Via = 'bearer' | 'cookie';
export interface AdminEnv {
  readonly Variables: { readonly via: Via; readonly role: Staff };
}

/** A header that no page of another origin can send without asking first, which nobody here allows. */
const OWN_PAGE = 'X-Visualizer';

/**
 * Lets those pass who have a token of a role that may do what they ask for (`roles.ts`): as a bearer, or in a browser by
 * the cookie that stands for it. A cookie goes along with whatever a browser sends, so that by cookie nothing is changed
 * but from a page of ours.
 */
export function roleNeeded({ guard, cookies, trustProxy }: AdminAccess): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    c.header('Cache-Control', 'no-store');
    const authorization = c.req.header('Authorization');
    const known = authorization === undefined ? cookies.roleOf(getCookie(c, ADMIN_COOKIE)) : null;
    if (known !== null) {
      const foreign = foreignSentence(c);
      if (foreign !== null) return problem(c, 403, foreign);
      c.set('via', 'cookie');
      c.set('role', known);
    } else {
      const admitted = admit(c, guard, bearerOf(authorization), trustProxy);
      if (admitted instanceof Response) return admitted;
      c.set('via', 'bearer');
      c.set('role', admitted);
    }
    if (!may(c.get('role'), neededFor(c))) return problem(c, 403, 'This needs the admin token: an operator may not');
    return next();
  };
}

export function bearerOf(authorization: string | undefined): string | null {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** The highest role that anything needs which may answer; a path that nothing answers needs no more than a token. */
function neededFor(c: Context): Role {
  // As the handlers will read it: the same parser, so that no spelling of the parameter goes past.
  if ((c.req.query()['reveal'] ?? 'false') !== 'false') return 'admin';
  const roles = matchedRoutes(c)
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => roleFor(`${method} ${path}`));
  return ROLES.findLast((role) => roles.includes(role)) ?? 'operator';
}

/**
 * @param needed what is asked of who has no token
 * @returns the role of whoever has a token, else the answer for who has not
 */
export function admit(
  c: Context,
  guard: TokenGuard,
  given: string | null,
  trustProxy: ProxyTrust,
  needed = 'the admin token',
): Staff | Response {
  const verdict = guard.judge(given, clientAddress(c, { trustProxy }));
  switch (verdict.kind) {
    case 'allowed':
      return verdict.role;
    case 'limited':
      c.header('Retry-After', String(verdict.retryAfterS));
      return problem(c, 429, 'Too many wrong tokens came from this address: wait a while');
    case 'denied':
      c.header('WWW-Authenticate', 'Bearer');
      return problem(c, 401, `This needs ${needed}, as "Authorization: Bearer …"`);
    default:
      return verdict satisfies never;
  }
}

/** Operations on real rooms by cookie are for those whom the settings allow them. */
export function actionsNeeded(actions: boolean): MiddlewareHandler<AdminEnv> {
  return (c, next) =>
    isLooking(c) || actions || c.get('via') === 'bearer'
      ? next()
      : Promise.resolve(
          problem(c, 403, 'Read-only: set VISUALIZER_ACTIONS=on to let the visualizer do operations, or use the token'),
        );
}

/** Why a request by cookie is not one of our own pages, or null where it is. */
export function foreignSentence(c: Context): string | null {
  const site = c.req.header('Sec-Fetch-Site');
  if (isLooking(c)) {
    // A link from elsewhere may open a page of ours, but nobody else's page reads the API.
    return site === undefined || site === 'same-origin' || site === 'none' ? null : 'Cross-site: not from our own page';
  }
  if (c.req.header(OWN_PAGE) === undefined) return `Cross-site: a request by cookie needs the header ${OWN_PAGE}`;
  if (site !== undefined && site !== 'same-origin') return 'Cross-site: not from our own page';
  const origin = c.req.header('Origin');
  if (origin === undefined) return site === undefined ? 'Cross-site: nothing says from which page it comes' : null;
  const isOwn = URL.canParse(origin) && new URL(origin).host === c.req.header('Host');
  return isOwn ? null : 'Cross-site: its Origin is not this server';
}

export function giveCookie(c: Context, role: Staff, { cookies, trustProxy }: AdminAccess): void {
  setCookie(c, ADMIN_COOKIE, cookies.issue(role), { ...cookieOptions(c, trustProxy), maxAge: ADMIN_COOKIE_S });
}

export function endCookie(c: Context, { trustProxy }: AdminAccess): void {
  setCookie(c, ADMIN_COOKIE, '', { ...cookieOptions(c, trustProxy), maxAge: 0 });
}

/** The cookie that this request was let in by ends it, too: for answers that have no end of their own. */
export function endWithCookie(c: Context<AdminEnv>, { cookies }: Pick<AdminAccess, 'cookies'>, onEnd: () => void) {
  return c.get('via') === 'cookie' ? cookies.follow(getCookie(c, ADMIN_COOKIE), onEnd) : () => undefined;
}

/** It goes along with nothing but the API: neither with pages and sockets, nor with whatever else this host serves. */
function cookieOptions(c: Context, trustProxy: ProxyTrust) {
  return { httpOnly: true, sameSite: 'Strict', path: '/api', secure: isOverTls(c, { trustProxy }) } as const;
}

function isLooking(c: Context): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD';
}
