import type { AnyStateMachine } from 'xstate';
import type { RowChange } from '../persistence/rows.js';

/** What every message of every room has. Time and idempotency key are given by the runtime. */
export interface Message {
  readonly type: string;
  readonly at: number; // ms since the epoch, when the mailbox took it
  readonly key?: string | undefined; // idempotency key of the sender's message
  readonly session?: string | undefined; // who speaks, where a session does
}

export interface DomainEvent {
  readonly type: string;
}

/** An answer of the rules: nothing changed. `reason` is for programs, `sentence` for people. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
  readonly sentence: string;
}

/** A room's machine at rest: where it stands and what it knows. Plain JSON. */
export interface RoomSnapshot<S> {
  readonly value: unknown; // XState's state value
  readonly context: S;
}

export interface Schema<T> {
  /** @throws when the value does not have the shape */
  parse(value: unknown): T;
}

/**
 * Who looks: a seat number, somebody without a seat, the router that must know which session sits where, or an operator
 * who may see everything.
 */
export type Viewer = number | 'spectator' | 'router' | 'operator';

/** A message without what the runtime adds. */
export type Untimed<M extends Message> = M extends Message ? Omit<M, 'at' | 'key'> : never;

/** What it takes to replay the entries of one version of a machine. */
export interface MachineVersion {
  readonly version: number;
  readonly machine: AnyStateMachine;
  readonly message: Schema<Message>;
  create(message: Message): unknown;
}

/** One step between two versions, of plain JSON. */
export interface Upcaster {
  snapshot(snapshot: RoomSnapshot<unknown>): RoomSnapshot<unknown>;
  event(event: unknown): unknown;
}

/**
 * Everything the runtime needs to know about a kind of room. It runs any definition: machine, versions, schemas.
 * The machine emits events, one by one or several as `{ type: 'happened', events }`; or it emits one event
 * `{ type: 'refused', refusal }` and then leaves its context as it was.
 */
export interface RoomDefinition<S, M extends Message, E extends DomainEvent, V> {
  readonly name: string;
  readonly version: number; // of the machine; entries and snapshots carry it
  readonly machine: AnyStateMachine;
  readonly message: Schema<M>;
  readonly event: Schema<E>;
  /** The input of the machine for the room's first message. */
  create(message: M): S;
  /** Machines of versions before this one whose entries may still have to be replayed (see `versions.ts`). */
  readonly previous: readonly MachineVersion[];
  /** By version: how what that version saved is brought to the next one. */
  readonly upcasters: Readonly<Record<number, Upcaster>>;
  /** What the room does next by itself, and when (ms since the epoch). */
  deadline(snapshot: RoomSnapshot<S>): { readonly at: number; readonly message: Untimed<M> } | null;
  /** The message that moves the room's clocks by an outage. */
  resumed(outageMs: number): Untimed<M>;
  /** The message by which an operator closes the room. */
  closing(): Untimed<M>;
  /** The room as `viewer` may see it. The only way in which a state leaves the runtime. */
  view(snapshot: RoomSnapshot<S>, viewer: Viewer): V;
  /**
   * A message, or an event, as anybody may read of it while the room is played: without what `view` tells nobody. Given
   * those of older versions as well. Where it is left out, only their types are shown.
   */
  redact?(told: Untimed<M> | E): unknown;
  /**
   * Repository rows that follow from a room's way from one state to the next: they depend on the two states only, so
   * that a room set back by an operator sets its rows back as well, and so that they can be made anew from the journal.
   * @param before null for a room that begins
   * @param message null where no message led from one to the other (a restore)
   */
  rows(roomId: string, before: RoomSnapshot<S> | null, after: RoomSnapshot<S>, message: M | null): readonly RowChange[];
  /** A room that takes no further messages. */
  isClosed(snapshot: RoomSnapshot<S>): boolean;
}
