import type { MessageOf, UntimedMessage } from './room-message.js';
import type { Seat } from './rules.js';

type Untimed<T extends UntimedMessage['type']> = Extract<UntimedMessage, { type: T }>;

/**
 * What reaches a room from outside and is nobody's wish in the game, each with the message it becomes (checklist EV-2):
 * time, sockets, operators. What players ask for is mapped by `toRoomMessage`.
 */
export const EXTERNAL_EVENTS = {
  /** A pause or a limit of the room has run out. */
  timerRang: (timer: MessageOf<'timer'>['timer']): Untimed<'timer'> => ({ type: 'timer', timer }),
  /** The bot of a seat has thought long enough. */
  botThought: (seat: Seat): Untimed<'botTimer'> => ({ type: 'botTimer', seat }),
  /** A person's first socket is there. */
  socketCame: (session: string, seat: Seat): Untimed<'connect'> => ({ type: 'connect', session, seat }),
  /** A seat's last socket went, and the grace is over. */
  socketStayedAway: (seat: Seat): Untimed<'disconnect'> => ({ type: 'disconnect', seat }),
  /** Nobody could act for so long: the process was down, the store away, or the room held. */
  timeStoodStill: (outageMs: number): Untimed<'resumed'> => ({ type: 'resumed', outageMs }),
  /** An operator ends the room. */
  operatorCloses: (): Untimed<'close'> => ({ type: 'close', reason: 'operator' }),
} as const;
