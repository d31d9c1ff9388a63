import type { Edition } from '../edition.js';
import { claimed, type Scope } from '../outcome.js';
import type { MessageOf } from '../room-message.js';
import { announce, attempt, roomSetup } from '../room-setup.js';
import { HOST_ARRIVAL_MS } from '../room-state.js';
import { judgeAddBot, judgeArrival, judgeJoin, judgeLeaveSeat, judgeRemovePlayer, judgeVacate } from '../seats.js';

function hostGoes({ context, event }: Scope<MessageOf<'leave' | 'disconnect'>>): boolean {
  return event.seat === context.host && (event.type === 'disconnect' || claimed(context, event) !== null);
}

function hostNeverCame({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return event.timer === 'hostArrival' && !context.hostArrived && event.at >= context.createdAt + HOST_ARRIVAL_MS;
}

const hostLeaves = {
  guard: hostGoes,
  target: '#room.closed',
  actions: announce({ type: 'roomClosed', why: 'hostLeft' }),
};

/** Before the start: seats are taken and freed (rules.md R16). */
export function waiting({ start }: Edition) {
  return roomSetup.createStateConfig({
    tags: 'waiting',
    on: {
      join: attempt('join', judgeJoin),
      addBot: attempt('addBot', judgeAddBot),
      removePlayer: attempt('removePlayer', judgeRemovePlayer),
      connect: attempt('connect', judgeArrival),
      leave: [hostLeaves, ...attempt('leave', judgeLeaveSeat)],
      disconnect: [hostLeaves, ...attempt('disconnect', judgeVacate)],
      startGame: attempt('startGame', start, '#room.playing'),
      timer: {
        guard: hostNeverCame,
        target: '#room.closed',
        actions: announce({ type: 'roomClosed', why: 'hostNeverCame' }),
      },
    },
  });
}
