import { spawnSync } from 'node:child_process';
import { on, once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type GameResult, playGame } from '../../src/client/game-session.js';
import { MISSING_PROGRAM } from '../support/missing-programs.js';
import { checkJournal } from '../support/journal-check.js';
import { realGame } from '../support/real-game.js';
import { CommandRecorder } from '../support/recorded-commands.js';
import { ServerProcess } from '../support/server-process.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const POLL_MS = 50;
const LIMIT_MS = 30_000;

/** Waits until the readiness check answers so. */
async function untilReady(server: ServerProcess, status: 200 | 503): Promise<void> {
  const startMs = performance.now();
  while ((await fetch(`${server.url}/health/ready`)).status !== status) {
    if (performance.now() - startMs > LIMIT_MS) throw new Error(`/health/ready did not answer ${status}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Four people play, so that somebody is always about to move; in the middle of the first round the store goes away, and comes back once the server has noticed. */
async function playThrough(server: ServerProcess, breakStore: () => () => void) {
  const recorder = new CommandRecorder();
  const refusals: string[] = [];
  let turnedAway: unknown;
  let moves = 0;
  let fail: (failure: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  let outage: Promise<unknown> = Promise.resolve();
  const suffer = async (): Promise<void> => {
    const mend = breakStore();
    try {
      await untilReady(server, 503);
      turnedAway = await answerToNewcomer(server);
    } finally {
      mend();
    }
    await untilReady(server, 200);
  };
  const played = playGame({
    ...realGame(recorder.watch(server.connect), 5, 4),
    roundsMax: 2,
    observer: {
      action: (_, { outcome }) => {
        if (outcome.kind === 'refused') refusals.push(outcome.type);
        if (++moves === 8) outage = suffer().catch(fail);
      },
    },
  });
  const game: GameResult = await Promise.race([played, failed]);
  await outage;
  await server.stop();
  return { game, refusals, turnedAway, check: checkJournal(server.dataDir, recorder.acknowledged) };
}

/** What somebody is told who asks for a room now. */
async function answerToNewcomer(server: ServerProcess): Promise<unknown> {
  const lobby = new WebSocket(`ws://127.0.0.1:${server.port}/ws/lobby`);
  try {
    await once(lobby, 'open');
    lobby.send(JSON.stringify({ event: 'create_room', data: { player_name: 'Late' }, id: 'newcomer-1' }));
    for await (const [text] of on(lobby, 'message', { signal: AbortSignal.timeout(LIMIT_MS) })) {
      const { data } = JSON.parse(String(text)) as { readonly data: { readonly in_reply_to?: string } };
      if (data.in_reply_to === 'newcomer-1') return data;
    }
    return undefined;
  } finally {
    lobby.terminate();
  }
}

function expectNothingLost({ game, refusals, turnedAway, check }: Awaited<ReturnType<typeof playThrough>>): void {
  expect(check).toMatchObject({ lost: [], twice: [], brokenChains: [] });
  expect(turnedAway).toMatchObject({ type: 'temporarily_unavailable', retryable: true });
  // Whether a move falls into the outage before its sender is told of it is chance; another reason there is none.
  expect(refusals.filter((type) => type !== 'temporarily_unavailable')).toEqual([]);
  expect(game.violations).toEqual([]);
  expect(game.movesApplied).toBeGreaterThan(2 * 4 * 5);
}

test('while another program holds the database players are told to try again, and the game goes on after that', async () => {
  const server = await ServerProcess.start({ env: { LOG_LEVEL: 'error' } });
  cleanUps.push(() => server.dispose());
  expectNothingLost(
    await playThrough(server, () => {
      const holder = new Database(join(server.dataDir, 'journal.sqlite'));
      holder.exec('BEGIN IMMEDIATE');
      return () => holder.close();
    }),
  );
});

test('while the disk is full players are told to try again, and the game goes on after that', async ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'disk-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  // Mounting is for root; where it is not allowed the simulated disk and the engine's own tests must do.
  if (status !== 0) skip(`${MISSING_PROGRAM}mount, with the right to use it`);
  cleanUps.push(() => spawnSync('umount', [folder]));
  const server = await ServerProcess.start({ dataDir: folder, env: { LOG_LEVEL: 'error' } });
  cleanUps.push(() => server.dispose());
  const filler = join(folder, 'filler');
  expectNothingLost(
    await playThrough(server, () => {
      fill(filler);
      return () => rmSync(filler);
    }),
  );
});

/** Takes what is left, to the last block: the server writes meanwhile, so nobody knows how much that is. */
function fill(file: string): void {
  const block = Buffer.alloc(4096);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
