// Goal: transitions are made of rules, and a rule that contradicts itself is found at once. Method: a machine of one
// state that takes `join` in the way that is asked about, and guards called as XState calls them.
import { describe, expect, test } from 'vitest';
import { RoomDriver } from '../../test/support/room-driver.js';
import { MachineRunner } from '../machine-runner.js';
import { accept, deny, type Outcome, type Scope } from './outcome.js';
import type { MessageOf, RoomMessage } from './room-message.js';
import { attempt, change, refusal, refuseUnknown, roomSetup } from './room-setup.js';
import type { RoomState } from './room-state.js';
import { judgeJoin, judgeLeaveSeat, refuseLateJoin } from './seats.js';

const JOIN: MessageOf<'join'> = { type: 'join', at: 1, session: 'x', name: 'Xi' };
const { state } = new RoomDriver();

type Transition = NonNullable<Parameters<typeof roomSetup.createMachine>[0]['on']>['join'];

/** What comes of `join` where it is taken like this. */
function joined(join: Transition) {
  const machine = roomSetup.createMachine({ context: state, initial: 'open', states: { open: { on: { join } } } });
  return MachineRunner.restore<RoomState, RoomMessage, never>({ machine }, { value: 'open', context: state }).step(
    JOIN,
  );
}

function guardOf([taken]: ReturnType<typeof attempt>): (scope: Scope) => boolean {
  if (taken === undefined || !('guard' in taken)) throw new Error('an attempt begins with its guard');
  return taken.guard;
}

/** The rule's answers in turn; how often it was asked. */
function countedJudge(...answers: readonly Outcome[]) {
  const judge = Object.assign(() => answers[judge.asked++]!, { asked: 0 });
  return judge;
}

describe('a rule', () => {
  test('is asked once for guard and action, taken or refused', () => {
    const taken = countedJudge(accept(state, { type: 'hostArrived' }));
    expect(joined(attempt('join', taken))).toEqual({ kind: 'applied', events: [{ type: 'hostArrived' }] });
    const refused = countedJudge(deny('roomFull', 'Full.'));
    expect(joined(attempt('join', refused))).toEqual(deny('roomFull', 'Full.'));
    expect([taken.asked, refused.asked]).toEqual([1, 1]);
  });

  test('is asked anew about another room, and about another message', () => {
    const answers = [accept(state), deny('roomFull', 'Full.'), accept(state)];
    const guard = guardOf(attempt('join', countedJudge(...answers)));
    expect(guard({ context: state, event: JOIN })).toBe(true);
    expect(guard({ context: { ...state }, event: JOIN })).toBe(false);
    expect(guard({ context: state, event: { ...JOIN } })).toBe(true);
    const again = guardOf(attempt('join', countedJudge(accept(state), deny('roomFull', 'Full.'))));
    expect([JOIN, { ...JOIN }].map((event) => again({ context: state, event }))).toEqual([true, false]);
  });

  test('gives its name to guards and to refusals, for charts', () => {
    expect(guardOf(attempt('join', judgeJoin)).name).toBe('judgeJoin');
    expect(refusal('join', refuseLateJoin).actions.name).toBe('refuseLateJoin');
    expect(refuseUnknown.name).toBe('refuseUnknown');
  });

  test.each([
    [
      'a change that is refused',
      { actions: change(() => deny('notDue', 'Not now.')) },
      'join was taken and refused: notDue',
    ],
    ['a refusal that accepts', refusal('join', (room) => accept(room)), 'join was refused and accepted'],
    ['a refusal of another message', refusal('leave', judgeLeaveSeat), 'leave was asked about join'],
    ['an attempt at another message', attempt('leave', judgeLeaveSeat), 'leave was asked about join'],
  ] as readonly (readonly [string, Transition, string])[])('throws as %s', (_, join, sentence) => {
    const thrown = (): unknown => {
      try {
        return joined(join);
      } catch (error) {
        return String((error as Error).cause);
      }
    };
    expect(thrown()).toContain(sentence);
  });
});
