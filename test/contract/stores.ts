import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { journalFile } from '../../persistence/sqlite/open.js';
import { tableNames } from '../../persistence/sqlite/row-table.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import type { JournalUnderTest } from './journal-contract.js';

/** A new store of each engine, for the contracts. */
export async function sqliteStore(): Promise<JournalUnderTest> {
  const parent = await mkdtemp(join(tmpdir(), 'journal-'));
  const folder = join(parent, 'data');
  let engine = await openSqliteEngine({ folder });
  return {
    engine,
    reopen: async () => {
      await engine.close();
      engine = await openSqliteEngine({ folder });
      return engine;
    },
    fill: () => engine.limitPages(1), // SQLite takes it as the pages that are in use now
    mend: () => engine.limitPages(1_000_000),
    damage: (table, key, column) => {
      const { name, key: keyColumn } = tableNames(table);
      const db = new Database(journalFile(folder));
      db.prepare(`UPDATE ${name} SET ${column} = ${column} || 'x' WHERE ${keyColumn} = ?`).run(key);
      db.close();
      return Promise.resolve();
    },
    dispose: async () => {
      await engine.close();
      await rm(parent, { recursive: true });
    },
  };
}

export function simulatedStore(): Promise<JournalUnderTest> {
  const clock = { schedule: (_delayMs: number, run: () => void) => void setImmediate(run) };
  let engine = new SimulatedEngine(clock);
  return Promise.resolve({
    engine,
    reopen: async () => {
      await engine.close();
      engine = engine.reopen();
      return engine;
    },
    fill: () => {
      engine.failNext(1, 'SQLITE_FULL');
      return Promise.resolve();
    },
    mend: () => Promise.resolve(),
    damage: (table, key) => {
      engine.damageRow(table, key);
      return Promise.resolve();
    },
    dispose: () => engine.close(),
  });
}
