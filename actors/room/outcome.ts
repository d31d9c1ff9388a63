import { refuse, type Seat } from './rules.js';
import type { RoomEvent, RoomRefusal, RoomRefusalReason } from './room-event.js';
import type { RoomMessage } from './room-message.js';
import type { Person, RoomState } from './room-state.js';

/** What a message leads to: the next state and what happened, or a refusal that changes nothing. */
export type Outcome = Accepted | RoomRefusal;

export interface Accepted {
  readonly kind: 'accepted';
  readonly state: RoomState;
  readonly events: readonly RoomEvent[];
}

export function accept(state: RoomState, ...events: readonly RoomEvent[]): Accepted {
  return { kind: 'accepted', state, events };
}

export function deny(reason: RoomRefusalReason, sentence: string): RoomRefusal {
  return refuse(reason, sentence);
}

/** What guards and actions of the machine are asked about. */
export interface Scope<M = RoomMessage> {
  readonly context: RoomState;
  readonly event: M;
}

/** A rule of the room: pure, and the only place where its message is judged. */
export type Judge<M> = (state: RoomState, message: M) => Outcome;

/** The person in `seat` if it belongs to `session` (rules.md D14). */
export function claimed(state: RoomState, message: { readonly seat: Seat; readonly session: string }): Person | null {
  const occupant = state.seats[message.seat];
  return occupant?.kind === 'person' && occupant.session === message.session ? occupant : null;
}

export const notSeated = deny('notSeated', 'That seat belongs to somebody else.');
