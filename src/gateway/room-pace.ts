import type { Clock } from '../../actors/clock.js';
import { Slices } from './slices.js';

/** Up to 300 rooms a second: of each several people may be away, and their bots move. */
const ROOMS = { count: 3, ms: 10 };

/** Rooms that something is to be done for, by id. */
export class RoomPace extends Slices<string> {
  constructor(clock: Clock, run: (roomId: string) => void) {
    super(clock, ROOMS, run);
  }
}
