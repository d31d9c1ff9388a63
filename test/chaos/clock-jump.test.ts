import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { playGame } from '../../src/client/game-session.js';
import { checkJournal } from '../support/journal-check.js';
import { realGame } from '../support/real-game.js';
import { CommandRecorder } from '../support/recorded-commands.js';
import { ServerProcess } from '../support/server-process.js';

const HOUR_MS = 3_600_000;
/** More than a game of this file takes, and much less than a jump. */
const GAME_MS_MAX = 100_000;
const POLL_MS = 20;
const LIMIT_MS = 10_000;

const COMMAND = [process.execPath, '--import', 'tsx', '--import', './test/support/moved-wall-clock.ts', 'src/main.ts'];

let folder: string;
let offsetFile: string;
let server: ServerProcess;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'));
  offsetFile = join(folder, 'offset');
  setOffset(0);
  server = await ServerProcess.start({
    command: COMMAND,
    dataDir: join(folder, 'data'),
    env: { WALL_CLOCK_OFFSET_FILE: offsetFile },
  });
});
afterEach(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true });
});

function setOffset(ms: number): void {
  writeFileSync(offsetFile, String(ms));
}

/** How far the server's wall clock is from ours. */
async function offsetOfServer(): Promise<number> {
  const answer = (await (await fetch(`${server.url}/api/health`)).json()) as { timestamp: number };
  return answer.timestamp * 1_000 - Date.now();
}

async function jumpWhileRunning(ms: number): Promise<void> {
  setOffset(ms);
  process.kill(server.pid, 'SIGUSR2');
  const startMs = performance.now();
  while (Math.abs((await offsetOfServer()) - ms) > GAME_MS_MAX) {
    if (performance.now() - startMs > LIMIT_MS) throw new Error("the server's clock did not jump");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Plays with a person and three bots, whose every move is a deadline, and lets the clock jump at the person's 4th move. */
async function playThrough(jump: () => Promise<void>) {
  const recorder = new CommandRecorder();
  let moves = 0;
  let fail: (failure: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  let jumped: Promise<void> = Promise.reject(new Error('the game ended before the jump'));
  jumped.catch(() => undefined); // told by the `await` below
  const played = playGame({
    ...realGame(recorder.watch(server.connect), 11, 1),
    roundsMax: 2,
    observer: {
      action: () => {
        if (++moves === 4) jumped = jump().catch(fail);
      },
    },
  });
  const game = await Promise.race([played, failed]);
  await jumped;
  await server.stop();
  return { game, check: checkJournal(server.dataDir, recorder.acknowledged), times: timesOfEntries(server.dataDir) };
}

/** Of the one room that was played, in the order of its entries. */
function timesOfEntries(dataDir: string): number[] {
  const db = new Database(join(dataDir, 'journal.sqlite'), { readonly: true });
  const rows = db.prepare<[], { at: number }>('SELECT at FROM entries ORDER BY stream, seq').all();
  db.close();
  return rows.map(({ at }) => at);
}

function expectTimeToGoOn({ game, check, times }: Awaited<ReturnType<typeof playThrough>>): void {
  expect(check).toMatchObject({ rooms: 1, lost: [], twice: [], brokenChains: [] });
  expect(game.violations).toEqual([]);
  expect(game.movesApplied).toBeGreaterThan(10);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)! - times[0]!).toBeLessThan(GAME_MS_MAX);
}

test('a game goes on, and its time never goes back, when the clock is an hour behind after a restart', async () => {
  expectTimeToGoOn(
    await playThrough(async () => {
      await server.kill();
      setOffset(-HOUR_MS);
      await server.restart();
      expect(await offsetOfServer()).toBeLessThan(-HOUR_MS + GAME_MS_MAX);
    }),
  );
});

test('a game goes on, and its time never goes back, when the clock jumps back an hour under it', async () => {
  expectTimeToGoOn(await playThrough(() => jumpWhileRunning(-HOUR_MS)));
});

test('a clock that jumps ahead an hour lets no deadline fire early and moves no entry', async () => {
  expectTimeToGoOn(await playThrough(() => jumpWhileRunning(HOUR_MS)));
});
