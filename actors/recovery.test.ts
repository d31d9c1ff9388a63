// Goal: a room that was lost from memory is the same room again, bit for bit, wherever the process died; and a journal
// that cannot be true is noticed where it begins to differ.
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test, vi } from 'vitest';
import { tinyGame, tinyGameBefore } from '../test/support/tiny-game.js';
import { TinyRooms } from '../test/support/tiny-rooms.js';
import type { Entry, JournalEngine, Snapshot } from '../persistence/journal.js';
import { chainHash, contentHash } from '../persistence/hash-chain.js';
import { encodeState, recover } from './recovery.js';

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

  test('a snapshot is written every 8 entries, and recovery replays only what stands behind it', async () => {
    const { tiny, room, read } = await roomWith(150, { saved: false });
    const saved = await tiny.until(tiny.engine.snapshots(room, 1_000, 10));
    expect(saved.map(({ seq }) => seq)).toEqual([144, 136, 128, 120, 112, 104, 96, 88, 80, 72]);
    expect(await read()).toMatchObject({ seq: 151, snapshotSeq: 144 });
  });

  test('a room can be read as it was at any entry', async () => {
    const { read } = await roomWith(100, { saved: true });
    for (const upTo of [1, 2, 7, 8, 9, 63, 64, 65, 100, 101]) {
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

  test('a damaged snapshot is passed over for the one before, or the beginning, and made anew on the way', async () => {
    const { tiny, room, read } = await roomWith(200, { saved: true });
    const saved = await tiny.until(tiny.engine.snapshots(room, 1000, 100));
    const [newest, older] = saved;
    const sound = await read(tiny.engine);
    expect(sound).toMatchObject({ snapshotSeq: newest!.seq, damaged: [] });
    tiny.engine.tamperSnapshot(room, newest!.seq, (one) => ({ ...one, state: one.state.replace('200', '201') }));
    const found = await read(tiny.engine);
    expect(found).toMatchObject({ seq: sound!.seq, hash: sound!.hash, snapshotSeq: older!.seq });
    expect(found!.damaged).toEqual([{ seq: newest!.seq, why: 'its state does not have its hash', repaired: newest }]);
    for (const { seq } of saved) tiny.engine.tamperSnapshot(room, seq, (one) => ({ ...one, entryHash: 'other' }));
    const fromTheStart = await read(tiny.engine);
    expect(fromTheStart).toMatchObject({ seq: sound!.seq, hash: sound!.hash, snapshotSeq: 0 });
    expect(fromTheStart!.damaged.map(({ repaired }) => repaired)).toEqual(saved);
  });

  test('a damaged snapshot is mended when its room is next needed, and nobody notices', async () => {
    const { tiny, room } = await roomWith(5, { saved: true });
    const [saved] = await tiny.until(tiny.engine.snapshots(room, 1000, 1));
    tiny.engine.tamperSnapshot(room, saved!.seq, (one) => ({ ...one, stateHash: 'wrong' }));
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(told.heard()).toMatchObject([{ kind: 'applied' }]);
    expect(await tiny.until(tiny.engine.snapshots(room, saved!.seq, 1))).toEqual([saved]);
    expect(tiny.findings).toMatchObject([{ roomId: room, finding: expect.stringContaining('made anew') as string }]);
  });

  test('a closed room whose row says that it is open is closed in the list again by a start', async () => {
    const { tiny, room } = await roomWith(3, { saved: false });
    tiny.close(room);
    await tiny.clock.advance(100);
    const wrong = { kind: 'put', table: 'rooms', key: room, values: { status: 'waiting' } } as const;
    const append = {
      roomId: room,
      expectedSeq: null,
      fence: 0,
      entry: null,
      snapshot: null,
      rows: [wrong],
      closes: false,
    };
    await tiny.until(tiny.engine.commit([append], 0));
    await tiny.crash();
    expect([...tiny.rooms.openIds]).toEqual([]);
    expect(await tiny.until(tiny.engine.row('rooms', room))).toMatchObject({ status: 'closed' });
    expect(tiny.findings.map(({ roomId }) => roomId)).toContain(room);
  });

  test('an open room that the list of open streams has lost keeps its deadline', async () => {
    const { tiny, room } = await roomWith(3, { saved: false });
    tiny.wind(room, 60_000);
    await tiny.clock.advance(100);
    const streams = tiny.engine.constructor.prototype as { streams: JournalEngine['streams'] };
    const all = streams.streams;
    streams.streams = () => Promise.resolve({ items: [], next: null, damaged: [] });
    try {
      await tiny.crash();
    } finally {
      streams.streams = all;
    }
    await tiny.clock.advance(120_000);
    expect(tiny.events(room).at(-1)).toBe('rang');
  });

  const asleep = async (tiny: TinyRooms): Promise<void> => {
    await tiny.clock.advance(200_000);
    expect(tiny.rooms.counts.inMemory).toBe(0);
  };
  describe.each(['otherwise', 'damaged'])('a row of the list that reads %s', (how) => {
    test.each<[string, (spoil: () => Promise<void>, tiny: TinyRooms, room: string) => Promise<void>]>([
      ['in the process that made its room', (spoil) => spoil()],
      ['before a start', (spoil, tiny) => spoil().then(() => tiny.crash())],
      [
        'a minute after a start',
        async (spoil, tiny) => {
          await tiny.crash();
          await asleep(tiny);
          await spoil();
        },
      ],
      [
        'after a start, before all rooms begin anew',
        async (spoil, tiny) => {
          await tiny.crash();
          await spoil();
          await tiny.until(tiny.rooms.restart());
        },
      ],
      [
        'after its room was set back, which took no rebuild',
        async (spoil, tiny, room) => {
          await tiny.crash();
          await tiny.until(tiny.rooms.operations.restore(room, 5));
          await spoil();
          tiny.stepsToFail = 1;
        },
      ],
    ])('%s is mended when its room is next rebuilt', async (_, happens) => {
      const { tiny, room } = await roomWith(5, { saved: true });
      const spoil = async (): Promise<void> => {
        const wrong = { kind: 'put', table: 'rooms', key: room, values: { status: 'over' } } as const;
        const nothing = { expectedSeq: null, fence: 0, entry: null, snapshot: null, closes: false } as const;
        if (how === 'damaged') tiny.engine.damageRow('rooms', room);
        else await tiny.until(tiny.engine.commit([{ ...nothing, roomId: room, rows: [wrong] }], 0));
      };
      await happens(spoil, tiny, room);
      tiny.add(room, 1);
      await tiny.clock.advance(2_000);
      expect(await tiny.until(tiny.engine.row('rooms', room))).toMatchObject({ status: 'waiting' });
      expect(tiny.findings.filter(({ finding }) => finding.includes('was mended'))).toHaveLength(1);
    });
  });

  test('a row of the list that the start has read is read again only when its room comes back once more', async () => {
    const { tiny, room } = await roomWith(5, { saved: false });
    await tiny.crash();
    const row = vi.spyOn(tiny.engine, 'row');
    tiny.add(room, 1);
    await asleep(tiny);
    expect(row).not.toHaveBeenCalled();
    tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(row.mock.calls).toEqual([['rooms', room]]);
    expect(tiny.findings).toEqual([]);
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
    tiny.engine.tamper(sick, 1, (entry) => ({ ...entry, correlationId: 'another' }));
    for (const { seq } of await tiny.until(tiny.engine.snapshots(sick, 10, 10))) {
      tiny.engine.tamperSnapshot(sick, seq, (one) => ({ ...one, stateHash: 'wrong' }));
    }
    const told = [tiny.add(sick, 1), tiny.add(healthy, 1)];
    await tiny.clock.advance(20);
    expect(told.map((one) => one.heard()[0])).toMatchObject([
      { kind: 'unavailable', why: 'quarantined' },
      { kind: 'applied' },
    ]);
    expect(tiny.failures).toMatchObject([{ roomId: sick, failure: { name: 'JournalCorrupt', seq: 1 } }]);
  });
});

describe('versions', () => {
  /** A room that the program before the upgrade left behind, killed in the middle of its work. */
  async function oldRoom(count: number) {
    const tiny = await TinyRooms.start({ definition: tinyGameBefore });
    const room = await tiny.open();
    for (let n = 1; n <= count; n++) tiny.add(room, 1, { id: `m${n}` });
    tiny.wind(room, 60_000);
    await tiny.clock.advance(1000);
    return { tiny, room };
  }

  test('a room of the version before is replayed by its own machine, brought forward, and goes on', async () => {
    for (const count of [5, 62, 63, 70]) {
      const { tiny, room } = await oldRoom(count);
      const seq = tiny.engine.durableEntries(room).length;
      tiny.definition = tinyGame;
      await tiny.crash({ downMs: 500 });
      expect(await tiny.count(room)).toBe(count);
      expect(tiny.engine.durableEntries(room), 'looking writes nothing').toHaveLength(seq);
      const told = [tiny.add(room, 7, { id: 'new' }), tiny.add(room, 1, { id: `m${count}` })];
      await tiny.clock.advance(100);
      expect(told.map((one) => one.heard()[0]?.kind)).toEqual(['applied', 'repeated']);
      const [upgraded, shifted, added] = tiny.engine.durableEntries(room).slice(seq);
      expect(upgraded).toMatchObject({ outcome: 'upgraded', machineVersion: 2, events: '[]' });
      expect(JSON.parse(upgraded!.message)).toMatchObject({ type: 'upgraded', from: 1, to: 2 });
      expect(shifted).toMatchObject({ outcome: 'applied', machineVersion: 2 });
      expect(added).toMatchObject({ outcome: 'applied', machineVersion: 2 });
      await tiny.clock.advance(120_000);
      expect(tiny.events(room).at(-1)).toBe('rang');
    }
  });

  test('what was written before and after an upgrade gives one state, from the beginning or from any snapshot', async () => {
    const { tiny, room } = await oldRoom(70);
    tiny.definition = tinyGame;
    await tiny.crash();
    for (let n = 0; n < 70; n++) tiny.add(room, 2);
    await tiny.clock.advance(1000);
    const { text } = await tiny.durable(room);
    const saved = await tiny.until(tiny.engine.snapshots(room, 1000, 100));
    expect(saved.length).toBeGreaterThan(2);
    for (const { seq } of saved) {
      tiny.engine.tamperSnapshot(room, seq, (one) => ({ ...one, stateHash: 'wrong' }));
      expect((await tiny.durable(room)).text).toBe(text);
    }
  });

  test('a kill between the upgrade and what follows leaves either version whole', async () => {
    for (let ms = 0; ms < 12; ms++) {
      const { tiny, room } = await oldRoom(5);
      tiny.definition = tinyGame;
      await tiny.crash();
      tiny.add(room, 7, { id: 'new' });
      await tiny.clock.advance(ms);
      await tiny.crash({ underWay: ms % 2 === 0 ? 'lost' : 'durable' });
      tiny.add(room, 7, { id: 'new' });
      await tiny.clock.advance(100);
      expect(await tiny.count(room)).toBe(12);
      const versions = tiny.engine.durableEntries(room).filter(({ outcome }) => outcome === 'upgraded');
      expect(versions).toHaveLength(1);
    }
  });

  test('an upgrade whose commit fails is made again', async () => {
    const { tiny, room } = await oldRoom(5);
    tiny.definition = tinyGame;
    await tiny.crash();
    await tiny.count(room);
    tiny.engine.failNext(1, 'SQLITE_FULL');
    const told = [tiny.add(room, 7)];
    await tiny.clock.advance(100);
    told.push(tiny.add(room, 8));
    await tiny.clock.advance(100);
    expect(told.map((one) => one.heard()[0]?.kind)).toEqual(['unavailable', 'applied']);
    expect((await tiny.durable(room)).seq).toBe(tiny.engine.durableEntries(room).length);
  });

  test('events of the version before are told as today’s', async () => {
    const { tiny, room } = await oldRoom(1);
    tiny.definition = tinyGame;
    await tiny.crash();
    const repeated = tiny.add(room, 1, { id: 'm1' });
    await tiny.clock.advance(100);
    expect(repeated.heard()).toMatchObject([{ kind: 'repeated', events: [{ type: 'added', n: 1, count: 1 }] }]);
  });

  test('a program that is older than the journal leaves it alone; the newer one goes on', async () => {
    const { tiny, room } = await oldRoom(5);
    tiny.definition = tinyGame;
    await tiny.crash();
    tiny.add(room, 1);
    await tiny.clock.advance(100);
    const seq = tiny.engine.durableEntries(room).length;
    tiny.definition = tinyGameBefore;
    await tiny.crash();
    const told = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(told.heard()).toMatchObject([{ kind: 'unavailable', why: 'quarantined' }]);
    expect(tiny.rooms.holdOf(room)?.why).toBe('Version 2 of tiny is not known here; the current one is 1');
    expect(tiny.engine.durableEntries(room)).toHaveLength(seq);
    tiny.definition = tinyGame;
    await tiny.crash();
    const again = tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(again.heard()).toMatchObject([{ kind: 'applied' }]);
  });
});
