// Goal: the promises of the game room hold in a short run, and the fuzzer itself is worth its name: the same seed does
// the same, it gets everywhere, and what it finds it tells in a few lines. Method: fixed seeds, and rooms with a
// mistake planted from outside.
import { describe, expect, test } from 'vitest';
import { plainBots } from '../actors/room/bots.js';
import type { LiapTui } from '../actors/room/liap-tui.js';
import { type FuzzReport, fuzzRoom, replayDeeds, replayScript } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { BY_THE_RULES } from './model/oracle.js';
import { NEVER_THROWS, PLAIN_STATE } from './room-run.js';

const fuzz = (seed: number, steps: number, definition = fuzzedLiapTui()): FuzzReport =>
  fuzzRoom(definition, { ...liapTuiSubject, seed, steps });

test('no promise of the game room breaks in a short run, which gets nearly everywhere', { timeout: 120_000 }, () => {
  const { failure, coverage, steps, rooms } = fuzz(20_260_101, 30_000);
  expect(failure).toBeNull();
  expect(steps).toBeGreaterThanOrEqual(30_000);
  expect(rooms).toBeGreaterThan(20);
  expect(coverage.states.missing).toEqual([]);
  expect(coverage.refusals.covered).toBeGreaterThanOrEqual(14);
  expect(coverage.transitions.covered).toBeGreaterThanOrEqual(58);
  expect(coverage.cells.covered).toBeGreaterThanOrEqual(170);
  expect(coverage.deepest).toBeGreaterThanOrEqual(10);
});

test('the same seed says the same to the same rooms', { timeout: 120_000 }, () => {
  const [once, again, other] = [fuzz(3, 3_000), fuzz(3, 3_000), fuzz(4, 3_000)];
  const told = ({ steps, rooms, outcomes }: FuzzReport) => JSON.stringify([steps, rooms, [...outcomes]]);
  expect(told(again)).toBe(told(once));
  expect(told(other)).not.toBe(told(once));
});

/** Rooms with one mistake each, and the promise that it breaks. */
const PLANTED: readonly (readonly [string, () => LiapTui, string])[] = [
  [
    'a bot that throws at its second declaration',
    () => fuzzedLiapTui({ bots: { ...plainBots, declaration: throwsSecondTime(plainBots.declaration) } }),
    NEVER_THROWS,
  ],
  ['a room that remembers a date', remembersDate, PLAIN_STATE],
  [
    'bots that declare one too many',
    () =>
      fuzzedLiapTui({
        bots: { ...plainBots, declaration: (state, seat) => (plainBots.declaration(state, seat) % 7) + 1 },
      }),
    BY_THE_RULES.bots,
  ],
  [
    'the pause of a turn shown is forgotten by the clock',
    () => forgettingDeadline('playing.turn.shown'),
    'a room that waits for nobody has a deadline',
  ],
  ['a hand shown to spectators', showsHands, 'a view tells nobody a foreign hand, a session or the seed'],
];

function throwsSecondTime(declare: typeof plainBots.declaration): typeof plainBots.declaration {
  return (state, seat) => {
    if (state.game?.round === 2) throw new Error('out of ideas');
    return declare(state, seat);
  };
}

function forgettingDeadline(leaf: string): LiapTui {
  const definition = fuzzedLiapTui();
  return {
    ...definition,
    deadline: (snapshot) =>
      definition.view(snapshot, 'spectator').leaf === leaf ? null : definition.deadline(snapshot),
  };
}

function remembersDate(): LiapTui {
  const definition = fuzzedLiapTui();
  return { ...definition, create: (message) => ({ ...definition.create(message), made: new Date(message.at) }) };
}

function showsHands(): LiapTui {
  const definition = fuzzedLiapTui();
  return {
    ...definition,
    view: (snapshot, viewer) => definition.view(snapshot, viewer === 'spectator' ? 'operator' : viewer),
  };
}

describe.each(PLANTED)('%s', (_mistake, definition, promise) => {
  const found = fuzz(5, 60_000, definition()).failure!;

  test('is found and told in at most ten lines', () => {
    expect(found.promise).toBe(promise);
    expect(found.script.acts.length).toBeLessThanOrEqual(10);
    expect(found.told).toHaveLength(found.script.acts.length);
  });

  test('breaks the same promise again, by script and by deeds', () => {
    expect(replayScript(definition(), liapTuiSubject, found.script).broken?.promise).toBe(promise);
    expect(replayDeeds(definition(), liapTuiSubject, found.deeds, found.version)?.promise).toBe(promise);
  });

  test('is not there without the mistake', () => {
    expect(replayDeeds(fuzzedLiapTui(), liapTuiSubject, found.deeds, found.version)).toBeNull();
  });
});
