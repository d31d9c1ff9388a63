import type { UntimedMessage } from '../../actors/room/room-message.js';
import type { RoomView } from '../../actors/room/room-view.js';
import type { HoldRow } from '../../persistence/rows.js';
import type { Seat } from '../game/seats.js';

/** What a room waits for and from whom, for whoever has ten seconds. */
export interface WaitingFor {
  readonly what:
    | 'players'
    | 'start'
    | 'host'
    | 'redealAnswer'
    | 'declaration'
    | 'play'
    | 'pause'
    | 'operator'
    | 'restart'
    | 'nothing';
  readonly seats: readonly Seat[];
  readonly names: readonly string[];
  readonly until: number | null; // when the wait ends by itself, ms since the epoch
  readonly sentence: string;
}

export interface Circumstances {
  readonly deadline: Deadline | null;
  readonly hold?: HoldRow | null;
  readonly isRestarting?: boolean;
}

/** What a room does next by itself. */
export interface Deadline {
  readonly at: number; // ms since the epoch
  readonly message: UntimedMessage;
}

/** Says of a room in one sentence what it waits for. */
export function waitingFor(view: RoomView, { deadline, hold = null, isRestarting = false }: Circumstances): WaitingFor {
  const until = deadline?.at ?? null;
  const nobody = (what: WaitingFor['what'], sentence: string, ends: number | null = null): WaitingFor => ({
    what,
    seats: [],
    names: [],
    until: ends,
    sentence,
  });
  if (view.phase === 'closed') return nobody('nothing', 'Waits for nothing: the room is closed.');
  if (hold !== null) return nobody('operator', heldSentence(hold));
  if (isRestarting) return nobody('restart', 'Waits for its restart after a crash.');
  if (view.phase === 'game_over') return nobody('nothing', 'Waits for nothing: the game is over.', until);
  if (view.game === null) return beforeStart(view, until);
  if (view.awaiting === null) return nobody('pause', `Waits for the end of ${PAUSES[view.leaf] ?? 'a pause'}.`, until);
  const { what, seats } = view.awaiting;
  const names = seats.map((seat) => view.seats[seat]?.name ?? '');
  return { what, seats, names, until, sentence: `Waits for ${whom(view, seats)} to ${asked(view)}.` };
}

function heldSentence({ kind, why }: HoldRow): string {
  const verb = kind === 'paused' ? 'It is paused' : 'It is quarantined';
  return `Waits for an operator. ${verb}${why === '' ? '.' : `: ${why}`}`;
}

function beforeStart(view: RoomView, until: number | null): WaitingFor {
  const host = view.seats[view.host]?.name ?? '';
  const from = { seats: [view.host], names: [host], until };
  if (!view.hostArrived) return { what: 'host', ...from, sentence: `Waits for the host ${host} to open the room.` };
  const free = view.seats.filter((seat) => seat === null).length;
  if (free > 0) {
    const players = free === 1 ? 'one more player' : `${free} more players`;
    return { what: 'players', seats: [], names: [], until, sentence: `Waits for ${players} to join.` };
  }
  return { what: 'start', ...from, sentence: `Waits for the host ${host} to start the game.` };
}

/** `Gio (seat 2)`, `Gio (seat 2) and the bot Bot 3 (seat 3)`. */
function whom(view: RoomView, seats: readonly Seat[]): string {
  const each = seats.map((seat) => {
    const taken = view.seats[seat];
    if (taken == null) return `seat ${seat}`;
    if (!taken.isPerson) return `the bot ${taken.name} (seat ${seat})`;
    return taken.awaySince === null ? `${taken.name} (seat ${seat})` : `a bot for ${taken.name} (seat ${seat}, away)`;
  });
  return each.length < 2 ? (each[0] ?? 'nobody') : `${each.slice(0, -1).join(', ')} and ${each.at(-1)!}`;
}

function asked({ awaiting, game }: RoomView): string {
  switch (awaiting?.what) {
    case 'redealAnswer':
      return 'say whether to deal again';
    case 'declaration':
      return 'declare';
    case 'play': {
      const count = game?.requiredCount ?? null;
      if (count === null) return 'lead the turn';
      return `play ${count} ${count === 1 ? 'piece' : 'pieces'}`;
    }
    case undefined:
      return 'go on';
  }
}

/** The pauses of the game by the state that lasts for them. */
const PAUSES: Readonly<Record<string, string>> = {
  'playing.preparation.dealing': 'the deal',
  'playing.preparation.redealt': 'the pause after a redeal',
  'playing.preparation.roundStart': 'the start of the round',
  'playing.turn.revealing': 'the turning over of the pieces',
  'playing.turn.shown': 'the showing of the turn',
  'playing.turn.results': 'the showing of the results',
  'playing.scoring': 'the scoring',
};
