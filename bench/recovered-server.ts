// The server on a data folder that a killed one left. Told which move is legal in which room, it makes all of them and
// tells its parent when it was where. Times are ms since the process began.
import { readFileSync } from 'node:fs';
import { LiveConfig } from '../src/live-config.js';
import { startServer } from '../src/server.js';
import { createLog } from '../src/telemetry/log.js';
import type { NextMove } from './room-history.js';

export interface Recovery {
  readonly loadedMs: number; // all code is loaded
  readonly readyMs: number; // the port is open
  readonly firstPlayedMs: number; // the first move is acknowledged
  readonly playableMs: number; // one move is acknowledged in each room
  readonly cpuMs: number; // from ready to playable
  readonly heapBytes: number;
  readonly refused: readonly string[]; // what was said instead of an acknowledgement
}

const loadedMs = performance.now();
const config = new LiveConfig(process.env);
const server = await startServer(config, createLog(config.current.logLevel), () => process.exit(1));
const readyMs = performance.now();
const readyCpu = process.cpuUsage();

const moves = new Map(JSON.parse(readFileSync(process.env['MOVES_FILE']!, 'utf8')) as [string, NextMove][]);
const readMs = performance.now() - readyMs; // not the server's doing
const { rooms } = server.rooms;
let waiting = moves.size;
let firstPlayedMs = 0;
const refused: string[] = [];
rooms.subscribe((notice) => {
  if (!notice.cause.correlationId.startsWith('move-')) return;
  if (notice.kind !== 'applied') refused.push(`${notice.kind} ${'why' in notice ? notice.why : ''}`);
  if (firstPlayedMs === 0) firstPlayedMs = performance.now() - readMs;
  if (--waiting > 0) return;
  const { user, system } = process.cpuUsage(readyCpu);
  const recovery: Recovery = {
    ...{ loadedMs, readyMs, firstPlayedMs, playableMs: performance.now() - readMs, cpuMs: (user + system) / 1000 },
    ...{ heapBytes: process.memoryUsage().heapUsed, refused: refused.slice(0, 10) },
  };
  process.send!(recovery, () => process.exit(0));
});
for (const [roomId, { session, message }] of moves) {
  const cause = { correlationId: `move-${roomId}`, session, messageId: 'after-the-start' };
  rooms.tell(roomId, message, cause, { bytes: 100 });
}
