import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { below } from './chance.js';
import { fuzzRoom } from './fuzz-room.js';
import { invariant } from './subject.js';
import { proposeAll, tinyDefinition } from './tiny-definition.js';
// Nim: two players take one to three stones in turn; who takes the last one has won.
type Nim = { readonly stones: number; readonly turn: number };
type NimMessage = { readonly type: string; readonly at: number; readonly player: number; readonly n: number };
type Emitted = { readonly type: string; readonly refusal?: object };
const nim = setup({ types: { context: {} as Nim, events: {} as NimMessage, emitted: {} as Emitted } });
const no = (reason: string) => nim.emit({ type: 'refused', refusal: { kind: 'refused', reason, sentence: reason } });
const take = nim.assign(({ context, event }) => ({ stones: context.stones - event.n, turn: 1 - context.turn }));
const machine = nim.createMachine({
  context: ({ input }) => input as Nim,
  on: {
    take: [
      { guard: ({ context, event }) => event.player !== context.turn, actions: no('notYourTurn') },
      {
        guard: ({ context, event }) => event.n < 1 || event.n > Math.min(3, context.stones),
        actions: no('number'),
      },
      { actions: [take, nim.emit({ type: 'taken' })] },
    ],
  },
});
const definition = tinyDefinition({
  name: 'nim',
  machine,
  create: ({ n }: NimMessage): Nim => ({ stones: n, turn: 0 }),
});

test('Nim keeps its promises', () => {
  const { failure, coverage } = fuzzRoom(definition, {
    open: (random) => ({ type: 'open', player: 0, n: 1 + below(random, 30) }),
    proposals: proposeAll((random) => ({ type: 'take', player: below(random, 2), n: below(random, 5) })),
    invariants: [invariant('there are stones or none', ({ after }) => (after.context.stones < 0 ? 'fewer' : null))],
  });
  expect([failure, coverage.transitions.missing]).toEqual([null, []]);
});
