import { type Clock, roomTime } from '../../actors/clock.js';
import { Outages } from '../../actors/outages.js';
import type { RandomBytes } from '../../actors/room-ids.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import { Rooms } from '../../actors/rooms.js';
import { GroupCommit } from '../../persistence/group-commit.js';
import type { JournalEngine } from '../../persistence/journal.js';
import type { GameRooms } from '../gateway/gateway.js';
import type { OperationContext } from './operation.js';

export interface OfflinePorts {
  readonly engine: JournalEngine; // on a data folder that nobody else uses
  readonly dataDir: string; // absolute
  readonly definition: LiapTui;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly retentionMs: number;
  readonly onFailure: (roomId: string, failure: unknown) => void;
  readonly onFinding: (roomId: string, finding: string) => void;
}

export interface Offline {
  readonly context: OperationContext;
  readonly writer: GroupCommit;
  /** Lets what is under way land. To players all of it was an outage. The engine stays open. */
  readonly stop: () => Promise<void>;
}

/**
 * The rooms of a data folder without sockets, pages and clocks, for operations while no server runs: no room does
 * anything by itself, and the time until `stop` counts as a part of the outage that the server's end began.
 */
export async function openOffline(ports: OfflinePorts): Promise<Offline> {
  const { engine, dataDir, definition, clock, random, retentionMs, onFailure, onFinding } = ports;
  const { aliveAt, lastAt } = await engine.marks();
  const now = roomTime(clock, Math.max(aliveAt, lastAt));
  const noteOutage = async (to: number): Promise<void> => {
    // It begins where the last process ended, so that the store takes it for one that grows.
    if (aliveAt > 0 && to > aliveAt) await engine.recordOutage({ from: aliveAt, to });
  };
  await noteOutage(now());
  const writer = new GroupCommit(engine, { ...clock, now });
  const outages = new Outages(await engine.outages());
  const rooms: GameRooms = new Rooms({ definition, engine, writer, outages, clock, now, random, onFailure, onFinding });
  rooms.stopClocks();
  await rooms.open();
  return {
    context: {
      ...{ rooms, engine, writer, definition, dataDir, now, random, retentionMs },
      ...{ config: null, cookies: null, log: null },
    },
    writer,
    stop: async () => {
      await rooms.drain();
      await writer.stop();
      const endedAt = now(); // the next outage begins where this one ends
      await noteOutage(endedAt);
      await engine.markAlive(endedAt);
    },
  };
}
