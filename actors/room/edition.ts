import type { Judge, Outcome } from './outcome.js';
import type { MessageOf } from './room-message.js';
import type { RoomState } from './room-state.js';

/**
 * What versions of the machine do each in their own way. Everything else is common to all that can still be replayed:
 * a change that touches only what stands here leaves one small file behind (docs/VERSIONS.md).
 */
export interface Edition {
  readonly start: Judge<MessageOf<'startGame'>>;
  readonly leave: Judge<MessageOf<'leave'>>; // a running game
  readonly end: (state: RoomState, at: number) => Outcome;
}
