import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import { type Clock, roomTime, systemClock } from '../actors/clock.js';
import { Lobby } from '../actors/lobby.js';
import { Outages } from '../actors/outages.js';
import { liapTui, type LiapTui } from '../actors/room/liap-tui.js';
import { Rooms } from '../actors/rooms.js';
import { GroupCommit } from '../persistence/group-commit.js';
import type { JournalEngine } from '../persistence/journal.js';
import { openSqliteEngine } from '../persistence/sqlite/sqlite-engine.js';
import type { Config } from './config.js';
import { Gateway, type GameRooms, type GatewaySettings } from './gateway/gateway.js';
import { createSessions, loadSessionSecret, type Sessions } from './gateway/sessions.js';
import { attachSockets } from './gateway/ws-sockets.js';
import { createApp } from './http/app.js';
import type { HealthReport } from './http/health.js';
import type { Log } from './telemetry/log.js';

export interface RoomServerPorts {
  readonly engine: JournalEngine;
  readonly definition: LiapTui;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: Log;
  readonly settings: GatewaySettings;
}

/** Everything but sockets and pages: the same under the system clock and under a simulated one. */
export interface RoomServer {
  readonly rooms: GameRooms;
  readonly gateway: Gateway;
  readonly writer: GroupCommit;
  readonly health: () => HealthReport;
  readonly stop: () => Promise<void>;
  /** The end without a farewell, for a simulated crash: nothing is told, nothing is saved, nothing runs on. */
  readonly stopClocks: () => void;
}

/** Builds the way of a move from the journal up (design.md section 2) and knows every open room again. */
export async function startRooms(ports: RoomServerPorts): Promise<RoomServer> {
  const { engine, definition, sessions, clock, random, log, settings } = ports;

  // Time goes on where the journal ends, and what the clocks missed is known to every room.
  const { aliveAt, lastAt } = await engine.marks();
  const now = roomTime(clock, Math.max(aliveAt, lastAt));
  const startedAt = now();
  if (aliveAt > 0 && startedAt > aliveAt) await engine.recordOutage({ from: aliveAt, to: startedAt });
  const outages = new Outages(await engine.outages());

  const writer = new GroupCommit(engine, { ...clock, now });
  const rooms: GameRooms = new Rooms({
    definition,
    engine,
    writer,
    outages,
    clock,
    now,
    random,
    onFailure: (roomId, failure) => log.error({ err: failure, roomId }, 'room failed'),
  });
  const lobby = new Lobby(clock, () => gateway.publishList());
  const gateway = new Gateway({ rooms, lobby, engine, definition, sessions, clock, now, random, log, settings });
  writer.onAvailability((available, outage) => {
    log.warn({ available, outage }, available ? 'store is back' : 'store is away');
    if (outage !== null) outages.add(outage);
    if (available) rooms.wake();
  });

  await lobby.open(engine);
  await rooms.open();
  writer.start();
  gateway.awaitReturns();

  const health = (): HealthReport => {
    const { open, inMemory, mailboxMessages, quarantined } = rooms.counts;
    const { failures } = writer.counters;
    const journal = writer.available ? 'takes writes' : `is away, ${failures} commits failed`;
    return {
      live: true,
      ready: writer.available,
      startedAtMs: startedAt,
      checks: [
        { name: 'journal', ok: writer.available, detail: journal },
        { name: 'rooms', ok: quarantined === 0, detail: `${open} open, ${inMemory} in memory, ${quarantined} stopped` },
        { name: 'mailboxes', ok: mailboxMessages < open + 1000, detail: `${mailboxMessages} messages wait` },
        { name: 'connections', ok: true, detail: `${gateway.connectionCount} open` },
      ],
    };
  };
  const stop = async (): Promise<void> => {
    gateway.drain();
    lobby.stop();
    await rooms.drain();
    await writer.stop();
  };
  const stopClocks = (): void => {
    rooms.stopClocks();
    lobby.stop();
    gateway.stopClocks();
  };
  return { rooms, gateway, writer, health, stop, stopClocks };
}

export interface RunningServer {
  readonly port: number;
  readonly rooms: RoomServer;
  readonly stop: () => Promise<void>;
}

/** The product: opens the journal, the rooms and the port, in that order; `stop` goes back in reverse. */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  const engine = await openSqliteEngine({ folder: config.dataDir });
  try {
    const sessions = createSessions({ secret: loadSessionSecret(config.dataDir, config.sessionSecret) });
    const { timeScale, rateLimitFactor, messageBytesMax, disconnectGraceMs, restartGraceMs } = config;
    const rooms = await startRooms({
      engine,
      definition: liapTui(),
      sessions,
      clock: systemClock,
      random: randomBytes,
      log,
      settings: { timeScale, rateLimitFactor, messageBytesMax, disconnectGraceMs, restartGraceMs },
    });
    const app = createApp({
      staticDir: config.staticDir,
      trustProxy: config.trustProxy,
      sessions,
      health: rooms.health,
      clock: systemClock,
      log,
    });
    const server = await listen(config, app.fetch);
    const sockets = attachSockets(server, { gateway: rooms.gateway, sessions, config, log });
    const stop = async (): Promise<void> => {
      await rooms.stop();
      await sockets.close();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
    };
    return { port: (server.address() as AddressInfo).port, rooms, stop };
  } catch (failure) {
    await engine.close();
    throw failure;
  }
}

/** @throws what the system says when the port can't be had */
function listen({ port, host }: Config, fetch: Parameters<typeof serve>[0]['fetch']): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: host }, () => {
      server.off('error', reject);
      resolve(server);
    });
    server.once('error', reject);
  });
}
