import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveRoom, findArchived } from '../../persistence/archive.js';
import { importRoom } from '../../persistence/import-room.js';
import type { JournalEngine, JournalWriter } from '../../persistence/journal.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { journalFile } from '../../persistence/sqlite/open.js';
import { openSqliteEngine, type SqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { appendOf, entriesOf, entryAfter, snapshotAt } from './appends.js';
import { type MaintainedStore, maintenanceContract } from './maintenance-contract.js';

maintenanceContract('SQLite', async (): Promise<MaintainedStore> => {
  const parent = await mkdtemp(join(tmpdir(), 'journal-'));
  const folder = join(parent, 'data');
  const engines = [await openSqliteEngine({ folder })];
  const backupName = (name: string) => join(parent, `${name}.sqlite`);
  return {
    engine: engines[0]!,
    reopen: async () => {
      await engines[0]!.close();
      engines[0] = await openSqliteEngine({ folder });
      return engines[0];
    },
    backupName,
    openBackup: async (name) => {
      const restored = join(parent, 'restored');
      await mkdir(restored);
      await cp(backupName(name), journalFile(restored));
      const copy = await openSqliteEngine({ folder: restored });
      engines.push(copy);
      return copy;
    },
    dispose: async () => {
      for (const engine of engines) await engine.close();
      await rm(parent, { recursive: true });
    },
  };
});

maintenanceContract('the simulated store', () => {
  const clock = { schedule: (_delayMs: number, run: () => void) => void setImmediate(run) };
  let engine = new SimulatedEngine(clock);
  const copies: JournalEngine[] = [];
  return Promise.resolve({
    engine,
    reopen: async () => {
      await engine.close();
      engine = engine.reopen();
      return engine;
    },
    backupName: (name) => name,
    openBackup: (name) => {
      const copy = new SimulatedEngine(clock, {}, engine.backups.get(name));
      copies.push(copy);
      return Promise.resolve(copy);
    },
    dispose: async () => {
      for (const copy of copies) await copy.close();
      await engine.close();
    },
  });
});

describe('the SQLite store', () => {
  let parent: string;
  let folder: string;
  let engine: SqliteEngine;
  let threads: Map<string, Worker>;

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'journal-'));
    folder = join(parent, 'data');
    threads = new Map();
    engine = await openSqliteEngine({ folder, onThread: (module, worker) => threads.set(module, worker) });
  });
  afterEach(async () => {
    await engine.close();
    rmSync(parent, { recursive: true });
  });

  function change(sql: string): void {
    const db = new Database(journalFile(folder));
    db.exec(sql);
    db.close();
  }

  test('a backup is for its owner only, and nothing else is left beside it', async () => {
    await engine.backup(join(parent, 'copy.sqlite'));
    expect((statSync(join(parent, 'copy.sqlite')).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(parent).sort()).toEqual(['copy.sqlite', 'data']);
  });

  test('a backup goes on from the moment at which it began, however much is written meanwhile', async () => {
    const big = entriesOf('big', 1).map((entry) =>
      entryAfter(null, 'big', { ...entry, message: '"x"'.repeat(4_000_000) }),
    );
    await engine.commit([appendOf(big[0]!)], 0);
    const done: number[] = [];
    let last = entriesOf('r1', 1)[0]!;
    await engine.commit([appendOf(last)], 0);
    const copying = { isDone: false };
    const backup = engine
      .backup(join(parent, 'copy.sqlite'), (part) => done.push(part))
      .finally(() => {
        copying.isDone = true;
      });
    while (!copying.isDone) {
      last = entryAfter(last, 'r1');
      await engine.commit([appendOf(last)], 0);
    }
    await backup;
    expect(done.length).toBeGreaterThan(2);
    expect(done.every((part, index) => index === 0 || part > done[index - 1]!)).toBe(true); // it never began anew
  });

  test('a backup whose thread is killed fails, leaves nothing, and can be taken again', async () => {
    const file = join(parent, 'copy.sqlite');
    const backup = Promise.allSettled([engine.backup(file)]);
    while (!threads.has('inspector')) await new Promise(setImmediate);
    await threads.get('inspector')!.terminate();
    expect(await backup).toMatchObject([{ reason: { outcome: 'failed', code: 'THREAD_ENDED' } }]);
    expect(readdirSync(parent)).toEqual(['data']);
    await engine.backup(file);
    expect(existsSync(file)).toBe(true);
  });

  test('a backup into a folder that does not exist, or beside another backup, fails with a sentence', async () => {
    await expect(engine.backup(join(parent, 'nowhere', 'copy.sqlite'))).rejects.toMatchObject({ code: 'ENOENT' });
    const first = engine.backup(join(parent, 'first.sqlite'));
    await expect(engine.backup(join(parent, 'second.sqlite'))).rejects.toMatchObject({ code: 'BACKUP_RUNNING' });
    await first;
  });

  test('what a killed backup left is in nobody’s way', async () => {
    writeFileSync(join(parent, 'copy.sqlite.partial'), 'half');
    await engine.backup(join(parent, 'copy.sqlite'));
    expect(readdirSync(parent).sort()).toEqual(['copy.sqlite', 'data']);
  });

  test('a restart replaces both threads, and calls under way are rejected', async () => {
    const before = { writer: threads.get('writer')!, reader: threads.get('reader')! };
    const other = new Database(journalFile(folder));
    other.exec('BEGIN IMMEDIATE'); // the writer waits in its commit
    const [entry] = entriesOf('r1', 1);
    const commit = Promise.allSettled([engine.commit([appendOf(entry!)], 0)]);
    const restart = engine.restart();
    await expect(engine.heads(['r1'])).rejects.toMatchObject({ code: 'THREAD_ENDING' });
    other.exec('ROLLBACK');
    other.close();
    await restart;
    expect(await commit).toMatchObject([{ reason: { outcome: 'unknown' } }]);
    expect(threads.get('writer')).not.toBe(before.writer);
    expect(threads.get('reader')).not.toBe(before.reader);
    const [head] = await engine.heads(['r1']);
    const again = await engine.commit([appendOf(entry!)], 0);
    expect(again).toEqual([head === undefined ? { kind: 'committed' } : { kind: 'conflict', actualSeq: 1 }]);
  });

  test('a restart takes a new writer at once where the old one was killed again and again', async () => {
    for (let kill = 0; kill < 3; kill++) {
      const lost = Promise.allSettled([engine.markAlive(1)]);
      const writer = threads.get('writer')!;
      const ended = once(writer, 'exit');
      void writer.terminate();
      await Promise.all([lost, ended]);
      await engine.restart();
    }
    expect(await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0)).toEqual([{ kind: 'committed' }]);
  });

  test('a room goes to the archive and comes back as it was', async () => {
    const entries = entriesOf('r1', 1_203);
    const row = {
      code: '123456',
      status: 'closed',
      hostName: 'Ada',
      seats: '[]',
      freeSeats: 0,
      createdAt: 1,
      updatedAt: 2,
    } as const;
    const put = { kind: 'put', table: 'rooms', key: 'r1', values: row } as const;
    const batch = entries.map((entry) =>
      appendOf(entry, {
        snapshot: entry.seq % 100 === 0 ? snapshotAt(entry) : null,
        closes: entry.seq === 1_203,
        rows: entry.seq === 1_203 ? [put] : [],
      }),
    );
    await engine.commit(batch, 0);
    const all = async () => [
      await engine.heads(['r1']),
      await engine.read('r1', 1, 9_999),
      await engine.row('rooms', 'r1'),
    ];
    const before = await all();
    const journal: JournalWriter = {
      available: true,
      append: (append, decided) => void engine.commit([append], 0).then(([verdict]) => decided(verdict!)),
    };
    const room = (await engine.row('rooms', 'r1'))!;
    const file = await archiveRoom({ engine, journal, folder, now: () => 5 }, room);
    expect(await all()).toEqual([[], [], { ...room, status: 'archived' }]);
    expect(await findArchived(folder, 'r1')).toBe(file);
    await importRoom(engine, file);
    expect(await all()).toEqual(before);
    expect(await engine.integrity()).toEqual([]);
  });

  describe('finds out', () => {
    beforeEach(async () => {
      await engine.commit(
        entriesOf('r1', 5).map((entry) => appendOf(entry)),
        0,
      );
    });

    test('an entry that is missing', async () => {
      change('DELETE FROM entries WHERE seq = 3');
      expect(await engine.integrity()).toEqual(['Room r1 lacks 1 of its entries.']);
    });

    test('entries without a stream', async () => {
      change('DELETE FROM streams');
      expect(await engine.integrity()).toEqual(['5 entries belong to the stream 1, which does not exist.']);
    });

    test('a row that was changed by somebody else', async () => {
      const values = { name: 'Ada', games: 1 };
      const rows = [{ kind: 'put', table: 'players', key: 'ada', values } as const];
      await engine.commit(
        [{ roomId: 'r1', expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false }],
        0,
      );
      change('UPDATE players SET wins = 99');
      expect(await engine.integrity()).toEqual(['The row ada of players is not as it was written.']);
    });

    test('a row whose checksum is lost is among the wrong ones when the sums are made anew', async () => {
      change(`INSERT INTO players (player_id, name, games, wins, score, perfect_rounds, turns_won, last_played_at, sum)
              VALUES ('ghost', 'G', 1, 1, 1, 1, 1, 1, 'x')`);
      expect(await engine.rebuildPlayers()).toBe(1);
      expect(await engine.integrity()).toEqual([]);
    });
  });

  test('compaction stops at an entry that is missing and removes nothing', async () => {
    const entries = entriesOf('r1', 9);
    const snapshot = (seq: number) => ({ seq, at: 1, machineVersion: 1, state: '', stateHash: '', roomId: 'r1' });
    await engine.commit(
      entries.map((entry) =>
        appendOf(entry, { snapshot: entry.seq > 7 ? { ...snapshot(entry.seq), entryHash: entry.hash } : null }),
      ),
      0,
    );
    change('DELETE FROM entries WHERE seq = 3');
    await expect(engine.compact('r1', 6)).rejects.toMatchObject({ outcome: 'failed', code: 'STREAM_DAMAGED' });
    expect(await engine.heads(['r1'])).toMatchObject([{ seq: 9, anchorSeq: 0 }]);
    expect((await engine.read('r1', 1, 9)).length).toBe(8);
  });
});
