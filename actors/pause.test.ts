// Goal: a paused room loses nothing and does nothing twice, whenever the process dies. Method: tiny rooms under a
// virtual clock, killed at every step of the way.
import { describe, expect, test } from 'vitest';
import { type Told, TinyRooms } from '../test/support/tiny-rooms.js';

const kinds = (...told: Told[]): string[] =>
  told.flatMap((one) => one.heard().map((notice) => (notice.kind === 'unavailable' ? notice.why : notice.kind)));

async function paused(options: Parameters<typeof TinyRooms.start>[0] = {}) {
  const tiny = await TinyRooms.start(options);
  const room = await tiny.open();
  await tiny.until(tiny.rooms.operations.pause(room, 'maintenance'));
  return { tiny, room };
}

describe('a paused room', () => {
  test('keeps what is sent to it on the disk, and takes it in order when it goes on', async () => {
    const { tiny, room } = await paused();
    const told = [tiny.add(room, 1), tiny.add(room, 2), tiny.add(room, -3)];
    await tiny.clock.advance(100);
    expect(kinds(...told)).toEqual([]);
    expect(await tiny.inbox(room)).toHaveLength(3);
    expect(await tiny.count(room)).toBe(0);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(kinds(...told)).toEqual(['applied', 'applied', 'refused']);
    expect((await tiny.rooms.query(room, 'operator'))?.view.adds).toEqual([1, 2]);
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('takes no more of what waits at once than may be on its way to the disk', async () => {
    const { tiny, room } = await paused();
    const told = Array.from({ length: 200 }, () => tiny.add(room, -3));
    await tiny.clock.advance(100);
    const resumed = tiny.rooms.operations.resume(room);
    let leastWaiting = 200;
    const waits: number[] = [];
    while (leastWaiting > 0) {
      await tiny.clock.advance(1);
      const { mailboxMessages } = tiny.rooms.counts;
      if (mailboxMessages < leastWaiting) waits.push(leastWaiting - mailboxMessages);
      leastWaiting = Math.min(leastWaiting, mailboxMessages);
    }
    await tiny.until(resumed);
    await tiny.clock.advance(100);
    expect(Math.max(...waits)).toBe(64);
    expect(kinds(...told)).toEqual(told.map(() => 'refused'));
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('takes what was already in its mailbox with it', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.stepsToFail = 1; // the room restarts: the next messages wait
    const told = [tiny.add(room, 1), tiny.add(room, 2)];
    await tiny.until(tiny.rooms.operations.pause(room, 'maintenance'));
    await tiny.clock.advance(100);
    expect(kinds(...told)).toEqual([]);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(kinds(...told)).toEqual(['applied', 'applied']);
  });

  test('can be looked at', async () => {
    const { tiny, room } = await paused();
    expect(kinds(tiny.look(room))).toEqual(['seen']);
  });

  test('lets no clock run: its deadline comes as much later as it was paused', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 1000);
    await tiny.clock.advance(400);
    await tiny.until(tiny.rooms.operations.pause(room, 'maintenance'));
    await tiny.clock.advance(5000);
    expect(tiny.events(room)).toEqual(['opened', 'wound']);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(500);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted']);
    await tiny.clock.advance(100);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted', 'rang']);
  });

  test('counts a time in which the process was down once', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 100_000);
    await tiny.clock.advance(10);
    const dueAt = (await tiny.rooms.query(room, 'operator'))!.view.dueAt!;
    await tiny.until(tiny.rooms.operations.pause(room, 'maintenance'));
    const from = tiny.clock.nowMs();
    await tiny.clock.advance(1000);
    await tiny.crash({ downMs: 20_000 });
    await tiny.clock.advance(1000);
    await tiny.until(tiny.rooms.operations.resume(room));
    const heldMs = tiny.clock.nowMs() - from;
    const shifted = (await tiny.rooms.query(room, 'operator'))!.view.dueAt!;
    expect(Math.abs(shifted - dueAt - heldMs)).toBeLessThan(20);
  });

  test('leaves memory and stays paused; a message that comes then waits as well', async () => {
    const { tiny, room } = await paused({ idleMs: 1000 });
    await tiny.clock.advance(5000);
    expect(tiny.rooms.counts.inMemory).toBe(0);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual([]);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
  });

  test('keeps what waited before a restart of the process in front of what comes after it', async () => {
    const { tiny, room } = await paused();
    for (const n of [1, 2]) tiny.add(room, n);
    await tiny.clock.advance(100);
    await tiny.crash({ downMs: 10 });
    for (const n of [3, 4]) tiny.add(room, n);
    await tiny.clock.advance(100);
    expect(await tiny.inbox(room)).toHaveLength(4);
    await tiny.crash({ downMs: 10 });
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect((await tiny.rooms.query(room, 'operator'))?.view.adds).toEqual([1, 2, 3, 4]);
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('takes what waits once, also when all rooms begin anew meanwhile', async () => {
    const { tiny, room } = await paused();
    const told = [tiny.add(room, 1), tiny.add(room, 2)];
    await tiny.clock.advance(100);
    await tiny.until(tiny.rooms.restart());
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect((await tiny.rooms.query(room, 'operator'))?.view.adds).toEqual([1, 2]);
    expect(kinds(...told)).toEqual(['applied', 'applied']);
  });

  test('takes no more than its mailbox holds', async () => {
    const { tiny, room } = await paused({ mailbox: { countMax: 2 } });
    const told = [1, 2, 3].map((n) => tiny.add(room, n));
    await tiny.clock.advance(100);
    expect(kinds(...told)).toEqual(['mailboxFull']);
    expect(await tiny.inbox(room)).toHaveLength(2);
  });

  test('keeps the newest message of a slot only, on the disk too', async () => {
    const { tiny, room } = await paused();
    const [older, newer] = [tiny.add(room, 1, { slot: 's' }), tiny.add(room, 2, { slot: 's' })];
    await tiny.clock.advance(100);
    expect(kinds(older, newer)).toEqual(['restarting']);
    expect(await tiny.inbox(room)).toHaveLength(1);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(await tiny.count(room)).toBe(2);
  });

  test('tells a sender at once when its message can not be kept', async () => {
    const { tiny, room } = await paused();
    tiny.engine.failNext(100, 'SQLITE_FULL');
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['storeAway']);
    tiny.engine.failNext(0, '');
    await tiny.clock.advance(5000);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(await tiny.count(room)).toBe(0);
  });
});

describe('pausing', () => {
  test('is refused for a room that is unknown, or paused already; resuming for one that is not', async () => {
    const { tiny, room } = await paused();
    await expect(tiny.rooms.operations.pause(room, 'again')).rejects.toThrow('paused already');
    await expect(tiny.rooms.operations.pause('nobody', 'why')).rejects.toThrow('no open room nobody');
    await tiny.until(tiny.rooms.operations.resume(room));
    await expect(tiny.rooms.operations.resume(room)).rejects.toThrow('neither paused nor quarantined');
  });

  test('that can not be written does not happen', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.failNext(1, 'SQLITE_FULL');
    await expect(tiny.until(tiny.rooms.operations.pause(room, 'why'))).rejects.toThrow('nothing was paused');
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
  });

  test('all rooms stop and go on together, those on the disk too, with all their clocks', async () => {
    const tiny = await TinyRooms.start({ idleMs: 1000 });
    const [awake, asleep] = [await tiny.open(), await tiny.open()];
    tiny.wind(asleep, 10_000);
    tiny.wind(awake, 20_000);
    await tiny.clock.advance(4000);
    const told = tiny.add(awake, 1);
    await tiny.clock.advance(10);
    expect(kinds(told)).toEqual(['applied']);
    await tiny.until(tiny.rooms.operations.pauseAll('maintenance'));
    const waiting = tiny.add(awake, 2);
    const refused = tiny.create();
    await tiny.clock.advance(100_000);
    expect(kinds(waiting)).toEqual([]);
    expect(kinds(refused)).toEqual(['paused']);
    expect(tiny.events(asleep)).toEqual(['opened', 'wound']);
    await tiny.crash({ downMs: 1000 });
    await tiny.clock.advance(100_000);
    expect(tiny.events(asleep)).toEqual(['opened', 'wound']);
    await tiny.until(tiny.rooms.operations.resumeAll());
    await tiny.clock.advance(5000);
    expect(await tiny.count(awake)).toBe(3);
    expect(tiny.events(asleep)).toEqual(['opened', 'wound']);
    await tiny.clock.advance(2000);
    expect(tiny.events(asleep)).toEqual(['opened', 'wound', 'shifted', 'rang']);
    await expect(tiny.rooms.operations.resumeAll()).rejects.toThrow('not paused');
  });

  test('a room that is paused by itself stays so when all others go on', async () => {
    const { tiny, room } = await paused();
    await tiny.until(tiny.rooms.operations.pauseAll('maintenance'));
    await tiny.until(tiny.rooms.operations.resumeAll());
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual([]);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
  });
});

describe('exactly once', () => {
  // Each run is killed at another moment of: pause, three messages, resume. Then the players send again what they do not
  // know to be done, as clients do.
  test.each(Array.from({ length: 60 }, (_, ms) => [ms]))('killed after %i ms', async (ms) => {
    const tiny = await TinyRooms.start({ commitDelayMs: 7 });
    const room = await tiny.open();
    const told: Told[] = [];
    const pausing = tiny.rooms.operations.pause(room, 'maintenance').catch(() => undefined);
    for (const n of [1, 10, 100]) {
      tiny.clock.schedule(n % 9, () => told.push(tiny.add(room, n, { id: `m${n}` })));
    }
    void pausing.then(() =>
      tiny.clock.schedule(20, () => void tiny.rooms.operations.resume(room).catch(() => undefined)),
    );
    await tiny.clock.advance(ms);
    const acknowledged = told.filter((one) => kinds(one).includes('applied')).length;
    await tiny.crash({ downMs: 50, underWay: ms % 2 === 0 ? 'lost' : 'durable' });
    const kept = (await tiny.until(tiny.rooms.query(room, 'operator')))!.view.adds.length;
    expect(kept).toBeGreaterThanOrEqual(acknowledged);
    for (const n of [1, 10, 100]) tiny.add(room, n, { id: `m${n}` });
    await tiny.clock.advance(200);
    if (tiny.rooms.holdOf(room) !== null) await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(500);
    expect(await tiny.count(room)).toBe(111);
    expect(await tiny.inbox(room)).toEqual([]);
  });
});
