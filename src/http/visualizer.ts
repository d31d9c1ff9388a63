import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { StoreFailure } from '../../persistence/journal.js';
import { type Bucket, type BucketSize, draw } from '../limits/token-bucket.js';
import { ExportRefused } from '../visualizer/exported-room.js';
import { SandboxInvalid, SandboxRefused } from '../visualizer/sandbox.js';
import { SANDBOX_TTL_MS, SANDBOXES_MAX } from '../visualizer/sandboxes.js';
import { CursorUnknown } from '../visualizer/room-index.js';
import { PastDamaged } from '../visualizer/room-past.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import {
  type AdminAccess,
  type AdminEnv,
  admit,
  endCookie,
  foreignSentence,
  giveCookie,
  roleNeeded,
} from './admin-access.js';
import { bodyLimit } from './body-limit.js';
import { clientAddress } from './client-address.js';
import { problem } from './problem.js';
import { answer, jsonOf } from './visualizer-answer.js';
import { addVisualizerList } from './visualizer-list.js';
import { addVisualizerRooms } from './visualizer-rooms.js';
import { addVisualizerExports } from './visualizer-exports.js';
import { addVisualizerSandboxes } from './visualizer-sandboxes.js';
import { addVisualizerStreams, STREAMS_MAX } from './visualizer-streams.js';

export interface VisualizerDeps {
  readonly access: AdminAccess;
  readonly actionsByCookie: boolean;
  readonly limits: { readonly rateLimitFactor: number }; // Infinity = off; read for each request
  readonly elapsedMs: () => number; // monotonic
  readonly visualizer: Visualizer;
}

/** Requests of one address: enough to scrub at the pace of a screen. */
const REQUESTS: BucketSize = { capacity: 300, perSecond: 100 };
const ADDRESSES_MAX = 1_000;
const BODY_BYTES_MAX = 64 * 1024;

const login = z.strictObject({ token: z.string().min(1).max(1_000) });

/** The visualizer's data (docs/VISUALIZER_API.md). Everything but the way in needs the token or its cookie. */
export function addVisualizer(app: Hono, deps: VisualizerDeps): void {
  const { access, visualizer } = deps;
  const api = new Hono<AdminEnv>();
  api.onError(answerTo);
  addSession(api, access);
  api.use(roleNeeded(access), paced(deps));
  addServer(api, deps);
  addVisualizerList(api, visualizer);
  addVisualizerStreams(api, visualizer, access);
  addVisualizerRooms(api, visualizer);
  addVisualizerSandboxes(api, visualizer);
  addVisualizerExports(api, visualizer);
  app.route('/api/visualizer', api);
}

function addServer(api: Hono<AdminEnv>, { visualizer, actionsByCookie }: VisualizerDeps): void {
  const { rooms, definition, now } = visualizer.ports;
  api.get('/', (c) => {
    const via = c.get('via');
    const { name, version } = definition;
    const { open, inMemory, restarting, paused, quarantined, mailboxMessages, mailboxLagMs } = rooms.counts;
    return answer(c, {
      at: now(),
      via,
      role: c.get('role'),
      actions: via === 'bearer' || actionsByCookie,
      machine: { name, version },
      rooms: { open, inMemory, restarting, paused, quarantined, mailboxMessages, mailboxLagMs },
      sandboxes: { open: visualizer.sandboxes.size, max: SANDBOXES_MAX, ttlMs: SANDBOX_TTL_MS },
      streams: { open: visualizer.watchers, max: STREAMS_MAX },
    });
  });
}

function addSession(api: Hono<AdminEnv>, access: AdminAccess): void {
  const limited = bodyLimit(BODY_BYTES_MAX, 'That is no token');
  api.post('/session', limited, async (c) => {
    const foreign = foreignSentence(c);
    if (foreign !== null) return problem(c, 403, foreign);
    const { token } = await jsonOf(c, login);
    const admitted = admit(c, access.guard, token, access.trustProxy);
    if (admitted instanceof Response) return admitted;
    giveCookie(c, admitted, access);
    return answer(c, {});
  });
  api.delete('/session', (c) => {
    const foreign = foreignSentence(c);
    if (foreign !== null) return problem(c, 403, foreign);
    endCookie(c, access);
    return answer(c, {});
  });
}

function paced({ access, limits, elapsedMs }: VisualizerDeps): MiddlewareHandler<AdminEnv> {
  const buckets = new Map<string, Bucket>();
  return async (c, next) => {
    const { rateLimitFactor } = limits;
    if (rateLimitFactor === Infinity) return next();
    const size = {
      capacity: Math.max(REQUESTS.capacity * rateLimitFactor, 1),
      perSecond: REQUESTS.perSecond * rateLimitFactor,
    };
    const address = clientAddress(c, access);
    const drawn = draw(buckets.get(address), size, elapsedMs());
    buckets.delete(address);
    buckets.set(address, drawn.bucket);
    if (buckets.size > ADDRESSES_MAX) buckets.delete(buckets.keys().next().value!);
    if (drawn.ok) return next();
    c.header('Retry-After', String(Math.max(1, Math.ceil(drawn.waitMs / 1000))));
    return problem(c, 429, 'Too many requests came from this address');
  };
}

function answerTo(failure: Error, c: Context): Response {
  if (failure instanceof HTTPException) return problem(c, failure.status, failure.message);
  if (failure instanceof CursorUnknown) return problem(c, 400, failure.message);
  if (failure instanceof SandboxInvalid) return problem(c, 400, failure.message);
  if (failure instanceof SandboxRefused || failure instanceof ExportRefused) return problem(c, 409, failure.message);
  if (failure instanceof PastDamaged) return problem(c, 409, failure.message);
  if (failure instanceof StoreFailure) return problem(c, failure.code === 'BAD_CURSOR' ? 400 : 503, failure.message);
  throw failure;
}
