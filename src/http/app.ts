import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { HTTPException } from 'hono/http-exception';
import { requestId } from 'hono/request-id';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import type { Clock } from '../../actors/clock.js';
import type { Sessions } from '../gateway/sessions.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { Log } from '../telemetry/log.js';
import { addressLimit, type AddressLimitDeps } from './address-limit.js';
import { isOverTls } from './client-address.js';
import { addClientModules } from './client-modules.js';
import { addHealth, type HealthDeps } from './health.js';
import { oneHost } from './one-host.js';
import { addPages, isFrontendPath, PAGE_PATHS } from './pages.js';
import { problem } from './problem.js';
import type { ProxyTrust } from '../limits/trusted-proxies.js';

export interface AppDeps {
  readonly staticDir: string | undefined;
  readonly trustProxy: ProxyTrust; // believe X-Forwarded-Proto
  readonly sessions: Pick<Sessions, 'issue' | 'cookie' | 'fromCookieHeader'>;
  readonly health: HealthDeps['health'];
  readonly circuits: HealthDeps['circuits'];
  readonly healthChanges: HealthDeps['changes'];
  readonly limiter: RateLimiter;
  readonly limits: AddressLimitDeps['limits'];
  readonly clock: Pick<Clock, 'nowMs' | 'elapsedMs'>;
  readonly log: Pick<Log, 'debug' | 'error' | 'warn'>;
  readonly onLimited?: AddressLimitDeps['onLimited'];
  /** Told of each answer. `route` is the pattern that matched: there are as many as there are handlers. */
  readonly onAnswer?: (answer: Answer) => void;
  /** A request that takes longer is a line of the log, ms; read for each. */
  readonly slow?: { readonly slowOperationMs: number };
  /** A request that has no answer by then gets 503, ms; read for each. */
  readonly patience?: { readonly httpAnswerMs: number };
}

export interface Answer {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

/**
 * Everything that is HTTP. The server may add routes to the app that it gets (`/metrics`, `/api/…`); they come behind
 * the same middleware, and no file of a frontend can stand before them.
 */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono();

  app.use(requestId({ limitLength: 100 }));
  app.use(requestLog(deps));
  app.use(securityHeaders(deps));
  app.use(oneHost);
  app.use(addressLimit(deps));
  app.use(answerTimeout(deps));
  app.use(packed);
  for (const path of PAGE_PATHS) app.use(path, sessionCookie(deps));

  app.onError((error, c) => {
    if (error instanceof HTTPException) return problem(c, error.status, error.message);
    deps.log.error(
      { err: error, method: c.req.method, path: c.req.path, requestId: c.get('requestId') },
      'http failed',
    );
    return problem(c, 500, 'Internal Server Error');
  });
  app.notFound((c) => otherMethod(app, c) ?? problem(c, 404, 'Not Found'));

  const { health, circuits, healthChanges } = deps;
  addHealth(app, { health, circuits, changes: healthChanges, nowMs: deps.clock.nowMs });
  addPages(app, { staticDir: deps.staticDir });
  addClientModules(app);
  return app;
}

/** Operations, which take the time they need, and streams, whose answer has begun. */
const PATIENT =
  /^\/api\/(?:admin\/operations|recovery\/trigger|visualizer\/(?:rooms\/)?(?:[^/]+\/)?stream$|[^/]+\/cleanup$)/;

function answerTimeout({ patience }: AppDeps): MiddlewareHandler {
  return (c, next) => {
    if (patience === undefined || PATIENT.test(c.req.path)) return next();
    const late = () => new HTTPException(503, { message: 'The answer takes too long: try again later' });
    return timeout(patience.httpAnswerMs, late)(c, next);
  };
}

const pack = compress();

/** Refusals are short: to pack them would cost more than all the rest of them. */
const packed: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.status < 400) await pack(c, () => Promise.resolve());
};

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** A path that is there for other methods: which, and not that it is not found. */
function otherMethod(app: Hono, c: Context): Response | null {
  const answers = (method: string): boolean =>
    app.router.match(method, c.req.path)[0].some(([[, route]]) => route.method !== 'ALL' && route.path !== '/*');
  const allowed = METHODS.filter(answers).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  if (allowed.length === 0 || allowed.includes(c.req.method)) return null;
  c.header('Allow', allowed.join(', '));
  return problem(c, 405, 'Method Not Allowed');
}

/** One line per request; the path alone, because a query may hold a token. */
function requestLog({ log, clock, onAnswer, slow }: AppDeps): MiddlewareHandler {
  return async (c, next) => {
    const start = clock.elapsedMs();
    await next();
    const { method, path } = c.req;
    const tookMs = Math.round((clock.elapsedMs() - start) * 10) / 10;
    const { status } = c.res;
    const line = { method, path, status, tookMs, requestId: c.get('requestId') };
    if (slow !== undefined && tookMs > slow.slowOperationMs) log.warn(line, 'slow http');
    else log.debug(line, 'http');
    onAnswer?.({ method, route: routePath(c, -1), status, tookMs });
  };
}

const NOBODY = ["'none'"];
const SELF = ["'self'"];

/** Our pages load their own scripts and styles and talk to their own server, and that is all. */
const OUR_POLICY = {
  defaultSrc: NOBODY,
  scriptSrc: SELF,
  styleSrc: SELF,
  imgSrc: [...SELF, 'data:'],
  fontSrc: SELF,
  connectSrc: SELF,
  baseUri: NOBODY,
  formAction: NOBODY,
  frameAncestors: NOBODY,
};

/** An existing frontend has its images as data URLs, sets inline styles, and needs the base of a deep link. */
const FRONTEND_POLICY = {
  ...OUR_POLICY,
  styleSrc: [...SELF, "'unsafe-inline'"],
  fontSrc: [...SELF, 'data:'],
  manifestSrc: SELF,
  mediaSrc: [...SELF, 'data:'],
  baseUri: SELF,
  formAction: SELF,
};

function securityHeaders({ staticDir }: AppDeps): MiddlewareHandler {
  // Whether a host is reached over TLS only is for whoever terminates it to promise, so no Strict-Transport-Security.
  const common = { strictTransportSecurity: false, xFrameOptions: 'DENY' };
  const ours = secureHeaders({ ...common, contentSecurityPolicy: OUR_POLICY });
  const frontends = secureHeaders({ ...common, contentSecurityPolicy: FRONTEND_POLICY });
  return (c, next) => (staticDir !== undefined && isFrontendPath(c.req.path) ? frontends : ours)(c, next);
}

/** A page sets the cookie that the socket's handshake will carry; without it nobody could keep a seat. */
function sessionCookie({ sessions, trustProxy }: AppDeps): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.res.status >= 400 || sessions.fromCookieHeader(c.req.header('Cookie')) !== null) return;
    const secure = isOverTls(c, { trustProxy });
    // Not by `c.header`, which would make the whole answer anew.
    c.res.headers.append('Set-Cookie', sessions.cookie(sessions.issue().token, { secure }));
  };
}
