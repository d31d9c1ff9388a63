import { MachineRunner } from '../actors/machine-runner.js';
import type { RoomEvent } from '../actors/room/room-event.js';
import type { RoomMessage } from '../actors/room/room-message.js';
import type { RoomState } from '../actors/room/room-state.js';
import type { RoomView } from '../actors/room/room-view.js';
import type { RoomSnapshot } from '../actors/room-definition.js';
import { leafOf } from './leaf.js';
import { differs } from './promises.js';
import type { Invariant } from './subject.js';

const HIGHEST = 8;

/** What is shown of a room beside hands is what is so, and what it offers is what it takes. */
export const viewsAreTrue: Invariant<RoomState, RoomMessage, RoomEvent, RoomView> = {
  name: 'a view says what is so, and offers what the room takes',
  every: 83,
  watch: (definition) => ({
    step({ after, message }) {
      const { code, phase, leaf, host, hostArrived, seats, game, awaiting } = definition.view(after, 'spectator');
      const shown = { code, leaf, host, hostArrived, awaiting, seats: seats.map((seat) => seat?.name ?? null) };
      const { context } = after;
      const wrong = differs(
        {
          code: context.code,
          leaf: leafOf(after.value),
          host: context.host,
          hostArrived: context.hostArrived,
          awaiting: context.awaiting,
          seats: context.seats.map((occupant) => occupant?.name ?? null),
        },
        shown,
      );
      if (wrong !== null) return wrong;
      if ((phase === 'waiting') !== (leaf === 'waiting')) return `${leaf} is shown as ${phase}`;
      if (game === null || context.game === null) return game === context.game ? null : 'it shows no game';
      const sizes = context.game.hands.map((hand) => hand.length);
      const [first] = awaiting?.seats ?? [];
      const isOn = (what: string): number | null => (awaiting?.what === what ? (first ?? null) : null);
      return (
        differs(sizes, game.handSizes) ??
        differs(isOn('declaration'), game.declarer) ??
        differs(isOn('play'), game.player) ??
        differs(context.game.turn?.plays[0]?.pieces.length ?? null, game.requiredCount) ??
        offersWrongly(definition, after, game.declareOptions, message.at)
      );
    },
  }),
};

/** Each value is tried on the room itself. */
function offersWrongly(
  definition: Parameters<typeof MachineRunner.can>[0],
  after: RoomSnapshot<RoomState>,
  offered: readonly number[] | null,
  at: number,
): string | null {
  const { awaiting, seats } = after.context;
  if (after.value === 'closed') return null; // nobody sees it
  if (awaiting?.what !== 'declaration') return offered === null ? null : 'values are offered, and nobody is to declare';
  const seat = awaiting.seats[0]!;
  const occupant = seats[seat];
  if (occupant?.kind !== 'person') return null; // nobody who could be refused
  const values = Array.from({ length: HIGHEST + 1 }, (_, value) => value);
  const taken = values.filter((value) => {
    const message = { type: 'declare', seat, session: occupant.session, value, at };
    return MachineRunner.can(definition, after, message).kind === 'allowed';
  });
  return differs(taken, offered);
}
