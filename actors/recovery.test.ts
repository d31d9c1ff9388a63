// Goal: a room that was lost from memory is the same room again, bit for bit, wherever the process died; and a journal
// that cannot be true is noticed where it begins to differ.
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { tinyGame } from '../test/support/tiny-game.js';
import { TinyRooms } from '../test/support/tiny-rooms.js';
import type { Entry, JournalEngine, Snapshot } from '../persistence/journal.js';
import { chainHash, contentHash } from '../persistence/hash-chain.js';
import { encodeState, JournalCorrupt, recover } from './recovery.js';

/** A journal in which what is read can be altered. */
function tampered(
  engine: JournalEngine,
  change: { entry?: (entry: Entry) => Entry; snapshot?: (saved: Snapshot) => Snapshot },
) {
  const changeEntry = change.entry ?? ((same: Entry): Entry => same);
  const changeSnapshot = change.snapshot ?? ((same: Snapshot): Snapshot => same);
  return {
    read: async (roomId: string, from: number, to: number) => (await engine.read(roomId, from, to)).map(changeEntry),
    snapshots: async (roomId: string, atMost: number, limit: number) =>
      (await engine.snapshots(roomId, atMost, limit)).map(changeSnapshot),
  } as unknown as JournalEngine;
}

async function roomWith(adds: number, options: { saved: boolean }) {
  const tiny = await TinyRooms.start();
  const room = await tiny.open();
  for (let n = 1; n <= adds; n++) tiny.add(room, 1, { id: `m${n}` });
  await tiny.clock.advance(options.saved ? 200_000 : 100);
  const read = (engine: JournalEngine = tiny.engine, upTo?: number) =>
    tiny.until(recover(engine, tinyGame, room, upTo));
  return { tiny, room, read };
}

describe('bit for bit', () => {
  property.prop(
    [
      fc.array(
        fc.oneof(
          {
            weight: 6,
            arbitrary: fc.record({ say: fc.constant('add' as const), n: fc.integer({ min: -2, max: 12 }) }),
          },
          {
            weight: 1,
            arbitrary: fc.record({ say: fc.constant('wind' as const), n: fc.integer({ min: 1, max: 90_000 }) }),
          },
          {
            weight: 2,
            arbitrary: fc.record({ say: fc.constant('wait' as const), n: fc.integer({ min: 0, max: 70_000 }) }),
          },
        ),
        { minLength: 1, maxLength: 100, size: 'max' },
      ),
      fc.constantFrom('lost' as const, 'durable' as const),
      fc.nat(6),
    ],
    { seed: 11, numRuns: 150 },
  )('a room is after a crash at any point what its durable entries made it', async (script, underWay, msBefore) => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    for (const [index, { say, n }] of script.entries()) {
      if (say === 'add') tiny.add(room, n, { id: `m${index % 40}`, session: `s${index % 3}` });
      else if (say === 'wind') tiny.wind(room, n);
      else await tiny.clock.advance(n);
    }
    await tiny.clock.advance(msBefore);
    const live = (await tiny.until(tiny.rooms.query(room, 'operator')))!;
    const shown = tiny.notices.filter(({ kind }) => kind === 'applied').length;
    await tiny.crash({ underWay });

    const entries = tiny.engine.durableEntries(room);
    expect(entries.length, 'whatever was shown is durable').toBeGreaterThanOrEqual(shown);
    const recovered = await tiny.durable(room);
    expect(recovered.seq).toBe(entries.length);
    // From the first entry, without any snapshot, the same bytes come out.
    const scratch = tampered(tiny.engine, {});
    const replayed = await tiny.until(recover({ ...scratch, snapshots: () => Promise.resolve([]) }, tinyGame, room));
    const text = encodeState(replayed!.runner.snapshot, replayed!.window.toJSON());
    expect(text).toBe(recovered.text);
    expect(contentHash(text)).toBe(recovered.hash);
    // And up to the entry that was live, it is what was live.
    const then = await tiny.durable(room, live.seq);
    expect((JSON.parse(then.text) as { context: { count: number } }).context.count).toBe(live.view.count);
  });

  test('a snapshot is written every 64 entries, and recovery replays only what stands behind it', async () => {
    const { tiny, room, read } = await roomWith(150, { saved: false });
    const saved = await tiny.until(tiny.engine.snapshots(room, 1_000, 10));
    expect(saved.map(({ seq }) => seq)).toEqual([128, 64]);
    expect(await read()).toMatchObject({ seq: 151, snapshotSeq: 128 });
  });

  test('a room can be read as it was at any entry', async () => {
    const { read } = await roomWith(100, { saved: true });
    for (const upTo of [1, 2, 63, 64, 65, 100, 101]) {
      const room = await read(undefined, upTo);
      expect(room?.seq).toBe(upTo);
      expect(room?.runner.snapshot.context.count).toBe(upTo - 1);
      expect(room?.events).toHaveLength(1);
    }
  });

  test('a room that does not exist is none', async () => {
    const { tiny } = await roomWith(0, { saved: false });
    expect(await tiny.until(recover(tiny.engine, tinyGame, 'nowhere'))).toBeNull();
  });
});

describe('a journal that cannot be true', () => {
  test('an entry whose bytes were changed is named', async () => {
    const { tiny, read } = await roomWith(5, { saved: false });
    const forged = tampered(tiny.engine, {
      entry: (entry) => (entry.seq === 4 ? { ...entry, message: entry.message.replace('"n":1', '"n":9') } : entry),
    });
    await expect(read(forged)).rejects.toMatchObject({ name: 'JournalCorrupt', seq: 4 });
  });

  test('a missing entry is named', async () => {
    const { tiny, read } = await roomWith(5, { saved: false });
    const gapped = {
      ...tampered(tiny.engine, {}),
      read: async (roomId: string, from: number, to: number) =>
        (await tiny.engine.read(roomId, from, to)).filter(({ seq }) => seq !== 3),
    } as JournalEngine;
    await expect(read(gapped)).rejects.toMatchObject({ seq: 3, message: expect.stringContaining('entry 4') as string });
  });

  test('a snapshot that does not have its hash is named', async () => {
    const { tiny, read } = await roomWith(5, { saved: true });
    const forged = tampered(tiny.engine, { snapshot: (saved) => ({ ...saved, state: saved.state.replace('5', '6') }) });
    await expect(read(forged)).rejects.toBeInstanceOf(JournalCorrupt);
  });

  test('entries that the machine answers otherwise, or refuses, are named', async () => {
    const { tiny, room, read } = await roomWith(3, { saved: false });
    const rewrite = (change: (entry: Entry) => Entry) => {
      let previous = '';
      const chained = new Map<number, Entry>();
      for (const entry of tiny.engine.durableEntries(room)) {
        const changed = change(entry);
        const hash = chainHash(previous, changed);
        chained.set(entry.seq, { ...changed, hash });
        previous = hash;
      }
      return tampered(tiny.engine, { entry: ({ seq }) => chained.get(seq)! });
    };
    const otherEvents = rewrite((entry) => (entry.seq === 3 ? { ...entry, events: '[]' } : entry));
    await expect(read(otherEvents)).rejects.toMatchObject({
      seq: 3,
      message: expect.stringContaining('other events') as string,
    });
    const refused = rewrite((entry) =>
      entry.seq === 2 ? { ...entry, message: entry.message.replace('"n":1', '"n":-1') } : entry,
    );
    await expect(read(refused)).rejects.toMatchObject({
      seq: 2,
      message: expect.stringContaining('notPositive') as string,
    });
  });

  test('stops its room and no other', async () => {
    const tiny = await TinyRooms.start();
    const [sick, healthy] = [await tiny.open(), await tiny.open()];
    await tiny.clock.advance(200_000);
    const read = tiny.engine.snapshots.bind(tiny.engine);
    tiny.engine.snapshots = async (roomId, atMost, limit) => {
      const saved = await read(roomId, atMost, limit);
      return roomId === sick ? saved.map((one) => ({ ...one, stateHash: 'wrong' })) : saved;
    };
    const told = [tiny.add(sick, 1), tiny.add(healthy, 1)];
    await tiny.clock.advance(20);
    expect(told.map((one) => one.heard()[0])).toMatchObject([
      { kind: 'unavailable', why: 'quarantined' },
      { kind: 'applied' },
    ]);
    expect(tiny.failures).toMatchObject([{ roomId: sick, failure: { name: 'JournalCorrupt' } }]);
  });
});

describe('versions', () => {
  test('a snapshot of the version before is brought forward', async () => {
    const { tiny, read } = await roomWith(5, { saved: true });
    const old = tampered(tiny.engine, {
      snapshot: (saved) => {
        const { value, context, window } = JSON.parse(saved.state) as {
          value: unknown;
          context: object;
          window: unknown;
        };
        const older = { ...(context as { adds?: unknown }) };
        delete older.adds;
        const state = JSON.stringify({ value, context: older, window });
        return { ...saved, machineVersion: 1, state, stateHash: contentHash(state) };
      },
    });
    const room = await read(old);
    expect(room?.runner.snapshot.context).toMatchObject({ count: 5, adds: [] });
  });

  test('a snapshot of a version that nobody knows is refused', async () => {
    const { tiny, read } = await roomWith(5, { saved: true });
    const unknown = tampered(tiny.engine, { snapshot: (saved) => ({ ...saved, machineVersion: 99 }) });
    await expect(read(unknown)).rejects.toThrow('version 99');
  });
});
