import type { RowChange } from '../persistence/rows.js';
import type { Cause } from './envelope.js';
import type { StepTimes, Unavailable } from './room-actor.js';
import type { DomainEvent, Message, Refused, Viewer } from './room-definition.js';

/** What a subscriber hears of a room. Everything in it is durable; a state leaves only as somebody's view. */
export type Notice<E extends DomainEvent, V> = { readonly roomId: string; readonly cause: Cause } & (
  | {
      readonly kind: 'applied';
      readonly seq: number;
      readonly at: number;
      readonly message: Message; // whole: whoever shows it redacts it
      readonly times: StepTimes;
      readonly events: readonly E[];
      readonly rows: readonly RowChange[];
      readonly view: (viewer: Viewer) => V;
    }
  | {
      readonly kind: 'repeated';
      readonly seq: number;
      readonly at: number;
      readonly events: readonly E[];
      readonly rows: readonly RowChange[];
      readonly view: (viewer: Viewer) => V;
    }
  /** An operator set the room back: what anybody saw of it counts no more. */
  | {
      readonly kind: 'restored';
      readonly seq: number;
      readonly at: number;
      readonly rows: readonly RowChange[];
      readonly view: (viewer: Viewer) => V;
    }
  /** The room takes messages again. What was refused meanwhile has passed it by. */
  | { readonly kind: 'released' }
  | {
      readonly kind: 'refused';
      readonly seq: number; // of the entry in front
      readonly message: Message; // likewise
      readonly refusal: Refused;
      readonly view: (viewer: Viewer) => V;
    }
  | { readonly kind: 'seen'; readonly seq: number; readonly view: (viewer: Viewer) => V }
  | { readonly kind: 'unavailable'; readonly why: Unavailable }
  | { readonly kind: 'unknownRoom' }
);
