// Goal: rooms come, rest, return and go, and nothing of them is left. Method: as in room-actor.test.ts.
import { describe, expect, test } from 'vitest';
import type { RoomRow } from '../persistence/rows.js';
import { NO_ROOMS, TinyRooms } from '../test/support/tiny-rooms.js';

const IDLE_MS = 60_000;

describe('making a room', () => {
  test('it gets no code that a closed room still has', async () => {
    const tiny = await TinyRooms.start();
    const asked: string[] = [];
    const ask = tiny.engine.roomByCode.bind(tiny.engine);
    tiny.engine.roomByCode = async (code) => {
      asked.push(code);
      const found = await ask(code);
      return asked.length === 1 ? ({ code } as RoomRow) : found;
    };
    const room = await tiny.open();
    expect(asked).toHaveLength(2);
    expect(tiny.rooms.codeOf(room)).toBe(asked[1]);
  });

  test('its maker hears the first entry, and it is found by its code', async () => {
    const tiny = await TinyRooms.start();
    const told = tiny.create();
    expect(told.heard()).toEqual([]);
    await tiny.clock.advance(5);
    const [notice] = told.heard();
    expect(notice).toMatchObject({ kind: 'applied', seq: 1, events: [{ type: 'opened' }] });
    const { roomId } = notice!;
    const code = tiny.rooms.codeOf(roomId)!;
    expect(code).toMatch(/^[0-9A-F]{6}$/);
    expect(tiny.rooms.resolve(code)).toBe(roomId);
    expect([...tiny.rooms.openIds]).toEqual([roomId]);
    expect(tiny.rooms.resolve('no code')).toBeUndefined();
  });

  test.each([
    ['at once', () => Promise.resolve()],
    ['while the first is being written', (tiny: TinyRooms) => tiny.clock.advance(2)],
    ['after it is durable', (tiny: TinyRooms) => tiny.clock.advance(10)],
    ['after a crash', (tiny: TinyRooms) => tiny.clock.advance(10).then(() => tiny.crash())],
  ])('the same wish sent twice makes one room: %s', async (_when, between) => {
    const tiny = await TinyRooms.start();
    const first = tiny.create({ id: 'c1' });
    await between(tiny);
    const again = tiny.create({ id: 'c1' });
    await tiny.clock.advance(20);
    expect(first.heard()).toMatchObject([{ kind: 'applied', seq: 1 }]);
    expect(again.heard()).toMatchObject([{ kind: 'repeated', seq: 1, roomId: first.heard()[0]!.roomId }]);
    expect(tiny.rooms.counts.open).toBe(1);
  });

  test('the same id of another session, another id, and no id make another room', async () => {
    const tiny = await TinyRooms.start();
    for (const saying of [{ id: 'c1' }, { id: 'c1', session: 'bob' }, { id: 'c2' }, {}, {}]) tiny.create(saying);
    await tiny.clock.advance(20);
    expect(tiny.rooms.counts.open).toBe(5);
  });

  test('a repeat of a wish that failed hears the failure, and a later one makes the room', async () => {
    const tiny = await TinyRooms.start();
    tiny.engine.failNext(1, 'SQLITE_FULL');
    const told = [tiny.create({ id: 'c1' }), tiny.create({ id: 'c1' })];
    await tiny.clock.advance(10);
    expect(told.map((one) => one.heard())).toMatchObject([[{ kind: 'unavailable' }], [{ kind: 'unavailable' }]]);
    const later = tiny.create({ id: 'c1' });
    await tiny.clock.advance(10);
    expect(later.heard()).toMatchObject([{ kind: 'applied' }]);
  });

  test('a wish is remembered for ten minutes', async () => {
    const tiny = await TinyRooms.start();
    const first = await tiny.open({ id: 'c1' });
    await tiny.clock.advance(600_000);
    const second = await tiny.open({ id: 'c1' });
    expect(second).not.toBe(first);
  });

  test('whoever speaks to a room that does not exist is told so', async () => {
    const tiny = await TinyRooms.start();
    expect(tiny.add('nowhere', 1).heard()).toMatchObject([{ kind: 'unknownRoom', roomId: 'nowhere' }]);
    expect(await tiny.until(tiny.rooms.query('nowhere', 'operator'))).toBeNull();
  });
});

describe('asking whether a message would be taken', () => {
  test('gives the machine’s own verdict and changes nothing', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const before = await tiny.durable(room);
    expect(await tiny.until(tiny.rooms.can(room, { type: 'add', session: 'ann', n: 1 }))).toEqual({ kind: 'allowed' });
    expect(await tiny.until(tiny.rooms.can(room, { type: 'add', session: 'ann', n: -1 }))).toMatchObject({
      reason: 'notPositive',
    });
    expect(await tiny.until(tiny.rooms.can('nowhere', { type: 'add', session: 'ann', n: 1 }))).toBeNull();
    expect(await tiny.durable(room)).toEqual(before);
    expect(await tiny.count(room)).toBe(0);
  });
});

describe('deadlines', () => {
  test('ring at their time, once, and are gone then', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1_000);
    await tiny.clock.advance(999);
    expect(tiny.events(room)).toEqual(['opened', 'wound']);
    await tiny.clock.advance(10);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'rang']);
    expect(tiny.rooms.counts.deadlines).toBe(0);
    await tiny.clock.advance(100_000);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'rang']);
  });

  test('one that was moved rings at its new time only', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1_000);
    tiny.wind(room, 5_000);
    await tiny.clock.advance(4_999);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'wound']);
    await tiny.clock.advance(10);
    expect(tiny.events(room).at(-1)).toBe('rang');
  });

  test('an alarm that meets a message moving its deadline gives way to it', async () => {
    // The alarm and the message are due at the same moment: whichever the mailbox has in front counts (CC-6).
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1_000);
    await tiny.clock.advance(5);
    tiny.clock.schedule(995, () => tiny.wind(room, 1_000));
    await tiny.clock.advance(1_500);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'rang', 'wound']);
    const [, , rang, wound] = tiny.engine.durableEntries(room);
    expect(rang!.at).toBe(wound!.at);
  });

  test('one that rings while 64 entries are in flight waits its turn and rings once', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1_000);
    await tiny.clock.advance(10);
    tiny.engine.stall();
    for (let n = 0; n < 70; n++) tiny.add(room, 1);
    await tiny.clock.advance(5_000);
    tiny.engine.resume();
    await tiny.clock.advance(100);
    const events = tiny.events(room);
    expect(events.filter((type) => type === 'rang')).toHaveLength(1);
    expect(events.indexOf('rang'), 'it overtakes the players that wait').toBe(2 + 64);
    expect(events).toHaveLength(2 + 70 + 1);
  });
});

describe('passivation', () => {
  test('a room that nobody spoke to for 60 s leaves memory with a snapshot, and owns no timer', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 7);
    await tiny.clock.advance(IDLE_MS - 1);
    expect(tiny.rooms.counts.inMemory).toBe(1);
    await tiny.clock.advance(IDLE_MS);
    expect(tiny.rooms.counts).toEqual({ ...NO_ROOMS, open: 1 });
    expect(tiny.clock.scheduledCount).toBe(0);
    expect((await tiny.until(tiny.engine.heads([room]))).at(0)).toMatchObject({ seq: 2, snapshotSeq: 2 });
  });

  test('whoever speaks keeps it in memory', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    for (let n = 0; n < 10; n++) {
      await tiny.clock.advance(IDLE_MS / 2);
      tiny.look(room);
      expect(tiny.rooms.counts.inMemory).toBe(1);
    }
  });

  test('a message brings it back as it was', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 7);
    await tiny.clock.advance(3 * IDLE_MS);
    const before = await tiny.durable(room);
    const seen = tiny.look(room);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(10);
    expect(seen.heard()).toMatchObject([{ kind: 'seen', seq: 2 }]);
    expect(told.heard()).toMatchObject([{ kind: 'applied', seq: 3, events: [{ type: 'added', n: 1, count: 8 }] }]);
    expect(await tiny.durable(room, 2)).toEqual(before);
  });

  test('its deadline brings it back, on time', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 10 * IDLE_MS);
    await tiny.clock.advance(3 * IDLE_MS);
    expect(tiny.rooms.counts).toEqual({ ...NO_ROOMS, open: 1, deadlines: 1 });
    await tiny.clock.advance(7 * IDLE_MS + 10);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'rang']);
    const [, wound, rang] = tiny.engine.durableEntries(room);
    expect(rang!.at - wound!.at).toBe(10 * IDLE_MS);
    await tiny.clock.advance(3 * IDLE_MS);
    expect(tiny.rooms.counts).toEqual({ ...NO_ROOMS, open: 1 });
  });

  test('messages that arrive while it is being rebuilt wait, in order', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    await tiny.clock.advance(3 * IDLE_MS);
    const told = [1, 2, 3].map((n) => tiny.add(room, n));
    expect(tiny.rooms.counts.mailboxMessages).toBe(3);
    await tiny.clock.advance(20);
    expect(told.map((one) => one.heard()[0])).toMatchObject([{ seq: 2 }, { seq: 3 }, { seq: 4 }]);
  });

  test('a message that arrives while its snapshot is written keeps it in memory', async () => {
    const tiny = await TinyRooms.start({ commitDelayMs: 50 });
    const told = tiny.create();
    await tiny.clock.advance(60);
    const room = told.heard()[0]!.roomId;
    await tiny.clock.advance(IDLE_MS - 60 + 25);
    const late = tiny.add(room, 1);
    await tiny.clock.advance(200);
    expect(late.heard()).toMatchObject([{ kind: 'applied', seq: 2 }]);
    expect(tiny.rooms.counts.inMemory).toBe(1);
  });

  test('a room whose snapshot cannot be written stays, and leaves later', async () => {
    const tiny = await TinyRooms.start();
    await tiny.open();
    await tiny.clock.advance(IDLE_MS - 100);
    tiny.engine.failNext(1, 'SQLITE_FULL');
    await tiny.clock.advance(200);
    expect(tiny.rooms.counts.inMemory).toBe(1);
    await tiny.clock.advance(3 * IDLE_MS);
    expect(tiny.rooms.counts.inMemory).toBe(0);
    expect(tiny.clock.scheduledCount).toBe(0);
  });
});

describe('the end of a room', () => {
  test('closing forgets everything about it', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const code = tiny.rooms.codeOf(room)!;
    tiny.wind(room, 1_000_000);
    const told = tiny.close(room);
    await tiny.clock.advance(20);
    expect(told.heard()).toMatchObject([{ kind: 'applied', events: [{ type: 'closed' }] }]);
    expect(tiny.rooms.counts).toEqual(NO_ROOMS);
    expect(tiny.rooms.resolve(code)).toBeUndefined();
    expect(tiny.clock.scheduledCount).toBe(0);
    expect(tiny.add(room, 1).heard()).toMatchObject([{ kind: 'unknownRoom' }]);
  });

  test('what was told before it is durable is refused by the closed room', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.close(room);
    const late = tiny.add(room, 1);
    await tiny.clock.advance(20);
    expect(late.heard()).toMatchObject([{ kind: 'refused', refusal: { reason: 'closed' } }]);
  });

  test('a closing that is lost leaves the room open', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.failNext(1, 'SQLITE_FULL');
    tiny.close(room);
    await tiny.clock.advance(20);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(20);
    expect(told.heard()).toMatchObject([{ kind: 'applied' }]);
  });

  test('a hundred rooms that came and went leave nothing', async () => {
    const tiny = await TinyRooms.start();
    for (let round = 0; round < 10; round++) {
      const rooms = await Promise.all(Array.from({ length: 10 }, () => Promise.resolve(tiny.create())));
      await tiny.clock.advance(20);
      for (const told of rooms) {
        const { roomId } = told.heard()[0]!;
        tiny.wind(roomId, 1_000);
        tiny.add(roomId, 1, { id: 'm' });
        tiny.close(roomId);
      }
      await tiny.clock.advance(2_000);
    }
    expect(tiny.rooms.counts).toEqual(NO_ROOMS);
    expect(tiny.clock.scheduledCount).toBe(0);
  });

  test('a closed room is not opened again by the next process', async () => {
    const tiny = await TinyRooms.start();
    const [closed, open] = [await tiny.open(), await tiny.open()];
    tiny.close(closed);
    await tiny.clock.advance(20);
    await tiny.crash();
    expect([...tiny.rooms.openIds]).toEqual([open]);
  });
});

describe('the end of the process', () => {
  test('a drain saves each room so that the next start replays nothing, and stops all clocks', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 500_000);
    tiny.add(room, 1);
    await tiny.clock.advance(20);
    const drained = tiny.rooms.drain();
    await tiny.clock.advance(20);
    await drained;
    expect((await tiny.until(tiny.engine.heads([room]))).at(0)).toMatchObject({ seq: 3, snapshotSeq: 3 });
    expect(tiny.clock.scheduledCount).toBe(0);
  });

  test('a drain waits for entries in flight, and harms none of them', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const told = [1, 2, 3].map((n) => tiny.add(room, n));
    const drained = tiny.rooms.drain();
    await tiny.clock.advance(50);
    await drained;
    expect(told.map((one) => one.heard()[0]?.kind)).toEqual(['applied', 'applied', 'applied']);
    expect((await tiny.until(tiny.engine.heads([room]))).at(0)).toMatchObject({ seq: 4, snapshotSeq: 4 });
  });

  test('whoever asks while it drains is told to come back, and changes nothing', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const drained = tiny.rooms.drain();
    const late = tiny.add(room, 1);
    await tiny.clock.advance(50);
    await drained;
    expect(late.heard()).toMatchObject([{ kind: 'unavailable', why: 'restarting' }]);
    expect((await tiny.until(tiny.engine.heads([room]))).at(0)).toMatchObject({ seq: 1 });
  });

  test('a new process shifts the deadlines by the time it was down', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 10_000);
    await tiny.clock.advance(5);
    const [, wound] = tiny.engine.durableEntries(room);
    await tiny.crash({ downMs: 60_000 });
    await tiny.clock.advance(20_000);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted', 'rang']);
    const [, , shifted, rang] = tiny.engine.durableEntries(room);
    const { outageMs } = JSON.parse(shifted!.message) as { outageMs: number };
    expect(rang!.at).toBe(wound!.at + 10_000 + outageMs);
  });
});
