import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { journal } from '../../persistence/migrations/0001-journal.js';
import { supervision } from '../../persistence/migrations/0002-supervision.js';
import { JournalReader } from '../../persistence/sqlite/journal-reader.js';
import { JournalWriter } from '../../persistence/sqlite/journal-writer.js';
import { journalFile, openForReading, openForWriting } from '../../persistence/sqlite/open.js';
import { prepareDatabase } from '../../persistence/sqlite/prepare-database.js';
import { appendOf, entriesOf, entryAfter, newRoom, putInbox, putRoom, rowsOnly, snapshotAt } from './appends.js';

// Method: rows are changed through a second connection, as a disk that lies would, and read by fresh readers and
// writers, so that nothing in memory covers the damage.
const COMMITTED = { kind: 'committed' };
const conflict = (actualSeq: number) => ({ kind: 'conflict', actualSeq });

let folder: string;
let db: Database.Database;
let writer: JournalWriter;
let reader: JournalReader;
const cleanUps: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'damage-'));
  const connection = { file: journalFile(folder), busyTimeoutMs: 0 };
  await prepareDatabase(connection);
  db = openForWriting(connection);
  const readOnly = openForReading(connection);
  cleanUps.push(
    () => db.close(),
    () => readOnly.close(),
  );
  writer = new JournalWriter(db);
  reader = new JournalReader(readOnly);
});
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  rmSync(folder, { recursive: true });
});

function damage(sql: string): void {
  const other = new Database(journalFile(folder));
  expect(other.prepare(sql).run().changes).toBeGreaterThan(0);
  other.close();
  writer = new JournalWriter(db);
}

describe('a damaged alive mark', () => {
  test.each(['alive_at = 9e12', 'last_at = 9e12', `sum = 'x'`, 'alive_at = 3'])(
    'with %s gives no time from nowhere, but that of the last entry',
    (change) => {
      const [first, second] = entriesOf('a', 2);
      writer.commit([appendOf(first!), appendOf(second!), appendOf(entryAfter(null, 'b', { at: 500 }))], 70_000);
      expect(reader.marks()).toEqual({ aliveAt: 70_000, lastAt: second!.at });
      damage(`UPDATE alive SET ${change}`);
      expect(reader.marks()).toEqual({ aliveAt: second!.at, lastAt: second!.at });
      writer.markAlive(60_000);
      expect(reader.marks()).toEqual({ aliveAt: 60_000, lastAt: second!.at });
    },
  );

  test('is 0 where there are no entries, and so is one that is gone', () => {
    damage('UPDATE alive SET alive_at = 5');
    expect(reader.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
    damage('DELETE FROM alive');
    expect(reader.marks()).toEqual({ aliveAt: 0, lastAt: 0 });
    writer.markAlive(7);
    expect(reader.marks()).toEqual({ aliveAt: 7, lastAt: 0 });
  });
});

test('a damaged outage is left out, and written anew it is one again', () => {
  writer.recordOutage({ from: 100, to: 200 });
  writer.recordOutage({ from: 300, to: 400 });
  damage('UPDATE outages SET to_at = 99999999 WHERE from_at = 100');
  expect(reader.outages()).toEqual([{ from: 300, to: 400 }]);
  writer.recordOutage({ from: 100, to: 150 });
  expect(reader.outages()).toEqual([
    { from: 100, to: 150 },
    { from: 300, to: 400 },
  ]);
});

describe('a damaged head', () => {
  const changes = ['seq = 99', `hash = 'x'`, 'next_deadline = 1', 'snapshot_seq = 7', 'fence = 9', `sum = ''`];

  test.each([...changes, 'anchor_seq = 3', `anchor_hash = 'x'`])('with %s is what the entries prove', (change) => {
    const entries = entriesOf('a', 3);
    writer.commit([appendOf(entries[0]!), appendOf(entries[1]!, { snapshot: snapshotAt(entries[1]!) })], 0);
    const before = reader.heads(['a']);
    damage(`UPDATE streams SET ${change}`);
    expect(reader.heads(['a'])).toEqual(before);
    expect(reader.streams('open', 0)).toEqual({ items: before, next: null, damaged: [] });
    expect(writer.commit([appendOf(entries[2]!)], 0)).toEqual([COMMITTED]);
  });

  test('that calls its stream closed is open: the state says better', () => {
    const entries = entriesOf('a', 2);
    writer.commit([appendOf(entries[0]!)], 0);
    damage('UPDATE streams SET closed_at = 5');
    expect(reader.heads(['a'])).toMatchObject([{ seq: 1, closed: false }]);
    expect(writer.commit([appendOf(entries[1]!)], 0)).toEqual([COMMITTED]);
  });

  test('is mended by the next head that is written', () => {
    const entries = entriesOf('a', 2);
    writer.commit([appendOf(entries[0]!)], 0);
    damage('UPDATE streams SET snapshot_seq = 7');
    writer.commit([appendOf(entries[1]!, { snapshot: snapshotAt(entries[1]!), closes: true })], 0);
    expect(reader.heads(['a'])).toMatchObject([{ seq: 2, snapshotSeq: 2, closed: true }]);
  });

  test('that the entries do not prove is named, takes no version, and stops no other room', () => {
    const a = entriesOf('a', 2);
    const b = entriesOf('b', 2);
    writer.commit([appendOf(a[0]!), appendOf(b[0]!)], 0);
    damage(`UPDATE streams SET room_id = 'c' WHERE room_id = 'a'`);
    expect(() => reader.heads(['b', 'c'])).toThrow(expect.objectContaining({ code: 'ROW_DAMAGED' }) as Error);
    expect(() => reader.heads(['b', 'c'])).toThrow('Where c stands is not as it was written');
    expect(reader.heads(['a', 'b'])).toMatchObject([{ roomId: 'b' }]);
    for (const which of ['open', 'all'] as const) {
      expect(reader.streams(which, 0)).toMatchObject({ items: [{ roomId: 'b' }], next: null, damaged: ['c'] });
    }
    const onDamaged = entryAfter(a[0]!, 'c');
    const batch = [appendOf(onDamaged), rowsOnly('c', [putInbox('c', 1)]), appendOf(b[1]!)];
    expect(writer.commit(batch, 0)).toEqual([conflict(1), COMMITTED, COMMITTED]);
    expect(reader.row('inbox', 'c/1')).not.toBeNull();
  });

  test('that has lost its entries is named', () => {
    writer.commit([appendOf(entriesOf('a', 1)[0]!)], 0);
    damage('UPDATE streams SET key = 77');
    expect(() => reader.heads(['a'])).toThrow('Where a stands');
    expect(reader.seqAt('a', 9_999)).toBe(0);
  });
});

test('what was written before there were checksums has them after the migration', async () => {
  const old = new Database(join(folder, 'old.sqlite'));
  const query = new Kysely<unknown>({ dialect: new SqliteDialect({ database: old }) });
  cleanUps.push(() => query.destroy());
  await journal.up(query);
  const [entry] = entriesOf('a', 1);
  const insert = old.prepare('INSERT INTO streams VALUES (?, ?, 1, ?, ?, NULL, 0, NULL, 0)');
  old.transaction(() => {
    for (let key = 1; key <= 1_001; key++) insert.run(key * 2, key === 1 ? 'a' : `room-${key}`, entry!.at, entry!.hash);
  })();
  const { roomId, seq, at, outcome, machineVersion, correlationId, hash, message, events } = entry!;
  old
    .prepare('INSERT INTO entries VALUES (1, 2, ?, ?, ?, ?, ?, NULL, ?, ?, ?)')
    .run(seq, at, outcome, machineVersion, correlationId, hash, message, events);
  old
    .prepare('INSERT INTO rooms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(roomId, '123456', 'waiting', 'Ada', '[]', 3, 1_000, 1_000, 'session-1', null);
  old.exec('UPDATE alive SET alive_at = 50, last_at = 40; INSERT INTO outages VALUES (10, 20), (-5, 7)');
  await supervision.up(query);

  const migrated = new JournalReader(old);
  expect(migrated.marks()).toEqual({ aliveAt: 50, lastAt: 40 });
  expect(migrated.outages()).toEqual([
    { from: -5, to: 7 },
    { from: 10, to: 20 },
  ]);
  expect(migrated.roomByCode('123456')).toEqual({ roomId, ...newRoom({ code: '123456' }) });
  expect(migrated.heads(['a'])).toMatchObject([{ roomId: 'a', seq: 1, anchorSeq: 0, anchorHash: '' }]);
  const { items, next, damaged } = migrated.streams('all', 0);
  expect([items.length, damaged, migrated.streams('all', next!).items.length]).toEqual([1_000, [], 1]);
  const continued = new JournalWriter(old);
  expect(continued.commit([appendOf(entryAfter(entry!, 'a'), { rows: [putRoom('a', { freeSeats: 1 })] })], 0)).toEqual([
    COMMITTED,
  ]);
  expect(migrated.roomByCode('123456')).toMatchObject({ freeSeats: 1 });
});
