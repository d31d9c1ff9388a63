import type { Accepted, Scope } from './outcome.js';
import type { RoomEvent } from './room-event.js';
import type { RoomState } from './room-state.js';

/** The part of XState's actor that an action is given. */
interface ActorScope {
  readonly emit: (event: { readonly type: 'happened'; readonly events: readonly RoomEvent[] }) => void;
  readonly defer: (work: () => void) => void; // until the step is over
}

/**
 * The action that takes an outcome over: its state takes the place of the room's, its events are emitted.
 *
 * It does what `assign` and `emit` do one behind the other, by the protocol of XState's own actions: `resolve` says what
 * becomes of the snapshot, `execute` has the effect. `assign` makes the whole snapshot anew each time, with everything
 * that follows from the states alone and has not changed: a quarter of what a step allocates (docs/PERFORMANCE_TUNING.md).
 */
export function become(outcomeOf: (scope: Scope) => Pick<Accepted, 'state' | 'events'>) {
  const action = Object.assign(() => undefined, {
    type: 'become',
    resolve(_actor: ActorScope, snapshot: { readonly context: RoomState }, { event }: Scope) {
      const { state, events } = outcomeOf({ context: snapshot.context, event });
      return [{ ...snapshot, context: state }, events];
    },
    execute(actor: ActorScope, events: readonly RoomEvent[]) {
      if (events.length > 0) actor.defer(() => actor.emit({ type: 'happened', events }));
    },
  });
  return action;
}
