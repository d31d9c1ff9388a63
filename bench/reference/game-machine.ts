import { type ActorRefFrom, assign, createActor, emit, setup } from 'xstate';

// The game as somebody would write it who has no runtime: turns of four, the highest card takes the turn. It checks
// little, and nobody may be better off by that: the reference is meant to be hard to beat.

interface Context {
  readonly hands: readonly (readonly number[])[];
  readonly declared: readonly number[];
  readonly plays: readonly { readonly seat: number; readonly card: number }[];
  readonly piles: readonly number[];
  readonly scores: readonly number[];
  readonly round: number;
}

export interface MoveEvent {
  readonly type: 'declare' | 'play';
  readonly seat: number;
  readonly value: number;
}

export interface MovedEvent {
  readonly type: 'moved';
  readonly seat: number;
  readonly value: number;
  readonly piles: readonly number[];
}

const HAND = 8;

function deal(round: number): number[][] {
  return [0, 1, 2, 3].map((seat) => Array.from({ length: HAND }, (_, index) => ((index * 4 + seat) * 7 + round) % 32));
}

const dealt = (round: number, scores: readonly number[]): Context => ({
  ...{ hands: deal(round), declared: [], plays: [], piles: [0, 0, 0, 0], scores, round },
});

function played(context: Context, { seat, value }: MoveEvent): Context {
  const hand = context.hands[seat]!;
  const card = hand[value] ?? 0;
  const hands = context.hands.map((held, index) => (index === seat ? held.filter((_, at) => at !== value) : held));
  const plays = [...context.plays, { seat, card }];
  if (plays.length < 4) return { ...context, hands, plays };
  const winner = plays.reduce((best, play) => (play.card > best.card ? play : best)).seat;
  const piles = context.piles.map((count, index) => (index === winner ? count + 1 : count));
  if (hands.some((held) => held.length > 0)) return { ...context, hands, plays: [], piles };
  const scores = context.scores.map((score, index) => score - Math.abs(context.declared[index]! - piles[index]!));
  return dealt(context.round + 1, scores);
}

const machine = setup({
  types: { context: {} as Context, events: {} as MoveEvent, emitted: {} as MovedEvent },
  actions: {
    declare: assign(({ context, event }) => ({ declared: [...context.declared, event.value] })),
    play: assign(({ context, event }) => played(context, event)),
    tell: emit(({ context, event }) => ({
      ...{ type: 'moved' as const, seat: event.seat, value: event.value, piles: context.piles },
    })),
  },
  guards: {
    isLastDeclaration: ({ context }) => context.declared.length === 3,
    isLastPlay: ({ context, event }) => {
      return (
        context.plays.length === 3 && context.hands.every((held, seat) => held.length <= (seat === event.seat ? 1 : 0))
      );
    },
    mayPlay: ({ context, event }) => context.plays.every(({ seat }) => seat !== event.seat),
  },
}).createMachine({
  context: dealt(1, [0, 0, 0, 0]),
  initial: 'declaration',
  states: {
    declaration: {
      on: {
        declare: [
          { guard: 'isLastDeclaration', target: 'turns', actions: ['declare', 'tell'] },
          { actions: ['declare', 'tell'] },
        ],
      },
    },
    turns: {
      on: {
        play: [
          { guard: 'isLastPlay', target: 'declaration', actions: ['play', 'tell'] },
          { guard: 'mayPlay', actions: ['play', 'tell'] },
        ],
      },
    },
  },
});

/** One room of the reference. */
export class ReferenceRoom {
  readonly #actor: ActorRefFrom<typeof machine> = createActor(machine);
  readonly #told: MovedEvent[] = [];

  constructor() {
    this.#actor.on('moved', (event) => this.#told.push(event));
    this.#actor.start();
  }

  /** @throws where the machine does not take the move: nothing that is measured is refused */
  step(event: MoveEvent): MovedEvent {
    this.#actor.send(event);
    const moved = this.#told.pop();
    if (moved === undefined) throw new Error(`the reference did not take ${event.type} of seat ${event.seat}`);
    return moved;
  }
}
