import type { Snapshot, StateValue } from 'xstate';
import { closeWhenAbandoned } from './abandonment.js';
import type { BotMind } from './bots.js';
import { accept, type Outcome } from './outcome.js';
import type { Edition } from './edition.js';
import { declaration } from './phases/declaration.js';
import { gameOver } from './phases/game-over.js';
import { type DealOrder, preparation } from './phases/preparation.js';
import { scoring } from './phases/scoring.js';
import { turn } from './phases/turn.js';
import { waiting } from './phases/waiting.js';
import type { RoomMessage } from './room-message.js';
import { announce, attempt, change, enter, refusal, refuseUnknown, roomSetup } from './room-setup.js';
import type { RoomState } from './room-state.js';
import { judgeDisconnect, judgeReconnect, refuseLateJoin, refuseSeatChange } from './seats.js';
import { shiftClocks } from './timing.js';
import { currentEdition } from './versions/current.js';

function resume(state: RoomState, _at: number, message: RoomMessage): Outcome {
  if (message.type !== 'resumed') throw new Error(`${message.type} does not shift clocks`);
  return accept(shiftClocks(state, message.outageMs), { type: 'clockShifted', outageMs: message.outageMs });
}

function isShutdown({ event }: { readonly event: RoomMessage }): boolean {
  return event.type === 'close' && event.reason === 'shutdown';
}

type Saved = Snapshot<unknown> & { readonly value: StateValue; readonly context: RoomState };

/**
 * The whole life of a room: `waiting`, the four phases of the game, `gameOver`, `closed`.
 * Its actions change the context and emit, nothing else; a message that no state takes is refused by the wildcard.
 * @param order the pieces' order for each deal
 * @param bots how bots decide
 * @param edition what older versions of the machine do otherwise
 */
export function roomMachine(order: DealOrder, bots: BotMind, edition: Edition = currentEdition) {
  const machine = roomSetup.createMachine({
    id: 'room',
    context: ({ input }) => input,
    initial: 'waiting',
    entry: roomSetup.emit(({ context }) => ({
      type: 'roomCreated' as const,
      code: context.code,
      hostName: context.seats[context.host]?.name ?? '',
    })),
    on: {
      resumed: { actions: change(resume) },
      close: [
        {
          guard: isShutdown,
          target: '.closed',
          actions: announce({ type: 'roomClosed', why: 'shutdown' }),
        },
        { target: '.closed', actions: announce({ type: 'roomClosed', why: 'operator' }) },
      ],
      '*': { actions: refuseUnknown },
    },
    states: {
      waiting: waiting(edition),
      playing: {
        initial: 'preparation',
        on: {
          connect: attempt('connect', judgeReconnect),
          disconnect: attempt('disconnect', judgeDisconnect),
          leave: attempt('leave', edition.leave),
          join: refusal('join', refuseLateJoin),
          addBot: refusal('addBot', refuseSeatChange),
          removePlayer: refusal('removePlayer', refuseSeatChange),
          timer: closeWhenAbandoned,
        },
        states: {
          preparation: preparation(order, bots),
          declaration: declaration(bots),
          turn: turn(bots),
          scoring,
        },
      },
      gameOver: gameOver(edition),
      closed: { tags: 'closed', entry: enter(null), on: { '*': { actions: refuseUnknown } } },
    },
  });
  // XState's own way searches the whole context for references to actors, and a room's has none.
  machine.restoreSnapshot = (saved) => machine.resolveState(saved as Saved);
  return machine;
}
