import { assign, createActor, emit, setup } from 'xstate';

// The states that a turn of the game goes through, as deep as in the room's machine and with as many actions, and
// nothing in them: what XState itself costs. A round has eight turns of four moves here; declarations are left out.

interface Context {
  readonly plays: number;
  readonly pauseEndsAt: number | null;
}

type Event = { readonly type: 'play' } | { readonly type: 'timer' };

const chart = setup({
  types: { context: {} as Context, events: {} as Event, emitted: {} as { readonly type: 'happened' } },
  actions: {
    begin: assign({ plays: 0 }),
    play: assign(({ context }) => ({ plays: context.plays + 1 })),
    decide: assign(({ context }) => ({ plays: context.plays })),
    beginPause: assign({ pauseEndsAt: 0 }),
    endPause: assign({ pauseEndsAt: null }),
    tell: emit({ type: 'happened' }),
  },
  guards: {
    allowed: () => true,
    pauseIsOver: ({ context }) => context.pauseEndsAt !== null,
    everyonePlayed: ({ context }) => context.plays === 4,
  },
}).createMachine({
  context: { plays: 0, pauseEndsAt: null },
  initial: 'playing',
  states: {
    playing: {
      initial: 'turn',
      states: {
        turn: {
          initial: 'playing',
          states: {
            playing: {
              tags: 'turn',
              entry: ['begin', 'tell'],
              on: { play: { guard: 'allowed', actions: ['play', 'tell'] } },
              always: { guard: 'everyonePlayed', target: 'revealing' },
            },
            revealing: {
              tags: 'turn',
              entry: 'beginPause',
              exit: 'endPause',
              on: { timer: { guard: 'pauseIsOver', target: 'shown', actions: ['decide', 'tell'] } },
            },
            shown: {
              tags: 'turn',
              entry: 'beginPause',
              exit: 'endPause',
              on: { timer: { guard: 'pauseIsOver', target: 'playing' } },
            },
          },
        },
      },
    },
  },
});

/** One room of it. */
export class BareChart {
  readonly #actor = createActor(chart);
  #told = 0;
  #plays = 0;

  constructor() {
    this.#actor.on('happened', () => this.#told++);
    this.#actor.start();
  }

  /** One move, and the two pauses' ends behind every fourth. @throws where the chart did not take it */
  step(): void {
    const told = this.#told;
    this.#actor.send({ type: 'play' });
    if (this.#told === told) throw new Error('the chart did not take a move');
    if (++this.#plays % 4 > 0) return;
    this.#actor.send({ type: 'timer' });
    this.#actor.send({ type: 'timer' });
  }
}
