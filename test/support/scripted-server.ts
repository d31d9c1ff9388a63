import { randomBytes } from 'node:crypto';
import { systemClock } from '../../actors/clock.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import type { JournalEngine } from '../../persistence/journal.js';
import { createSessions } from '../../src/gateway/sessions.js';
import { type RoomServer, startRooms } from '../../src/server.js';
import { createLog } from '../../src/telemetry/log.js';

/** Everything of a server but its sockets, in this process, on a journal that the test opened. */
export function startScriptedServer(engine: JournalEngine): Promise<RoomServer> {
  return startRooms({
    engine,
    definition: liapTui(),
    sessions: createSessions({ secret: 'a secret of this test' }),
    clock: systemClock,
    random: randomBytes,
    log: createLog('silent'),
    settings: {
      timeScale: 0,
      rateLimitFactor: Infinity,
      playerMessagesPerMinute: 600,
      roomMessagesPerSecond: 100,
      messageBytesMax: 64 * 1024,
      disconnectGraceMs: 60_000,
      restartGraceMs: 60_000,
    },
  });
}
