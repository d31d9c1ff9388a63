import type { Registry } from 'prom-client';
import type { Supervisor } from '../../actors/supervisor.js';
import type { GroupCommit } from '../../persistence/group-commit.js';
import type { GameRooms, Gateway } from '../gateway/gateway.js';
import type { Visualizer } from '../visualizer/visualizer.js';
import { addRoomMetrics } from './room-metrics.js';
import {
  addCacheMetrics,
  addHealthMetrics,
  addHttpMetrics,
  addJournalMetrics,
  addNotificationMetrics,
  addSocketMetrics,
  addStoreMetrics,
  type MeasuredProcess,
} from './server-metrics.js';

/** The running parts that are measured, as `startRooms` makes them. */
interface MeasuredRooms {
  readonly rooms: GameRooms;
  readonly gateway: Gateway;
  readonly writer: GroupCommit;
  readonly supervisor: Supervisor;
  readonly visualizer: Pick<Visualizer, 'onTold'>;
}

/**
 * Everything that `/metrics` shows but the process itself and the calls to the store. Labels are words of the code:
 * no room, player, address or session is ever one.
 * @returns what is to be told of each HTTP answer
 */
export function addServerMetrics(
  registry: Registry,
  { rooms, gateway, writer, supervisor, visualizer }: MeasuredRooms,
  process: MeasuredProcess,
) {
  addSocketMetrics(registry, gateway);
  addJournalMetrics(registry, writer);
  addStoreMetrics(registry, process.storeWatch);
  addHealthMetrics(registry, supervisor, process.monitor);
  addNotificationMetrics(registry, process.alerts);
  addCacheMetrics(registry, rooms, process.replays);
  visualizer.onTold(addRoomMetrics(registry, rooms));
  return addHttpMetrics(registry, gateway);
}
