import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Entry, type JournalEngine, StoreFailure } from '../../persistence/journal.js';
import type { RoomRow, Table } from '../../persistence/rows.js';
import { appendOf, entriesOf, entryAfter, newRoom, putRoom, snapshotAt, snapshotOnly } from './appends.js';

export interface JournalUnderTest {
  readonly engine: JournalEngine;
  /** Closes the engine and opens another on the same store. */
  readonly reopen: () => Promise<JournalEngine>;
  /** Makes a commit of more than `STORE_ROOM_CHARS` fail, as a full disk does, until `mend`. */
  readonly fill: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Changes a text of a stored row behind the engine's back. */
  readonly damage: (table: Table, key: string, column: string) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** A text that a store which was filled does not take. */
const TOO_LONG = 'x'.repeat(1024 * 1024);
const COMMITTED = { kind: 'committed' };
const conflict = (actualSeq: number) => ({ kind: 'conflict', actualSeq });

/** What every journal engine promises (`persistence/journal.ts`). */
export function journalContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(name, () => {
    let store: JournalUnderTest;
    let engine: JournalEngine;

    beforeEach(async () => {
      store = await open();
      engine = store.engine;
    });
    afterEach(() => store.dispose());

    describe('commit', () => {
      test('a first entry opens its stream', async () => {
        const [entry] = entriesOf('r1', 1);
        expect(await engine.commit([appendOf(entry!)], 5)).toEqual([COMMITTED]);
        expect(await engine.read('r1', 1, 10)).toEqual([entry]);
      });

      test('every field of an entry comes back as it was written', async () => {
        const entry = entryAfter(null, 'r1', {
          at: 1_893_456_000_123,
          message: '{"text":"日本 \\u0000 \\"quoted\\" 🎲"}',
          outcome: 'restored',
          events: '[]',
          machineVersion: 7,
          correlationId: '',
          nextDeadline: 1_893_456_005_123,
        });
        await engine.commit([appendOf(entry)], 0);
        expect(await engine.read('r1', 1, 1)).toEqual([entry]);
      });

      test('several entries of one room can share a batch', async () => {
        const entries = entriesOf('r1', 3);
        const batch = entries.map((entry) => appendOf(entry));
        expect(await engine.commit(batch, 0)).toEqual([COMMITTED, COMMITTED, COMMITTED]);
        expect(await engine.read('r1', 1, 3)).toEqual(entries);
      });

      test('an append whose expected version is stale conflicts and names the version there', async () => {
        const [first, second] = entriesOf('r1', 2);
        await engine.commit([appendOf(first!), appendOf(second!)], 0);
        const late = entryAfter(first!, 'r1', { message: '{"late":true}' });
        expect(await engine.commit([appendOf(late)], 0)).toEqual([conflict(2)]);
        expect(await engine.read('r1', 1, 10)).toEqual([first, second]);
      });

      test('an append that would leave a gap conflicts', async () => {
        const [first, second, third] = entriesOf('r1', 3);
        await engine.commit([appendOf(first!)], 0);
        expect(await engine.commit([appendOf(third!)], 0)).toEqual([conflict(1)]);
        expect(await engine.commit([appendOf(entriesOf('r2', 2)[1]!)], 0)).toEqual([conflict(0)]);
        expect(await engine.commit([appendOf(second!)], 0)).toEqual([COMMITTED]);
      });

      test('opening a stream that is there conflicts', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0);
        const other = entryAfter(null, 'r1', { message: '{"other":true}' });
        expect(await engine.commit([appendOf(other)], 0)).toEqual([conflict(1)]);
      });

      test('a conflict in the middle of a batch leaves the others committed', async () => {
        const a = entriesOf('a', 2);
        const c = entriesOf('c', 1);
        await engine.commit([appendOf(a[0]!)], 0);
        const stale = entryAfter(null, 'a', { message: '{"stale":true}' });
        const verdicts = await engine.commit([appendOf(c[0]!), appendOf(stale), appendOf(entriesOf('b', 1)[0]!)], 0);
        expect(verdicts).toEqual([COMMITTED, conflict(1), COMMITTED]);
        expect((await engine.heads(['a', 'b', 'c'])).map(({ seq }) => seq)).toEqual([1, 1, 1]);
      });

      test('what a room has behind its conflict in a batch conflicts too, even where the version fits', async () => {
        const theirs = entriesOf('r1', 1);
        await engine.commit([appendOf(theirs[0]!)], 0);
        const ours1 = entryAfter(null, 'r1', { message: '{"ours":1}' });
        const ours2 = entryAfter(ours1, 'r1', { message: '{"ours":2}' });
        expect(await engine.commit([appendOf(ours1), appendOf(ours2)], 0)).toEqual([conflict(1), conflict(1)]);
        expect(await engine.read('r1', 1, 10)).toEqual(theirs);
      });

      test('a batch that fails writes nothing, and the store works again afterwards', async () => {
        const a = entriesOf('a', 2);
        await engine.commit([appendOf(a[0]!)], 7);
        await store.fill();
        const long = entryAfter(null, 'b', { message: JSON.stringify(TOO_LONG), at: 9_000 });
        const rows = [putRoom('a', newRoom({ code: '111111' }))];
        const batch = [appendOf(a[1]!, { rows, snapshot: snapshotAt(a[1]!), closes: true }), appendOf(long)];
        const failure = await engine.commit(batch, 99).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(StoreFailure);
        expect(failure).toMatchObject({ outcome: 'failed', code: 'SQLITE_FULL' });
        expect(await engine.heads(['a', 'b'])).toMatchObject([{ seq: 1, snapshotSeq: 0, closed: false }]);
        expect(await engine.snapshots('a', 9, 9)).toEqual([]);
        expect(await engine.roomByCode('111111')).toBeNull();
        expect(await engine.marks()).toEqual({ aliveAt: 7, lastAt: a[0]!.at });
        await store.mend();
        expect(await engine.commit(batch, 99)).toEqual([COMMITTED, COMMITTED]);
        expect(await engine.heads(['a', 'b'])).toMatchObject([{ seq: 2, closed: true }, { seq: 1 }]);
        expect(await engine.roomByCode('111111')).not.toBeNull();
      });

      test('an append that no store could take is our own mistake and writes nothing', async () => {
        const [first, second] = entriesOf('r1', 2);
        const broken = [
          appendOf(first!, { roomId: 'r2' }),
          appendOf(second!, { expectedSeq: 0 }),
          appendOf(first!, { snapshot: snapshotAt(second!) }),
          appendOf(first!, { snapshot: snapshotAt(entriesOf('r2', 1)[0]!) }),
          appendOf(first!, { rows: [putRoom('r1', { 'code = 1; --': '1' } as Partial<RoomRow>)] }),
          snapshotOnly(first!, { expectedSeq: 0, snapshot: null }),
        ];
        for (const append of broken) {
          await expect(engine.commit([appendOf(entriesOf('r9', 1)[0]!), append], 0)).rejects.toBeInstanceOf(TypeError);
        }
        expect(await engine.heads(['r1', 'r2', 'r9'])).toEqual([]);
      });
    });

    describe('fences', () => {
      test('an owner with a higher fence takes over, and the one before is refused from then on', async () => {
        const [first, second, third] = entriesOf('r1', 3);
        await engine.commit([appendOf(first!, { fence: 4 })], 0);
        expect(await engine.commit([appendOf(second!, { fence: 3 })], 0)).toEqual([conflict(1)]);
        expect(await engine.commit([appendOf(second!, { fence: 5 })], 0)).toEqual([COMMITTED]);
        expect(await engine.commit([appendOf(third!, { fence: 4 })], 0)).toEqual([conflict(2)]);
        engine = await store.reopen();
        expect(await engine.commit([appendOf(third!, { fence: 4 })], 0)).toEqual([conflict(2)]);
        expect(await engine.commit([appendOf(third!, { fence: 5 })], 0)).toEqual([COMMITTED]);
      });
    });

    describe('snapshots', () => {
      test('come in the transaction of their entry, newest first, up to the seq that was asked for', async () => {
        const entries = entriesOf('r1', 4);
        const batch = entries.map((entry) => appendOf(entry, { snapshot: snapshotAt(entry) }));
        await engine.commit(batch, 0);
        expect(await engine.snapshots('r1', 3, 2)).toEqual([snapshotAt(entries[2]!), snapshotAt(entries[1]!)]);
        expect(await engine.snapshots('r1', 99, 1)).toEqual([snapshotAt(entries[3]!)]);
        expect(await engine.snapshots('nobody', 99, 1)).toEqual([]);
      });

      test('come later, without an entry, for the version that is there', async () => {
        const entries = entriesOf('r1', 2);
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        expect(await engine.commit([snapshotOnly(entries[1]!)], 0)).toEqual([COMMITTED]);
        expect(await engine.snapshots('r1', 9, 9)).toEqual([snapshotAt(entries[1]!)]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 2, hash: entries[1]!.hash, snapshotSeq: 2 }]);
        expect(await engine.read('r1', 1, 9)).toEqual(entries);
      });

      test('of another version than the one that is there conflict', async () => {
        const entries = entriesOf('r1', 2);
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        expect(await engine.commit([snapshotOnly(entries[0]!)], 0)).toEqual([conflict(2)]);
        expect(await engine.snapshots('r1', 9, 9)).toEqual([]);
      });

      test('written twice for one version keep the newer text', async () => {
        const [entry] = entriesOf('r1', 1);
        await engine.commit([appendOf(entry!, { snapshot: snapshotAt(entry!, '{"old":1}') })], 0);
        await engine.commit([snapshotOnly(entry!, { snapshot: snapshotAt(entry!, '{"new":1}') })], 0);
        expect(await engine.snapshots('r1', 9, 9)).toEqual([snapshotAt(entry!, '{"new":1}')]);
      });
    });

    describe('heads', () => {
      test('are head row and tail together', async () => {
        const first = entryAfter(null, 'r1', { nextDeadline: 50 });
        const second = entryAfter(first, 'r1', { nextDeadline: 60 });
        const third = entryAfter(second, 'r1', { nextDeadline: null });
        const head = { roomId: 'r1', snapshotSeq: 0, closed: false, anchorSeq: 0, anchorHash: '' };
        await engine.commit([appendOf(first)], 0);
        const { at, hash } = first;
        expect(await engine.heads(['r1'])).toEqual([{ ...head, seq: 1, at, hash, nextDeadline: 50 }]);
        await engine.commit([appendOf(second, { snapshot: snapshotAt(second) })], 0);
        await engine.commit([appendOf(third)], 0);
        expect(await engine.heads(['r1'])).toEqual([
          { ...head, seq: 3, at: third.at, hash: third.hash, nextDeadline: null, snapshotSeq: 2 },
        ]);
      });

      test('leave out streams that do not exist', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0);
        expect((await engine.heads(['r0', 'r1', 'r2'])).map(({ roomId }) => roomId)).toEqual(['r1']);
        expect(await engine.heads([])).toEqual([]);
      });
    });

    describe('closing', () => {
      test('leaves a stream out of the open ones and readable', async () => {
        const a = entriesOf('a', 2);
        await engine.commit([appendOf(a[0]!), appendOf(entriesOf('b', 1)[0]!)], 0);
        await engine.commit([appendOf(a[1]!, { closes: true })], 0);
        expect((await engine.streams('open', 0)).items.map(({ roomId }) => roomId)).toEqual(['b']);
        expect(await engine.heads(['a'])).toMatchObject([{ seq: 2, closed: true, nextDeadline: null }]);
        expect(await engine.read('a', 1, 9)).toEqual(a);
      });

      test('ends the stream: a further entry conflicts, a snapshot of its end does not', async () => {
        const a = entriesOf('a', 2);
        await engine.commit([appendOf(a[0]!, { closes: true })], 0);
        expect(await engine.commit([appendOf(a[1]!)], 0)).toEqual([conflict(1)]);
        engine = await store.reopen();
        expect(await engine.commit([appendOf(a[1]!)], 0)).toEqual([conflict(1)]);
        expect(await engine.commit([snapshotOnly(a[0]!)], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['a'])).toMatchObject([{ seq: 1, closed: true, snapshotSeq: 1 }]);
      });
    });

    describe('a restored entry', () => {
      const restored = (previous: Entry) => entryAfter(previous, previous.roomId, { outcome: 'restored' });

      test('opens a closed stream again, for all that comes behind it', async () => {
        const [first] = entriesOf('a', 1);
        await engine.commit([appendOf(first!, { closes: true })], 0);
        const second = restored(first!);
        expect(await engine.commit([appendOf(second, { snapshot: snapshotAt(second) })], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['a'])).toMatchObject([{ seq: 2, closed: false, snapshotSeq: 2 }]);
        engine = await store.reopen();
        expect((await engine.streams('open', 0)).items).toMatchObject([{ roomId: 'a' }]);
        const third = entryAfter(second, 'a');
        expect(await engine.commit([appendOf(third)], 0)).toEqual([COMMITTED]);
        expect(await engine.commit([appendOf(entryAfter(third, 'a'), { closes: true })], 0)).toEqual([COMMITTED]);
        expect((await engine.streams('open', 0)).items).toEqual([]);
      });

      test('leaves a stream closed where it says so', async () => {
        const [first] = entriesOf('a', 1);
        await engine.commit([appendOf(first!, { closes: true })], 0);
        await engine.commit([appendOf(restored(first!), { closes: true })], 0);
        expect(await engine.heads(['a'])).toMatchObject([{ seq: 2, closed: true }]);
      });

      test('needs the right version as any other', async () => {
        const [first] = entriesOf('a', 1);
        await engine.commit([appendOf(first!, { closes: true })], 0);
        expect(await engine.commit([appendOf(restored(entriesOf('a', 2)[1]!))], 0)).toEqual([conflict(1)]);
      });
    });

    describe('all streams', () => {
      test('are the open and the closed ones, in order of creation', async () => {
        const batch = ['b', 'a', 'c'].map((roomId) => appendOf(entriesOf(roomId, 1)[0]!, { closes: roomId === 'a' }));
        await engine.commit(batch, 0);
        const ids = async (which: 'open' | 'all') => (await engine.streams(which, 0)).items.map(({ roomId }) => roomId);
        expect(await ids('all')).toEqual(['b', 'a', 'c']);
        expect(await ids('open')).toEqual(['b', 'c']);
      });
    });

    describe('the entry at a time', () => {
      test('is the last one that was made then or before', async () => {
        const times = [1_000, 1_010, 1_010, 1_010, 2_000];
        const entries: Entry[] = [];
        for (const at of times) entries.push(entryAfter(entries.at(-1) ?? null, 'r1', { at }));
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        const found: number[] = [];
        for (const at of [0, 999, 1_000, 1_009, 1_010, 1_999, 2_000, 9_999]) found.push(await engine.seqAt('r1', at));
        expect(found).toEqual([0, 0, 1, 1, 4, 4, 5, 5]);
        expect(await engine.seqAt('nobody', 9_999)).toBe(0);
      });

      test('is found among 10,000', async () => {
        const entries = entriesOf('r1', 10_000);
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        for (const seq of [1, 2, 4_999, 9_999, 10_000])
          expect(await engine.seqAt('r1', entries[seq - 1]!.at)).toBe(seq);
      });
    });

    describe('open streams', () => {
      test('come in pages of at most 1,000 in order of creation', async () => {
        const roomIds = Array.from({ length: 2_001 }, (_, index) => `room-${(index * 7_919) % 2_003}`);
        for (let start = 0; start < roomIds.length; start += 500) {
          const batch = roomIds.slice(start, start + 500).map((roomId) => appendOf(entriesOf(roomId, 1)[0]!));
          await engine.commit(batch, 0);
        }
        await engine.commit([appendOf(entryAfter(entriesOf(roomIds[3]!, 1)[0]!, roomIds[3]!), { closes: true })], 0);
        roomIds.splice(3, 1);
        const first = await engine.streams('open', 0);
        expect(first.items).toHaveLength(1_000);
        const second = await engine.streams('open', first.next!);
        expect(second.next).toBeNull(); // 2,000 open ones fill two pages exactly
        const found = [...first.items, ...second.items].map(({ roomId }) => roomId);
        expect(found).toEqual(roomIds);
      });

      test('of an empty store are one empty page', async () => {
        expect(await engine.streams('open', 0)).toEqual({ items: [], next: null, damaged: [] });
      });
    });

    describe('read', () => {
      test('takes both ends of its range as inclusive', async () => {
        const entries = entriesOf('r1', 5);
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        expect(await engine.read('r1', 2, 4)).toEqual(entries.slice(1, 4));
        expect(await engine.read('r1', 4, 99)).toEqual(entries.slice(3));
        expect(await engine.read('r1', -3, 1)).toEqual(entries.slice(0, 1));
        expect(await engine.read('r1', 4, 3)).toEqual([]);
        expect(await engine.read('r1', 6, 9)).toEqual([]);
        expect(await engine.read('nobody', 1, 9)).toEqual([]);
      });

      test('gives at most 1,000 entries, the first of its range', async () => {
        const entries = entriesOf('r1', 1_002);
        await engine.commit(
          entries.map((entry) => appendOf(entry)),
          0,
        );
        expect(await engine.read('r1', 2, 5_000)).toEqual(entries.slice(1, 1_001));
      });
    });

    describe('marks', () => {
      test('are 0 in a new store', async () => {
        expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
      });

      test('come with each batch and by themselves, and never go back', async () => {
        await engine.commit(
          [appendOf(entryAfter(null, 'a', { at: 700 })), appendOf(entryAfter(null, 'b', { at: 600 }))],
          710,
        );
        expect(await engine.marks()).toEqual({ aliveAt: 710, lastAt: 700 });
        await engine.markAlive(900);
        expect(await engine.marks()).toEqual({ aliveAt: 900, lastAt: 700 });
        await engine.commit([appendOf(entryAfter(null, 'c', { at: 500 }))], 800);
        expect(await engine.marks()).toEqual({ aliveAt: 900, lastAt: 700 });
      });

      test('do not count the time of an entry that conflicts', async () => {
        await engine.commit([appendOf(entriesOf('a', 1)[0]!)], 0);
        await engine.commit([appendOf(entryAfter(null, 'a', { at: 5_000 }))], 0);
        expect((await engine.marks()).lastAt).toBe(entriesOf('a', 1)[0]!.at);
      });
    });

    describe('outages', () => {
      test('are kept in order, and one that is written again only grows', async () => {
        expect(await engine.outages()).toEqual([]);
        await engine.recordOutage({ from: 500, to: 600 });
        await engine.recordOutage({ from: 100, to: 200 });
        await engine.recordOutage({ from: 500, to: 700 });
        await engine.recordOutage({ from: 500, to: 650 });
        expect(await engine.outages()).toEqual([
          { from: 100, to: 200 },
          { from: 500, to: 700 },
        ]);
      });
    });

    describe('the rooms repository', () => {
      const expected: RoomRow = {
        roomId: 'r1',
        code: '123456',
        status: 'waiting',
        hostName: 'Ada',
        seats: '[null]',
        freeSeats: 2,
        createdAt: 1_000,
        updatedAt: 1_010,
        creator: 'session-1',
        creationKey: 'key-1',
      };
      const row = newRoom({
        code: '123456',
        seats: '[null]',
        freeSeats: 2,
        updatedAt: 1_010,
        creationKey: 'key-1',
      });

      test('gets its rows in the transaction of the entry', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { rows: [putRoom('r1', row)] })], 0);
        expect(await engine.roomByCode('123456')).toEqual(expected);
        expect(await engine.roomByCode('999999')).toBeNull();
      });

      test('a later put changes the columns that it names and no other', async () => {
        const [first, second] = entriesOf('r1', 2);
        await engine.commit([appendOf(first!, { rows: [putRoom('r1', row)] })], 0);
        await engine.commit([appendOf(second!, { rows: [putRoom('r1', { status: 'playing', freeSeats: 0 })] })], 0);
        expect(await engine.roomByCode('123456')).toEqual({ ...expected, status: 'playing', freeSeats: 0 });
      });

      test('a delete removes the row', async () => {
        const [first, second] = entriesOf('r1', 2);
        await engine.commit([appendOf(first!, { rows: [putRoom('r1', row)] })], 0);
        await engine.commit([appendOf(second!, { rows: [{ kind: 'delete', table: 'rooms', key: 'r1' }] })], 0);
        expect(await engine.roomByCode('123456')).toBeNull();
      });

      test('a code that another room has makes that append conflict alone, and leaves nothing of it', async () => {
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { rows: [putRoom('r1', row)] })], 0);
        const rows = [putRoom('r2-a', newRoom({ code: '222222' })), putRoom('r2', newRoom({ code: '123456' }))];
        const verdicts = await engine.commit(
          [
            appendOf(entriesOf('r3', 1)[0]!, { rows: [putRoom('r3', newRoom({ code: '333333' }))] }),
            appendOf(entriesOf('r2', 2)[0]!, { rows }),
            appendOf(entriesOf('r2', 2)[1]!),
            appendOf(entriesOf('r4', 1)[0]!, { rows: [putRoom('r4', newRoom({ code: '444444' }))] }),
          ],
          0,
        );
        expect(verdicts).toEqual([COMMITTED, conflict(0), conflict(0), COMMITTED]);
        expect(await engine.heads(['r2'])).toEqual([]);
        expect(await engine.roomByCode('222222')).toBeNull();
        expect(await engine.roomByCode('123456')).toMatchObject({ roomId: 'r1' });
        expect(await engine.roomByCode('333333')).toMatchObject({ roomId: 'r3' });
        expect(await engine.roomByCode('444444')).toMatchObject({ roomId: 'r4' });
        const again = appendOf(entriesOf('r2', 1)[0]!, { rows: [putRoom('r2', newRoom({ code: '222222' }))] });
        expect(await engine.commit([again], 0)).toEqual([COMMITTED]);
      });

      test('two rooms that take one code in one batch: the first has it', async () => {
        const batch = ['a', 'b'].map((roomId) => appendOf(entriesOf(roomId, 1)[0]!, { rows: [putRoom(roomId, row)] }));
        expect(await engine.commit(batch, 0)).toEqual([COMMITTED, conflict(0)]);
      });

      test('a code is free again when its room is archived, and not before', async () => {
        const r1 = entriesOf('r1', 3);
        const r2 = appendOf(entriesOf('r2', 1)[0]!, { rows: [putRoom('r2', row)] });
        await engine.commit([appendOf(r1[0]!, { rows: [putRoom('r1', row)] })], 0);
        await engine.commit([appendOf(r1[1]!, { rows: [putRoom('r1', { status: 'closed' })] })], 0);
        expect(await engine.commit([r2], 0)).toEqual([conflict(0)]);
        await engine.commit([appendOf(r1[2]!, { rows: [putRoom('r1', { status: 'archived' })] })], 0);
        expect(await engine.roomByCode('123456')).toBeNull();
        expect(await engine.commit([r2], 0)).toEqual([COMMITTED]);
        expect(await engine.roomByCode('123456')).toMatchObject({ roomId: 'r2' });
      });

      test('a row that lacks a column makes its append conflict alone', async () => {
        const broken = appendOf(entriesOf('r1', 1)[0]!, { rows: [putRoom('r1', { code: '123456' })] });
        expect(await engine.commit([broken, appendOf(entriesOf('r2', 1)[0]!)], 0)).toEqual([conflict(0), COMMITTED]);
      });

      test('finds the newest room that a session created with a key, since a time', async () => {
        const old = putRoom('r1', newRoom({ code: '111111', creationKey: 'key', createdAt: 1_000 }));
        const young = putRoom('r2', newRoom({ code: '222222', creationKey: 'key', createdAt: 2_000 }));
        await engine.commit([appendOf(entriesOf('r1', 1)[0]!, { rows: [old, young] })], 0);
        expect(await engine.roomByCreation('session-1', 'key', 0)).toMatchObject({ roomId: 'r2' });
        expect(await engine.roomByCreation('session-1', 'key', 2_000)).toMatchObject({ roomId: 'r2' });
        expect(await engine.roomByCreation('session-1', 'key', 2_001)).toBeNull();
        expect(await engine.roomByCreation('session-2', 'key', 0)).toBeNull();
        expect(await engine.roomByCreation('session-1', 'other', 0)).toBeNull();
      });
    });

    describe('opening and closing', () => {
      test('everything is there after the store was closed and opened again', async () => {
        const entries = entriesOf('r1', 3);
        const rows = [putRoom('r1', newRoom({ code: '123456' }))];
        await engine.commit([appendOf(entries[0]!, { rows }), appendOf(entries[1]!)], 40);
        await engine.commit([snapshotOnly(entries[1]!), appendOf(entriesOf('r2', 1)[0]!, { closes: true })], 50);
        await engine.recordOutage({ from: 1, to: 2 });
        const all = async (from: JournalEngine) => [
          await from.read('r1', 1, 9),
          await from.snapshots('r1', 9, 9),
          await from.heads(['r1', 'r2']),
          await from.streams('all', 0),
          await from.marks(),
          await from.outages(),
          await from.roomByCode('123456'),
        ];
        const before = await all(engine);
        engine = await store.reopen();
        expect(await all(engine)).toEqual(before);
        expect(await engine.commit([appendOf(entries[2]!)], 60)).toEqual([COMMITTED]);
      });

      test('answers what was asked before the close, and nothing after it', async () => {
        const commit = engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0);
        await engine.close();
        expect(await commit).toEqual([COMMITTED]);
        await expect(engine.marks()).rejects.toMatchObject({ outcome: 'failed', code: 'CLOSED' });
        await expect(engine.markAlive(1)).rejects.toMatchObject({ outcome: 'failed', code: 'CLOSED' });
      });
    });
  });
}
