// The protocol of XState's own actions is nowhere promised: here it is held against the two actions that `become` stands for.
import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import { sessionOf, speaker } from '../../test/support/room-driver.js';
import { become } from './become.js';
import { liapTui } from './liap-tui.js';
import type { Emitted, RoomEvent } from './room-event.js';
import type { RoomMessage } from './room-message.js';
import { roomSetup } from './room-setup.js';
import type { RoomState } from './room-state.js';

const arrived: RoomEvent = { type: 'hostArrived' };
const arrive = (state: RoomState, at: number): RoomState => ({ ...state, hostArrived: true, activeAt: at });
const first = become(({ context, event }) => ({ state: arrive(context, event.at), events: [arrived] }));
const silent = become(({ context }) => ({ state: { ...context, emptySince: 1 }, events: [] }));
const plain = [
  roomSetup.assign(({ context, event }) => arrive(context, event.at)),
  roomSetup.emit({ type: 'happened', events: [arrived] }),
  roomSetup.assign({ emptySince: 1 }),
];

function told(actions: typeof plain | readonly [typeof first, typeof silent]) {
  const machine = roomSetup.createMachine({
    context: ({ input }) => input,
    initial: 'waiting',
    states: {
      waiting: { tags: 'waiting', on: { connect: { actions: [...actions] }, leave: { target: 'closed', actions } } },
      closed: { tags: 'closed' },
    },
  });
  const create = { type: 'create', session: sessionOf(0), code: 'ABCDEF', seed: '0'.repeat(64), hostName: 'Ada' };
  const input = liapTui().create({ ...create, timeScale: 1, at: 5 } as RoomMessage);
  const actor = createActor(machine, { input });
  const emitted: Emitted[] = [];
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  return (['connect', 'leave'] as const).map((type) => {
    actor.send({ type, ...speaker(0), at: 7 });
    const { value, context, tags, status } = actor.getSnapshot();
    return { value, context, tags: [...tags], status, restored: actor.getPersistedSnapshot(), emitted: [...emitted] };
  });
}

test('it leaves what assign and emit leave, and tells nothing where nothing happened', () => {
  const [stayed, left] = told([first, silent]);
  expect([stayed, left]).toEqual(told(plain));
  expect(stayed).toMatchObject({ value: 'waiting', tags: ['waiting'], context: { hostArrived: true, activeAt: 7 } });
  expect(left).toMatchObject({ value: 'closed', tags: ['closed'] });
  expect(left!.emitted).toEqual([1, 2].map(() => ({ type: 'happened', events: [arrived] })));
});
