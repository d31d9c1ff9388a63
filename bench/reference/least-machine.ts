import { createActor, setup } from 'xstate';

const least = setup({ types: { context: {} as { readonly count: number }, events: {} as { readonly type: 'next' } } });
const counted = least.assign(({ context }) => ({ count: context.count + 1 }));
const machine = least.createMachine({
  context: { count: 0 },
  initial: 'one',
  states: {
    one: { on: { next: { target: 'other', actions: counted } } },
    other: { on: { next: { target: 'one', actions: counted } } },
  },
});

/** XState at its least: two states, and one `assign` for each step between them. */
export class LeastMachine {
  readonly #actor = createActor(machine).start();

  step(): void {
    this.#actor.send({ type: 'next' });
  }

  get count(): number {
    return this.#actor.getSnapshot().context.count;
  }
}
