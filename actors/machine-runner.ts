import { type Actor, type AnyStateMachine, createActor } from 'xstate';
import type { DomainEvent, Message, Refused, RoomSnapshot } from './room-definition.js';

export type StepResult<E> = { readonly kind: 'applied'; readonly events: readonly E[] } | Refused;

/** What a room is made by: a definition, or an older version of its machine. */
interface Creator<M extends Message> {
  readonly machine: AnyStateMachine;
  create(message: M): unknown;
}

/** A live XState actor of a definition's machine. Everything in it is synchronous; what it emits is collected. */
export class MachineRunner<S, M extends Message, E extends DomainEvent> {
  readonly #actor: Actor<AnyStateMachine>;
  #events: E[] = [];
  #refused: Refused | null = null;
  #failure: unknown = undefined;

  private constructor(actor: Actor<AnyStateMachine>) {
    this.#actor = actor;
    actor.on('*', (emitted: DomainEvent & { readonly refusal?: Refused; readonly events?: readonly E[] }) => {
      if (emitted.type === 'refused') this.#refused = emitted.refusal ?? null;
      else if (emitted.type === 'happened') this.#events.push(...(emitted.events ?? []));
      else this.#events.push(emitted as E);
    });
    // Without an observer XState would throw the error of a failing action later, out of reach.
    actor.subscribe({ error: (failure) => (this.#failure = failure) });
  }

  /** A new room by its first message. */
  static create<S, M extends Message, E extends DomainEvent>(definition: Creator<M>, first: M) {
    const input = definition.create(first);
    const runner = new MachineRunner<S, M, E>(createActor(definition.machine, { input }));
    runner.#actor.start();
    return { runner, events: runner.#collect() };
  }

  /** A room as it stood. */
  static restore<S, M extends Message, E extends DomainEvent>(
    { machine }: { readonly machine: AnyStateMachine },
    { value, context }: RoomSnapshot<S>,
  ): MachineRunner<S, M, E> {
    const snapshot = { status: 'active', value, context, historyValue: {}, children: {} };
    const runner = new MachineRunner<S, M, E>(createActor(machine, { snapshot } as never));
    runner.#actor.start();
    return runner;
  }

  get snapshot(): RoomSnapshot<S> {
    const { value, context } = this.#actor.getSnapshot() as RoomSnapshot<S>;
    return { value, context };
  }

  /**
   * Whether the room would take the message now: asked of the machine itself, on a copy, so that there is no second
   * set of rules to keep in step.
   */
  static can(
    definition: { readonly machine: AnyStateMachine },
    snapshot: RoomSnapshot<unknown>,
    message: Message,
  ): { readonly kind: 'allowed' } | Refused {
    const result = MachineRunner.restore<unknown, Message, DomainEvent>(definition, snapshot).step(message);
    return result.kind === 'refused' ? result : { kind: 'allowed' };
  }

  /** @throws what the machine threw; the runner is of no use after that */
  step(message: M): StepResult<E> {
    this.#actor.send(message);
    const refused = this.#refused;
    const events = this.#collect();
    if (refused === null) return { kind: 'applied', events };
    if (events.length > 0) throw new Error(`${message.type} was refused (${refused.reason}) and had effects`);
    this.#refused = null;
    return refused;
  }

  #collect(): readonly E[] {
    if (this.#failure !== undefined) throw new Error('The machine threw', { cause: this.#failure });
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
