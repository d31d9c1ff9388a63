import { setup } from 'xstate';
import { become } from './become.js';
import type { Emitted, RoomEvent } from './room-event.js';
import type { MessageOf, RoomMessage, RoomMessageType } from './room-message.js';
import { type Accepted, claimed, deny, type Judge, notSeated, type Outcome, type Scope } from './outcome.js';
import type { Pace, RoomState } from './room-state.js';

/** Phases by their names on the wire (rules.md R1.4). */
export type Phase =
  | 'waiting'
  | 'preparation'
  | 'round_start'
  | 'declaration'
  | 'turn'
  | 'turn_results'
  | 'scoring'
  | 'game_over'
  | 'closed';

export const roomSetup = setup({
  types: {
    context: {} as RoomState,
    events: {} as RoomMessage,
    emitted: {} as Emitted,
    input: {} as RoomState,
    tags: {} as Phase,
  },
});

/** Takes an outcome over. */
function settle(judge: (scope: Scope) => Outcome) {
  return become((scope) => {
    const { state, events } = accepted(judge(scope), scope.event);
    return { state: { ...state, activeAt: scope.event.at }, events };
  });
}

function accepted(outcome: Outcome, { type }: RoomMessage): Accepted {
  if (outcome.kind === 'refused') throw new Error(`${type} was taken and refused: ${outcome.reason}`);
  return outcome;
}

/** Says why a message is refused; the state stays as it is. */
function sayRefused(judge: (scope: Scope) => Outcome) {
  return roomSetup.emit(({ context, event }) => {
    const outcome = judge({ context, event });
    if (outcome.kind === 'accepted') throw new Error(`${event.type} was refused and accepted`);
    return { type: 'refused' as const, refusal: outcome };
  });
}

/**
 * The transitions of one message: taken if the rule accepts, refused with the rule's reason if not. XState asks the
 * guard first and runs the action after it, with the same state and message: the answer is computed once.
 * @param target state to enter when accepted; none stays
 */
export function attempt<T extends RoomMessageType>(type: T, judge: Judge<MessageOf<T>>, target?: string) {
  let asked: { readonly scope: Scope; readonly outcome: Outcome } | null = null;
  const once = ({ context, event }: Scope): Outcome => {
    if (asked === null || asked.scope.context !== context || asked.scope.event !== event) {
      if (event.type !== type) throw new Error(`${type} was asked about ${event.type}`);
      asked = { scope: { context, event }, outcome: judge(context, event as MessageOf<T>) };
    }
    return asked.outcome;
  };
  const answer = (scope: Scope): Outcome => {
    const outcome = once(scope);
    asked = null;
    return outcome;
  };
  const allowed = (scope: Scope): boolean => once(scope).kind === 'accepted';
  named(allowed, judge.name);
  return [
    { guard: allowed, actions: settle(answer), ...(target !== undefined && { target }) },
    { actions: sayRefused(answer) },
  ];
}

/** The transition of a message that this state always refuses, with a reason of its own. */
export function refusal<T extends RoomMessageType>(type: T, judge: Judge<MessageOf<T>>) {
  const judged = sayRefused(({ context, event }) => {
    if (event.type !== type) throw new Error(`${type} was asked about ${event.type}`);
    return judge(context, event as MessageOf<T>);
  });
  return { actions: named(judged, judge.name) };
}

/** The name under which charts and refusals show a rule. */
function named<F extends object>(made: F, name: string): F {
  return Object.defineProperty(made, 'name', { value: name });
}

type Make = (state: RoomState, at: number, message: RoomMessage) => Outcome;

/** A change that cannot be refused: the action of a guarded transition. */
export function change(make: Make) {
  return settle(({ context, event }) => make(context, event.at, event));
}

/** Announces without changing anything. */
export function announce(event: RoomEvent) {
  return roomSetup.emit(event);
}

/**
 * Entering a state: it lasts for a pause of the room's pace, or has no end of its own. Each state says which, so that
 * none has to put an end to its pause when it is left.
 * @param make what changes besides, and cannot be refused
 */
export function enter(pause: keyof Pace | null, make?: Make) {
  return become(({ context, event }) => {
    const pauseEndsAt = pause === null ? null : event.at + context.pace[pause];
    if (make === undefined) return { state: { ...context, pauseEndsAt }, events: [] };
    const { state, events } = accepted(make(context, event.at, event), event);
    return { state: { ...state, activeAt: event.at, pauseEndsAt }, events };
  });
}

export function pauseIsOver({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return event.timer === 'pause' && event.at >= (context.pauseEndsAt ?? Infinity);
}

/** What the current state has no place for. */
export const refuseUnknown = named(sayRefused(judgeUnknown), 'refuseUnknown');

function judgeUnknown({ context, event }: Scope): Outcome {
  if (event.type === 'timer' || event.type === 'botTimer') return deny('notDue', 'Nothing waits for that timer.');
  if ('session' in event && 'seat' in event && claimed(context, event) === null) return notSeated;
  if (context.game !== null && context.game.endedAt !== null) return deny('gameOver', 'The game is over.');
  return deny('wrongPhase', `${event.type} is not possible now.`);
}
