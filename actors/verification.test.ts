// Goal: whatever a disk does to a journal is noticed, named where it began, and put right where the entries prove how.
// Method: rooms are played on the simulated disk, one thing on it is changed by hand, and the room is verified.
import { fc, test as property } from '@fast-check/vitest';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tinyGame, tinyGameBefore } from '../test/support/tiny-game.js';
import { TinyRooms } from '../test/support/tiny-rooms.js';
import { chainHash, CHAIN_START, contentHash } from '../persistence/hash-chain.js';
import {
  type Entry,
  type JournalEngine,
  type Snapshot,
  StoreFailure,
  type StreamHead,
  type StreamPage,
} from '../persistence/journal.js';
import { IdempotencyWindow } from './idempotency.js';
import type { RoomVerdict } from './verdict.js';
import { verifyAll, verifyRoom } from './verification.js';

const ENTRY_MEMBERS = [
  'seq',
  'at',
  'message',
  'outcome',
  'events',
  'machineVersion',
  'correlationId',
  'nextDeadline',
  'hash',
] as const satisfies readonly (keyof Entry)[];
const SNAPSHOT_MEMBERS = [
  'at',
  'machineVersion',
  'state',
  'stateHash',
  'entryHash',
] as const satisfies readonly (keyof Snapshot)[];

const SAVED = Array.from({ length: 18 }, (_, index) => (index + 1) * 8); // the last is that of entry 144

/** A room with 151 entries and a snapshot at every 8th. */
async function playedRoom(adds = 150) {
  const tiny = await TinyRooms.start();
  const room = await tiny.open();
  for (let n = 1; n <= adds; n++) tiny.add(room, 1, { id: `m${n}` });
  await tiny.clock.advance(1_000);
  return { tiny, room };
}

afterEach(() => void vi.restoreAllMocks());

/** As the server wrote snapshots before ids were text. */
function withIdsInPairs() {
  return vi.spyOn(IdempotencyWindow.prototype, 'toJSON').mockImplementation(function (this: IdempotencyWindow) {
    return this.inPairs() as never;
  });
}

function verify(tiny: TinyRooms, room: string, definition = tiny.definition): Promise<RoomVerdict> {
  return tiny.until(verifyRoom(tiny.engine, definition, room));
}

function repair(tiny: TinyRooms, room: string): Promise<RoomVerdict> {
  return tiny.until(verifyRoom(tiny.engine, tiny.definition, room, { repair: { writer: tiny.writer } }));
}

/** Changes a snapshot's state and gives it the right hash: only the entries can tell. */
function forge(tiny: TinyRooms, room: string, seq: number): void {
  tiny.engine.tamperSnapshot(room, seq, (saved) => {
    const state = saved.state.replace(/"count":\d+/, '"count":999');
    return { ...saved, state, stateHash: contentHash(state) };
  });
}

describe('a room that is as it was written', () => {
  test('is sound, whatever it went through', async () => {
    const { tiny, room } = await playedRoom();
    tiny.wind(room, 5_000);
    await tiny.crash({ downMs: 60_000 });
    tiny.add(room, 2);
    await tiny.clock.advance(200_000);
    await tiny.until(tiny.rooms.operations.restore(room, 70));
    await tiny.clock.advance(1_000);
    tiny.add(room, 3);
    tiny.close(room);
    await tiny.clock.advance(1_000);
    const verdict = await verify(tiny, room);
    expect(verdict).toMatchObject({
      kind: 'sound',
      sentences: [],
      restoreBefore: null,
      integrity: { findingCount: 0, brokenAt: null },
      replay: { difference: null, leftOut: [], wrongSnapshots: [], skippedThrough: 0 },
      projection: { checked: 1, wrong: [], unknown: false },
    });
    expect(verdict.replay.recomputed).toBe(verdict.seq);
    expect(JSON.parse(JSON.stringify(verdict)), 'the verdict is plain JSON').toEqual(verdict);
  });

  test('is replayed from its oldest snapshot where compaction removed what stood in front', async () => {
    const { tiny, room } = await playedRoom();
    while ((await tiny.until(tiny.engine.compact(room, 1_000))) > 0);
    const verdict = await verify(tiny, room);
    expect(verdict).toMatchObject({
      kind: 'sound',
      integrity: { entries: 16 },
      replay: { recomputed: 15, through: 151 },
    });
  });

  test('is sound across an upgrade, and skipped up to it where the older machine is gone', async () => {
    const tiny = await TinyRooms.start({ definition: tinyGameBefore });
    const room = await tiny.open();
    for (let n = 1; n <= 70; n++) tiny.add(room, 1);
    await tiny.clock.advance(1_000);
    tiny.definition = tinyGame;
    await tiny.crash();
    tiny.add(room, 1);
    await tiny.clock.advance(100);
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound', seq: 73, replay: { recomputed: 73 } });
    const newest = { ...tinyGame, previous: [] };
    expect(await verify(tiny, room, newest)).toMatchObject({
      kind: 'sound',
      replay: { recomputed: 1, skippedThrough: 72, through: 73, difference: null },
    });
    expect(await verify(tiny, room, tinyGameBefore)).toMatchObject({ kind: 'unverified', replay: { through: 71 } });
  });

  test('is sound, and knows what it was told, where ids were saved in pairs', async () => {
    const earlier = withIdsInPairs();
    const { tiny, room } = await playedRoom(30);
    await tiny.until(tiny.rooms.operations.restore(room, 20));
    await tiny.clock.advance(200_000);
    const [saved] = await tiny.until(tiny.engine.snapshots(room, 1_000, 1));
    earlier.mockRestore();
    expect(saved?.state).toContain('"window":[["ann",[["');

    await tiny.crash();
    const { seq } = await tiny.durable(room);
    const told = tiny.add(room, 1, { id: 'm19' });
    for (let n = 1; n <= 10; n++) tiny.add(room, 1, { id: `n${n}` });
    await tiny.clock.advance(1_000);
    expect(told.heard()).toMatchObject([{ kind: 'repeated' }]);
    expect(await tiny.durable(room)).toMatchObject({ seq: seq + 10 });
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound', seq: seq + 10, replay: { recomputed: seq + 10 } });
  });

  test('is sound, and goes on, where it was upgraded while ids were saved in pairs', async () => {
    const earlier = withIdsInPairs();
    const tiny = await TinyRooms.start({ definition: tinyGameBefore });
    const room = await tiny.open();
    for (let n = 1; n <= 20; n++) tiny.add(room, 1, { id: `m${n}` });
    await tiny.clock.advance(1_000);
    tiny.definition = tinyGame;
    await tiny.crash();
    tiny.add(room, 1, { id: 'n1' });
    await tiny.clock.advance(1_000);
    const { seq } = await tiny.durable(room);
    earlier.mockRestore();
    expect(tiny.engine.durableEntries(room).at(-2)).toMatchObject({ outcome: 'upgraded', machineVersion: 2 });
    const [saved] = await tiny.until(tiny.engine.snapshots(room, seq, 1));
    expect(saved).toMatchObject({ machineVersion: 2, state: expect.stringContaining('"window":[["ann",[["') });

    await tiny.crash();
    const told = tiny.add(room, 1, { id: 'm20' });
    tiny.add(room, 1, { id: 'n2' });
    await tiny.clock.advance(1_000);
    expect(told.heard()).toMatchObject([{ kind: 'repeated' }]);
    const { seq: last } = await tiny.durable(room);
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound', seq: last, replay: { recomputed: last } });
  });

  test('is sound where the snapshot of a restored state was repaired in another form than it had, and all else is compacted', async () => {
    const earlier = withIdsInPairs();
    const { tiny, room } = await playedRoom(30);
    await tiny.clock.advance(200_000); // it rests, with a snapshot of entry 31
    const { seq } = await tiny.until(tiny.rooms.operations.restore(room, 10));
    earlier.mockRestore();
    forge(tiny, room, seq);
    expect(await repair(tiny, room)).toMatchObject({ replay: { wrongSnapshots: [seq] } });
    const [repaired] = await tiny.until(tiny.engine.snapshots(room, seq, 1));
    expect(repaired?.state).toContain('"window":[["ann",",');

    for (let n = 0; n < 130; n++) tiny.add(room, 1);
    await tiny.clock.advance(1_000);
    for (let removed = 1; removed > 0; ) removed = await tiny.until(tiny.engine.compact(room, seq - 2));
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound', sentences: [], replay: { through: seq + 130 } });
  });

  test('is verified while it is played', async () => {
    const { tiny, room } = await playedRoom();
    const verifying = verifyRoom(tiny.engine, tinyGame, room);
    for (let n = 0; n < 30; n++) tiny.add(room, 1);
    tiny.close(room);
    const verdict = await tiny.until(verifying);
    await tiny.clock.advance(100);
    expect(verdict.sentences).toEqual([]);
  });

  test('gives others their turn while it is replayed', async () => {
    const { tiny, room } = await playedRoom();
    let turns = 0;
    const breathe = () => {
      turns++;
      return Promise.resolve();
    };
    await tiny.until(verifyRoom(tiny.engine, tinyGame, room, { breathe }));
    expect(turns).toBe(2);
  });

  test('that does not exist is no room', async () => {
    const { tiny } = await playedRoom(1);
    expect(await verify(tiny, 'nowhere')).toMatchObject({ kind: 'unknownRoom' });
  });
});

describe('a damaged entry', () => {
  test('is named by the chain, and behind it the room goes on from the next sound snapshot', async () => {
    const { tiny, room } = await playedRoom();
    tiny.engine.tamper(room, 100, (entry) => ({ ...entry, message: entry.message.replace('"n":1', '"n":9') }));
    const verdict = await verify(tiny, room);
    expect(verdict).toMatchObject({
      kind: 'scarred',
      restoreBefore: null,
      integrity: { brokenAt: 100, findingCount: 1, findings: [{ about: 'entry', seq: 100 }] },
      replay: { leftOut: [{ from: 100, through: 104 }], through: 151, difference: { seq: 100 } },
      projection: { unknown: false },
    });
    const { expected, found } = verdict.replay.difference!;
    expect(found).toBe(tiny.engine.durableEntries(room)[99]!.hash);
    expect(expected).not.toBe(found);
  });

  test('behind the last snapshot leaves the room to be restored, and repairing does not touch it', async () => {
    const { tiny, room } = await playedRoom();
    tiny.engine.tamper(room, 147, (entry) => ({ ...entry, events: '[]' }));
    const before = tiny.engine.durableEntries(room).map(({ hash }) => hash);
    const verdict = await repair(tiny, room);
    expect(verdict).toMatchObject({
      kind: 'damaged',
      restoreBefore: 147,
      repaired: [],
      replay: { leftOut: [{ from: 147, through: 151 }] },
      projection: { unknown: true },
    });
    expect(verdict.sentences).toContain('From entry 147 on the room can only be restored');
    expect(tiny.engine.durableEntries(room).map(({ hash }) => hash)).toEqual(before);
  });

  test('in front of a restore is a scar: the room plays on behind it', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.crash();
    tiny.engine.tamper(room, 147, (entry) => ({ ...entry, events: '[]' }));
    await tiny.until(tiny.rooms.operations.restore(room, 146));
    tiny.add(room, 5);
    await tiny.clock.advance(100);
    expect(await verify(tiny, room)).toMatchObject({
      kind: 'scarred',
      seq: 153,
      restoreBefore: null,
      integrity: { brokenAt: 147 },
      replay: { leftOut: [{ from: 147, through: 152 }], through: 153 },
      projection: { wrong: [], unknown: false },
    });
  });

  test('with a right hash is named by the events that it should have caused', async () => {
    const { tiny, room } = await playedRoom(5);
    let previous = CHAIN_START;
    for (const { seq } of [...tiny.engine.durableEntries(room)]) {
      tiny.engine.tamper(room, seq, (entry) => {
        const changed = seq === 4 ? { ...entry, events: entry.events.replace('"count":3', '"count":4') } : entry;
        return { ...changed, hash: chainHash(previous, changed) };
      });
      previous = tiny.engine.durableEntries(room)[seq - 1]!.hash;
    }
    const verdict = await verify(tiny, room);
    expect(verdict).toMatchObject({
      kind: 'damaged',
      restoreBefore: 4,
      integrity: { findingCount: 0 },
      replay: {
        difference: {
          seq: 4,
          expected: '[{"type":"added","n":1,"count":3}]',
          found: '[{"type":"added","n":1,"count":4}]',
        },
      },
    });
  });

  test('that stands before the one in front in time is named', async () => {
    const { tiny, room } = await playedRoom(5);
    tiny.engine.tamper(room, 4, (entry) => ({ ...entry, at: 0 }));
    const { integrity } = await verify(tiny, room);
    expect(integrity.findings.map(({ sentence }) => sentence)).toContain(
      'Entry 4 is of an earlier time than the one before',
    );
  });
});

describe('a damaged snapshot', () => {
  test.each([64, 136])('%i is made anew from the entries, byte for byte', async (seq) => {
    const { tiny, room } = await playedRoom();
    const saved = await tiny.until(tiny.engine.snapshots(room, 200, 10));
    tiny.engine.tamperSnapshot(room, seq, (one) => ({ ...one, state: one.state.replace('"count"', '"cuont"') }));
    expect(await verify(tiny, room)).toMatchObject({
      kind: 'damaged',
      integrity: { brokenAt: null, findings: [{ about: 'snapshot', seq }] },
      replay: { recomputed: 151, difference: null, wrongSnapshots: [seq] },
    });
    expect(await repair(tiny, room)).toMatchObject({ kind: 'repaired', sentences: [] });
    expect(await tiny.until(tiny.engine.snapshots(room, 200, 10))).toEqual(saved);
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound' });
  });

  test('with a right hash differs from the entries in the places that are named, and is made anew', async () => {
    const { tiny, room } = await playedRoom();
    forge(tiny, room, 64);
    expect(await verify(tiny, room)).toMatchObject({
      kind: 'damaged',
      integrity: { findingCount: 0 },
      replay: { difference: { seq: 64, changes: [{ path: '/count', before: 63, after: 999 }] } },
      sentences: ['Snapshot 64 is not of the state that the entries lead to'],
    });
    expect(await repair(tiny, room)).toMatchObject({ kind: 'repaired' });
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound' });
  });

  test('is not what several snapshots are that a changed machine contradicts: they stay', async () => {
    const { tiny, room } = await playedRoom();
    const saved = await tiny.until(tiny.engine.snapshots(room, 200, 10));
    const changed = { ...tinyGame, create: (first: never) => ({ ...tinyGame.create(first), openedAt: 0 }) };
    const { writer } = tiny;
    const verdict = await tiny.until(verifyRoom(tiny.engine, changed, room, { repair: { writer } }));
    expect(verdict).toMatchObject({ kind: 'damaged', replay: { wrongSnapshots: SAVED, difference: { seq: 8 } } });
    expect(await tiny.until(tiny.engine.snapshots(room, 200, 10))).toEqual(saved);
  });

  test('in front of all entries that are left can’t be made anew', async () => {
    const { tiny, room } = await playedRoom();
    while ((await tiny.until(tiny.engine.compact(room, 1_000))) > 0);
    tiny.engine.tamperSnapshot(room, 136, (one) => ({ ...one, state: '{}' }));
    expect(await repair(tiny, room)).toMatchObject({
      kind: 'damaged',
      restoreBefore: null,
      repaired: [],
      replay: { leftOut: [{ from: 136, through: 144 }], through: 151 },
    });
  });
});

describe('any damage', () => {
  const spoilt = (value: unknown): unknown => {
    if (typeof value === 'number') return value + 1;
    return typeof value === 'string' && value !== '' ? `${value.slice(0, -1)}${value.endsWith('x') ? 'y' : 'x'}` : 7;
  };

  property.prop([fc.integer({ min: 1, max: 81 }), fc.constantFrom(...ENTRY_MEMBERS)], { seed: 3, numRuns: 80 })(
    'of an entry is noticed, at that entry or the one behind it, and never by an exception',
    async (seq, member) => {
      const { tiny, room } = await playedRoom(80);
      tiny.engine.tamper(room, seq, (entry) => ({ ...entry, [member]: spoilt(entry[member]) }));
      const { kind, integrity, restoreBefore, sentences } = await repair(tiny, room);
      // The snapshot of entry 80, which is the last, carries the room on.
      expect(seq > 80 ? ['damaged'] : ['damaged', 'scarred']).toContain(kind);
      expect(sentences).not.toEqual([]);
      expect([seq, seq + 1]).toContain(integrity.brokenAt);
      if (restoreBefore !== null) expect([seq, seq + 1]).toContain(restoreBefore);
    },
  );

  test.each(SNAPSHOT_MEMBERS)('of a snapshot’s %s is noticed and mended', async (member) => {
    const { tiny, room } = await playedRoom(80);
    const saved = await tiny.until(tiny.engine.snapshots(room, 64, 1));
    tiny.engine.tamperSnapshot(room, 64, (one) => ({ ...one, [member]: spoilt(one[member]) }));
    expect(await verify(tiny, room)).toMatchObject({ kind: 'damaged', integrity: { findings: [{ seq: 64 }] } });
    expect(await repair(tiny, room)).toMatchObject({ kind: 'repaired', sentences: [] });
    expect(await tiny.until(tiny.engine.snapshots(room, 64, 1))).toEqual(saved);
  });

  test('that loses an entry is a gap with its number', async () => {
    const { tiny, room } = await playedRoom(80);
    const read = tiny.engine.read.bind(tiny.engine);
    tiny.engine.read = async (...range) => (await read(...range)).filter(({ seq }) => seq !== 20 && seq !== 21);
    expect(await verify(tiny, room)).toMatchObject({
      kind: 'scarred',
      integrity: { brokenAt: 20, findings: [{ seq: 20, sentence: 'Entries 20 to 21 are missing' }], findingCount: 1 },
      replay: { leftOut: [{ from: 20, through: 24 }], through: 81 },
    });
  });
});

describe('rows that do not follow from the state', () => {
  test('are named, and made anew by a repair', async () => {
    const { tiny, room } = await playedRoom(3);
    const row = await tiny.until(tiny.engine.row('rooms', room));
    await putRows(tiny, room, [
      { kind: 'put', table: 'rooms', key: room, values: { status: 'playing', hostName: 'Eve' } },
    ]);
    expect(await verify(tiny, room)).toMatchObject({
      kind: 'damaged',
      projection: { wrong: [{ table: 'rooms', key: room }] },
    });
    expect(await repair(tiny, room)).toMatchObject({ kind: 'repaired' });
    expect(await verify(tiny, room)).toMatchObject({ kind: 'sound' });
    expect(await tiny.until(tiny.engine.row('rooms', room))).toEqual(row);
  });
});

describe('a stream that is open although its room is closed', () => {
  test('is told, and closed by a repair', async () => {
    const { tiny, room } = await playedRoom(3);
    tiny.close(room);
    await tiny.clock.advance(100);
    const forgetful = reading(tiny.engine, { closed: false });
    expect(await tiny.until(verifyRoom(forgetful, tinyGame, room))).toMatchObject({
      kind: 'damaged',
      sentences: ['The head says that the room is open, its state says otherwise'],
    });
    const repair = { writer: tiny.writer };
    expect(await tiny.until(verifyRoom(forgetful, tinyGame, room, { repair }))).toMatchObject({ kind: 'repaired' });
  });
});

describe('a head that is damaged', () => {
  test('keeps nobody from verifying its room and the others', async () => {
    const { tiny, room } = await playedRoom(3);
    const other = await tiny.open();
    const unreadable = reading(tiny.engine, 'damaged', room);
    const seen: RoomVerdict[] = [];
    const verdict = await tiny.until(verifyAll(unreadable, tinyGame, { onRoom: (one) => seen.push(one) }));
    expect(verdict).toMatchObject({ sound: false, rooms: 2, notSound: [room] });
    expect(seen).toMatchObject([
      { roomId: other, kind: 'sound' },
      {
        roomId: room,
        kind: 'damaged',
        integrity: { entries: 4, brokenAt: null, findings: [{ about: 'head' }] },
        replay: { recomputed: 4, difference: null },
      },
    ]);
  });

  test('that names another entry than the last one is told', async () => {
    const { tiny, room } = await playedRoom(3);
    const { integrity } = await tiny.until(verifyRoom(reading(tiny.engine, { nextDeadline: 5 }), tinyGame, room));
    expect(integrity.findings).toEqual([
      { about: 'head', seq: 4, sentence: 'The room’s head says that the next deadline is 5, where it is null' },
    ]);
    const short = await tiny.until(verifyRoom(reading(tiny.engine, { seq: 6 }), tinyGame, room));
    expect(short).toMatchObject({ kind: 'damaged', restoreBefore: 5, integrity: { brokenAt: 5 } });
    expect(short.sentences).toContain('Entries 5 to 6 are missing');
  });
});

/** The engine with another head of its rooms, or one that does not have its checksum. */
function reading(engine: TinyRooms['engine'], change: Partial<StreamHead> | 'damaged', only?: string): JournalEngine {
  const heads = async (roomIds: readonly string[]): Promise<readonly StreamHead[]> => {
    const found = await engine.heads(roomIds);
    if (change !== 'damaged') return found.map((head) => ({ ...head, ...change }));
    if (only === undefined || roomIds.includes(only)) throw new StoreFailure('failed', 'ROW_DAMAGED', 'damaged');
    return found;
  };
  const streams = async (which: 'open' | 'all', cursor: number): Promise<StreamPage> => {
    const page = await engine.streams(which, cursor);
    if (change !== 'damaged') return page;
    const isDamaged = ({ roomId }: StreamHead) => only === undefined || roomId === only;
    const damaged = page.items.filter(isDamaged).map(({ roomId }) => roomId);
    return { ...page, items: page.items.filter((head) => !isDamaged(head)), damaged };
  };
  return new Proxy<JournalEngine>(engine, {
    get(target, member) {
      if (member === 'heads') return heads;
      if (member === 'streams') return streams;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('the whole journal', () => {
  test('is told room by room, with what is wrong and nothing else', async () => {
    const tiny = await TinyRooms.start();
    const rooms: string[] = [];
    for (let n = 0; n < 5; n++) rooms.push(await tiny.open());
    for (const room of rooms) tiny.add(room, 1);
    tiny.close(rooms[1]!);
    await tiny.clock.advance(200_000);
    tiny.engine.tamper(rooms[3]!, 2, (entry) => ({ ...entry, events: '[]' }));
    const [seen, progress]: [RoomVerdict[], number[]] = [[], []];
    const verdict = await tiny.until(
      verifyAll(tiny.engine, tinyGame, {
        onRoom: (one) => seen.push(one),
        onProgress: (done, all) => progress.push(done / all),
      }),
    );
    expect(verdict).toMatchObject({ sound: false, rooms: 5, kinds: { sound: 4 }, notSound: [rooms[3]], store: [] });
    expect(seen.map(({ roomId }) => roomId)).toEqual(rooms);
    expect(progress).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });

  test('has players’ sums that are wrong, missing or damaged, which only a repair puts right', async () => {
    const tiny = await TinyRooms.start();
    const room = await tiny.open();
    await playGame(tiny, room);
    expect(await tiny.until(verifyAll(tiny.engine, tinyGame))).toMatchObject({
      sound: true,
      players: { wrongCount: 0 },
    });
    await putRows(tiny, room, [
      { kind: 'put', table: 'players', key: 'ann', values: { wins: 7 } },
      { kind: 'delete', table: 'players', key: 'bob' },
    ]);
    tiny.engine.damageRow('players', 'cat');
    const verdict = await tiny.until(verifyAll(tiny.engine, tinyGame));
    expect(verdict).toMatchObject({ sound: false, players: { wrongCount: 3, repaired: 0 } });
    expect([...verdict.players.wrong].sort()).toEqual(['ann', 'bob', 'cat']);
    const { writer } = tiny;
    const repaired = await tiny.until(verifyAll(tiny.engine, tinyGame, { repair: { writer } }));
    expect(repaired).toMatchObject({ sound: true, players: { repaired: 3 } });
    expect(await tiny.until(verifyAll(tiny.engine, tinyGame))).toMatchObject({
      sound: true,
      players: { wrongCount: 0 },
    });
  });
});

type Rows = Parameters<TinyRooms['engine']['commit']>[0][number]['rows'];

async function putRows(tiny: TinyRooms, roomId: string, rows: Rows): Promise<void> {
  const append = { roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
  await tiny.until(tiny.engine.commit([append], 0));
}

/** A finished game of three, as a definition with games would leave it. */
async function playGame(tiny: TinyRooms, roomId: string): Promise<void> {
  const times = { startedAt: 1, endedAt: 2 };
  const seats = ['ann', 'bob', 'cat'].map((playerId, seat) => ({
    playerId,
    seat,
    score: 10 * seat,
    won: seat === 2 ? 1 : 0,
  }));
  await putRows(tiny, roomId, [
    { kind: 'put', table: 'games', key: roomId, values: { code: 'c', status: 'over', players: '[]', ...times } },
    ...seats.map(({ playerId, ...rest }) => ({
      kind: 'put' as const,
      table: 'gamePlayers' as const,
      key: `${roomId}/${rest.seat}`,
      values: { roomId, playerId, name: playerId, ...times, ...rest },
    })),
    ...seats.map(({ playerId, score, won }) => ({
      kind: 'put' as const,
      table: 'players' as const,
      key: playerId,
      values: { name: playerId, games: 1, wins: won, score, lastPlayedAt: 2 },
    })),
  ]);
}
