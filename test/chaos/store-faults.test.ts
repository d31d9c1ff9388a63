import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { openSqliteEngine } from '../../persistence/sqlite/sqlite-engine.js';
import { seededRandom } from '../../src/client/random.js';
import { checkJournal } from '../support/journal-check.js';
import { MISSING_PROGRAM } from '../support/missing-programs.js';
import { pause, ScriptedTables } from '../support/scripted-tables.js';
import { startScriptedServer } from '../support/scripted-server.js';

// The full disk and the database that another program holds are in disk.test.ts, over real sockets.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const LIMIT_MS = 30_000;

async function until(what: string, done: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!done()) {
    if (performance.now() - startMs > LIMIT_MS) throw new Error(`${what} did not happen within ${LIMIT_MS} ms`);
    await pause(20);
  }
}

async function playThrough(
  folder: string,
  suffer: (ports: {
    readonly killThreads: (modules: readonly string[]) => Promise<void>;
    readonly isAvailable: () => boolean;
    readonly playOn: () => Promise<void>;
  }) => Promise<void>,
) {
  const workers = new Map<string, Worker>();
  const engine = await openSqliteEngine({ folder, onThread: (module, worker) => void workers.set(module, worker) });
  cleanUps.push(() => engine.close());
  const server = await startScriptedServer(engine);
  const tables = new ScriptedTables({ rooms: server.rooms, random: seededRandom(5), thinkMs: () => 5 });
  for (const people of [4, 3, 4, 2, 4, 4] as const) tables.start(people);
  let waitedFor = 0; // moves
  const playOn = async (): Promise<void> => {
    const before = tables.acknowledged.length;
    await until('a move', () => tables.acknowledged.length > before + 20);
    waitedFor += 20;
  };
  await playOn();
  await suffer({
    killThreads: async (modules) => {
      for (const module of modules) await workers.get(module)!.terminate();
    },
    isAvailable: () => server.writer.available,
    playOn,
  });
  await until('the return of the store', () => server.writer.available);
  await playOn();
  await tables.stop();
  await server.stop();
  const check = checkJournal(folder, tables.acknowledged);
  return { check, waitedFor, otherAnswers: [...tables.otherAnswers.keys()] };
}

function expectNothingLost({ check, waitedFor, otherAnswers }: Awaited<ReturnType<typeof playThrough>>): void {
  expect(check).toMatchObject({ lost: [], twice: [], brokenChains: [] });
  expect(check.acknowledged).toBeGreaterThan(waitedFor);
  // A move that a client repeats may find its turn over, or its room gone; the rest is to be tried again.
  expect(otherAnswers.filter((answer) => answer.startsWith('unavailable'))).toEqual(
    otherAnswers.some((answer) => answer.startsWith('unavailable')) ? ['unavailable storeAway'] : [],
  );
}

test('a writer thread that is killed in the middle of commits loses nothing, and the games go on with another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  expectNothingLost(
    await playThrough(folder, async ({ killThreads, playOn }) => {
      for (let kill = 0; kill < 5; kill++) {
        await killThreads(['writer']);
        await playOn();
      }
    }),
  );
});

test('on a file system that has become read-only players are told to try again, and the games go on when it is not', async ({
  skip,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  // A file system with open files can't be turned; a read-only view of it in its place is what new connections meet.
  const view = (): number | null => spawnSync('mount', ['--bind', '-o', 'ro', folder, folder]).status;
  const unview = (): unknown => spawnSync('umount', [folder]);
  // Mounting is for root; where it is not allowed this can't be tried.
  if (view() !== 0) skip(`${MISSING_PROGRAM}mount, with the right to use it`);
  unview();
  const result = await playThrough(folder, async ({ killThreads, isAvailable }) => {
    expect(view()).toBe(0);
    try {
      await killThreads(['writer']);
      await until('the store away', () => !isAvailable());
      await pause(500);
      expect(isAvailable()).toBe(false);
    } finally {
      unview();
    }
  });
  expectNothingLost(result);
  expect(result.otherAnswers).toContain('unavailable storeAway');
});
