import { type Context, Hono } from 'hono';
import type { OperationActor, OperationContext } from '../operations/operation.js';
import { isOperationName, type OperationName, OPERATIONS } from '../operations/operations.js';
import { OPERATION_ROLES } from '../operations/roles.js';
import { perform } from '../operations/perform.js';
import { type SizeLimits, storeStatus } from '../operations/store-status.js';
import { actionsNeeded, type AdminAccess, type AdminEnv, roleNeeded } from './admin-access.js';
import { addAdminListings } from './admin-listings.js';
import { addAdminRooms } from './admin-rooms.js';
import { bodyLimit } from './body-limit.js';
import { answerToFailure } from './failures.js';
import { idempotencyKey } from './idempotency-key.js';
import { jsonBody } from './json-body.js';
import { problem } from './problem.js';

export interface AdminDeps {
  readonly access: AdminAccess;
  /** Whether operations are done by cookie: for the visualizer's pages. The token does them always. */
  readonly actionsByCookie: boolean;
  readonly elapsedMs: () => number; // monotonic
  readonly context: OperationContext;
  readonly writer: WriterStatus;
  readonly sizeLimits: SizeLimits;
  readonly connectionCount: () => number;
  /** What the watchdog has found since the start, or null. */
  readonly watchdogFinding: () => string | null;
}

/** What the writing side says of itself. */
export interface WriterStatus {
  readonly available: boolean;
  readonly undecidedCount: number;
  readonly counters: {
    readonly batches: number;
    readonly appends: number;
    readonly failures: number;
    readonly lastBatchCount: number;
    readonly lastCommitMs: number;
  };
}

/** Parameters are names and numbers: a longer body holds something else. */
const BODY_BYTES_MAX = 16 * 1024;
/** Holds in the status; `/api/admin/holds` has all of them. */
const HOLDS_MAX = 100;

/** The body of an operation is measured before it is read. */
export const parametersLimit = bodyLimit(
  BODY_BYTES_MAX,
  `The parameters of an operation have at most ${BODY_BYTES_MAX} bytes`,
);

/** The operators' part of the API. Everything under `/api/admin` needs a token, unknown paths as well. */
export function addAdmin(app: Hono, deps: AdminDeps): void {
  const admin = new Hono<AdminEnv>();
  admin.use(roleNeeded(deps.access), actionsNeeded(deps.actionsByCookie));
  admin.onError(answerToFailure);
  addStatus(admin, deps);
  addOperations(admin, deps);
  addAdminRooms(admin, deps.context);
  addAdminListings(admin, deps.context);
  app.route('/api/admin', admin);
}

function addStatus(
  admin: Hono<AdminEnv>,
  { context, writer, sizeLimits, connectionCount, watchdogFinding }: AdminDeps,
): void {
  admin.get('/status', async (c) => {
    const { rooms, engine, dataDir, now } = context;
    const { available, undecidedCount, counters } = writer;
    return c.json({
      at: now(),
      rooms: rooms.counts,
      connections: connectionCount(),
      writer: { available, undecidedCount, ...counters },
      store: await storeStatus(engine, dataDir, sizeLimits, now()),
      holds: rooms.holds().slice(0, HOLDS_MAX),
      watchdog: watchdogFinding(),
    });
  });
}

function addOperations(admin: Hono<AdminEnv>, { context, elapsedMs }: AdminDeps): void {
  admin.get('/operations', (c) => {
    const operations = Object.entries(OPERATIONS).map(([name, { summary }]) => ({
      name,
      role: OPERATION_ROLES[name as OperationName],
      summary,
    }));
    return c.json({ operations });
  });
  admin.post('/operations/:name', parametersLimit, idempotencyKey({ elapsedMs }), async (c) => {
    const name = c.req.param('name');
    if (!isOperationName(name)) return problem(c, 404, `There is no operation ${name.slice(0, 100)}`);
    const result = await perform(context, name, await parametersOf(c), actorOf(c));
    return c.json({ ok: true, ...result });
  });
}

/** Who it is that asks for an operation. */
export function actorOf(c: Context<AdminEnv>): OperationActor {
  return c.get('role') === 'admin' ? 'http' : 'http-operator';
}

/** @throws HTTPException 400 */
export async function parametersOf(c: Context): Promise<unknown> {
  const body = await jsonBody(c);
  return body === undefined ? {} : body;
}
