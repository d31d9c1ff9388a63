import type { Scope } from './outcome.js';
import type { MessageOf } from './room-message.js';
import { announce } from './room-setup.js';
import { abandonedAt } from './timing.js';

function nobodyReturned({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return (
    event.timer === 'abandoned' && context.emptySince !== null && event.at >= abandonedAt(context, context.emptySince)
  );
}

/** A room that everybody has left closes after a while, during the game and after it (rules.md R17.5). */
export const closeWhenAbandoned = {
  guard: nobodyReturned,
  target: '#room.closed',
  actions: announce({ type: 'roomClosed', why: 'abandoned' }),
} as const;
