import { closeWhenAbandoned } from '../abandonment.js';
import type { Edition } from '../edition.js';
import { accept, type Outcome, type Scope } from '../outcome.js';
import type { MessageOf } from '../room-message.js';
import { announce, attempt, enter, refusal, roomSetup } from '../room-setup.js';
import { FINISHED_ROOM_MS, gameOf, isPersonPresent, type RoomState } from '../room-state.js';
import { sharedRanks, winners } from '../rules.js';
import { judgeDisconnect, judgeLeaveGame, refuseReturn } from '../seats.js';

/** rules.md R15 */
export function endGame(state: RoomState, at: number): Outcome {
  const game = gameOf(state);
  return accept(
    {
      ...state,
      emptySince: state.seats.some(isPersonPresent) ? null : at,
      game: { ...game, endedAt: at },
    },
    { type: 'gameEnded', winners: winners(game.scores), totals: game.scores, ranks: sharedRanks(game.scores) },
  );
}

function shownLongEnough({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return event.timer === 'finished' && event.at >= gameOf(context).endedAt! + FINISHED_ROOM_MS;
}

/** The result stands until everybody has gone, ten minutes at most (rules.md R17.5, D23). */
export function gameOver({ end }: Edition) {
  return roomSetup.createStateConfig({
    tags: 'game_over',
    entry: enter(null, end),
    on: {
      connect: refusal('connect', refuseReturn),
      disconnect: attempt('disconnect', judgeDisconnect),
      leave: attempt('leave', judgeLeaveGame),
      timer: [
        closeWhenAbandoned,
        {
          guard: shownLongEnough,
          target: '#room.closed',
          actions: announce({ type: 'roomClosed', why: 'finished' }),
        },
      ],
    },
  });
}
