import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client';
import type { Supervisor } from '../../actors/supervisor.js';
import type { GroupCommit } from '../../persistence/group-commit.js';
import type { GameRooms, Gateway } from '../gateway/gateway.js';
import type { Answer } from '../http/app.js';
import type { StoreWatch } from '../operations/store-watch.js';
import type { Replays } from '../replays/replays.js';
import type { HealthMonitor } from './health-monitor.js';
import type { OperatorAlerts } from './operator-alerts.js';
import { readCounter, readGauge } from './read-metrics.js';

const S = 1 / 1_000; // seconds of a millisecond
const HTTP_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What a process has besides its rooms. */
export interface MeasuredProcess {
  readonly storeWatch: Pick<StoreWatch, 'status' | 'findings'>;
  readonly monitor: Pick<HealthMonitor, 'latest'>;
  readonly alerts: Pick<OperatorAlerts, 'counters'>;
  readonly replays: Pick<Replays, 'reads'>;
}

/** Memory, CPU, event loop, garbage collection, file descriptors of this process. Once a process: it has no end. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}

/** Sockets: what the gateway counts. */
export function addSocketMetrics(registry: Registry, gateway: Pick<Gateway, 'traffic' | 'connectionCount'>): void {
  const { traffic } = gateway;
  const counter = (name: string, help: string, read: () => number): void => readCounter(registry, { name, help }, read);
  readGauge(registry, { name: 'websocket_connections', help: 'Sockets that are open' }, () => gateway.connectionCount);
  counter('websocket_opened_total', 'Sockets that were accepted', () => traffic.opened);
  readCounter(
    registry,
    { name: 'websocket_closed_total', help: 'Sockets that are gone, by close code', label: 'code' },
    () => traffic.closedByCode,
  );
  readCounter(
    registry,
    { name: 'websocket_frames_total', help: 'Frames of messages, in and out', label: 'direction' },
    () => Object.entries({ in: traffic.framesIn, out: traffic.framesOut }),
  );
  readCounter(
    registry,
    { name: 'websocket_bytes_total', help: 'Bytes of those frames before compression', label: 'direction' },
    () => Object.entries({ in: traffic.bytesIn, out: traffic.bytesOut }),
  );
  readCounter(
    registry,
    { name: 'websocket_messages_total', help: 'Messages of clients by event, whatever became of them', label: 'event' },
    () => traffic.messages,
  );
  counter(
    'websocket_out_of_turn_total',
    'Times that a socket waited because others of its seat, or spectators of its room, spoke at once',
    () => traffic.outOfTurn,
  );
  counter('websocket_invalid_frames_total', 'Frames that were no message', () => traffic.invalid);
  counter(
    'websocket_encoded_total',
    'Messages that were encoded; one that many sockets read counts once for each codec and kind of viewer',
    () => traffic.encoded,
  );
  readCounter(
    registry,
    {
      name: 'websocket_broadcast_frames_total',
      help: 'Frames of broadcasts: sent, skipped (a state that a slow socket was spared), lost (the socket was closing)',
      label: 'outcome',
    },
    () => Object.entries(traffic.broadcast),
  );
  counter(
    'websocket_broadcasts_failed_total',
    'Broadcasts that could not be made; a fault of the server',
    () => traffic.broadcastsFailed,
  );
  counter('websocket_resyncs_total', 'Slow sockets that caught up and got the newest state', () => traffic.resyncs);
  counter(
    'websocket_slow_closed_total',
    'Sockets that were closed because they read too slowly',
    () => traffic.slowClosed,
  );
  readCounter(
    registry,
    {
      name: 'websocket_limit_steps_total',
      help: 'Sockets over their limits, by how far it went: warned, slowed, refused, disconnected',
      label: 'step',
    },
    () => Object.entries(traffic.socketsAtStep),
  );
  readCounter(
    registry,
    {
      name: 'websocket_handshakes_refused_total',
      help: 'Handshakes without a socket: path, origin, full, rate (of all), address, addressRate, session',
      label: 'why',
    },
    () => Object.entries(traffic.handshakesRefused),
  );
  counter('websocket_heartbeat_drops_total', 'Sockets that left a ping unanswered', () => traffic.heartbeatDrops);
}

/** Requests of HTTP, and what limits refused, of sockets too. */
export function addHttpMetrics(registry: Registry, { traffic }: Pick<Gateway, 'traffic'>) {
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answers, by method, pattern of the route and class of the status (2xx, 3xx, 4xx, 5xx)',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'http_request_seconds',
    help: 'Time to the answer, by method and pattern of the route',
    labelNames: ['method', 'route'],
    buckets: HTTP_BUCKETS_S,
    registers: [registry],
  });
  const limited = new Map<string, number>();
  readCounter(
    registry,
    {
      name: 'rate_limited_total',
      help: 'Messages that a limit refused (flood, message: of a socket; player, room; newRoom, unknownRoom: of an address), requests (http-…) and warnings (warning)',
      label: 'limit',
    },
    () => [...Object.entries(traffic.limited), ...limited],
  );
  return {
    limited: limited as ReadonlyMap<string, number>, // requests that were refused, by limit
    onAnswer: ({ method, route, status, tookMs }: Answer): void => {
      const known = METHODS.has(method) ? method : 'other';
      requests.labels(known, route, `${Math.floor(status / 100)}xx`).inc();
      durations.labels(known, route).observe(tookMs * S);
    },
    onLimited: (kind: string): void => {
      const limit = `http-${kind}`;
      limited.set(limit, (limited.get(limit) ?? 0) + 1);
    },
  };
}

/** Group commit: batches, their time, failures, and whether the store takes writes. */
export function addJournalMetrics(registry: Registry, writer: GroupCommit): void {
  const registers = [registry];
  const batch = new Histogram({
    name: 'journal_batch_appends',
    help: 'Appends in one commit',
    buckets: BATCH_BUCKETS,
    registers,
  });
  const took = new Histogram({
    name: 'journal_commit_seconds',
    help: 'Time of one commit, the sync to the disk included',
    buckets: COMMIT_BUCKETS_S,
    registers,
  });
  writer.onCommit((count, tookMs) => {
    batch.observe(count);
    took.observe(tookMs * S);
  });
  readCounter(
    registry,
    { name: 'journal_commit_failures_total', help: 'Commits that failed or whose outcome was unknown' },
    () => writer.counters.failures,
  );
  readGauge(
    registry,
    { name: 'journal_undecided_appends', help: 'Appends that wait for the disk' },
    () => writer.undecidedCount,
  );
  readGauge(
    registry,
    { name: 'journal_lag_seconds', help: 'For how long the oldest of them has waited' },
    () => writer.lagMs * S,
  );
  readGauge(registry, { name: 'journal_available', help: '1 where the store takes writes' }, () =>
    Number(writer.available),
  );
}

/** The store's files and the disk they are on, as of the last look. */
export function addStoreMetrics(registry: Registry, watch: Pick<StoreWatch, 'status' | 'findings'>): void {
  const size = (read: (status: Extract<NonNullable<StoreWatch['status']>, { kind: 'known' }>) => number | null) => () =>
    watch.status?.kind === 'known' ? read(watch.status) : null;
  readGauge(
    registry,
    { name: 'store_bytes', help: 'Size of the database' },
    size((status) => status.size.bytes),
  );
  readGauge(
    registry,
    { name: 'store_log_bytes', help: 'Size of its write-ahead log' },
    size((status) => status.size.logBytes),
  );
  readGauge(
    registry,
    { name: 'store_entries', help: 'Entries in the journal' },
    size((status) => status.size.entries),
  );
  readGauge(
    registry,
    { name: 'store_disk_free_bytes', help: 'Free on the disk' },
    size((status) => status.diskFreeBytes),
  );
  readGauge(registry, { name: 'store_findings', help: 'Limits of size that are passed' }, () => watch.findings.length);
}

/** What keeps the process alive, and how its checks stand as of the last look. */
export function addHealthMetrics(
  registry: Registry,
  supervisor: Supervisor,
  monitor: Pick<HealthMonitor, 'latest'>,
): void {
  readCounter(
    registry,
    { name: 'part_restarts_total', help: 'Restarts of parts of the process, by the part that failed', label: 'part' },
    () => supervisor.restarts,
  );
  readGauge(registry, { name: 'health_check_ok', help: '1 where a check is well', label: 'check' }, () =>
    (monitor.latest?.checks ?? []).map(({ name, ok }) => [name, Number(ok)] as const),
  );
  readGauge(registry, { name: 'health_ready', help: '1 where new players may come' }, () =>
    monitor.latest === null ? null : Number(monitor.latest.ready),
  );
}

/** What became of alerts to operators. */
export function addNotificationMetrics(registry: Registry, alerts: Pick<OperatorAlerts, 'counters'>): void {
  readCounter(
    registry,
    {
      name: 'operator_alerts_total',
      help: 'Alerts that were raised, and of those repeated (known already), delivered, failed (all attempts in a row; it is tried again later), dropped (queue full)',
      label: 'outcome',
    },
    () => Object.entries(alerts.counters),
  );
}

/** What is kept in memory in front of the journal: rooms, records of finished games, proofs that deals were fair. */
export function addCacheMetrics(
  registry: Registry,
  rooms: Pick<GameRooms, 'counters'>,
  { reads }: Pick<Replays, 'reads'>,
): void {
  readCounter(
    registry,
    { name: 'cache_hits_total', help: 'Reads that memory answered, by what was read', label: 'cache' },
    () => [
      ['rooms', rooms.counters.found],
      ['replays', reads.records.hits],
      ['fairness', reads.fairness.hits],
    ],
  );
  readCounter(
    registry,
    { name: 'cache_misses_total', help: 'Reads that had to go to the journal, by what was read', label: 'cache' },
    () => [
      ['rooms', rooms.counters.missed],
      ['replays', reads.records.misses],
      ['fairness', reads.fairness.misses],
    ],
  );
}
