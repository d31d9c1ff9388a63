import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Append } from '../../persistence/journal.js';
import { decodeBatch, encodeBatch } from '../../persistence/sqlite/batch-codec.js';
import { Checkpoints } from '../../persistence/sqlite/checkpoints.js';
import { DataFolderLocked, lockDataFolder } from '../../persistence/sqlite/data-folder-lock.js';
import { JournalReader } from '../../persistence/sqlite/journal-reader.js';
import { JournalWriter } from '../../persistence/sqlite/journal-writer.js';
import { journalFile, openForReading, openForWriting } from '../../persistence/sqlite/open.js';
import { prepareDatabase } from '../../persistence/sqlite/prepare-database.js';
import {
  openSqliteEngine,
  type SqliteEngine,
  type SqliteEngineOptions,
} from '../../persistence/sqlite/sqlite-engine.js';
import { appendOf, entriesOf, entryAfter, newRoom, putRoom, rowsOnly, snapshotAt, snapshotOnly } from './appends.js';

const COMMITTED = { kind: 'committed' };
const conflict = (actualSeq: number) => ({ kind: 'conflict', actualSeq });

let parent: string;
let folder: string;
const cleanUps: (() => unknown)[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'journal-'));
  folder = join(parent, 'data');
});
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  rmSync(parent, { recursive: true });
});

/** An engine, and a way to its newest threads. */
async function open(options: Partial<SqliteEngineOptions> = {}): Promise<{
  readonly engine: SqliteEngine;
  readonly threads: Map<string, Worker>;
}> {
  const threads = new Map<string, Worker>();
  const engine = await openSqliteEngine({
    folder,
    ...options,
    onThread: (module, worker) => threads.set(module, worker),
  });
  cleanUps.push(() => engine.close());
  return { engine, threads };
}

function connect(): Database.Database {
  const db = new Database(journalFile(folder));
  cleanUps.push(() => db.close());
  return db;
}

describe('files', () => {
  test('belong to their owner only, and so does a folder that is made for them', async () => {
    const { engine } = await open();
    await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0);
    const modes = Object.fromEntries(readdirSync(folder).map((file) => [file, modeOf(join(folder, file))]));
    expect(modes).toEqual({
      'journal.sqlite': '600',
      'journal.sqlite-shm': '600',
      'journal.sqlite-wal': '600',
      'lock.pid': '600',
      'lock.sqlite': '600',
    });
    expect(modeOf(folder)).toBe('700');
  });

  test('are synced at every commit, at the first open and at each later one', async () => {
    for (let opened = 0; opened < 3; opened++) {
      const { engine } = await open();
      await engine.close();
      const db = openForWriting({ file: journalFile(folder), busyTimeoutMs: 0 });
      expect(db.pragma('synchronous', { simple: true })).toBe(2);
      expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
      db.close();
    }
  });

  test('are refused where SQLite does not take the setting that syncs them', () => {
    const pragma = vi.spyOn(Database.prototype, 'pragma');
    cleanUps.push(() => pragma.mockRestore());
    pragma.mockImplementationOnce(() => 'wal').mockImplementationOnce(() => undefined); // neither is set
    expect(() => openForWriting({ file: journalFile(folder), busyTimeoutMs: 0 })).toThrow(
      'the pragma journal_mode is delete where wal was set, so commits are not durable',
    );
  });

  test('of a newer version of the program are refused with a sentence', async () => {
    const { engine } = await open();
    await engine.close();
    const db = connect();
    db.exec(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-from-the-future', '2030')`);
    await expect(openSqliteEngine({ folder })).rejects.toThrow(
      /schema of the journal is not known here.*9999-from-the-future/,
    );
    lockDataFolder(folder).release(); // the refusal left no lock
  });

  test('can be read while another program holds a write', async () => {
    const { engine } = await open({ busyTimeoutMs: 0 });
    const [entry] = entriesOf('r1', 1);
    await engine.commit([appendOf(entry!)], 0);
    const other = connect();
    other.exec(`BEGIN IMMEDIATE; UPDATE alive SET alive_at = 77`);
    expect(await engine.read('r1', 1, 9)).toEqual([entry]);
    expect((await engine.marks()).aliveAt).toBe(0);
  });

  test('take no write from the connection that reads', async () => {
    await (await open()).engine.close();
    const db = openForReading({ file: journalFile(folder), busyTimeoutMs: 0 });
    cleanUps.push(() => db.close());
    expect(() => db.exec('DELETE FROM entries')).toThrow(/readonly/);
  });
});

describe('the data folder', () => {
  test('is refused to a second opener with a sentence that names folder and process', async () => {
    const { engine } = await open();
    await expect(openSqliteEngine({ folder })).rejects.toBeInstanceOf(DataFolderLocked);
    await expect(openSqliteEngine({ folder })).rejects.toThrow(
      `The data folder ${folder} is in use by process ${process.pid}. Stop it, or choose another folder.`,
    );
    expect(await engine.commit([appendOf(entriesOf('r1', 1)[0]!)], 0)).toEqual([COMMITTED]); // the refusal harmed nobody
  });

  test('is refused also where the number of the process is not known', () => {
    cleanUps.push(lockDataFolder(folder).release);
    rmSync(join(folder, 'lock.pid'));
    expect(() => lockDataFolder(folder)).toThrow(`The data folder ${folder} is in use by another process.`);
  });

  test('is free again after a close', async () => {
    const { engine } = await open();
    await engine.close();
    await expect(open()).resolves.toBeDefined();
  });
});

describe('a store that refuses', () => {
  test('a disk that is full fails a commit, and works again when there is room', async () => {
    const { engine } = await open();
    await engine.limitPages(1);
    const long = appendOf(entryAfter(null, 'r1', { message: JSON.stringify('x'.repeat(500_000)) }));
    await expect(engine.commit([long], 0)).rejects.toMatchObject({ outcome: 'failed', code: 'SQLITE_FULL' });
    expect(await engine.heads(['r1'])).toEqual([]);
    await engine.limitPages(1_000_000);
    expect(await engine.commit([long], 0)).toEqual([COMMITTED]);
  });

  test('a database that another program locks fails a commit, and works again when it is free', async () => {
    const { engine } = await open({ busyTimeoutMs: 10 });
    const [first, second] = entriesOf('r1', 2);
    await engine.commit([appendOf(first!)], 0);
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    await expect(engine.commit([appendOf(second!)], 0)).rejects.toMatchObject({
      outcome: 'failed',
      code: 'SQLITE_BUSY',
    });
    await expect(engine.markAlive(9)).rejects.toMatchObject({ outcome: 'failed', code: 'SQLITE_BUSY' });
    other.exec('ROLLBACK');
    expect(await engine.commit([appendOf(second!)], 0)).toEqual([COMMITTED]);
    expect(await engine.read('r1', 1, 9)).toEqual([first, second]);
  });
});

describe('threads', () => {
  test('a writer that is killed leaves its commits unknown, and the next call starts another', async () => {
    const { engine, threads } = await open({ busyTimeoutMs: 60_000 });
    const [first, second] = entriesOf('r1', 2);
    const other = connect();
    other.exec('BEGIN IMMEDIATE'); // so that the writer is inside the commit when it is killed
    const lost = Promise.allSettled([engine.commit([appendOf(first!)], 0), engine.markAlive(5)]);
    const killed = threads.get('writer')!.terminate();
    other.exec('ROLLBACK');
    await killed;
    const failure = { status: 'rejected', reason: { outcome: 'unknown', code: 'THREAD_ENDED' } };
    expect(await lost).toMatchObject([failure, failure]);
    const [head] = await engine.heads(['r1']);
    expect(await engine.commit([appendOf(first!)], 0)).toEqual([head === undefined ? COMMITTED : conflict(1)]);
    expect(await engine.commit([appendOf(second!)], 0)).toEqual([COMMITTED]);
    expect(await engine.read('r1', 1, 9)).toEqual([first, second]);
  });

  test('a reader that is killed fails its reads, and the next call starts another', async () => {
    const { engine, threads } = await open();
    vi.useFakeTimers({ toFake: ['performance'] });
    await threads.get('reader')!.terminate();
    const lost = Promise.allSettled([engine.marks()]); // this one starts another, which is killed before it can answer
    await threads.get('reader')!.terminate();
    expect(await lost).toMatchObject([{ reason: { outcome: 'failed', code: 'THREAD_ENDED' } }]);
    vi.advanceTimersByTime(100);
    expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
  });

  test('a thread that keeps ending is started again after a pause only', async () => {
    const { engine, threads } = await open();
    vi.useFakeTimers({ toFake: ['performance'] });
    const killReader = async () => {
      const lost = Promise.allSettled([engine.marks()]);
      await threads.get('reader')!.terminate();
      await lost;
    };
    await killReader();
    await killReader(); // the first restart was immediate
    await expect(engine.marks()).rejects.toMatchObject({ outcome: 'failed', code: 'THREAD_AWAY' });
    vi.advanceTimersByTime(100);
    await killReader();
    vi.advanceTimersByTime(199);
    await expect(engine.marks()).rejects.toMatchObject({ code: 'THREAD_AWAY' });
    vi.advanceTimersByTime(1);
    expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
    await killReader();
    expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 }); // an answer forgave what was before it
  });

  // A commit that takes too long is given up, but it may still end well inside the system call. Until the thread is
  // gone, nobody may be told where a stream stands: that would be taken for final.
  test('a commit that hangs is unknown, and heads answer only when it can no longer happen', async () => {
    const { engine, threads } = await open({ busyTimeoutMs: 60_000 });
    const [first] = entriesOf('r1', 1);
    const other = connect();
    other.exec('BEGIN IMMEDIATE');
    const writer = threads.get('writer')!;
    const terminate = vi.spyOn(writer, 'terminate').mockReturnValue(new Promise(() => undefined)); // it hangs
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const commit = Promise.allSettled([engine.commit([appendOf(first!)], 0)]);
    vi.advanceTimersByTime(10_000);
    expect(await commit).toMatchObject([{ reason: { outcome: 'unknown', code: 'TIMEOUT' } }]);
    await expect(engine.heads(['r1'])).rejects.toMatchObject({ outcome: 'failed', code: 'THREAD_ENDING' });
    await expect(engine.commit([appendOf(first!)], 0)).rejects.toMatchObject({
      outcome: 'failed',
      code: 'THREAD_ENDING',
    });
    expect(await engine.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
    terminate.mockRestore();
    const ended = once(writer, 'exit');
    void writer.terminate();
    other.exec('ROLLBACK');
    await ended;
    const [head] = await engine.heads(['r1']);
    expect(await engine.commit([appendOf(first!)], 0)).toEqual([head === undefined ? COMMITTED : conflict(1)]);
  });
});

// Method: a process appends as fast as it can and prints each entry after it was told that it is durable. It is killed
// in the middle of that, and everything that it printed has to be there.
test('what a killed process called durable is there, chained and without gaps, and its lock is gone', async () => {
  const fixture = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', fixture, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = new Map<string, number>();
  let lines = 0;
  for await (const line of createInterface(child.stdout)) {
    const [roomId, seq] = line.split(' ');
    printed.set(roomId!, Number(seq));
    if (++lines === 200) {
      expect(() => lockDataFolder(folder)).toThrow(new DataFolderLocked(folder, String(child.pid)));
      child.kill('SIGKILL');
    }
  }
  expect([...printed.keys()].sort()).toEqual(['a', 'b', 'c']);
  const { engine } = await open();
  for (const [roomId, seq] of printed) {
    const [head] = await engine.heads([roomId]);
    expect(head!.seq).toBeGreaterThanOrEqual(seq);
    for (let from = 1; from <= head!.seq; from += 1_000) {
      const found = await engine.read(roomId, from, head!.seq);
      expect(found).toEqual(entriesOf(roomId, Math.min(head!.seq, from + 999)).slice(from - 1));
    }
  }
});

describe('the writer', () => {
  let writer: JournalWriter;
  let reader: JournalReader;

  async function openWriter(options?: ConstructorParameters<typeof JournalWriter>[1]): Promise<Database.Database> {
    const connection = { file: journalFile(folder), busyTimeoutMs: 0 };
    await prepareDatabase(connection);
    const db = openForWriting(connection);
    const readOnly = openForReading(connection);
    cleanUps.push(
      () => db.close(),
      () => readOnly.close(),
    );
    writer = new JournalWriter(db, options);
    reader = new JournalReader(readOnly);
    return db;
  }

  test('knows after a rollback no more than the database does', async () => {
    const db = await openWriter();
    const a = entriesOf('a', 3);
    writer.commit([appendOf(a[0]!)], 0);
    db.exec(
      `CREATE TEMP TRIGGER refuse BEFORE INSERT ON entries WHEN new.message = '"bad"' BEGIN SELECT raise(FAIL, 'no'); END`,
    );
    const bad = appendOf(entryAfter(null, 'bad', { message: '"bad"' }));
    const batch = [
      appendOf(a[1]!, { snapshot: snapshotAt(a[1]!), closes: true }),
      appendOf(entriesOf('new', 1)[0]!),
      bad,
    ];
    expect(() => writer.commit(batch, 0)).toThrow('no');
    expect(reader.heads(['a', 'new', 'bad'])).toMatchObject([{ roomId: 'a', seq: 1, closed: false }]);
    expect(writer.commit([appendOf(a[1]!), appendOf(entriesOf('new', 1)[0]!), appendOf(a[2]!)], 0)).toEqual([
      COMMITTED,
      COMMITTED,
      COMMITTED,
    ]);
    expect(reader.read('a', 1, 9)).toEqual(a);
  });

  test('gives the same verdicts whether it still has a head in memory or not', async () => {
    await openWriter({ headCountMax: 1 });
    const rooms = ['a', 'b', 'c'].map((roomId) => entriesOf(roomId, 4));
    for (let seq = 1; seq <= 4; seq++) {
      const batch = rooms.map((entries) => appendOf(entries[seq - 1]!));
      expect(writer.commit(batch, 0)).toEqual([COMMITTED, COMMITTED, COMMITTED]);
      expect(writer.commit(batch, 0)).toEqual([conflict(seq), conflict(seq), conflict(seq)]);
    }
  });

  test('keeps the write-ahead log short, though what moves it beside the commits never reaches its end', async () => {
    const db = await openWriter();
    const beside = openForWriting({ file: journalFile(folder), busyTimeoutMs: 100 });
    let moves = 0;
    const checkpoints = new Checkpoints(
      db,
      async () => {
        beside.pragma('wal_checkpoint(PASSIVE)');
        moves++;
        await new Promise((resolve) => setImmediate(resolve)); // meanwhile the writer goes on
      },
      50,
    );
    let longest = 0;
    for (const entry of entriesOf('r1', 500)) {
      writer.commit([appendOf(entry)], 0);
      checkpoints.look();
      const [log] = db.pragma('wal_checkpoint(NOOP)') as { log: number }[];
      longest = Math.max(longest, log!.log);
      await new Promise((resolve) => setImmediate(resolve));
    }
    beside.close();
    expect(moves).toBeGreaterThan(10);
    expect(longest).toBeGreaterThan(50);
    expect(longest).toBeLessThan(100); // 50 and what some more batches write
  });

  test('what could not be moved beside the commits is moved between them', async () => {
    const db = await openWriter();
    const checkpoints = new Checkpoints(db, () => Promise.reject(new Error('no thread')), 50);
    let longest = 0;
    for (const entry of entriesOf('r1', 500)) {
      writer.commit([appendOf(entry)], 0);
      checkpoints.look();
      const [log] = db.pragma('wal_checkpoint(NOOP)') as { log: number }[];
      longest = Math.max(longest, log!.log);
      await Promise.resolve();
    }
    expect(longest).toBeGreaterThan(50);
    expect(longest).toBeLessThan(75);
  });

  test('a log that a long read keeps is not tried to be moved with each commit', async () => {
    const db = await openWriter();
    const reading = openForReading({ file: journalFile(folder), busyTimeoutMs: 100 });
    reading.exec('BEGIN');
    reading.prepare('SELECT count(*) FROM alive').get();
    let tries = 0;
    const checkpoints = new Checkpoints(
      db,
      () => {
        tries++;
        return Promise.resolve();
      },
      50,
    );
    for (const entry of entriesOf('r1', 500)) {
      writer.commit([appendOf(entry)], 0);
      checkpoints.look();
      await Promise.resolve();
    }
    const [log] = db.pragma('wal_checkpoint(NOOP)') as { log: number }[];
    reading.close();
    expect(log!.log).toBeGreaterThan(500);
    expect(tries).toBeLessThanOrEqual(log!.log / 50);
  });
});

test('the log of a running engine is moved into the database while it commits', async () => {
  const { engine } = await open({ checkpointPages: 50 });
  const before = statSync(journalFile(folder)).size;
  for (const entry of entriesOf('r1', 100)) await engine.commit([appendOf(entry)], 0);
  await vi.waitFor(() => expect(statSync(journalFile(folder)).size).toBeGreaterThan(before), { timeout: 10_000 });
  expect(await engine.heads(['r1'])).toMatchObject([{ seq: 100 }]);
});

test('a batch survives the way to the writer unchanged', () => {
  const [first, second] = entriesOf('r1', 2);
  const rows = [putRoom('r1', newRoom({ code: '1' })), { kind: 'delete', table: 'rooms', key: 'r0' } as const];
  const batch: Append[] = [
    appendOf(first!, { rows, fence: 7 }),
    appendOf(second!, { snapshot: snapshotAt(second!), closes: true }),
    snapshotOnly(second!),
    appendOf(entryAfter(null, 'r2', { nextDeadline: 0, at: 1_893_456_000_000.5 })),
    snapshotOnly(second!, { snapshot: null, rows }),
    rowsOnly('*', rows),
  ];
  expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
  expect(decodeBatch(encodeBatch([]))).toEqual([]);
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
