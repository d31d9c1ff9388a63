// Goal: a room depends on its messages alone. Method: everything that reads a clock, draws chance or does something
// later is replaced by a trap while whole games are stepped.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RoomDriver, speaker } from '../../test/support/room-driver.js';
import { weakOnce } from '../../test/support/reached-states.js';

const sprung: string[] = [];

function trap(owner: object, name: string): void {
  vi.spyOn(owner as Record<string, () => unknown>, name).mockImplementation(() => {
    sprung.push(name);
    throw new Error(`the room used ${name}`);
  });
}

beforeEach(() => {
  sprung.length = 0;
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** All synchronous: nothing of the test runner comes in between. */
function trapped<T>(run: () => T): T {
  trap(Date, 'now');
  trap(Math, 'random');
  trap(performance, 'now');
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) trap(globalThis, name);
  trap(process, 'nextTick');
  trap(Promise.prototype, 'then');
  try {
    return run();
  } finally {
    vi.restoreAllMocks();
  }
}

test('the traps work', () => {
  expect(() => trapped(() => Date.now())).toThrow('the room used now');
  expect(() => trapped(() => Math.random())).toThrow('the room used random');
  expect(() => trapped(() => Promise.resolve(1).then(String))).toThrow('the room used then');
  expect(sprung).toHaveLength(3);
});

test('a whole game, with redeals, people who go and come, and its end, springs none', () => {
  const room = trapped(() => {
    const driver = RoomDriver.playing({ people: 2, order: weakOnce }).runTo('playing.declaration');
    driver.apply({ type: 'disconnect', seat: 1 });
    driver.runTo('playing.turn.playing');
    driver.apply({ type: 'resumed', outageMs: 5_000 });
    driver.apply({ type: 'connect', ...speaker(1) });
    driver.send({ type: 'join', session: 'x', name: 'Xi' });
    const finished = RoomDriver.finished({ people: 2 });
    finished.ring();
    return finished;
  });
  expect(sprung).toEqual([]);
  expect(room.leaf).toBe('closed');
});

test('the same messages give the same room, byte by byte', () => {
  const texts = [1, 2].map(() => {
    const { snapshot, events } = RoomDriver.finished({ people: 3 });
    return JSON.stringify([snapshot, events]);
  });
  expect(texts[0]).toBe(texts[1]);
});

test('another seed deals other cards', () => {
  const hands = ['1', '2'].map(
    (digit) => RoomDriver.playing({ seed: digit.repeat(64) }).runTo('playing.preparation.roundStart').game.hands,
  );
  expect(hands[0]).not.toEqual(hands[1]);
});
