import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { HealthReport } from '../telemetry/health-report.js';
import { statusOf, VERSION } from './health.js';
import type { LegacyAnswer, LegacyDeps } from './legacy-answer.js';

const MIB = 1024 * 1024;

/** What the existing system calls the three. */
const WORDS = { healthy: 'healthy', warning: 'degraded', critical: 'unhealthy' } as const;

export const healthDetailed: LegacyAnswer = async (c, { health, gateway, context, clock, limits }) => {
  const report = await health();
  const status = statusOf(report);
  const of = (name: string): string => (isWell(report, name) ? 'healthy' : 'unhealthy');
  const body = {
    status: WORDS[status],
    timestamp: new Date(clock.nowMs()).toISOString(),
    version: VERSION,
    uptime_seconds: uptimeS(report, clock),
    components: {
      event_store: of('journal'),
      health_monitor: of('health'),
      recovery_manager: of('rooms'),
      websocket_manager: of('connections'),
      room_manager: of('mailboxes'),
      rate_limiter: limits.rateLimitFactor === Infinity ? 'disabled' : 'healthy',
    },
    memory_usage_mb: memoryMb(),
    active_rooms: context.rooms.counts.open,
    active_connections: gateway.connectionCount,
  };
  return c.json(body, status === 'critical' ? 503 : 200);
};

/** Names begin so, one on a line, in front of their number. */
const PREFIX = 'liap_tui_';
const LEVELS = { healthy: 0, warning: 1, critical: 2 } as const;

export const healthMetrics: LegacyAnswer = async (c, deps) => {
  const { health, gateway, context, clock } = deps;
  const report = await health();
  const { rooms, games } = await deps.census();
  const lines = {
    memory_usage_mb: memoryMb(),
    memory_usage_percent: rounded((process.memoryUsage.rss() / totalmem()) * 100),
    cpu_usage_percent: cpuPercent(),
    disk_usage_percent: await diskPercent(context.dataDir),
    websocket_connections_total: gateway.connectionCount,
    websocket_pending_messages_total: context.rooms.counts.mailboxMessages,
    rooms_total: rooms,
    active_games_total: games,
    health_status: LEVELS[statusOf(report)],
    uptime_seconds: uptimeS(report, clock),
    metrics_generated_timestamp: clock.nowMs() / 1000,
  };
  const known = Object.entries(lines).filter(([, value]) => value !== null);
  return c.text(known.map(([name, value]) => `${PREFIX}${name} ${value}\n`).join(''));
};

export const systemStats: LegacyAnswer = async (c, deps) => {
  const { health, clock, census } = deps;
  const report = await health();
  const { rooms, games, players } = await census();
  return c.json({
    success: true,
    timestamp: clock.nowMs() / 1000,
    health: { status: statusOf(report), uptime_seconds: uptimeS(report, clock), checks: report.checks },
    recovery: recoveryOf(deps),
    websocket: socketsOf(deps),
    rooms: { total_rooms: rooms, active_games: games, total_players: players },
    events: { total_events: storedEvents(deps), commits: deps.writer.counters.batches },
  });
};

export const recoveryStatus: LegacyAnswer = (c, deps) => c.json({ success: true, recovery_system: recoveryOf(deps) });

export const rateLimitStats: LegacyAnswer = (c, { gateway, limits, limitedRequests, clock }) => {
  const { traffic } = gateway;
  const { rateLimitFactor } = limits;
  return c.json({
    success: true,
    timestamp: clock.nowMs() / 1000,
    enabled: rateLimitFactor !== Infinity,
    factor: rateLimitFactor === Infinity ? null : rateLimitFactor,
    websocket: { messages: Object.fromEntries(traffic.messages), limited: { ...traffic.limited } },
    http: { limited: Object.fromEntries(limitedRequests) },
  });
};

export const eventStoreStats: LegacyAnswer = async (c, deps) =>
  c.json({
    success: true,
    statistics: await statisticsOf(deps),
    health: { available: deps.writer.available, failures: deps.writer.counters.failures },
    features: { replay: true, restore: true, compaction: true, archive: true, hash_chain: true },
  });

export const debugStats: LegacyAnswer = async (c, deps) =>
  c.json({ success: true, statistics: await statisticsOf(deps), writer: { ...deps.writer.counters } });

/** A feature that the existing system has switched off, and that there is not here. */
export const adapterStatus: LegacyAnswer = (c) =>
  c.json({
    enabled: false,
    rollout_percentage: 0,
    shadow_enabled: false,
    shadow_percentage: 1,
    initialized: false,
  });

async function statisticsOf(deps: LegacyDeps) {
  const { storeStatus, context, eventCounts } = deps;
  const status = storeStatus();
  const size = status?.kind === 'known' ? status.size : null;
  const total = storedEvents(deps);
  return {
    total_events: total,
    current_sequence: total, // entries are numbered by room, so that this is their number
    rooms_with_events: size?.streams ?? null,
    events_last_24h: null, // nobody counts by the hour; `/metrics` does since the start
    room_stats: { stored: size?.streams ?? null, open: context.rooms.counts.open },
    event_type_stats: await eventCounts(),
  };
}

/** As of the last look at the store, each minute; null before it. */
function storedEvents({ storeStatus }: LegacyDeps): number | null {
  const status = storeStatus();
  return status?.kind === 'known' ? status.size.entries : null;
}

function recoveryOf({ context, writer }: LegacyDeps) {
  const { counts, counters } = context.rooms;
  return {
    store_available: writer.available,
    rooms_restarting: counts.restarting,
    rooms_quarantined: counts.quarantined,
    rooms_paused: counts.paused,
    restarts: counters.restarts,
    quarantines: counters.quarantines,
    rebuilds: counters.rebuilds,
  };
}

function socketsOf({ gateway }: LegacyDeps) {
  const { traffic, connectionCount } = gateway;
  const { opened, framesIn, framesOut, bytesIn, bytesOut } = traffic;
  return {
    active_connections: connectionCount,
    connections_opened: opened,
    messages_received: framesIn,
    messages_sent: framesOut,
    bytes_received: bytesIn,
    bytes_sent: bytesOut,
  };
}

/** A check that there is not is well: it is of a part that can't fail here. */
function isWell({ checks }: HealthReport, name: string): boolean {
  return checks.find((check) => check.name === name)?.ok ?? true;
}

function uptimeS({ startedAtMs }: HealthReport, { nowMs }: LegacyDeps['clock']): number {
  return (nowMs() - startedAtMs) / 1000;
}

function memoryMb(): number {
  return rounded(process.memoryUsage.rss() / MIB);
}

/** Of one core, since the start. */
function cpuPercent(): number {
  const { user, system } = process.cpuUsage();
  return rounded(((user + system) / 1e6 / process.uptime()) * 100);
}

async function diskPercent(folder: string): Promise<number | null> {
  try {
    const { blocks, bavail } = await statfs(folder);
    return rounded((1 - bavail / blocks) * 100);
  } catch {
    return null; // some file systems do not say
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
