import { Hono } from 'hono';
import { roleFor } from '../operations/roles.js';
import { parametersLimit } from './admin.js';
import { actionsNeeded, type AdminEnv, roleNeeded } from './admin-access.js';
import { answerToFailure } from './failures.js';
import { idempotencyKey } from './idempotency-key.js';
import type { LegacyAnswer, LegacyDeps } from './legacy-answer.js';
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
