import { rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendsOf, CLOSED, type JournalFolders, journalFolders, PLAYING } from '../../test/support/journal-folder.js';
import { RoomDriver } from '../../test/support/room-driver.js';
import { openReadOnlyJournal } from './read-only.js';
import { openSqliteEngine } from './sqlite-engine.js';

let folders: JournalFolders;
beforeAll(async () => {
  folders = await journalFolders();
});
afterAll(() => folders.remove());

const ANOTHER = { roomId: '018f0000-0000-7000-8000-0000000000ff', code: 'FFFFFF' };

describe('a journal opened for reading', () => {
  test('reads what an engine reads', async () => {
    const folder = folders.copy();
    const engine = await openSqliteEngine({ folder });
    const journal = openReadOnlyJournal(folder);
    try {
      expect(await journal.heads([PLAYING.roomId])).toEqual(await engine.heads([PLAYING.roomId]));
      expect(await journal.read(PLAYING.roomId, 2, 4)).toEqual(await engine.read(PLAYING.roomId, 2, 4));
      expect(await journal.snapshots(PLAYING.roomId, 100, 5)).toEqual(await engine.snapshots(PLAYING.roomId, 100, 5));
      expect(await journal.seqAt(PLAYING.roomId, 1_002_000)).toBe(await engine.seqAt(PLAYING.roomId, 1_002_000));
      expect(await journal.streams('all', 0)).toEqual(await engine.streams('all', 0));
      expect(await journal.roomByCode(CLOSED.code)).toEqual(await engine.roomByCode(CLOSED.code));
      expect(await journal.row('rooms', PLAYING.roomId)).toEqual(await engine.row('rooms', PLAYING.roomId));
      expect(await journal.select('roomsNewest', {})).toEqual(await engine.select('roomsNewest', {}));
      expect(await journal.marks()).toEqual(await engine.marks());
      expect(await journal.outages()).toEqual(await engine.outages());
      expect(await journal.size()).toEqual(await engine.size());
      expect(await journal.integrity()).toEqual([]);
    } finally {
      await journal.close();
      await engine.close();
    }
  });

  test('sees what another connection commits while it is open, and keeps no lock from it', async () => {
    const folder = folders.copy();
    const journal = openReadOnlyJournal(folder);
    const engine = await openSqliteEngine({ folder });
    try {
      expect(await journal.heads([ANOTHER.roomId])).toEqual([]);
      await engine.commit(appendsOf(ANOTHER, new RoomDriver().messages), 2_000_000);
      expect(await journal.heads([ANOTHER.roomId])).toMatchObject([{ roomId: ANOTHER.roomId, seq: 1 }]);
    } finally {
      await journal.close();
    }
    // The end of the reader took no lock of the writer with it, though both are of this process.
    await expect(openSqliteEngine({ folder })).rejects.toThrow('is in use by process');
    await engine.close();
  });

  test('refuses whatever would write', async () => {
    const journal = openReadOnlyJournal(folders.copy());
    try {
      const refusal = { name: 'StoreFailure', outcome: 'failed', code: 'READ_ONLY' };
      await expect(journal.commit([], 0)).rejects.toMatchObject(refusal);
      await expect(journal.markAlive(0)).rejects.toMatchObject(refusal);
      await expect(journal.recordOutage({ from: 0, to: 1 })).rejects.toMatchObject(refusal);
      await expect(journal.compact(PLAYING.roomId, 5)).rejects.toMatchObject(refusal);
      await expect(journal.removeStream(CLOSED.roomId)).rejects.toMatchObject(refusal);
      await expect(journal.openAt(ANOTHER.roomId, 1, 'x')).rejects.toMatchObject(refusal);
      await expect(journal.rebuildPlayers()).rejects.toMatchObject(refusal);
    } finally {
      await journal.close();
    }
  });

  test('copies the journal into a file that opens as one', async () => {
    const to = folders.empty();
    const journal = openReadOnlyJournal(folders.copy());
    await journal.backup(join(to, 'journal.sqlite'));
    await journal.close();
    const copy = openReadOnlyJournal(to);
    expect(await copy.heads([PLAYING.roomId])).toMatchObject([{ seq: 9 }]);
    await copy.close();
  });

  test('says that there is no journal, and makes none', () => {
    const folder = folders.empty();
    expect(() => openReadOnlyJournal(folder)).toThrow(expect.objectContaining({ code: 'NO_JOURNAL' }));
    expect(() => openReadOnlyJournal(folder)).toThrow(`There is no journal in ${folder}`);
  });

  test('names a schema that it does not know, and a file that is no database', () => {
    const folder = mkdtempSync(join(tmpdir(), 'read-only-'));
    try {
      const other = new Database(join(folder, 'journal.sqlite'));
      other.exec('CREATE TABLE something (id INTEGER)');
      other.close();
      expect(() => openReadOnlyJournal(folder)).toThrow(expect.objectContaining({ code: 'SCHEMA_UNKNOWN' }));
      rmSync(join(folder, 'journal.sqlite'));
      writeFileSync(join(folder, 'journal.sqlite'), 'no database at all, and long enough to be looked at. '.repeat(40));
      expect(() => openReadOnlyJournal(folder)).toThrow(expect.objectContaining({ code: 'SQLITE_NOTADB' }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
