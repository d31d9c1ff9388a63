import { MachineRunner } from '../actors/machine-runner.js';
import type { DomainEvent, Message, RoomDefinition, RoomSnapshot, Schema } from '../actors/room-definition.js';
import { machineOf, upcastSnapshot } from '../actors/versions.js';
import { FoldedRows } from '../test/support/folded-rows.js';
import { type Invariant, invariant, type Step } from './subject.js';

// What every room promises, whatever its game. Each is one sentence, by which a failure is called.

const OUTAGE_MS = 5_000;
const TABLES = ['rooms', 'games', 'gamePlayers', 'players'] as const;

type Anything = RoomSnapshot<unknown>;

/** @param comparable what two versions of the machine must agree on in a state */
export function promisesOfEveryRoom<S, M extends Message, E extends DomainEvent, V>(
  reasons: readonly string[],
  comparable: (snapshot: RoomSnapshot<S>) => unknown = (snapshot) => snapshot,
): readonly Invariant<S, M, E, V>[] {
  return [
    refusalsChangeNothing(),
    refusalsSayWhy(reasons),
    eventsFitTheirSchema(),
    closedRoomsTakeNothing(),
    deadlinesAreTaken(),
    outagesShiftDeadlines(),
    restoredGoesOnAlike(),
    upgradedGoesOnAlike(comparable),
    replayIsEqual(),
    rowsFollowFromStates(),
  ];
}

function refusalsChangeNothing<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return invariant('a refused message changes nothing', ({ result, raw: { before, after } }) => {
    if (result.kind !== 'refused' || before === null) return null;
    if (before.context === after.context && before.value === after.value) return null;
    return differs(before, after);
  });
}

function refusalsSayWhy<S, M extends Message, E extends DomainEvent, V>(
  reasons: readonly string[],
): Invariant<S, M, E, V> {
  const known = new Set(reasons);
  return invariant('a refusal has a known reason and says why in words', ({ result }) => {
    if (result.kind !== 'refused') return null;
    if (known.size > 0 && !known.has(result.reason)) return `nobody knows the reason ${result.reason}`;
    return result.sentence.trim() === '' ? `${result.reason} has no sentence` : null;
  });
}

function eventsFitTheirSchema<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'events fit their schema',
    watch: ({ event: schema }) => ({
      step({ result }) {
        if (result.kind === 'refused') return null;
        const odd = result.events.find((event) => !fits(schema, event));
        return odd === undefined ? null : `${JSON.stringify(odd)} does not`;
      },
    }),
  };
}

function fits(schema: Schema<unknown>, value: unknown): boolean {
  try {
    schema.parse(value);
    return true;
  } catch {
    return false; // a schema says no by throwing
  }
}

function closedRoomsTakeNothing<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'a closed room takes nothing and has no deadline',
    watch: (definition) => ({
      step({ before, after, result, message }) {
        if (definition.isClosed(after) && definition.deadline(after) !== null) return 'it has a deadline';
        const took = before !== null && definition.isClosed(before) && result.kind === 'applied';
        return took ? `it took ${message.type}` : null;
      },
    }),
  };
}

/** Otherwise the room would stand still, or ring for ever. */
function deadlinesAreTaken<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'what a deadline announces is taken when it is due, and not before',
    every: 151,
    watch: (definition) => ({
      step({ after, message: last }) {
        const due = definition.deadline(after);
        if (due === null) return null;
        if (!Number.isFinite(due.at)) return `it is due at ${due.at}`;
        const at = Math.max(due.at, last.at);
        const ringing = MachineRunner.restore<S, M, E>(definition, after);
        const rung = ringing.step({ ...due.message, at } as unknown as M);
        if (rung.kind === 'refused') return `${JSON.stringify(due.message)} was refused: ${rung.reason}`;
        const next = definition.deadline(ringing.snapshot);
        if (rung.events.length === 0 && next !== null && next.at <= due.at && isSame(next.message, due.message)) {
          return 'it rings for ever';
        }
        if (due.at <= last.at) return null;
        const early = MachineRunner.can(definition, after, { ...due.message, at: due.at - 1 });
        return early.kind === 'allowed' ? `${JSON.stringify(due.message)} is taken a millisecond early` : null;
      },
    }),
  };
}

function outagesShiftDeadlines<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'an outage moves the deadline by its length',
    every: 263,
    watch: (definition) => ({
      step({ after, message: last }) {
        const due = definition.deadline(after);
        if (due === null) return null;
        const room = MachineRunner.restore<S, M, E>(definition, after);
        const result = room.step({ ...definition.resumed(OUTAGE_MS), at: last.at } as unknown as M);
        if (result.kind === 'refused') return `it was refused: ${result.reason}`;
        const next = definition.deadline(room.snapshot);
        return next?.at === due.at + OUTAGE_MS ? null : `from ${due.at} to ${next?.at ?? 'none'}`;
      },
    }),
  };
}

function restoredGoesOnAlike<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'a room restored from its saved state goes on as the live one',
    every: 211,
    watch: (definition) => ({
      step({ message, raw, version }) {
        if (raw.before === null) return null;
        const saved = JSON.parse(JSON.stringify(raw.before)) as Anything;
        const room = MachineRunner.restore<unknown, M, E>(machineOf(definition, version), saved);
        room.step(JSON.parse(JSON.stringify(message)) as M);
        return differs(raw.after, room.snapshot);
      },
    }),
  };
}

function upgradedGoesOnAlike<S, M extends Message, E extends DomainEvent, V>(
  comparable: (snapshot: RoomSnapshot<S>) => unknown,
): Invariant<S, M, E, V> {
  return {
    name: 'a room upgraded to the current version goes on as the old one',
    every: 4,
    watch: (definition) => ({
      step({ message, before, after, result, version }: Step<S, M, E>) {
        if (version === definition.version || before === null) return null;
        const room = MachineRunner.restore<S, M, E>(definition, JSON.parse(JSON.stringify(before)) as RoomSnapshot<S>);
        return differs(result, room.step(message)) ?? differs(comparable(after), comparable(room.snapshot));
      },
    }),
  };
}

/** As recovery does it: from the messages as they are stored, by the machines of their versions. */
function replayIsEqual<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'replaying the messages gives the same events and the same state',
    rooms: 5,
    watch: (definition) => ({
      end({ applied, snapshot, version }) {
        let runner: MachineRunner<unknown, M, E> | null = null;
        let at: number | null = null;
        for (const [index, { message, events, version: of }] of applied.entries()) {
          const stored = asStored(definition, message);
          let replayed: readonly E[];
          if (runner === null) {
            const created = MachineRunner.create<unknown, M, E>(machineOf(definition, of), stored);
            runner = created.runner;
            replayed = created.events;
          } else {
            if (at !== of) runner = brought(definition, runner.snapshot, at!, of);
            const result = runner.step(stored);
            if (result.kind === 'refused') return `message ${index}, ${message.type}, is refused: ${result.reason}`;
            replayed = result.events;
          }
          at = of;
          const wrong = differs(events, replayed);
          if (wrong !== null) return `message ${index}, ${message.type}: events ${wrong}`;
        }
        if (runner !== null && at !== version) runner = brought(definition, runner.snapshot, at!, version);
        return runner === null ? null : differs(snapshot, runner.snapshot);
      },
    }),
  };
}

function asStored<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  message: M,
): M {
  return definition.message.parse(JSON.parse(JSON.stringify(message)));
}

function brought<S, M extends Message, E extends DomainEvent, V>(
  definition: RoomDefinition<S, M, E, V>,
  snapshot: Anything,
  from: number,
  to: number,
): MachineRunner<unknown, M, E> {
  return MachineRunner.restore<unknown, M, E>(
    machineOf(definition, to),
    upcastSnapshot(definition, snapshot, from, to),
  );
}

/** Written message by message they are what they would be if they were made at the end. */
function rowsFollowFromStates<S, M extends Message, E extends DomainEvent, V>(): Invariant<S, M, E, V> {
  return {
    name: 'rows follow from the state alone',
    rooms: 5,
    watch(definition) {
      const live = new FoldedRows();
      let first: { readonly snapshot: RoomSnapshot<S>; readonly message: M } | null = null;
      let last: RoomSnapshot<S> | null = null;
      return {
        step({ before, after, message, result }) {
          if (result.kind === 'refused') return null;
          first ??= { snapshot: after, message };
          live.apply(definition.rows('room', before === null ? null : last, after, message));
          last = after;
          return null;
        },
        end() {
          if (first === null || last === null) return null;
          const anew = new FoldedRows()
            .apply(definition.rows('room', null, first.snapshot, first.message))
            .apply(definition.rows('room', first.snapshot, last, null));
          for (const table of TABLES) {
            const wrong = differs(live.all(table).map(untimed), anew.all(table).map(untimed));
            if (wrong !== null) return `${table}: ${wrong}`;
          }
          return null;
        },
      };
    },
  };
}

/** A list row is stamped when it changes. */
function untimed(row: object): object {
  const { updatedAt, ...others } = row as { readonly updatedAt?: number };
  return others;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is not there at all has no JSON. */
function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

const SHOWN_CHARS = 60;

/** Where two values part as JSON, with what stands there in each; null where they are the same. */
export function differs(expected: unknown, found: unknown): string | null {
  const [a, b] = [textOf(expected), textOf(found)];
  if (a === b) return null;
  let at = 0;
  while (a[at] === b[at]) at++;
  const from = Math.max(0, at - SHOWN_CHARS / 2);
  const shown = (text: string): string => text.slice(from, from + SHOWN_CHARS * 2);
  return `…${shown(a)}… is not …${shown(b)}…`;
}
