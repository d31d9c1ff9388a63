import { type Context, Hono } from 'hono';
import type { Clock } from '../../actors/clock.js';
import type { Gateway } from '../gateway/gateway.js';
import type { OperationContext } from '../operations/operation.js';
import { roleFor } from '../operations/roles.js';
import type { StoreStatus } from '../operations/store-status.js';
import type { HealthReport } from '../telemetry/health-report.js';
import { parametersLimit, type WriterStatus } from './admin.js';
import { actionsNeeded, type AdminAccess, type AdminEnv, roleNeeded } from './admin-access.js';
import { answerToFailure } from './failures.js';
import { idempotencyKey } from './idempotency-key.js';
import { cleanup, trigger } from './legacy-operations.js';
import {
  debugEvents,
  debugEventsSince,
  debugExport,
  debugReplay,
  debugRoomStats,
  debugTurns,
  debugValidate,
  roomEvents,
  roomEventsSince,
  roomState,
} from './legacy-rooms.js';
import {
  adapterStatus,
  debugStats,
  eventStoreStats,
  healthDetailed,
  healthMetrics,
  rateLimitStats,
  recoveryStatus,
  systemStats,
} from './legacy-stats.js';
import type { RoomCensus } from './room-census.js';

export interface LegacyDeps {
  readonly access: AdminAccess;
  readonly actionsByCookie: boolean;
  readonly context: OperationContext;
  readonly health: () => HealthReport | Promise<HealthReport>;
  readonly writer: WriterStatus;
  readonly storeStatus: () => StoreStatus | null; // as of the last look
  readonly gateway: Pick<Gateway, 'connectionCount' | 'traffic'>;
  readonly limits: { readonly rateLimitFactor: number };
  readonly limitedRequests: ReadonlyMap<string, number>; // of HTTP, by kind of path
  readonly eventCounts: () => Promise<Readonly<Record<string, number>>>; // of rooms, by type, since the start
  readonly census: () => Promise<RoomCensus>;
  readonly clock: Pick<Clock, 'nowMs' | 'elapsedMs'>;
}

export type LegacyContext = Context<AdminEnv>;
export type LegacyAnswer = (c: LegacyContext, deps: LegacyDeps) => Response | Promise<Response>;

/**
 * The existing system's endpoints that answer still, with the members that they had (protocol.md 6, docs/REST_API.md).
 * Who may ask for which says `roles.ts`. `/api/health` stands with the other health paths.
 */
export const LEGACY_ENDPOINTS: readonly (readonly ['GET' | 'POST', string, LegacyAnswer])[] = [
  ['GET', '/api/health/detailed', healthDetailed],
  ['GET', '/api/health/metrics', healthMetrics],
  ['GET', '/api/system/stats', systemStats],
  ['GET', '/api/recovery/status', recoveryStatus],
  ['POST', '/api/recovery/trigger/:procedure', trigger],
  ['GET', '/api/rate-limit/stats', rateLimitStats],
  ['GET', '/api/metrics/rate_limits', rateLimitStats],
  ['GET', '/api/event-store/stats', eventStoreStats],
  ['POST', '/api/event-store/cleanup', cleanup],
  ['GET', '/api/rooms/:room/state', roomState],
  ['GET', '/api/rooms/:room/events', roomEvents],
  ['GET', '/api/rooms/:room/events/:since', roomEventsSince],
  ['GET', '/api/debug/room-stats', debugRoomStats],
  ['GET', '/api/debug/stats', debugStats],
  ['GET', '/api/debug/events/:room', debugEvents],
  ['GET', '/api/debug/events/:room/sequence/:since', debugEventsSince],
  ['GET', '/api/debug/replay/:room', debugReplay],
  ['GET', '/api/debug/export/:room', debugExport],
  ['GET', '/api/debug/turns/:room', debugTurns],
  ['GET', '/api/debug/validate/:room', debugValidate],
  ['POST', '/api/debug/cleanup', cleanup],
  ['GET', '/ws/adapter-status', adapterStatus],
];

export function addLegacyApi(app: Hono, deps: LegacyDeps): void {
  const legacy = new Hono<AdminEnv>();
  legacy.onError(answerToFailure);
  const staffOnly = [roleNeeded(deps.access), actionsNeeded(deps.actionsByCookie)] as const;
  const idempotent = idempotencyKey({ elapsedMs: deps.clock.elapsedMs });
  for (const [method, path, answer] of LEGACY_ENDPOINTS) {
    if (roleFor(`${method} ${path}`) !== 'player') legacy.on(method, path, ...staffOnly);
    if (method === 'POST') legacy.on(method, path, parametersLimit, idempotent);
    legacy.on(method, path, (c) => {
      c.header('Cache-Control', 'no-store');
      return answer(c, deps);
    });
  }
  app.route('/', legacy);
}
