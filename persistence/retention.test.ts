import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendOf, entriesOf, snapshotAt } from '../test/contract/appends.js';
import { findArchived } from './archive.js';
import type { Entry, JournalEngine, JournalWriter } from './journal.js';
import { type Retention, type RetentionOptions, startRetention } from './retention.js';
import { RoomFileReader } from './room-file-reader.js';
import type { RoomRow } from './rows.js';
import { SimulatedEngine } from './simulated/simulated-engine.js';
import { sizeFindings } from './size-findings.js';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2030, 5, 20);
const OLD = NOW - 31 * DAY_MS; // in May
const EVERY_MS = 60_000;

let folder: string;
let engine: SimulatedEngine;
let retention: Retention | null;
let now: number;
/** What `schedule` was given and not cancelled: the next round. */
let scheduled: { delayMs: number; run: () => void }[];
let archived: string[];
let failures: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'retention-'));
  engine = new SimulatedEngine({ schedule: (_delayMs: number, run: () => void) => void setImmediate(run) });
  retention = null;
  now = NOW;
  scheduled = [];
  archived = [];
  failures = [];
});
afterEach(async () => {
  await retention?.stop();
  await engine.close();
  rmSync(folder, { recursive: true });
});

function start(options: Partial<RetentionOptions> = {}): Retention {
  retention = startRetention({
    engine,
    journal: writerOf(engine),
    folder,
    now: () => now,
    clock: {
      schedule: (delayMs, run) => {
        const task = { delayMs, run };
        scheduled.push(task);
        return () => {
          scheduled = scheduled.filter((other) => other !== task);
        };
      },
    },
    retentionMs: 30 * DAY_MS,
    everyMs: EVERY_MS,
    onArchived: (roomId, file) => archived.push(`${roomId} ${file.slice(folder.length)}`),
    onFailure: (roomId, error) => failures.push(`${String(roomId)}: ${(error as Error).message}`),
    ...options,
  });
  return retention;
}

/** Appends without grouping: each is a commit of its own. */
function writerOf(store: Pick<JournalEngine, 'commit'>): JournalWriter {
  return {
    available: true,
    append: (append, decided) => {
      store.commit([append], now).then(
        ([verdict]) => decided(verdict!),
        (error: unknown) => decided({ kind: 'aborted', reason: (error as Error).message }),
      );
    },
  };
}

function rowOf(roomId: string, values: Partial<RoomRow> = {}): RoomRow {
  const row = { code: `code of ${roomId}`, hostName: 'Ada', seats: '[]', freeSeats: 0, createdAt: 1, creator: '' };
  return { roomId, ...row, status: 'closed', updatedAt: OLD, creationKey: null, ...values };
}

async function write(roomId: string, values: Partial<RoomRow> = {}, count = 3): Promise<Entry[]> {
  const row = rowOf(roomId, values);
  const entries = entriesOf(roomId, count);
  const batch = entries.map((entry) =>
    appendOf(entry, {
      closes: entry.seq === count && row.status === 'closed',
      snapshot: entry.seq % 100 === 0 ? snapshotAt(entry) : null,
      rows: entry.seq === count ? [{ kind: 'put', table: 'rooms', key: roomId, values: row }] : [],
    }),
  );
  await engine.commit(batch, 0);
  return entries;
}

async function expectArchived(roomId: string, entries: readonly Entry[]): Promise<void> {
  expect(await engine.heads([roomId])).toEqual([]);
  expect(await engine.row('rooms', roomId)).toMatchObject({ status: 'archived' });
  const file = await findArchived(folder, roomId);
  expect(file).toBe(join(folder, 'archive', '2030-05', `${roomId}.jsonl.gz`));
  const reader = await RoomFileReader.open(file!);
  expect(reader.room.entries).toEqual(entries);
  expect(reader.room.rows.rooms).toMatchObject({ status: 'closed' });
  expect(readdirSync(join(folder, 'archive', '2030-05')).filter((name) => name.includes('partial'))).toEqual([]);
}

describe('a closed room', () => {
  test('is moved to a file of its month when it is older than the retention, and its code is free', async () => {
    const entries = await write('r1');
    await start().run();
    expect(failures).toEqual([]);
    expect(archived).toEqual(['r1 /archive/2030-05/r1.jsonl.gz']);
    await expectArchived('r1', entries);
    expect(await engine.roomByCode('code of r1')).toBeNull();
  });

  test('that is younger stays, and so does one that is not closed', async () => {
    await write('young', { updatedAt: NOW - 30 * DAY_MS + 1 });
    await write('playing', { status: 'playing' });
    await write('over', { status: 'over' });
    await start().run();
    expect([archived, failures]).toEqual([[], []]);
    now += 1;
    await retention!.run();
    expect(archived).toEqual(['young /archive/2030-05/young.jsonl.gz']);
  });

  test('whose stream is open all the same stays, and is told', async () => {
    await write('r1', { status: 'playing' });
    const row = { kind: 'put', table: 'rooms', key: 'r1', values: { status: 'closed' } } as const;
    await engine.commit([{ ...appendOf(entriesOf('r1', 1)[0]!), entry: null, expectedSeq: null, rows: [row] }], 0);
    await start().run();
    expect(failures).toEqual(['r1: Room r1 is closed by its row, and its stream is open']);
    expect(existsSync(join(folder, 'archive'))).toBe(false);
  });

  test('whose row is damaged stays, and is told', async () => {
    await write('r1');
    engine.damageRow('rooms', 'r1');
    await start().run();
    expect(failures).toEqual(['r1: The row of room r1 is damaged']);
    expect(await engine.heads(['r1'])).toHaveLength(1);
  });

  test('whose stream is gone while no file holds it is told each time', async () => {
    await write('r1');
    while ((await engine.removeStream('r1')) > 0);
    await start().run();
    expect(failures).toEqual(['r1: Room r1 is closed, its stream is gone, and no file in the archive holds it']);
    expect(await engine.row('rooms', 'r1')).toMatchObject({ status: 'closed' });
  });

  test('that can not be archived keeps no other from it, also behind a page', async () => {
    await write('bad', { updatedAt: OLD - 1 });
    const rooms = Array.from({ length: 120 }, (_, index) => `room-${index}`);
    for (const roomId of rooms) await write(roomId, {}, 1);
    mkdirSync(join(folder, 'archive', '2030-05', 'bad.jsonl.gz.partial'), { recursive: true }); // in the file's way
    await start().run();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/^bad: /);
    expect(archived).toHaveLength(120);
    expect(await engine.heads(['bad'])).toHaveLength(1);
  });
});

// Goal: wherever the process dies on the way from the journal to the archive, the next round ends it, and at no moment
// is an entry in neither. Method: calls to the store are counted, and the one with a given number fails, with or
// without its effect; then a new round runs on what is there. This is repeated with each number until none fails.
describe('a process that dies while it archives', () => {
  const CALLS = ['heads', 'read', 'snapshots', 'row', 'select', 'removeStream', 'commit'];

  function dyingAt(
    number: number,
    effect: 'before' | 'after',
  ): { readonly store: SimulatedEngine; isDead: () => boolean } {
    let calls = 0;
    const isDead = () => calls > number;
    const store = new Proxy(engine, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== 'function') return value;
        const call = value.bind(of) as (...args: unknown[]) => Promise<unknown>;
        if (!CALLS.includes(String(name))) return call;
        return async (...args: unknown[]) => {
          const mine = calls++;
          if (mine === number && effect === 'after') await call(...args);
          if (mine >= number) throw new Error('dead'); // and it does nothing more
          return call(...args);
        };
      },
    });
    return { store, isDead };
  }

  test.each(['before', 'after'] as const)('%s the effect of any call to the store', async (effect) => {
    for (let number = 0; ; number++) {
      const roomId = `room-${effect}-${number}`;
      const entries = await write(roomId, {}, 1_203);
      const { store, isDead } = dyingAt(number, effect);
      await start({ engine: store, journal: writerOf(store) }).run();
      await retention!.stop();
      if (!isDead()) {
        expect(number).toBeGreaterThan(10);
        await expectArchived(roomId, entries);
        return;
      }
      const [head] = await engine.heads([roomId]);
      if (head === undefined || head.anchorSeq > 0) {
        const reader = await RoomFileReader.open((await findArchived(folder, roomId))!);
        expect(reader.room.entries).toEqual(entries); // nothing was removed that the file does not hold
      }
      failures = [];
      await start().run();
      await retention!.stop();
      expect(failures).toEqual([]);
      await expectArchived(roomId, entries);
    }
  });

  test('in the middle of the file', async () => {
    const entries = await write('r1');
    mkdirSync(join(folder, 'archive', '2030-05'), { recursive: true });
    writeFileSync(join(folder, 'archive', '2030-05', 'r1.jsonl.gz.partial'), 'half');
    await start().run();
    await expectArchived('r1', entries);
  });

  test('and leaves a file that the disk lost a part of', async () => {
    const entries = await write('r1');
    await start().run();
    const file = (await findArchived(folder, 'r1'))!;
    const bytes = readFileSync(file);
    await write('r2');
    writeFileSync(join(folder, 'archive', '2030-05', 'r2.jsonl.gz'), bytes.subarray(0, 50));
    await retention!.run();
    await expectArchived('r1', entries);
    await expectArchived('r2', entriesOf('r2', 3));
    expect(failures).toEqual([]);
  });

  test('never takes another room’s file, or an older one of the same room, for this room’s', async () => {
    await write('r1');
    await start().run();
    const older = readFileSync((await findArchived(folder, 'r1'))!);
    const entries = await write('r2', {}, 5);
    writeFileSync(join(folder, 'archive', '2030-05', 'r2.jsonl.gz'), older);
    await write('r1', {}, 5); // it was imported again and went on
    await retention!.run();
    expect(failures).toEqual([]);
    await expectArchived('r2', entries);
    await expectArchived('r1', entriesOf('r1', 5));
  });
});

describe('rounds', () => {
  test('come one after another at their distance, and none after a stop', async () => {
    start();
    expect(scheduled.map(({ delayMs }) => delayMs)).toEqual([EVERY_MS]);
    await write('r1');
    scheduled.shift()!.run();
    await retention!.run(); // the one under way, not another
    expect(archived).toHaveLength(1);
    await new Promise(setImmediate);
    expect(scheduled.map(({ delayMs }) => delayMs)).toEqual([EVERY_MS]);
    await retention!.stop();
    expect(scheduled).toEqual([]);
  });

  test('end behind the room they are at when they are stopped', async () => {
    await write('r1');
    await write('r2');
    const stopped: Promise<void>[] = [];
    start({
      onArchived: (roomId) => {
        archived.push(roomId);
        stopped.push(retention!.stop());
      },
    });
    await retention!.run();
    await Promise.all(stopped);
    expect(archived).toEqual(['r1']);
    expect(await engine.heads(['r2'])).toHaveLength(1);
  });

  test('that the store does not answer are told and come again', async () => {
    await write('r1');
    engine.failNext(1, 'SQLITE_BUSY', 'read');
    await start().run();
    expect(failures).toEqual(['null: The simulated disk refused a read: SQLITE_BUSY']);
    expect(retention!.failures).toBe(1);
    await retention!.run();
    expect(archived).toHaveLength(1);
    expect(retention!.failures).toBe(0); // of the last round
  });
});

describe('a running room', () => {
  test('keeps all its entries', async () => {
    await write('r1', { status: 'playing' }, 1_000);
    await start().run();
    expect(await engine.heads(['r1'])).toMatchObject([{ anchorSeq: 0 }]);
  });

  test('keeps as many as it is told to, and what its snapshots need', async () => {
    await write('long', { status: 'playing' }, 1_000);
    await write('short', { status: 'playing' }, 300);
    await start({ keepEntries: 300 }).run();
    expect(await engine.heads(['long', 'short'])).toMatchObject([{ anchorSeq: 700 }, { anchorSeq: 0 }]);
    expect((await engine.snapshots('long', 9_999, 99)).map(({ seq }) => seq)).toEqual([1_000, 900, 800, 700]);
    await retention!.stop();
    await start({ keepEntries: 1 }).run();
    expect(await engine.heads(['long'])).toMatchObject([{ anchorSeq: 899 }]);
    expect(failures).toEqual([]);
  });
});

describe('an archived room', () => {
  test('is found by its id, and nothing outside the archive is', async () => {
    expect(await findArchived(folder, 'r1')).toBeNull();
    writeFileSync(join(folder, 'secret.jsonl.gz'), '');
    mkdirSync(join(folder, 'archive', '2030-05'), { recursive: true });
    expect(await findArchived(folder, '../../secret')).toBeNull();
    expect(await findArchived(folder, '')).toBeNull();
  });
});

describe('findings about the size', () => {
  const size = {
    bytes: 300 * 1024 * 1024,
    logBytes: 70 * 1024 * 1024,
    freeBytes: 0,
    streams: 1,
    openStreams: 1,
    entries: 1,
    snapshots: 0,
    oldestEntryAt: NOW - 40 * DAY_MS,
  };
  const limits = {
    bytesMax: size.bytes,
    logBytesMax: size.logBytes,
    diskFreeBytesMin: 1024 * 1024,
    oldestEntryAgeMsMax: 40 * DAY_MS,
  };

  test('are none while no limit is passed, or none is set', () => {
    expect(sizeFindings(size, limits, { freeBytes: 1024 * 1024 }, NOW)).toEqual([]);
    expect(sizeFindings(size, {}, { freeBytes: 0 }, NOW)).toEqual([]);
    const unknown = { ...size, oldestEntryAt: null };
    expect(sizeFindings(unknown, { ...limits, oldestEntryAgeMsMax: 0 }, { freeBytes: null }, NOW)).toEqual([]);
  });

  test('name what is passed and by how much', () => {
    const more = { ...size, bytes: size.bytes * 2, logBytes: size.logBytes * 2 };
    expect(sizeFindings(more, limits, { freeBytes: 1024 }, NOW + DAY_MS)).toEqual([
      'The store takes 600.0 MiB, more than 300.0 MiB.',
      'The write-ahead log takes 140.0 MiB, more than 70.0 MiB: something keeps it from being moved into the database.',
      'The disk has 0.0 MiB left, less than 1.0 MiB.',
      'The oldest entry is 41.0 days old, more than 40.0 days.',
    ]);
  });
});
