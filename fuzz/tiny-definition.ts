import { z } from 'zod';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot, Schema, Untimed } from '../actors/room-definition.js';
import type { Random } from '../src/client/random.js';
import type { Proposal } from './subject.js';

export interface TinyDefinition<S, M extends Message> {
  readonly name: string;
  readonly machine: RoomDefinition<S, M, DomainEvent, S>['machine'];
  readonly create: (message: M) => S;
  readonly message?: Schema<M>; // by default anything with a type and a time
  readonly deadline?: RoomDefinition<S, M, DomainEvent, S>['deadline'];
  readonly isClosed?: (snapshot: RoomSnapshot<S>) => boolean; // by default in the state `closed`
}

const anyMessage = z.looseObject({ type: z.string(), at: z.number() });

/** A definition of a small game with everything filled in that it can do without: versions, rows, hidden things. */
export function tinyDefinition<S, M extends Message>({
  name,
  machine,
  create,
  message,
  deadline,
  isClosed,
}: TinyDefinition<S, M>): RoomDefinition<S, M, DomainEvent, S> {
  return {
    name,
    version: 1,
    machine,
    message: message ?? (anyMessage as unknown as Schema<M>),
    event: z.looseObject({ type: z.string() }),
    create,
    previous: [],
    upcasters: {},
    deadline: deadline ?? (() => null),
    resumed: (outageMs) => ({ type: 'resumed', outageMs }) as never,
    closing: () => ({ type: 'close' }) as never,
    view: ({ context }) => context,
    rows: () => [],
    isClosed: isClosed ?? (({ value }) => value === 'closed'),
  };
}

/** Proposals of a game in which anything may be said at any time: one for each way of making a message. */
export function proposeAll<S, M extends Message>(
  ...ways: readonly ((random: Random) => Untimed<M>)[]
): Readonly<Record<string, Proposal<S, M>>> {
  const proposals = ways.map((make, index): [string, Proposal<S, M>] => [
    `message ${index + 1}`,
    { weight: 1, say: (_scene, random) => ({ message: make(random) }) },
  ]);
  return Object.fromEntries(proposals);
}
