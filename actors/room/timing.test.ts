import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { reachedStates } from '../../test/support/reached-states.js';
import { RoomDriver, speaker } from '../../test/support/room-driver.js';
import { plainBots } from './bots.js';
import { paceFor } from './room-state.js';
import { dueTimers, earliest, shiftClocks } from './timing.js';

const REACHED = reachedStates();

describe('pace', () => {
  test('is that of the existing system, times the factor (rules.md R21)', () => {
    const full = {
      deal: 2000,
      redealShown: 4000,
      roundStart: 5000,
      flip: 5000,
      turnShown: 7000,
      turnResults: 7000,
      scoring: 7000,
      botThinkMin: 500,
      botThinkMax: 1500,
    };
    expect(paceFor(1)).toEqual(full);
    expect(paceFor(0.1)).toMatchObject({ deal: 200, scoring: 700, botThinkMin: 50 });
    expect(new Set(Object.values(paceFor(0)))).toEqual(new Set([0]));
  });

  test('each pause lasts exactly its length', () => {
    const room = RoomDriver.playing();
    const lengths = new Map<string, number>();
    while (room.leaf !== 'playing.scoring' || !lengths.has('playing.scoring')) {
      const { leaf, now } = room;
      if (room.state.pauseEndsAt !== null) {
        lengths.set(leaf, room.state.pauseEndsAt - now);
        expect(room.reason({ type: 'timer', timer: 'pause' }, room.state.pauseEndsAt - 1)).toBe('notDue');
        expect(room.reason({ type: 'timer', timer: 'finished' }, room.state.pauseEndsAt)).toBe('notDue');
        room.ring();
      } else room.runUntil((driver) => driver.leaf !== leaf);
      if (leaf === 'playing.scoring') break;
    }
    expect(Object.fromEntries(lengths)).toEqual({
      'playing.preparation.dealing': 2000,
      'playing.preparation.roundStart': 5000,
      'playing.turn.revealing': 5000,
      'playing.turn.shown': 7000,
      'playing.turn.results': 7000,
      'playing.scoring': 7000,
    });
  });

  test('a factor of 0 leaves no pause, and the limits of players as they are', () => {
    const room = RoomDriver.playing({ timeScale: 0 });
    const begun = room.now;
    room.runTo('playing.scoring');
    expect(room.now).toBe(begun);
    room.apply({ type: 'disconnect', seat: 0 });
    expect(
      dueTimers(room.state, plainBots).find(({ message }) => message.type === 'timer' && message.timer === 'abandoned')
        ?.at,
    ).toBe(begun + 30_000);
  });
});

describe('bots', () => {
  test('think between 500 and 1500 ms, each question anew', () => {
    const room = RoomDriver.playing({ people: 4 }).runTo('playing.declaration');
    for (const seat of [0, 1, 2] as const) room.apply({ type: 'leave', ...speaker(seat) });
    const thought: number[] = [];
    while (thought.length < 20) {
      const { awaiting } = room.state;
      const due = room.deadline;
      if (due?.message.type === 'botTimer') thought.push(due.at - Math.max(awaiting!.since, room.now));
      room.runUntil((driver) => driver.state.awaiting !== awaiting);
    }
    expect(Math.min(...thought)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...thought)).toBeLessThanOrEqual(1500);
    expect(new Set(thought).size).toBeGreaterThan(10);
  });

  test('keep 250 ms among themselves where no person is present, at any pace', () => {
    const room = RoomDriver.playing({ timeScale: 0 }).runTo('playing.declaration');
    room.apply({ type: 'disconnect', seat: 0 });
    for (let asked = 0; asked < 12; asked++) {
      room.runUntil(({ state }) => state.awaiting !== null);
      const { since } = room.state.awaiting!;
      const due = room.deadline!;
      expect(due.message.type).toBe('botTimer');
      expect(due.at - since).toBe(250);
      room.ring();
    }
  });
});

describe('deadlines', () => {
  test('the earliest wins, the first of several at once', () => {
    const timer = (at: number, timer: 'pause' | 'abandoned') => ({ at, message: { type: 'timer' as const, timer } });
    expect(earliest([timer(5, 'pause'), timer(3, 'abandoned'), timer(3, 'pause')])).toEqual(timer(3, 'abandoned'));
    expect(earliest([])).toBeNull();
  });

  test('there is one wherever no person who is present is awaited', () => {
    for (const { snapshot, driver, leaf } of REACHED) {
      const { awaiting, seats, game } = snapshot.context;
      if (leaf === 'closed' || (game === null && snapshot.context.hostArrived)) continue;
      const asked = (awaiting?.seats ?? []).map((seat) => seats[seat]);
      const somebodyThinks = asked.some((occupant) => occupant?.kind === 'person' && occupant.awaySince === null);
      if (!somebodyThinks) expect(driver.definition.deadline(snapshot), leaf).not.toBeNull();
    }
  });

  test('are moved by what says that nobody could act', () => {
    const room = RoomDriver.playing().runTo('playing.turn.playing');
    const before = room.state;
    expect(room.apply({ type: 'resumed', outageMs: 5_000 })).toEqual([{ type: 'clockShifted', outageMs: 5_000 }]);
    expect(room.state).toEqual(shiftClocks(before, 5_000));
  });

  test('an outage moves the time at which a room was made only while its host is waited for', () => {
    const moved = ({ state }: RoomDriver): number => shiftClocks(state, 5_000).createdAt - state.createdAt;
    const arrived = new RoomDriver();
    expect(moved(arrived)).toBe(5_000);
    arrived.apply({ type: 'connect', ...speaker(0) });
    expect(moved(arrived)).toBe(0);
    const begun = new RoomDriver();
    begun.apply({ type: 'startGame', ...speaker(0) });
    expect(moved(begun)).toBe(0);
  });

  property.prop([fc.constantFrom(...REACHED.keys()), fc.integer({ min: 1, max: 10 ** 9 })], { seed: 3, numRuns: 500 })(
    'an outage moves every deadline by exactly its length, and nothing else',
    (reached, outageMs) => {
      const { snapshot } = REACHED[reached]!;
      const before = dueTimers(snapshot.context, plainBots);
      const shifted = shiftClocks(snapshot.context, outageMs);
      expect(dueTimers(shifted, plainBots)).toEqual(before.map(({ at, message }) => ({ at: at + outageMs, message })));
      expect(shifted.game?.hands).toEqual(snapshot.context.game?.hands);
      expect(shiftClocks(shifted, -outageMs)).toEqual(snapshot.context);
    },
  );
});
