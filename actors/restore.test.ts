// Goal: an operator can set a room back to any of its entries, and nothing is deleted. Method: tiny rooms.
import { describe, expect, test } from 'vitest';
import { verifyRoom } from './verification.js';
import { type Told, TinyRooms } from '../test/support/tiny-rooms.js';

const kinds = (...told: Told[]): string[] =>
  told.flatMap((one) => one.heard().map((notice) => (notice.kind === 'unavailable' ? notice.why : notice.kind)));

async function roomWith(adds: number, options: Parameters<typeof TinyRooms.start>[0] = {}) {
  const tiny = await TinyRooms.start(options);
  const room = await tiny.open();
  for (let n = 1; n <= adds; n++) tiny.add(room, 1, { id: `m${n}` });
  await tiny.clock.advance(1000);
  return { tiny, room };
}

describe('a restored room', () => {
  test('stands where it stood after that entry, tells everybody, and goes on from there', async () => {
    const { tiny, room } = await roomWith(10);
    const { seq } = await tiny.until(tiny.rooms.operations.restore(room, 4));
    expect(seq).toBe(12);
    expect(await tiny.count(room)).toBe(3);
    expect(tiny.notices.at(-1)).toMatchObject({ kind: 'restored', seq: 12 });
    const told = tiny.add(room, 100);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    expect(tiny.engine.durableEntries(room)).toHaveLength(13);
    await tiny.crash();
    expect(await tiny.count(room)).toBe(103);
  });

  test('can be restored at every one of its entries, whether there is a snapshot near or not', async () => {
    const { tiny, room } = await roomWith(150);
    for (let seq = 1; seq <= 151; seq += 10) {
      await tiny.until(tiny.rooms.operations.restore(room, seq));
      expect(await tiny.count(room)).toBe(seq - 1);
    }
    // Back to a state that was a restored one itself.
    await tiny.until(tiny.rooms.operations.restore(room, 155));
    expect(await tiny.count(room)).toBe(30);
  });

  test('is the same when it is rebuilt without the snapshot that was written with it', async () => {
    const { tiny, room } = await roomWith(10);
    tiny.wind(room, 50_000);
    tiny.add(room, 5);
    await tiny.clock.advance(1000);
    await tiny.until(tiny.rooms.operations.restore(room, 12));
    tiny.add(room, 7);
    await tiny.clock.advance(100);
    const { text } = await tiny.durable(room);
    for (const { seq } of await tiny.until(tiny.engine.snapshots(room, 1000, 100))) {
      tiny.engine.tamperSnapshot(room, seq, (one) => ({ ...one, stateHash: 'wrong' }));
    }
    expect((await tiny.durable(room)).text).toBe(text);
  });

  test('can be replayed when what it was set back to has been compacted away', async () => {
    const { tiny, room } = await roomWith(30);
    await tiny.clock.advance(200_000); // it rests, with a snapshot of entry 31
    await tiny.until(tiny.rooms.operations.restore(room, 10));
    for (let n = 0; n < 130; n++) tiny.add(room, 1);
    await tiny.clock.advance(1000);
    for (let removed = 1; removed > 0; ) removed = await tiny.until(tiny.engine.compact(room, 30));
    const [head] = await tiny.until(tiny.engine.heads([room]));
    expect(head!.anchorSeq).toBe(30);
    const verdict = await tiny.until(verifyRoom(tiny.engine, tiny.definition, room));
    expect(verdict).toMatchObject({ kind: 'sound' });
    expect((await tiny.durable(room)).seq).toBe(tiny.engine.durableEntries(room).at(-1)!.seq);
  });

  test('has its clocks go on as if no time had passed', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 5000);
    await tiny.clock.advance(1000);
    tiny.add(room, 1);
    await tiny.clock.advance(10_000);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'added', 'rang']);
    await tiny.until(tiny.rooms.operations.restore(room, 3));
    await tiny.clock.advance(3900);
    expect(tiny.events(room).at(-1)).toBe('shifted');
    await tiny.clock.advance(200);
    expect(tiny.events(room).at(-1)).toBe('rang');
  });

  test('that was closed is open again under its code', async () => {
    const { tiny, room } = await roomWith(2);
    const code = tiny.rooms.codeOf(room)!;
    tiny.close(room);
    await tiny.clock.advance(100);
    expect(tiny.rooms.resolve(code)).toBeUndefined();
    await tiny.until(tiny.rooms.operations.restore(room, 3));
    expect(tiny.rooms.resolve(code)).toBe(room);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    await tiny.crash();
    expect(tiny.rooms.resolve(code)).toBe(room);
    expect(await tiny.count(room)).toBe(3);
  });

  test('leaves its quarantine, also where its journal is damaged behind that entry', async () => {
    const { tiny, room } = await roomWith(5);
    await tiny.crash();
    tiny.engine.tamper(room, 5, (entry) => ({ ...entry, correlationId: 'another' }));
    tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(tiny.rooms.holdOf(room)).toMatchObject({ kind: 'quarantined', seq: 5 });
    await tiny.until(tiny.rooms.operations.restore(room, 4));
    expect(tiny.rooms.holdOf(room)).toBeNull();
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    await tiny.crash();
    expect(await tiny.count(room)).toBe(4);
    expect(tiny.rooms.holdOf(room)).toBeNull();
  });

  test('stays paused where an operator had paused it, until it is resumed', async () => {
    const { tiny, room } = await roomWith(5);
    await tiny.until(tiny.rooms.operations.pause(room, 'to look'));
    await tiny.until(tiny.rooms.operations.restore(room, 3));
    const told = tiny.add(room, 10);
    await tiny.crash();
    expect(kinds(told)).toEqual([]);
    expect(tiny.rooms.holdOf(room)).toMatchObject({ kind: 'paused', why: 'to look' });
    expect(await tiny.count(room)).toBe(2);
    await tiny.until(tiny.rooms.operations.resume(room));
    const after = tiny.add(room, 100);
    await tiny.clock.advance(100);
    expect(kinds(after)).toEqual(['applied']);
  });

  test.each(['in memory', 'on the disk'])('%s takes nothing while all rooms are paused', async (where) => {
    const { tiny, room } = await roomWith(5);
    await tiny.until(tiny.rooms.operations.pauseAll('maintenance'));
    if (where === 'on the disk') await tiny.crash();
    await tiny.until(tiny.rooms.operations.restore(room, 3));
    const told = tiny.add(room, 10);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual([]);
    await tiny.until(tiny.rooms.operations.resumeAll());
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(12);
  });

  test('takes what waited for it on the disk, in its order and once', async () => {
    const { tiny, room } = await roomWith(5);
    await tiny.until(tiny.rooms.operations.pause(room, 'to look'));
    for (const n of [10, 20]) tiny.add(room, n);
    await tiny.clock.advance(100);
    await tiny.crash();
    const restored = tiny.rooms.operations.restore(room, 3);
    tiny.add(room, 30);
    await tiny.until(restored);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(100);
    expect((await tiny.rooms.query(room, 'operator'))?.view.adds).toEqual([1, 1, 10, 20, 30]);
    expect(await tiny.inbox(room)).toEqual([]);
  });

  test('that was on the disk is not undone by whoever speaks to it meanwhile', async () => {
    for (const afterMs of [0, 1, 2, 5, 8]) {
      const { tiny, room } = await roomWith(5);
      await tiny.crash();
      const restored = tiny.rooms.operations.restore(room, 2);
      let told: Told | null = null;
      tiny.clock.schedule(afterMs, () => (told = tiny.add(room, 10)));
      await tiny.until(restored);
      await tiny.clock.advance(1000);
      expect([kinds(told!), await tiny.count(room)]).toEqual([['applied'], 11]);
    }
  });

  test('goes on as it was where what waits for it can not be read', async () => {
    const { tiny, room } = await roomWith(5);
    await tiny.until(tiny.rooms.operations.pause(room, 'to look at it'));
    tiny.add(room, 10, { id: 'waits' });
    await tiny.clock.advance(100);
    await tiny.crash();
    tiny.engine.failNext(1, 'SQLITE_BUSY', 'read');
    await expect(tiny.until(tiny.rooms.operations.restore(room, 2))).rejects.toThrow('SQLITE_BUSY');
    await tiny.clock.advance(1000);
    await tiny.until(tiny.rooms.operations.resume(room));
    await tiny.clock.advance(1000);
    expect(await tiny.count(room)).toBe(15);
  });

  test('takes what was sent to it meanwhile', async () => {
    const { tiny, room } = await roomWith(5);
    const restored = tiny.rooms.operations.restore(room, 2);
    const told = tiny.add(room, 10, { id: 'late' });
    await tiny.until(restored);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(11);
  });
});

describe('a restore that can not be done changes nothing', () => {
  test.each([0, 12, -1, 1.5])('entry %d of a room with eleven', async (seq) => {
    const { tiny, room } = await roomWith(10);
    await expect(tiny.until(tiny.rooms.operations.restore(room, seq))).rejects.toThrow(/no entry/);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(11);
  });

  test('a room that is not there', async () => {
    const tiny = await TinyRooms.start();
    await expect(tiny.until(tiny.rooms.operations.restore('nobody', 1))).rejects.toThrow('There is no room nobody');
  });

  test('a store that is away', async () => {
    const { tiny, room } = await roomWith(10);
    tiny.engine.failNext(1, 'SQLITE_FULL');
    await expect(tiny.until(tiny.rooms.operations.restore(room, 3))).rejects.toThrow('nothing was written');
    expect(await tiny.count(room)).toBe(10);
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(kinds(told)).toEqual(['applied']);
  });
});
