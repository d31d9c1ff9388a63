import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { OperationRefused } from '../../actors/operation-refused.js';
import { StoreFailure } from '../../persistence/journal.js';
import { NotAllowed, type OperationContext, OperationInvalid, TargetUnknown } from '../operations/operation.js';
import { isOperationName, type OperationName, OPERATIONS } from '../operations/operations.js';
import { OPERATION_ROLES } from '../operations/roles.js';
import { perform } from '../operations/perform.js';
import { type SizeLimits, storeStatus } from '../operations/store-status.js';
import { actionsNeeded, type AdminAccess, type AdminEnv, roleNeeded } from './admin-access.js';
import { addAdminListings } from './admin-listings.js';
import { addAdminRooms } from './admin-rooms.js';
import { idempotencyKey } from './idempotency-key.js';
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

/** The operators' part of the API. Everything under `/api/admin` needs a token, unknown paths as well. */
export function addAdmin(app: Hono, deps: AdminDeps): void {
  const admin = new Hono<AdminEnv>();
  admin.use(roleNeeded(deps.access), actionsNeeded(deps.actionsByCookie));
  admin.onError((failure, c) => answerTo(failure, c));
  addStatus(admin, deps);
  addOperations(admin, deps);
  addAdminRooms(admin, deps.context);
  addAdminListings(admin, deps.context);
  app.route('/api/admin', admin);
}

/** What an operator can mend is said in a sentence; everything else is a bug, logged by the server. */
function answerTo(failure: Error, c: Context): Response {
  if (failure instanceof HTTPException) return problem(c, failure.status, failure.message);
  if (failure instanceof OperationInvalid) return problem(c, 400, failure.message);
  if (failure instanceof NotAllowed) return problem(c, 403, failure.message);
  if (failure instanceof TargetUnknown) return problem(c, 404, failure.message);
  if (failure instanceof OperationRefused) return problem(c, 409, failure.message);
  if (failure instanceof StoreFailure) return problem(c, failure.code === 'BAD_CURSOR' ? 400 : 503, failure.message);
  throw failure;
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
  const limited = bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError: (c) => problem(c, 413, `The parameters of an operation have at most ${BODY_BYTES_MAX} bytes`),
  });
  admin.post('/operations/:name', limited, idempotencyKey({ elapsedMs }), async (c) => {
    const name = c.req.param('name');
    if (!isOperationName(name)) return problem(c, 404, `There is no operation ${name.slice(0, 100)}`);
    const actor = c.get('role') === 'admin' ? 'http' : 'http-operator';
    const result = await perform(context, name, await bodyOf(c), actor);
    return c.json({ ok: true, ...result });
  });
}

/** @throws HTTPException 400 */
async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HTTPException(400, { message: 'The body is not JSON', cause });
  }
}
