import type { Clock } from '../../actors/clock.js';
import type { RandomBytes } from '../../actors/room-ids.js';
import type { LiapTui } from '../../actors/room/liap-tui.js';
import type { JournalEngine } from '../../persistence/journal.js';
import type { GameRooms } from '../gateway/gateway.js';
import type { FlightRecorder } from './flight-recorder.js';
import type { RoomIndex } from './room-index.js';
import type { RoomPast } from './room-past.js';
import type { EntryShower } from './shown-entry.js';

export interface VisualizerPorts {
  readonly rooms: GameRooms;
  readonly engine: JournalEngine;
  readonly definition: LiapTui;
  readonly clock: Clock;
  readonly now: () => number; // room time
  readonly random: RandomBytes;
  readonly startedAt: number; // ms since the epoch
  readonly process: string; // tells this process from others that the same server runs in later
}

/** What is known of rooms, for those who tell watchers of it. */
export interface Watched {
  readonly ports: VisualizerPorts;
  readonly shower: EntryShower;
  readonly recorder: FlightRecorder;
  readonly past: RoomPast;
  readonly index: RoomIndex;
}
