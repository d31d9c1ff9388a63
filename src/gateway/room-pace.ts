import type { Clock } from '../../actors/clock.js';
import { Slices } from './slices.js';

/**
 * 100 rooms a second at most, one by one: of each several people may be away, and their bots move. Whoever plays on
 * waits for each of these moves, and nobody for hearing it some seconds sooner.
 */
const ROOMS = { count: 1, ms: 10, busyMs: 40 };

/** Rooms that something is to be done for, by id. */
export class RoomPace extends Slices<string> {
  constructor(clock: Clock, run: (roomId: string) => void) {
    super(clock, ROOMS, run);
  }
}
