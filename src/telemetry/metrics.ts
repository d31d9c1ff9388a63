import type { Registry } from 'prom-client';
import type { RoomServer } from '../server.js';
import { addRoomMetrics } from './room-metrics.js';
import {
  addHealthMetrics,
  addHttpMetrics,
  addJournalMetrics,
  addNotificationMetrics,
  addSocketMetrics,
  addStoreMetrics,
  type MeasuredProcess,
} from './server-metrics.js';

/**
 * Everything that `/metrics` shows but the process itself and the calls to the store. Labels are words of the code:
 * no room, player, address or session is ever one.
 * @returns what is to be told of each HTTP answer
 */
export function addServerMetrics(
  registry: Registry,
  { rooms, gateway, writer, supervisor, visualizer }: RoomServer,
  process: MeasuredProcess,
) {
  addSocketMetrics(registry, gateway);
  addJournalMetrics(registry, writer);
  addStoreMetrics(registry, process.storeWatch);
  addHealthMetrics(registry, supervisor, process.monitor);
  addNotificationMetrics(registry, process.alerts);
  visualizer.onTold(addRoomMetrics(registry, rooms));
  return addHttpMetrics(registry, gateway);
}
