// Goal: what the runtime promises of a room, whatever its rules are. Method: tiny rooms (a counter with an egg timer)
// on a simulated disk under a virtual clock. A commit takes 5 ms unless a test says otherwise.
import { describe, expect, test } from 'vitest';
import { NO_ROOMS, type Told, TinyRooms } from '../test/support/tiny-rooms.js';

const COMMIT_MS = 5;
const kinds = (...told: Told[]): string[] => told.flatMap((one) => one.heard().map(({ kind }) => kind));

/** A notice without the members that differ from run to run. */
function plain(told: Told) {
  return told.heard().map((notice) => {
    switch (notice.kind) {
      case 'applied':
      case 'repeated':
        return { kind: notice.kind, seq: notice.seq, events: notice.events, count: notice.view('operator').count };
      case 'seen':
        return { kind: notice.kind, seq: notice.seq, count: notice.view('operator').count };
      case 'refused':
        return { kind: notice.kind, reason: notice.refusal.reason, count: notice.view('operator').count };
      case 'unavailable':
        return { kind: notice.kind, why: notice.why };
      case 'restored':
      case 'released':
      case 'unknownRoom':
        return { kind: notice.kind };
    }
  });
}

describe('the output gate', () => {
  test('nothing is visible before it is durable', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const told = tiny.add(room, 2);
    await tiny.clock.advance(COMMIT_MS - 1);
    expect(told.heard()).toEqual([]);
    expect(tiny.engine.durableEntries(room)).toHaveLength(1);
    await tiny.clock.advance(1);
    expect(plain(told)).toEqual([{ kind: 'applied', seq: 2, events: [{ type: 'added', n: 2, count: 2 }], count: 2 }]);
    expect(tiny.engine.durableEntries(room)).toHaveLength(2);
  });

  test('refusals and looks wait behind the entries that they were computed from, in order', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const before = tiny.notices.length;
    tiny.add(room, 1);
    const refused = tiny.add(room, -1);
    const seen = tiny.look(room);
    tiny.add(room, 2);
    await tiny.clock.advance(COMMIT_MS - 1);
    expect(tiny.notices.slice(before)).toEqual([]);
    await tiny.clock.advance(2 * COMMIT_MS);
    expect(tiny.notices.slice(before).map(({ kind }) => kind)).toEqual(['applied', 'refused', 'seen', 'applied']);
    expect(plain(refused)).toEqual([{ kind: 'refused', reason: 'notPositive', count: 1 }]);
    expect(plain(seen)).toEqual([{ kind: 'seen', seq: 2, count: 1 }]);
  });

  test('where nothing is on its way, refusals and looks are answered at once', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    expect(kinds(tiny.add(room, 0), tiny.look(room))).toEqual(['refused', 'seen']);
  });

  test('a query reads the durable state, not the live one', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 5);
    expect((await tiny.rooms.query(room, 'operator'))?.view.count).toBe(0);
    await tiny.clock.advance(COMMIT_MS);
    expect((await tiny.rooms.query(room, 'operator'))?.view.count).toBe(5);
  });

  test('a viewer hears its own view of the state that an entry led to, not of a later one', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const first = tiny.add(room, 1);
    tiny.add(room, 2);
    await tiny.clock.advance(3 * COMMIT_MS);
    const [notice] = first.heard();
    if (notice?.kind !== 'applied') throw new Error('not applied');
    expect(notice.view(2)).toEqual({ count: 1, adds: [1], dueAt: null, viewer: '2' });
    expect(notice.view(2)).toBe(notice.view(2));
    expect(notice.view('spectator').viewer).toBe('spectator');
  });
});

describe('pipelining', () => {
  test('a room goes on before its entries are durable, and stops at 64 in flight', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.stall();
    for (let n = 1; n <= 70; n++) tiny.add(room, 1);
    await tiny.clock.advance(COMMIT_MS);
    expect(tiny.writer.undecidedCount).toBe(64);
    expect(tiny.rooms.counts.mailboxMessages).toBe(6);
    expect(await tiny.rooms.query(room, 'operator')).toMatchObject({ seq: 1 });
    tiny.engine.resume();
    await tiny.clock.advance(10 * COMMIT_MS);
    expect(tiny.engine.durableEntries(room).map(({ seq }) => seq)).toEqual(Array.from({ length: 71 }, (_, i) => i + 1));
    expect(await tiny.count(room)).toBe(70);
  });

  test('many senders at once are put into one order that all hear alike', async () => {
    const tiny = await TinyRooms.start({ mailbox: { countMax: 1000 } });
    const room = await tiny.open();
    const told = Array.from({ length: 200 }, (_, n) => tiny.add(room, n + 100, { session: `sender ${n % 7}` }));
    await tiny.clock.advance(50 * COMMIT_MS);
    expect(new Set(kinds(...told))).toEqual(new Set(['applied']));
    const heard = tiny.notices.flatMap((notice) => (notice.kind === 'applied' ? [notice.seq] : []));
    expect(heard).toEqual(Array.from({ length: 201 }, (_, index) => index + 1));
  });
});

describe('a full mailbox', () => {
  test('answers the sender at once, keeps what it has, and says when it may be written to again', async () => {
    const tiny = await TinyRooms.start({ mailbox: { countMax: 3 } });
    const room = await tiny.open();
    tiny.engine.stall();
    for (let n = 0; n < 64 + 3; n++) expect(tiny.add(room, 1).readOn).toBe(true);
    const refused = tiny.add(room, 1);
    expect(refused.readOn).toBe(false);
    expect(plain(refused)).toEqual([{ kind: 'unavailable', why: 'mailboxFull' }]);
    let writable = 0;
    tiny.rooms.whenWritable(room, () => writable++);
    expect(writable).toBe(0);
    tiny.engine.resume();
    await tiny.clock.advance(10 * COMMIT_MS);
    expect(writable).toBe(1);
    expect(await tiny.count(room)).toBe(67);
    tiny.rooms.whenWritable(room, () => writable++);
    expect(writable).toBe(2);
  });

  test('counts bytes as the senders sent them', async () => {
    const tiny = await TinyRooms.start({ mailbox: { bytesMax: 100 } });
    const room = await tiny.open();
    tiny.engine.stall();
    for (let n = 0; n < 64; n++) tiny.add(room, 1, { bytes: 100 });
    expect(tiny.add(room, 1, { bytes: 100 }).readOn).toBe(true);
    expect(tiny.add(room, 1, { bytes: 1 }).readOn).toBe(false);
  });

  test('an older message of the same slot is handed back to its sender', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.stall();
    for (let n = 0; n < 64; n++) tiny.add(room, 1);
    const older = tiny.add(room, 100, { slot: 'presence' });
    const newer = tiny.add(room, 1000, { slot: 'presence' });
    expect(plain(older)).toEqual([{ kind: 'unavailable', why: 'restarting' }]);
    tiny.engine.resume();
    await tiny.clock.advance(10 * COMMIT_MS);
    expect(kinds(newer)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(64 + 1000);
  });
});

describe('when a commit fails', () => {
  test('what was built on it is dropped, its senders are told to try again, and the room plays on', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 1);
    await tiny.clock.advance(COMMIT_MS);
    const durable = await tiny.durable(room);
    tiny.engine.failNext(1, 'SQLITE_FULL');
    const [first, refused, second] = [tiny.add(room, 10), tiny.add(room, -1), tiny.add(room, 20)];
    const look = tiny.look(room);
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(first)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(plain(refused)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(plain(second)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(plain(look), 'a look is answered with what is certain').toEqual([{ kind: 'seen', seq: 2, count: 1 }]);
    expect(await tiny.durable(room)).toEqual(durable);

    const again = tiny.add(room, 10);
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(again)).toEqual([
      { kind: 'applied', seq: 3, events: [{ type: 'added', n: 10, count: 11 }], count: 11 },
    ]);
  });

  test.each(['committed', 'notCommitted'] as const)('an unknown outcome is looked up first: %s', async (what) => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.loseNextAnswer(what);
    const told = tiny.add(room, 3, { id: 'm1' });
    await tiny.clock.advance(100);
    const wasCommitted = what === 'committed';
    expect(kinds(told)).toEqual([wasCommitted ? 'applied' : 'unavailable']);
    expect(tiny.engine.durableEntries(room)).toHaveLength(wasCommitted ? 2 : 1);

    const repeat = tiny.add(room, 3, { id: 'm1' });
    await tiny.clock.advance(100);
    expect(kinds(repeat)).toEqual([wasCommitted ? 'repeated' : 'applied']);
    expect(await tiny.count(room)).toBe(3);
  });

  test('the first entry of a room that is lost leaves no room', async () => {
    const tiny = await TinyRooms.start();
    tiny.engine.failNext(1, 'SQLITE_FULL');
    const told = tiny.create();
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(told)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(tiny.rooms.counts).toEqual(NO_ROOMS);
  });

  test('other rooms of the process go on', async () => {
    const tiny = await TinyRooms.start();
    const [one, other] = [await tiny.open(), await tiny.open()];
    tiny.engine.failNext(1, 'SQLITE_IOERR');
    tiny.add(one, 1);
    await tiny.clock.advance(COMMIT_MS);
    const told = tiny.add(other, 1);
    await tiny.clock.advance(COMMIT_MS);
    expect(kinds(told)).toEqual(['applied']);
  });
});

describe('while the store is away', () => {
  /** Three failed commits in a row open the breaker. */
  async function storeGone(): Promise<{ readonly tiny: TinyRooms; readonly room: string }> {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.failNext(1_000_000, 'SQLITE_IOERR');
    for (let n = 0; n < 3; n++) {
      tiny.add(room, 1);
      await tiny.clock.advance(COMMIT_MS);
    }
    expect(tiny.writer.available).toBe(false);
    return { tiny, room };
  }

  test('messages are refused at once, looks are answered', async () => {
    const { tiny, room } = await storeGone();
    expect(plain(tiny.add(room, 1))).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(plain(tiny.look(room))).toEqual([{ kind: 'seen', seq: 1, count: 0 }]);
    expect(plain(tiny.create())).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
  });

  test('a due alarm is held, and the clocks move by the outage in one entry', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 10_000);
    await tiny.clock.advance(COMMIT_MS);
    const dueAt = tiny.clock.nowMs() - COMMIT_MS + 10_000;
    await tiny.clock.advance(4_000);

    tiny.engine.failNext(1_000_000, 'SQLITE_IOERR');
    const awaySince = tiny.clock.nowMs();
    for (let n = 0; n < 3; n++) {
      tiny.add(room, 1);
      await tiny.clock.advance(COMMIT_MS);
    }
    await tiny.clock.advance(20_000);
    expect(tiny.events(room), 'the alarm was due, and held').toEqual(['opened', 'wound']);

    tiny.engine.failNext(0, '');
    await tiny.clock.runUntil(() => tiny.writer.available, 10_000);
    const [outage] = await Promise.all([tiny.engine.outages(), tiny.clock.advance(1)]).then(([all]) => all);
    const awayMs = outage!.to - outage!.from;
    expect(outage!.from).toBeGreaterThanOrEqual(awaySince);
    await tiny.clock.advance(dueAt + awayMs - tiny.clock.nowMs() - 1);
    expect(tiny.events(room)).toEqual(['opened', 'wound']);
    await tiny.clock.advance(1 + 3 * COMMIT_MS);
    // The alarm comes at the shifted time; the entry that says so stands in front of it, once.
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted', 'rang']);
    const [, , shifted, rang] = tiny.engine.durableEntries(room);
    expect(JSON.parse(shifted!.message)).toMatchObject({ type: 'resumed', outageMs: awayMs });
    expect(rang!.at).toBe(dueAt + awayMs);
  });

  test('a room without a deadline needs no shift', async () => {
    const { tiny, room } = await storeGone();
    tiny.engine.failNext(0, '');
    await tiny.clock.runUntil(() => tiny.writer.available, 10_000);
    tiny.add(room, 1);
    await tiny.clock.advance(COMMIT_MS);
    expect(tiny.events(room)).toEqual(['opened', 'added']);
  });

  test('a room that lies on the disk keeps its deadline through the outage', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 200_000);
    await tiny.clock.advance(150_000);
    expect(tiny.rooms.counts.inMemory).toBe(0);
    const other = await tiny.open();
    tiny.engine.failNext(1_000_000, 'SQLITE_IOERR');
    for (let n = 0; n < 3; n++) {
      tiny.add(other, 1);
      await tiny.clock.advance(COMMIT_MS);
    }
    await tiny.clock.advance(300_000); // the alarm rings and is held; the room is idle for minutes
    tiny.engine.failNext(0, '');
    await tiny.clock.advance(600_000);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'shifted', 'rang']);
  });

  test('a room whose journal cannot be read just now is asked again later, and its deadline rings', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.wind(room, 200_000);
    await tiny.clock.advance(150_000);
    tiny.engine.failNext(1, 'SQLITE_IOERR', 'read');
    const told = tiny.add(room, 1);
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(told)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
    expect(tiny.rooms.counts.quarantined).toBe(0);
    tiny.engine.failNext(1, 'SQLITE_IOERR', 'read');
    await tiny.clock.advance(60_000);
    expect(tiny.events(room)).toEqual(['opened', 'wound', 'rang']);
  });
});

describe('a repeated message', () => {
  test('is applied once and answered as the first time, also when the room has gone on', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const first = tiny.add(room, 2, { id: 'm1' });
    tiny.add(room, 5);
    await tiny.clock.advance(3 * COMMIT_MS);
    const again = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(1);
    expect(plain(again)).toEqual([{ ...plain(first)[0], kind: 'repeated' }]);
    expect(await tiny.count(room)).toBe(7);
  });

  test('that comes while the first is in flight waits for it', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 2, { id: 'm1' });
    const again = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS - 1);
    expect(again.heard()).toEqual([]);
    await tiny.clock.advance(2);
    expect(plain(again)).toMatchObject([{ kind: 'repeated', seq: 2, count: 2 }]);
    expect(tiny.engine.durableEntries(room)).toHaveLength(2);
  });

  test('that comes while the first is in flight shares its failure, and may then be sent again', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.engine.failNext(1, 'SQLITE_FULL');
    const told = [tiny.add(room, 2, { id: 'm1' }), tiny.add(room, 2, { id: 'm1' })];
    await tiny.clock.advance(COMMIT_MS);
    expect(kinds(...told)).toEqual(['unavailable', 'unavailable']);
    const again = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    expect(kinds(again)).toEqual(['applied']);
  });

  test.each([
    ['after the room left memory', async (tiny: TinyRooms) => tiny.clock.advance(200_000)],
    ['after a crash', async (tiny: TinyRooms) => tiny.crash()],
    [
      'after a crash of a room that was saved',
      async (tiny: TinyRooms) => {
        await tiny.clock.advance(200_000);
        await tiny.crash();
      },
    ],
  ])('is recognised %s', async (_when, happens) => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const first = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    await happens(tiny);
    const again = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(again)).toEqual([{ ...plain(first)[0], kind: 'repeated' }]);
    expect(await tiny.count(room)).toBe(2);
  });

  test('of another session is another message', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const told = [tiny.add(room, 2, { id: 'm1' }), tiny.add(room, 2, { id: 'm1', session: 'bob' })];
    await tiny.clock.advance(2 * COMMIT_MS);
    expect(kinds(...told)).toEqual(['applied', 'applied']);
  });

  test('without an id is not recognised', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 2);
    tiny.add(room, 2);
    await tiny.clock.advance(2 * COMMIT_MS);
    expect(await tiny.count(room)).toBe(4);
  });

  test('that was refused is judged anew', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    expect(kinds(tiny.add(room, -1, { id: 'm1' }), tiny.add(room, -1, { id: 'm1' }))).toEqual(['refused', 'refused']);
    const told = tiny.add(room, 1, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    expect(kinds(told)).toEqual(['applied']);
  });

  test('is recognised among the newest 32 of its sender, and not beyond', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    for (let n = 1; n <= 33; n++) tiny.add(room, 1, { id: `m${n}` });
    await tiny.clock.advance(10 * COMMIT_MS);
    const [oldest, kept] = [tiny.add(room, 1, { id: 'm1' }), tiny.add(room, 1, { id: 'm3' })];
    await tiny.clock.advance(10 * COMMIT_MS);
    expect(kinds(oldest, kept)).toEqual(['applied', 'repeated']);
  });

  test('whose entry cannot be read just now is to be sent again', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    tiny.engine.failNext(1, 'SQLITE_IOERR', 'read');
    const again = tiny.add(room, 2, { id: 'm1' });
    await tiny.clock.advance(COMMIT_MS);
    expect(plain(again)).toEqual([{ kind: 'unavailable', why: 'storeAway' }]);
  });
});

describe('subscribers', () => {
  test('a subscriber that throws harms neither the room nor the other subscribers', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    const heard: string[] = [];
    tiny.rooms.subscribe(() => {
      throw new Error('a faulty subscriber');
    });
    tiny.rooms.subscribe(({ kind }) => heard.push(kind));
    const told = tiny.add(room, 1);
    await tiny.clock.advance(COMMIT_MS);
    expect(heard).toEqual(['applied']);
    expect(kinds(told)).toEqual(['applied']);
    expect(await tiny.count(room)).toBe(1);
    expect(tiny.failures).toMatchObject([{ failure: { message: 'a faulty subscriber' } }]);
  });
});
