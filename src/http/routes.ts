import type { Hono } from 'hono';
import type { Clock } from '../../actors/clock.js';
import { addAdmin, type AdminDeps } from './admin.js';
import type { AdminAccess } from './admin-access.js';
import { addLeaderboard, type LeaderboardDeps } from './leaderboard.js';
import type { LegacyDeps } from './legacy-answer.js';
import { addLegacyApi } from './legacy-api.js';
import { addMetrics, type MetricsDeps } from './metrics.js';
import { addReplays } from './replays.js';
import { roomCensus } from './room-census.js';
import { addVisualizer, type VisualizerDeps } from './visualizer.js';
import { addVisualizerPages } from './visualizer-pages.js';

type Shared = 'access' | 'actionsByCookie' | 'clock' | 'elapsedMs' | 'limits' | 'trustProxy';

export interface RoutesDeps {
  readonly access: AdminAccess;
  readonly actionsByCookie: boolean;
  readonly limits: { readonly rateLimitFactor: number };
  readonly clock: Pick<Clock, 'nowMs' | 'elapsedMs'>;
  readonly engine: LeaderboardDeps['engine'];
  readonly replays: Parameters<typeof addReplays>[1];
  readonly metrics: Omit<MetricsDeps, 'trustProxy'>;
  readonly visualizer: VisualizerDeps['visualizer'];
  readonly admin: Omit<AdminDeps, Shared>;
  readonly legacy: Omit<LegacyDeps, Shared | 'census' | 'context' | 'writer'>;
}

/** Everything that a server answers besides pages and health (`app.ts`). Who may ask for what says `roles.ts`. */
export function addRoutes(app: Hono, deps: RoutesDeps): void {
  const { access, actionsByCookie, limits, clock, engine, visualizer } = deps;
  const { elapsedMs } = clock;
  const { context, writer } = deps.admin;
  addLeaderboard(app, { engine, elapsedMs });
  addReplays(app, deps.replays);
  addMetrics(app, { ...deps.metrics, trustProxy: access.trustProxy });
  addVisualizerPages(app, access);
  addVisualizer(app, { access, actionsByCookie, limits, elapsedMs, visualizer });
  addAdmin(app, { ...deps.admin, access, actionsByCookie, elapsedMs });
  const census = roomCensus(engine, elapsedMs);
  addLegacyApi(app, { ...deps.legacy, access, actionsByCookie, limits, clock, context, writer, census });
}
