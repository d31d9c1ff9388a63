import type { Context } from 'hono';
import type { Clock } from '../../actors/clock.js';
import type { Gateway } from '../gateway/gateway.js';
import type { OperationContext } from '../operations/operation.js';
import type { StoreStatus } from '../operations/store-status.js';
import type { HealthReport } from '../telemetry/health-report.js';
import type { WriterStatus } from './admin.js';
import type { AdminAccess, AdminEnv } from './admin-access.js';
import type { RoomCensus } from './room-census.js';

/** What the answers of the existing system are made of. */
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
