import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { type Cancel, type Clock, roomTime, systemClock } from '../actors/clock.js';
import { EVERY_ROOM, quarantine } from '../actors/holds.js';
import { Lobby } from '../actors/lobby.js';
import { OperationRefused } from '../actors/operation-refused.js';
import { Outages } from '../actors/outages.js';
import { liapTui, type LiapTui } from '../actors/room/liap-tui.js';
import { Rooms } from '../actors/rooms.js';
import { GroupCommit } from '../persistence/group-commit.js';
import { type JournalEngine, StoreFailure } from '../persistence/journal.js';
import { startRetention } from '../persistence/retention.js';
import { SIZE_LIMITS } from '../persistence/size-findings.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import type { Config } from './config.js';
import type { LiveConfig } from './live-config.js';
import { Gateway, type GameRooms, type GatewaySettings } from './gateway/gateway.js';
import { LostConnections } from './gateway/lost-connections.js';
import { createSessions, loadSessionSecret, type Sessions } from './gateway/sessions.js';
import { attachSockets } from './gateway/ws-sockets.js';
import { createApp } from './http/app.js';
import type { AddressLimitDeps } from './http/address-limit.js';
import { alertOfHealth } from './telemetry/health-alert.js';
import type { HealthReport } from './telemetry/health-report.js';
import { MemoryRateLimiter } from './limits/memory-rate-limiter.js';
import type { RateLimiter } from './limits/rate-limiter.js';
import { watchEventLoop } from './telemetry/event-loop-lag.js';
import { HealthMonitor } from './telemetry/health-monitor.js';
import { measuredEngine } from './telemetry/measured-engine.js';
import { messageLog } from './telemetry/message-log.js';
import { messageSpans } from './telemetry/message-spans.js';
import { addServerMetrics } from './telemetry/metrics.js';
import { countsByType } from './telemetry/room-metrics.js';
import { happened, type OperatorAlert, OperatorAlerts } from './telemetry/operator-alerts.js';
import { processChecks } from './telemetry/process-checks.js';
import { addProcessMetrics } from './telemetry/server-metrics.js';
import { startTraces } from './telemetry/traces.js';
import { createAdminCookies } from './http/admin-cookie.js';
import { cookieKeyOf } from './http/cookie-key.js';
import { createTokenGuard, loadAdminToken, staffOf } from './http/admin-token.js';
import { createHttpServer } from './http/http-server.js';
import { addRoutes } from './http/routes.js';
import { readServerFile, writeServerFile } from './http/server-file.js';
import type { OperationContext } from './operations/operation.js';
import { perform } from './operations/perform.js';
import { StoreWatch } from './operations/store-watch.js';
import { Replays } from './replays/replays.js';
import { clearSuspect, readSuspect, type Suspect } from './watchdog/suspect.js';
import { startWatchdog } from './watchdog/watchdog.js';
import type { Log } from './telemetry/log.js';
import { Visualizer } from './visualizer/visualizer.js';
import { RestartPolicy } from '../actors/restart-policy.js';
import type { StepMark } from '../actors/step-mark.js';
import { Supervisor } from '../actors/supervisor.js';

export interface RoomServerPorts {
  readonly engine: JournalEngine;
  readonly definition: LiapTui;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: Log;
  readonly settings: GatewaySettings;
  readonly limiter?: RateLimiter; // of limits by address; else one of this process alone
  readonly stepMark?: StepMark;
  /** Rooms that may have hung the process before: they are quarantined before anything else. */
  readonly suspects?: readonly { readonly roomId: string; readonly why: string }[];
  /** The supervisor gave up: the process should end, and be started again by its manager. */
  readonly onGiveUp?: () => void;
  readonly onAlert?: (alert: OperatorAlert) => void;
}

/** Everything but sockets and pages: the same under the system clock and under a simulated one. */
export interface RoomServer {
  readonly rooms: GameRooms;
  readonly gateway: Gateway;
  readonly writer: GroupCommit;
  readonly supervisor: Supervisor;
  readonly visualizer: Visualizer;
  readonly now: () => number; // room time
  readonly startedAt: number; // room time
  readonly awayMs: number; // for so long no process was there; 0 at the very first start
  readonly health: () => HealthReport;
  readonly stop: () => Promise<void>;
  /** The end without a farewell, for a simulated crash: nothing is told, nothing is saved, nothing runs on. */
  readonly stopClocks: () => void;
}

/** A store that is away for so long gets new connections. */
const STORE_AWAY_MS = 30_000;
/** A message that waits longer for its room is a sign that something is wrong. */
const MAILBOX_LAG_MS = 5_000;
/** Likewise an append that waits longer for the disk. */
const JOURNAL_LAG_MS = 5_000;

/** Builds the way of a move from the journal up (design.md section 2) and knows every open room again. */
export async function startRooms(ports: RoomServerPorts): Promise<RoomServer> {
  const { engine, definition, sessions, clock, random, log, settings, stepMark } = ports;
  const { onAlert = () => undefined, limiter = new MemoryRateLimiter(clock.elapsedMs) } = ports;

  // Time goes on where the journal ends, and what the clocks missed is known to every room. An outage may have been
  // recorded by a process that wrote nothing else: inside of it every deadline would seem to lie far ahead.
  const { aliveAt, lastAt } = await engine.marks();
  const known = await engine.outages();
  const now = roomTime(clock, Math.max(aliveAt, lastAt, ...known.map(({ to }) => to)));
  const startedAt = now();
  if (aliveAt > 0 && startedAt > aliveAt) await engine.recordOutage({ from: aliveAt, to: startedAt });
  const outages = new Outages(await engine.outages());

  const writer = new GroupCommit(engine, { ...clock, now }, { random: () => random(4).readUInt32BE() / 2 ** 32 });
  const alertOfRoom = (roomId: string, finding: string): void => {
    const summary = `Room ${roomId} needs a look. ${finding}`;
    const goesOn = (): boolean => rooms.holdOf(roomId)?.kind === 'quarantined';
    onAlert({ key: `room/${roomId}`, state: 'firing', severity: 'warning', summary, goesOn });
  };
  for (const { roomId, why } of ports.suspects ?? []) await quarantine(writer, roomId, why, now());
  const rooms: GameRooms = new Rooms({
    definition,
    engine,
    writer,
    outages,
    clock,
    now,
    random,
    onFailure: (roomId, failure, cause) =>
      log.error({ err: failure, roomId, correlationId: cause?.correlationId }, 'room failed'),
    onFinding: (roomId, finding) => {
      log.warn({ roomId, finding }, 'room needs a look');
      alertOfRoom(roomId, finding);
    },
    onBroken: (failure) => supervisor.failed('rooms', failure),
    ...(stepMark !== undefined && { stepMark }),
  });
  // Before the gateway and after it: what lies between is the time that telling everybody takes.
  const visualizer = new Visualizer({
    rooms,
    engine,
    definition,
    clock,
    now,
    random,
    startedAt,
    process: random(4).toString('hex'),
  });
  const lobby = new Lobby(clock, () => gateway.publishList());
  const gateway = new Gateway({
    ...{ rooms, lobby, engine, definition, sessions, clock, now, random, log, limiter, settings },
  });
  visualizer.listen();
  // What stands further down depends on what stands above it. Sockets stay open whatever restarts.
  const supervisor = new Supervisor(
    [
      { name: 'journal', restart: () => engine.restart() },
      { name: 'rooms', restart: () => rooms.restart() },
      { name: 'gateway', restart: () => lobby.open(engine).then(() => gateway.publishList()) },
    ],
    {
      clock,
      policy: new RestartPolicy(now, random, { restartsMax: 5 }),
      onRestart: (part, failure) => {
        log.error({ err: failure, part }, 'part restarts');
        const summary = `The part ${part} failed and restarts.`;
        onAlert({ key: `part/${part}`, state: 'firing', severity: 'warning', summary, goesOn: happened });
      },
      onGiveUp: (part, failure) => {
        log.fatal({ err: failure, part }, 'part can not be kept alive');
        const summary = `The part ${part} can't be kept alive: the process ends.`;
        onAlert({ key: 'process', state: 'firing', severity: 'critical', summary, goesOn: happened });
        ports.onGiveUp?.();
      },
    },
  );
  let reopening: Cancel = () => undefined;
  writer.onAvailability((available, outage) => {
    if (available) log.warn({ available, outage }, 'store is back');
    else log.error({ available, err: writer.failure }, 'store is away');
    const summary = available
      ? 'The store is back.'
      : `The store is away (${codeOf(writer.failure)}): ${String(writer.failure)}`;
    onAlert({ key: 'store', state: available ? 'resolved' : 'firing', severity: 'critical', summary });
    reopening();
    if (outage !== null) outages.add(outage);
    if (available) rooms.wake();
    // A connection may be stuck to a file that is gone: a new one is what helps then.
    else
      reopening = clock.schedule(STORE_AWAY_MS, () => supervisor.failed('journal', new Error('the store stays away')));
  });

  await lobby.open(engine);
  await rooms.open();
  for (const { roomId, kind, why } of rooms.holds())
    if (kind === 'quarantined') alertOfRoom(roomId, `Quarantined: ${why}`);
  writer.start();
  gateway.awaitReturns();
  const allPaused = rooms.holdOf(EVERY_ROOM);
  if (allPaused !== null) log.warn({ since: allPaused.since, why: allPaused.why }, 'all rooms are paused');

  const health = (): HealthReport => {
    const { open, inMemory, mailboxMessages, mailboxLagMs, paused, quarantined, restarting } = rooms.counts;
    const { available, lagMs } = writer;
    const everyRoom = rooms.holdOf(EVERY_ROOM);
    return {
      live: true,
      ready: available,
      startedAtMs: startedAt,
      checks: [
        {
          name: 'journal',
          ok: available,
          detail: available
            ? 'takes writes'
            : `is away (${codeOf(writer.failure)}), ${writer.counters.failures} commits failed`,
          ...(!available && { severity: 'critical' }),
        },
        {
          name: 'journalLag',
          ok: !available || lagMs < JOURNAL_LAG_MS, // while the store is away that is told already
          detail: `the oldest append waits for ${Math.round(lagMs)} ms`,
        },
        {
          name: 'rooms',
          ok: quarantined === 0,
          detail: `${open} open, ${inMemory} in memory, ${restarting} restarting, ${paused} paused, ${quarantined} quarantined`,
        },
        {
          name: 'newRooms',
          ok: everyRoom === null,
          detail: everyRoom === null ? 'are made' : 'are not made: an operator has paused all rooms',
        },
        {
          name: 'mailboxes',
          ok: mailboxLagMs < MAILBOX_LAG_MS,
          detail: `${mailboxMessages} messages wait, the oldest for ${Math.round(mailboxLagMs)} ms`,
        },
        { name: 'connections', ok: true, detail: `${gateway.connectionCount} open` },
      ],
    };
  };
  const stop = async (): Promise<void> => {
    // First what is under way ends and is answered, then the sockets are told to come back.
    supervisor.stop();
    reopening();
    lobby.stop();
    visualizer.stop();
    await rooms.drain();
    gateway.drain();
    await writer.stop();
  };
  const stopClocks = (): void => {
    supervisor.stop();
    reopening();
    rooms.stopClocks();
    lobby.stop();
    visualizer.stop();
    gateway.stopClocks();
  };
  const awayMs = aliveAt > 0 ? startedAt - aliveAt : 0;
  return { rooms, gateway, writer, supervisor, visualizer, now, startedAt, awayMs, health, stop, stopClocks };
}

/** The store's own code: health is public, and a sentence might name a path. */
function codeOf(failure: unknown): string {
  return failure instanceof StoreFailure ? failure.code : 'the log says why';
}

export interface RunningServer {
  readonly port: number;
  readonly rooms: RoomServer;
  readonly adminToken: string; // for the link that is printed on a terminal
  /** Reads the configuration file anew; what became of it is in the log and the audit. */
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Closed rooms that are old enough are looked for that often. */
const RETENTION_EVERY_MS = 3_600_000;
const STORE_WATCH_MS = 60_000;

/**
 * The product: opens the journal, the rooms and the port, in that order; `stop` goes back in reverse.
 * @param onGiveUp the supervisor gave up: stop, end the process, and let its manager start another
 */
export async function startServer(live: LiveConfig, log: Log, onGiveUp: () => void): Promise<RunningServer> {
  const config = live.current; // for what only a start takes
  const { dataDir, retentionMs } = config;
  const traces = await startTraces(process.env);
  const registry = new Registry();
  const engine = measuredEngine(await openSqliteEngine({ folder: dataDir }), registry, systemClock.elapsedMs);
  const definition = liapTui();
  const settings = liveSettings(live);
  const limiter = new MemoryRateLimiter(systemClock.elapsedMs);
  const suspectFile = join(dataDir, 'suspect.json');
  const watchdog = startWatchdog({ suspectFile });
  const alerts = new OperatorAlerts({ url: config.alertWebhookUrl, log, clock: systemClock, random: Math.random });
  try {
    const sessions = createSessions({ secret: loadSessionSecret(dataDir, config.sessionSecret) });
    const suspect = readSuspect(suspectFile, (err) => log.warn({ err }, 'the suspect of the last end is not readable'));
    if (suspect !== null) log.warn({ suspect }, 'the last process was ended by its watchdog');
    const rooms = await startRooms({
      engine,
      definition,
      sessions,
      clock: systemClock,
      random: randomBytes,
      log,
      settings,
      limiter,
      stepMark: watchdog.mark,
      suspects: suspectsOf(suspect),
      onGiveUp,
      onAlert: (alert) => alerts.raise(alert),
    });
    clearSuspect(suspectFile);
    const { now, writer } = rooms;
    const retention = startRetention({
      engine,
      journal: writer,
      clock: systemClock,
      folder: dataDir,
      now,
      retentionMs,
      everyMs: RETENTION_EVERY_MS,
      onArchived: (roomId, file) => log.info({ roomId, file }, 'room archived'),
      onFailure: (roomId, failure) => log.error({ err: failure, roomId }, 'room not archived'),
    });
    const storeWatch = new StoreWatch({
      engine,
      dataDir,
      limits: SIZE_LIMITS,
      clock: systemClock,
      now,
      everyMs: STORE_WATCH_MS,
      onFindings: (findings) => log.warn({ findings }, 'size of the store'),
    });
    await storeWatch.look();
    // The disk may be full: that is not for the next look to find.
    writer.onAvailability(() => void storeWatch.look());
    const token = loadAdminToken(dataDir, config.adminToken);
    const { operatorToken } = config;
    const tokens = { admin: token, ...(operatorToken !== undefined && { operator: operatorToken }) };
    const cookies = createAdminCookies({ tokens, key: cookieKeyOf(dataDir), clock: systemClock });
    const context: OperationContext = {
      rooms: rooms.rooms,
      engine,
      writer,
      definition,
      dataDir,
      now,
      random: randomBytes,
      retentionMs,
      config: live,
      cookies,
      log,
    };
    const { elapsedMs } = systemClock;
    const eventLoop = watchEventLoop();
    const monitor = new HealthMonitor({
      look: () => {
        const checks = processChecks({
          storeFindings: storeWatch.findings,
          diskIsLow: storeWatch.diskIsLow,
          lagMs: eventLoop.take(),
          watchdogSilentMs: watchdog.silentMs(),
          archiveFailures: retention.failures,
          alertUndelivered: alerts.isUndelivered,
        });
        const report = rooms.health();
        return { ...report, checks: [...report.checks, ...checks] };
      },
      clock: systemClock,
      startedAtMs: rooms.startedAt,
      onFailure: (failure) => log.error({ err: failure }, 'health not known'),
    });
    monitor.onChange((change) => log[change.ok ? 'info' : 'warn']({ ...change }, 'health changed'));
    monitor.onChange((change) => {
      const alert = alertOfHealth(change);
      if (alert !== null) alerts.raise(alert);
    });
    const stopMonitor = monitor.start();
    addProcessMetrics(registry);
    rooms.visualizer.onTold(messageLog(log, settings, systemClock.elapsedMs));
    if (traces !== null)
      rooms.visualizer.onTold(messageSpans(traces.tracer, fineNowMs, () => rooms.gateway.meter.last));
    writer.onCommit((appends, tookMs) => {
      if (tookMs > settings.slowOperationMs) log.warn({ appends, tookMs }, 'slow commit');
    });
    const replays = new Replays({ engine, definition, dataDir, defer: systemClock.defer });
    const measured = addServerMetrics(registry, rooms, { storeWatch, monitor, alerts, replays });
    const app = createApp({
      ...measured,
      slow: settings,
      patience: settings,
      staticDir: config.staticDir,
      trustProxy: config.trustProxy,
      sessions,
      health: () => monitor.report(),
      circuits: () => [
        { name: 'journal', state: writer.available ? 'closed' : 'open', failures: writer.counters.failures },
      ],
      healthChanges: () => monitor.changes,
      limiter,
      limits: settings,
      clock: systemClock,
      log,
    });
    const { trustProxy, metricsAccess, metricsToken } = config;
    const staff = staffOf(tokens);
    const onGuessing = (wrong: number): void => log.warn({ wrong }, 'tokens of operators are being guessed');
    const guarded = { limits: settings, elapsedMs, onGuessing };
    const access = { guard: createTokenGuard({ tokens: staff, ...guarded }), cookies, trustProxy };
    const readers = metricsToken === undefined ? staff : [...staff, ['operator', metricsToken] as const];
    const metricsGuard = createTokenGuard({ tokens: readers, ...guarded });
    addRoutes(app, {
      access,
      actionsByCookie: config.visualizerActions,
      limits: settings,
      clock: systemClock,
      engine,
      replays,
      metrics: { registry, access: metricsAccess, guard: metricsGuard },
      visualizer: rooms.visualizer,
      admin: {
        context,
        writer,
        sizeLimits: SIZE_LIMITS,
        connectionCount: () => rooms.gateway.connectionCount,
        watchdogFinding: () => (suspect === null ? null : JSON.stringify(suspect)),
      },
      legacy: {
        health: () => monitor.report(),
        storeStatus: () => storeWatch.status,
        gateway: rooms.gateway,
        limitedRequests: measured.limited,
        eventCounts: () => countsByType(registry),
      },
    });
    const { httpReceiveMs: receiveMs } = config;
    const onCut = (): void => measured.onLimited('connections');
    const lost = new LostConnections(systemClock);
    const http = createHttpServer({ fetch: app.fetch, limits: settings, clock: systemClock, lost, receiveMs, onCut });
    const server = await listen(config, http);
    const { port } = server.address() as AddressInfo;
    const sockets = attachSockets(server, {
      ...{ gateway: rooms.gateway, sessions, config: live, limiter, lost, clock: systemClock, log },
    });
    const left = readServerFile(dataDir);
    if (left !== null) log.warn({ pid: left.pid }, 'the last process did not stop in order');
    const removeServerFile = writeServerFile(dataDir, { host: config.host, port });
    const stopFollowing = live.onChange(() => (log.level = live.current.logLevel));
    const reload = async (): Promise<void> => {
      try {
        const change = await perform(context, 'reload-config', {}, 'signal');
        log.info({ ...change }, 'configuration reloaded');
      } catch (failure) {
        const why = failure instanceof OperationRefused ? { why: failure.message } : { err: failure };
        log.error(why, 'configuration not reloaded: nothing has changed');
      }
    };
    const stop = async (): Promise<void> => {
      stopFollowing();
      stopMonitor();
      eventLoop.stop();
      removeServerFile();
      storeWatch.stop();
      await retention.stop();
      await rooms.stop();
      await sockets.close();
      await new Promise((resolve) => server.close(resolve));
      lost.stop();
      await engine.close();
      await watchdog.stop();
      await Promise.all([alerts.stop(), traces?.stop()]);
      log.info({}, 'stopped');
    };
    return { port, rooms, adminToken: token, reload, stop };
  } catch (failure) {
    await engine.close();
    await alerts.stop();
    await watchdog.stop();
    throw failure;
  }
}

/** Read for each message, so that a new value counts at once. */
function liveSettings(
  live: LiveConfig,
): GatewaySettings &
  AddressLimitDeps['limits'] &
  Pick<Config, 'slowOperationMs' | 'httpAnswerMs' | 'httpConnectionsMax'> {
  const { timeScale, restartGraceMs } = live.current;
  return {
    timeScale,
    restartGraceMs,
    get rateLimitFactor() {
      return live.current.rateLimitFactor;
    },
    get httpAnswerMs() {
      return live.current.httpAnswerMs;
    },
    get httpConnectionsMax() {
      return live.current.httpConnectionsMax;
    },
    get slowOperationMs() {
      return live.current.slowOperationMs;
    },
    get limitLoopback() {
      return live.current.limitLoopback;
    },
    get playerMessagesPerMinute() {
      return live.current.playerMessagesPerMinute;
    },
    get roomMessagesPerSecond() {
      return live.current.roomMessagesPerSecond;
    },
    get messageBytesMax() {
      return live.current.messageBytesMax;
    },
    get disconnectGraceMs() {
      return live.current.disconnectGraceMs;
    },
  };
}

/** Since the epoch with fraction: short stages of a trace would else have no length. */
function fineNowMs(): number {
  return performance.timeOrigin + performance.now();
}

function suspectsOf(suspect: Suspect | null): { readonly roomId: string; readonly why: string }[] {
  if (suspect === null || suspect.roomId === null) return [];
  const { roomId, blockedMs } = suspect;
  return [{ roomId, why: `Its step did not end within ${blockedMs / 1000} s, so the watchdog ended the process` }];
}

/**
 * Connections that may wait to be taken: after a restart all clients come back at once, and who finds no place tries
 * again only a second later.
 */
const BACKLOG = 4_096;

/** @throws what the system says when the port can't be had */
function listen({ port, host }: Config, server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
