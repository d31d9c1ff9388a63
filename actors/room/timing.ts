import type { BotMind } from './bots.js';
import { EXTERNAL_EVENTS } from './external-events.js';
import { deny, type Outcome } from './outcome.js';
import type { MessageOf, UntimedMessage } from './room-message.js';
import {
  ABANDONED_END_MS,
  ABANDONED_GAME_MS,
  FINISHED_ROOM_MS,
  gameOf,
  HOST_ARRIVAL_MS,
  isBotPlayed,
  isPersonPresent,
  type Occupant,
  type RoomState,
  UNATTENDED_THINK_MS_MIN,
} from './room-state.js';
import { perSeat, type Seat, SEATS } from './rules.js';

export interface Due {
  readonly at: number; // ms since the epoch
  readonly message: Extract<UntimedMessage, { type: 'timer' | 'botTimer' }>;
}

/** When the bot of `seat` acts, or null if nothing is asked of it. */
function botDueAt(state: RoomState, seat: Seat, bots: BotMind): number | null {
  const { awaiting } = state;
  const occupant = state.seats[seat];
  if (awaiting === null || !isBotPlayed(occupant) || !awaiting.seats.includes(seat)) return null;
  const thinkMs = bots.thinkMs(state, seat);
  const attended = state.seats.some(isPersonPresent);
  const begins = Math.max(awaiting.since, botSince(occupant));
  return begins + (attended ? thinkMs : Math.max(thinkMs, UNATTENDED_THINK_MS_MIN));
}

/** The bot of a seat moves when it has thought long enough; `act` is what its kind of question asks for. */
export function judgeBotTimer(
  bots: BotMind,
  verb: 'answer' | 'declare' | 'play',
  act: (state: RoomState, message: MessageOf<'botTimer'>) => Outcome,
) {
  return function judgeBot(state: RoomState, message: MessageOf<'botTimer'>): Outcome {
    const dueAt = botDueAt(state, message.seat, bots);
    if (dueAt === null || message.at < dueAt) return deny('notDue', `No bot is to ${verb} now.`);
    return act(state, message);
  };
}

function botSince(occupant: Occupant): number {
  return occupant.kind === 'bot' ? occupant.since : (occupant.awaySince ?? 0);
}

/** Everything that a room will do by itself if nobody speaks to it. Derived from its state, never stored. */
export function dueTimers(state: RoomState, bots: BotMind): Due[] {
  const due: Due[] = [];
  const timer = (at: number, name: Extract<Due['message'], { type: 'timer' }>['timer']): void => {
    due.push({ at, message: EXTERNAL_EVENTS.timerRang(name) });
  };
  const { game } = state;
  if (game === null) {
    if (!state.hostArrived) timer(state.createdAt + HOST_ARRIVAL_MS, 'hostArrival');
    return due;
  }
  if (state.pauseEndsAt !== null) timer(state.pauseEndsAt, 'pause');
  if (state.awaiting?.what === 'redealAnswer' && game.redeal !== null) {
    if (game.redeal.warnAt !== null) timer(game.redeal.warnAt, 'redealWarning');
    timer(game.redeal.limitAt, 'redealLimit');
  }
  for (const seat of SEATS) {
    const at = botDueAt(state, seat, bots);
    if (at !== null) due.push({ at, message: EXTERNAL_EVENTS.botThought(seat) });
  }
  if (state.emptySince !== null) timer(abandonedAt(state, state.emptySince), 'abandoned');
  if (game.endedAt !== null) timer(game.endedAt + FINISHED_ROOM_MS, 'finished');
  return due;
}

export function abandonedAt(state: RoomState, emptySince: number): number {
  return emptySince + (gameOf(state).endedAt === null ? ABANDONED_GAME_MS : ABANDONED_END_MS);
}

/** The earliest of `dueTimers`; the first in their order if several are due together. */
export function earliest(timers: readonly Due[]): Due | null {
  return timers.reduce<Due | null>((first, due) => (first === null || due.at < first.at ? due : first), null);
}

/** Moves every clock that players feel by an outage in which nobody could act (design.md section 3). */
export function shiftClocks(state: RoomState, outageMs: number): RoomState {
  const later = (at: number | null): number | null => (at === null ? null : at + outageMs);
  const { awaiting, game } = state;
  return {
    ...state,
    createdAt: game === null && !state.hostArrived ? state.createdAt + outageMs : state.createdAt,
    emptySince: later(state.emptySince),
    pauseEndsAt: later(state.pauseEndsAt),
    awaiting: awaiting && { ...awaiting, since: awaiting.since + outageMs },
    seats: perSeat((seat) => {
      const occupant = state.seats[seat];
      if (occupant?.kind === 'bot') return { ...occupant, since: occupant.since + outageMs };
      return occupant === null ? null : { ...occupant, awaySince: later(occupant.awaySince) };
    }),
    game: game && {
      ...game,
      endedAt: later(game.endedAt),
      redeal: game.redeal && {
        ...game.redeal,
        warnAt: later(game.redeal.warnAt),
        limitAt: game.redeal.limitAt + outageMs,
      },
    },
  };
}
