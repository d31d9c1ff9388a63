import type { DomainEvent, Message, RoomDefinition, RoomSnapshot, Untimed } from '../actors/room-definition.js';
import type { StepResult } from '../actors/machine-runner.js';
import type { Random } from '../src/client/random.js';

/** A room as whoever proposes the next message sees it. */
export interface Scene<S, M extends Message> {
  readonly snapshot: RoomSnapshot<S>;
  readonly now: number; // ms since the epoch: time of the last message
  readonly due: { readonly at: number; readonly message: Untimed<M> } | null; // the room's deadline
  readonly last: M; // message, taken or not
}

/** A message and when it comes. */
export interface Saying<M extends Message> {
  readonly message: Untimed<M>;
  readonly afterMs?: number; // since the last message; 0 where it is left out
  readonly key?: string; // idempotency key
}

/** One way of saying something. A run draws one by weight and then what it says. */
export interface Proposal<S, M extends Message> {
  readonly weight: number;
  /** @returns null where the room's state leaves nothing of this kind to say */
  readonly say: (scene: Scene<S, M>, random: Random) => Saying<M> | null;
}

/** What the fuzzer has to know of a kind of room, besides its definition. */
export interface Subject<S, M extends Message, E extends DomainEvent, V> {
  /** The message that makes a room. */
  readonly open: (random: Random) => Untimed<M>;
  readonly proposals: Readonly<Record<string, Proposal<S, M>>>;
  /**
   * What happens if everybody does what the room waits for: null lets time pass until the deadline. Left out, it is
   * always the deadline.
   * @param choice the same for a whole run: a style of playing
   */
  readonly goOn?: (scene: Scene<S, M>, random: Random, choice: number) => Saying<M> | null;
  readonly invariants?: readonly Invariant<S, M, E, V>[];
  /** Where a state of the machine holds more than one situation: all of them are to meet everything. */
  readonly situation?: (snapshot: RoomSnapshot<S>, leaf: string) => string;
  /** How deep a room has come, e.g. its round: the deepest of all is reported. */
  readonly depth?: (snapshot: RoomSnapshot<S>) => number;
  /** All reasons for which a room may refuse. */
  readonly reasons?: readonly string[];
  /** What no message can reach, and why: by the name under which coverage lists it. */
  readonly unreachable?: Readonly<Record<string, string>>;
  /** What two versions of the machine must agree on in a state; left out, everything. */
  readonly comparable?: (snapshot: RoomSnapshot<S>) => unknown;
}

/** A message and what it did. */
export interface Step<S, M extends Message, E extends DomainEvent> {
  readonly index: number; // messages to this room before; 0 is the one that makes it
  readonly message: M;
  readonly before: RoomSnapshot<S> | null; // null for the first
  readonly after: RoomSnapshot<S>;
  readonly result: StepResult<E>;
  readonly version: number; // of the machine that took it; states and events are of the current one
  readonly raw: { readonly before: RoomSnapshot<unknown> | null; readonly after: RoomSnapshot<unknown> }; // of its own
}

export interface Broken {
  readonly promise: string;
  readonly message: string; // what is wrong
}

/** What is wrong with the promise, or with another one that was looked at along with it. */
export type Wrong = string | Broken | null;

/** What a promise is watched with during one room's life. */
export interface Watch<S, M extends Message, E extends DomainEvent> {
  readonly step?: (step: Step<S, M, E>) => Wrong;
  readonly end?: (life: Life<M, E>) => Wrong;
}

/** A room's life so far. */
export interface Life<M extends Message, E extends DomainEvent> {
  readonly applied: readonly Applied<M, E>[];
  readonly snapshot: RoomSnapshot<unknown>; // of the version of the last message
  readonly version: number;
}

export interface Applied<M extends Message, E extends DomainEvent> {
  readonly message: M;
  readonly events: readonly E[]; // of that version
  readonly version: number;
}

/** A promise that must hold whatever is said to a room. */
export interface Invariant<S, M extends Message, E extends DomainEvent, V> {
  readonly name: string; // the promise, as a sentence
  /** Dear ones are looked at after each n-th message only; while a failure is shrunk or replayed, after each. */
  readonly every?: number;
  /** Dear ones for whole lives are looked at in one of so many rooms only; likewise. */
  readonly rooms?: number;
  readonly watch: (definition: RoomDefinition<S, M, E, V>) => Watch<S, M, E>;
}

/** An invariant that a single step shows. */
export function invariant<S, M extends Message, E extends DomainEvent, V = unknown>(
  name: string,
  step: (step: Step<S, M, E>) => Wrong,
  every = 1,
): Invariant<S, M, E, V> {
  return { name, every, watch: () => ({ step }) };
}
