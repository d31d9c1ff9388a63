import type { Connect } from '../../src/client/client-socket.js';
import { GameFailed, HUMAN_NAMES, playGame } from '../../src/client/game-session.js';
import { type Random, seededRandom } from '../../src/client/random.js';
import { checkJournal, type JournalCheck } from '../support/journal-check.js';
import { realGame } from '../support/real-game.js';
import { CommandRecorder } from '../support/recorded-commands.js';
import { FrameRecorder } from '../support/recorded-frames.js';
import { ServerProcess } from '../support/server-process.js';

export interface KillRunOptions {
  readonly kills: number;
  readonly seed: number;
  readonly rooms?: number; // games at the same time
  readonly aliveMsMax?: number; // the longest time from somebody's first move after a start to the kill
  readonly onKill?: (kill: number, acknowledged: number) => void;
}

export interface KillRunResult extends JournalCheck {
  readonly kills: number;
  readonly seed: number;
  readonly resent: number; // commands that were sent more than once
  readonly frames: number; // that clients saw and that show an entry
  readonly notInJournal: readonly string[]; // entries that clients saw in them
  readonly games: number; // played to their end
  readonly failures: readonly string[]; // games that could not go on
  readonly violations: readonly string[]; // of the protocol, as clients saw them
  readonly durationMs: number;
}

/** How often the server is killed at once when it is ready, before anybody is back. */
const KILLED_AT_ONCE = 0.15;
/** For the last commands to be answered after the last kill. */
const SETTLE_MS = 3_000;
const PROGRESS_LIMIT_MS = 60_000;

/**
 * Kills a server again and again in the middle of games over real sockets; clients come back by themselves and send
 * again what was not answered. At the end their records are compared with the journal.
 */
export async function killRun(options: KillRunOptions): Promise<KillRunResult> {
  const { kills, seed, rooms = 6, aliveMsMax = 1_500, onKill } = options;
  const random = seededRandom(seed);
  const startMs = performance.now();
  const recorder = new CommandRecorder();
  const frames = new FrameRecorder();
  const server = await ServerProcess.start();
  const games = new EndlessGames(frames.watch(recorder.watch(server.connect)), seed);
  try {
    const played = Array.from({ length: rooms }, (_, table) => games.play(table));
    for (let kill = 1; kill <= kills; kill++) {
      await untilKill(random, recorder, aliveMsMax);
      await server.kill();
      onKill?.(kill, recorder.acknowledged.length);
      await server.restart();
    }
    await progress(recorder);
    await pause(SETTLE_MS);
    games.stop();
    await Promise.all(played);
    await server.stop();
    return {
      ...checkJournal(server.dataDir, recorder.acknowledged),
      kills,
      seed,
      resent: [...recorder.commands.values()].filter(({ sentCount }) => sentCount > 1).length,
      frames: frames.frames,
      notInJournal: frames.missingIn(server.dataDir),
      games: games.completed,
      failures: games.failures,
      violations: games.violations,
      durationMs: Math.round(performance.now() - startMs),
    };
  } finally {
    games.stop();
    await server.dispose();
  }
}

async function untilKill(random: Random, recorder: CommandRecorder, aliveMsMax: number): Promise<void> {
  if (random() < KILLED_AT_ONCE) return;
  await progress(recorder);
  await pause(random() * aliveMsMax);
}

/** Waits for an acknowledgement that was not there yet: somebody is playing. */
async function progress(recorder: CommandRecorder): Promise<void> {
  const before = recorder.acknowledged.length;
  const startMs = performance.now();
  while (recorder.acknowledged.length === before) {
    if (performance.now() - startMs > PROGRESS_LIMIT_MS) throw new Error('nothing was acknowledged for a minute');
    await pause(20);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One game after the other at each table, until they are stopped. */
class EndlessGames {
  completed = 0;
  readonly failures: string[] = [];
  readonly violations: string[] = [];
  readonly #connect: Connect;
  readonly #seed: number;
  readonly #closings = new Set<() => void>();
  #stopped = false;

  constructor(connect: Connect, seed: number) {
    this.#connect = connect;
    this.#seed = seed;
  }

  stop(): void {
    this.#stopped = true;
    for (const close of this.#closings) close();
  }

  async play(table: number): Promise<void> {
    for (let game = 0; !this.#isStopped(); game++) {
      const humans = 1 + ((table + game) % 4);
      try {
        await playGame({
          ...realGame(this.#connect, this.#seed + table * 1_000 + game, humans),
          observer: {
            client: (_, client) => this.#closings.add(() => client.close()),
            violation: (human, { sentence, frame }) => {
              this.violations.push(`${HUMAN_NAMES[human]}: ${sentence} in ${frame}`);
            },
          },
        });
        this.completed++;
      } catch (failure) {
        if (!(failure instanceof GameFailed)) throw failure;
        if (!this.#isStopped()) this.failures.push(failure.message);
      }
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}
