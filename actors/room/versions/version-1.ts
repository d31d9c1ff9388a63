import type { RoomSnapshot, Upcaster } from '../../room-definition.js';
import type { Edition } from '../edition.js';
import type { Outcome } from '../outcome.js';
import { endGame } from '../phases/game-over.js';
import type { EventOf, RoomEvent } from '../room-event.js';
import type { Entrant, Game, Occupant, RoomState } from '../room-state.js';
import { perSeat, type Seat, sharedRanks } from '../rules.js';
import { entrant, handToBot, judgeStart, seatBot } from '../seats.js';

/*
 * Version 1 forgot who began a game: when somebody left for good, their name stayed at the seat and nothing else. Its
 * `gameEnded` had no ranks.
 */

type State1 = Omit<RoomState, 'game'> & { readonly game: Omit<Game, 'entrants'> | null };
type Event1 = Exclude<RoomEvent, { type: 'gameEnded' }> | Omit<EventOf<'gameEnded'>, 'ranks'>;

export const edition1: Edition = {
  start: (state, message) => asVersion1(judgeStart(state, message)),
  leave: handToBot,
  end: (state, at) => asVersion1(endGame(state, at)),
};

/** The outcome as version 1 had it. The type says more: only the functions above read what is left out. */
function asVersion1(outcome: Outcome): Outcome {
  if (outcome.kind === 'refused') return outcome;
  const { entrants, ...game } = outcome.state.game!;
  const state: State1 = { ...outcome.state, game };
  const events = outcome.events.map((event): Event1 => {
    if (event.type !== 'gameEnded') return event;
    const { ranks, ...known } = event;
    return known;
  });
  return { kind: 'accepted', state: state as RoomState, events: events as RoomEvent[] };
}

/** What version 1 saved as version 2 would have saved it, as far as that can still be known. */
export const fromVersion1: Upcaster = {
  snapshot({ value, context }): RoomSnapshot<RoomState> {
    const state = context as State1;
    const { game } = state;
    if (game === null) return { value, context: { ...state, game } };
    const entrants = perSeat((seat) => likelyEntrant(state.seats[seat]!, seat, game.endedAt));
    return { value, context: { ...state, game: { ...game, entrants } } };
  },

  event(event) {
    const known = event as Event1;
    return known.type === 'gameEnded' ? { ...known, ranks: sharedRanks(known.totals) } : known;
  },
};

/** A bot with a person's name has that person's seat since the person left, whose session is lost. */
function likelyEntrant(occupant: Occupant, seat: Seat, endedAt: number | null): Entrant {
  const began = entrant(occupant);
  if (occupant.kind === 'person' || occupant.name === seatBot(seat, occupant.since).name) return began;
  return { ...began, leftAt: endedAt === null || occupant.since < endedAt ? occupant.since : null };
}
