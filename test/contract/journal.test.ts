import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { type JournalUnderTest, journalContract } from './journal-contract.js';

journalContract('SQLite', async (): Promise<JournalUnderTest> => {
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
    dispose: async () => {
      await engine.close();
      await rm(parent, { recursive: true });
    },
  };
});

journalContract('the simulated store', () => {
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
    dispose: () => engine.close(),
  });
});
