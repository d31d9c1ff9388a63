import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry, JournalEngine } from '../../persistence/journal.js';
import type { GamePlayerRow, PlayerRow, RowChange } from '../../persistence/rows.js';
import { appendOf, entriesOf, entryAfter, snapshotAt } from './appends.js';

export interface MaintainedStore {
  readonly engine: JournalEngine;
  /** Closes the engine and opens another on the same store. */
  readonly reopen: () => Promise<JournalEngine>;
  /** A name for a backup. Nothing is there yet. */
  readonly backupName: (name: string) => string;
  /** Opens a backup as a store. */
  readonly openBackup: (name: string) => Promise<JournalEngine>;
  readonly dispose: () => Promise<void>;
}

const COMMITTED = { kind: 'committed' };
const ALL = Number.MAX_SAFE_INTEGER;
const PIECE = 500;

/** What every engine promises of the work on a store besides appending and reading. */
export function maintenanceContract(name: string, open: () => Promise<MaintainedStore>): void {
  describe(name, () => {
    let store: MaintainedStore;
    let engine: JournalEngine;

    beforeEach(async () => {
      store = await open();
      engine = store.engine;
    });
    afterEach(() => store.dispose());

    /** Writes a room's entries with snapshots at some of them. */
    async function write(
      roomId: string,
      count: number,
      snapshotsAt: readonly number[],
      closes = false,
    ): Promise<Entry[]> {
      const entries = entriesOf(roomId, count);
      await engine.commit(
        entries.map((entry) =>
          appendOf(entry, {
            snapshot: snapshotsAt.includes(entry.seq) ? snapshotAt(entry) : null,
            closes: closes && entry.seq === count,
          }),
        ),
        0,
      );
      return entries;
    }

    async function repeat(piece: () => Promise<number>): Promise<number[]> {
      const removed: number[] = [];
      for (let count = await piece(); count > 0; count = await piece()) removed.push(count);
      return removed;
    }

    async function snapshotSeqs(roomId: string): Promise<number[]> {
      return (await engine.snapshots(roomId, ALL, 99)).map(({ seq }) => seq);
    }

    describe('compaction', () => {
      test('removes what is asked, and the last removed entry becomes the anchor', async () => {
        const entries = await write('r1', 10, [2, 4, 6, 8]);
        expect(await repeat(() => engine.compact('r1', 4))).toEqual([4, 1]);
        expect(await engine.read('r1', 1, 99)).toEqual(entries.slice(4));
        expect(await snapshotSeqs('r1')).toEqual([8, 6, 4]); // what follows the anchor follows from the snapshot of it
        const [head] = await engine.heads(['r1']);
        expect(head).toMatchObject({ seq: 10, hash: entries[9]!.hash, snapshotSeq: 8 });
        expect(head).toMatchObject({ anchorSeq: 4, anchorHash: entries[3]!.hash });
      });

      test('keeps everything from the second newest snapshot on, whatever is asked', async () => {
        const entries = await write('r1', 10, [2, 4, 6, 8]);
        await repeat(() => engine.compact('r1', ALL));
        expect(await engine.read('r1', 1, 99)).toEqual(entries.slice(5));
        expect(await snapshotSeqs('r1')).toEqual([8, 6]);
        expect(await engine.heads(['r1'])).toMatchObject([{ anchorSeq: 5, anchorHash: entries[4]!.hash }]);
      });

      test('removes nothing of a room that has fewer than two snapshots, or that does not exist', async () => {
        const entries = await write('r1', 3, [2]);
        expect(await engine.compact('r1', ALL)).toBe(0);
        expect(await engine.compact('nobody', ALL)).toBe(0);
        expect(await engine.read('r1', 1, 99)).toEqual(entries);
        expect(await engine.heads(['r1'])).toMatchObject([{ anchorSeq: 0, anchorHash: '' }]);
      });

      test('goes in pieces, between which the room is whole and takes entries', async () => {
        const entries = await write('r1', 1_203, [1_100, 1_203]);
        expect(await engine.compact('r1', ALL)).toBe(PIECE);
        const next = entryAfter(entries.at(-1)!, 'r1');
        expect(await engine.commit([appendOf(next, { snapshot: snapshotAt(next) })], 0)).toEqual([COMMITTED]);
        expect(await engine.read('r1', 1, 501)).toEqual([entries[500]]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 1_204, anchorSeq: 500, snapshotSeq: 1_204 }]);
        expect(await repeat(() => engine.compact('r1', ALL))).toEqual([PIECE, 202, 1]); // the second newest moved to 1,203
        expect(await engine.heads(['r1'])).toMatchObject([{ anchorSeq: 1_202, anchorHash: entries[1_201]!.hash }]);
      });

      test('is there after the store was closed and opened again, and the room goes on', async () => {
        const entries = await write('r1', 6, [2, 4, 6]);
        await repeat(() => engine.compact('r1', ALL));
        const before = await engine.heads(['r1']);
        engine = await store.reopen();
        expect(await engine.heads(['r1'])).toEqual(before);
        expect(await engine.commit([appendOf(entryAfter(entries[5]!, 'r1'))], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 7, anchorSeq: 3 }]);
      });
    });

    describe('removing a stream', () => {
      test('takes it away in pieces, and at last its head; other rooms stay', async () => {
        await write('r1', 600, [1, 300, 600], true);
        const others = await write('r2', 3, [3]);
        expect(await engine.removeStream('r1')).toBe(PIECE);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 600, anchorSeq: 500, closed: true }]);
        expect((await repeat(() => engine.removeStream('r1'))).reduce((sum, count) => sum + count)).toBe(100 + 3 + 1);
        expect(await engine.heads(['r1', 'r2'])).toMatchObject([{ roomId: 'r2' }]);
        expect(await engine.read('r1', 1, 999)).toEqual([]);
        expect(await engine.snapshots('r1', ALL, 99)).toEqual([]);
        expect(await engine.read('r2', 1, 99)).toEqual(others);
        expect(await snapshotSeqs('r2')).toEqual([3]);
      });

      test('is refused while it is open', async () => {
        const entries = await write('r1', 3, []);
        await expect(engine.removeStream('r1')).rejects.toMatchObject({ outcome: 'failed', code: 'STREAM_OPEN' });
        expect(await engine.read('r1', 1, 99)).toEqual(entries);
      });

      test('leaves the room free to begin anew, and its rows alone', async () => {
        await write('r1', 2, [2], true);
        await engine.commit([rowsOnly('r1', [putRoom('r1', 'closed')])], 0);
        await repeat(() => engine.removeStream('r1'));
        expect(await engine.row('rooms', 'r1')).toMatchObject({ status: 'closed' });
        expect(await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0)).toEqual([COMMITTED]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 1, snapshotSeq: 0, closed: false, anchorSeq: 0 }]);
      });
    });

    describe('a stream behind an anchor', () => {
      test('takes entries and a snapshot from there on', async () => {
        const entries = entriesOf('r1', 5);
        const anchor = entries[2]!;
        expect(await engine.openAt('r1', 3, anchor.hash)).toEqual(COMMITTED);
        const head = {
          seq: 3,
          hash: anchor.hash,
          anchorSeq: 3,
          anchorHash: anchor.hash,
          closed: false,
          snapshotSeq: 0,
        };
        expect(await engine.heads(['r1'])).toMatchObject([head]);
        const atAnchor = { ...appendOf(anchor), expectedSeq: 3, entry: null, snapshot: snapshotAt(anchor) };
        expect(await engine.commit([atAnchor, appendOf(entries[3]!), appendOf(entries[4]!)], 0)).toEqual([
          COMMITTED,
          COMMITTED,
          COMMITTED,
        ]);
        engine = await store.reopen();
        expect(await engine.read('r1', 1, 99)).toEqual(entries.slice(3));
        expect(await engine.snapshots('r1', 99, 9)).toEqual([snapshotAt(anchor)]);
        expect(await engine.heads(['r1'])).toMatchObject([
          { seq: 5, hash: entries[4]!.hash, anchorSeq: 3, snapshotSeq: 3 },
        ]);
        expect((await engine.streams('open', 0)).items).toMatchObject([{ roomId: 'r1', anchorSeq: 3 }]);
      });

      test('is refused where the room has a stream', async () => {
        await write('r1', 2, []);
        expect(await engine.openAt('r1', 3, 'hash')).toEqual({ kind: 'conflict', actualSeq: 2 });
        expect(await engine.openAt('r2', 3, 'hash')).toEqual(COMMITTED);
        expect(await engine.openAt('r2', 3, 'hash')).toEqual({ kind: 'conflict', actualSeq: 3 });
      });
    });

    describe('repairing a snapshot', () => {
      test('writes it in place of the one that is there, or where none is', async () => {
        const entries = await write('r1', 4, [2]);
        const mended = snapshotAt(entries[1]!, '{"mended":true}');
        await engine.repairSnapshot(mended);
        await engine.repairSnapshot(snapshotAt(entries[3]!));
        expect(await engine.snapshots('r1', ALL, 9)).toEqual([snapshotAt(entries[3]!), mended]);
        expect(await engine.heads(['r1'])).toMatchObject([{ seq: 4, snapshotSeq: 4 }]);
      });

      test('is refused for an entry that is not there, or is another', async () => {
        const entries = entriesOf('r1', 3);
        await write('r1', 2, []);
        const refused = [
          snapshotAt(entries[2]!),
          { ...snapshotAt(entries[1]!), entryHash: entries[0]!.hash },
          { ...snapshotAt(entries[1]!), stateHash: 'another' },
          snapshotAt(entriesOf('nobody', 1)[0]!),
        ];
        for (const snapshot of refused) {
          await expect(engine.repairSnapshot(snapshot)).rejects.toMatchObject({ code: 'SNAPSHOT_REFUSED' });
        }
        expect(await engine.snapshots('r1', ALL, 9)).toEqual([]);
      });
    });

    describe('the sums over players', () => {
      const right: PlayerRow = {
        playerId: 'ada',
        name: 'Ada L.',
        games: 2,
        wins: 1,
        score: 70,
        perfectRounds: 3,
        turnsWon: 9,
        lastPlayedAt: 2_000,
      };

      beforeEach(async () => {
        const seats = [
          seat('r1/0', {
            playerId: 'ada',
            name: 'Ada',
            endedAt: 1_000,
            score: 50,
            won: 1,
            perfectRounds: 3,
            turnsWon: 5,
          }),
          seat('r2/0', { playerId: 'ada', name: 'Ada L.', endedAt: 2_000, score: 20, turnsWon: 4 }),
          seat('r3/0', { playerId: 'ada', name: 'still playing', endedAt: null, score: 99, won: 1 }),
          seat('r1/1', { playerId: null, name: 'Bot', endedAt: 1_000, score: 10 }),
        ];
        await engine.commit([rowsOnly('r1', seats)], 0);
      });

      test('are made from the seats of finished games where they are missing', async () => {
        expect(await engine.rebuildPlayers()).toBe(1);
        expect(await engine.row('players', 'ada')).toEqual(right);
        expect(await engine.rebuildPlayers()).toBe(0);
      });

      test('are set right where they are wrong, and gone where nobody played', async () => {
        const wrong: RowChange[] = [
          { kind: 'put', table: 'players', key: 'ada', values: { ...right, wins: 7 } },
          { kind: 'put', table: 'players', key: 'ghost', values: { ...right, playerId: 'ghost' } },
        ];
        await engine.commit([rowsOnly('r1', wrong)], 0);
        expect(await engine.rebuildPlayers()).toBe(2);
        expect(await engine.row('players', 'ada')).toEqual(right);
        expect(await engine.row('players', 'ghost')).toBeNull();
      });

      test('are made for any number of players', async () => {
        const seats = Array.from({ length: 1_101 }, (_, index) =>
          seat(`many/${index}`, { playerId: `player-${index}`, name: `P${index}`, endedAt: 5, score: index }),
        );
        await engine.commit([rowsOnly('many', seats)], 0);
        expect(await engine.rebuildPlayers()).toBe(1_102);
        expect(await engine.row('players', 'player-777')).toMatchObject({ games: 1, score: 777, name: 'P777' });
        expect(await engine.rebuildPlayers()).toBe(0);
      });
    });

    describe('the size', () => {
      test('of a new store counts nothing', async () => {
        const counts = { streams: 0, openStreams: 0, entries: 0, snapshots: 0, oldestEntryAt: null };
        expect(await engine.size()).toMatchObject(counts);
      });

      test('counts what is there', async () => {
        const entries = await write('r1', 4, [2, 4], true);
        await write('r2', 3, []);
        const counts = { streams: 2, openStreams: 1, entries: 7, snapshots: 2, oldestEntryAt: entries[0]!.at };
        expect(await engine.size()).toMatchObject(counts);
        await repeat(() => engine.removeStream('r1'));
        expect(await engine.size()).toMatchObject({ streams: 1, openStreams: 1, entries: 3, snapshots: 0 });
      });

      test('grows with the texts', async () => {
        const before = await engine.size();
        await engine.commit([appendOf(entryAfter(null, 'r1', { message: JSON.stringify('x'.repeat(100_000)) }))], 0);
        const after = await engine.size();
        expect(after.bytes).toBeGreaterThan(before.bytes + 100_000);
        expect(after.logBytes).toBeLessThanOrEqual(after.bytes);
      });
    });

    test('a store that nothing happened to has no findings', async () => {
      await write('r1', 20, [5, 10, 15]);
      await write('r2', 3, [3], true);
      await repeat(() => engine.compact('r1', ALL));
      await engine.openAt('r3', 4, 'hash');
      await engine.commit([rowsOnly('r1', [putRoom('r1', 'playing')])], 0);
      expect(await engine.integrity()).toEqual([]);
    });

    describe('a backup', () => {
      test('is a store of its own with all that was there', async () => {
        const entries = await write('r1', 10, [4, 8]);
        await engine.commit([rowsOnly('r1', [putRoom('r1', 'playing')])], 77);
        const done: number[] = [];
        await engine.backup(store.backupName('copy'), (part) => done.push(part));
        await engine.commit([appendOf(entryAfter(entries[9]!, 'r1'))], 88);
        const copy = await store.openBackup('copy');
        expect(await copy.read('r1', 1, 99)).toEqual(entries);
        expect(await copy.snapshots('r1', ALL, 9)).toEqual([snapshotAt(entries[7]!), snapshotAt(entries[3]!)]);
        expect(await copy.row('rooms', 'r1')).toEqual(await engine.row('rooms', 'r1'));
        expect(await copy.marks()).toMatchObject({ aliveAt: 77 });
        expect(await copy.integrity()).toEqual([]);
        expect(await copy.commit([appendOf(entryAfter(entries[9]!, 'r1'))], 0)).toEqual([COMMITTED]);
        expect(done.at(-1)).toBe(1);
        expect(done).toEqual([...done].sort((a, b) => a - b));
      });

      test('never replaces what is there', async () => {
        await engine.backup(store.backupName('copy'));
        await expect(engine.backup(store.backupName('copy'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
        await expect(store.openBackup('copy')).resolves.toBeDefined();
      });

      // Goal: the copy is one moment of the store. Method: each commit moves two rooms by one entry, while the copy is
      // being made. In a copy of one moment both rooms have come equally far, and no entry is missing.
      test('that is taken while commits go on holds every room as of one moment', async () => {
        const copying = { isDone: false };
        const backup = engine.backup(store.backupName('copy')).finally(() => {
          copying.isDone = true;
        });
        const last: Record<string, Entry | null> = { a: null, b: null };
        const commitBoth = async () => {
          const pair = ['a', 'b'].map((roomId) => entryAfter(last[roomId]!, roomId));
          expect(
            await engine.commit(
              pair.map((entry) => appendOf(entry)),
              0,
            ),
          ).toEqual([COMMITTED, COMMITTED]);
          for (const entry of pair) last[entry.roomId] = entry;
        };
        await commitBoth();
        while (!copying.isDone) await commitBoth();
        await backup;
        const copy = await store.openBackup('copy');
        const heads = await copy.heads(['a', 'b']);
        expect(new Set(heads.map(({ seq }) => seq)).size).toBeLessThanOrEqual(1);
        for (const { roomId, seq } of heads) {
          const found: Entry[] = [];
          while (found.length < seq) found.push(...(await copy.read(roomId, found.length + 1, seq)));
          expect(found).toEqual(entriesOf(roomId, seq));
        }
        expect(await copy.integrity()).toEqual([]);
      });
    });

    describe('a restart', () => {
      test('leaves a store that reads and writes', async () => {
        const entries = await write('r1', 2, [2]);
        await engine.restart();
        expect(await engine.read('r1', 1, 9)).toEqual(entries);
        const next = entryAfter(entries[1]!, 'r1');
        expect(await engine.commit([appendOf(next)], 0)).toEqual([COMMITTED]);
      });

      test('makes the outcome of what is under way unknown, which heads then settle', async () => {
        const [entry] = entriesOf('r1', 1);
        const under = Promise.allSettled([engine.commit([appendOf(entry!)], 0)]);
        await engine.restart();
        const [outcome] = await under;
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ outcome: 'unknown' });
        const [head] = await engine.heads(['r1']);
        const again = await engine.commit([appendOf(entry!)], 0);
        expect(again).toEqual([head === undefined ? COMMITTED : { kind: 'conflict', actualSeq: 1 }]);
        expect(await engine.read('r1', 1, 9)).toEqual([entry]);
      });

      test('fails the reads that are under way', async () => {
        const read = Promise.allSettled([engine.marks()]);
        await engine.restart();
        const [outcome] = await read;
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ outcome: 'failed' });
        expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
      });

      test('of a closed store is refused', async () => {
        await engine.close();
        await expect(engine.restart()).rejects.toMatchObject({ outcome: 'failed', code: 'CLOSED' });
      });
    });
  });
}

function rowsOnly(roomId: string, rows: readonly RowChange[]) {
  return { roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
}

function putRoom(roomId: string, status: 'playing' | 'closed'): RowChange {
  const row = { code: roomId, hostName: 'Ada', seats: '[]', freeSeats: 0, createdAt: 1, updatedAt: 2 };
  return { kind: 'put', table: 'rooms', key: roomId, values: { ...row, status } };
}

function seat(id: string, values: Partial<GamePlayerRow> & { readonly name: string }): RowChange {
  const [roomId, number] = id.split('/');
  const row = { roomId: roomId!, seat: Number(number), startedAt: 1, ...values };
  return { kind: 'put', table: 'gamePlayers', key: id, values: row };
}
