import { SimulatedClock } from '../../actors/simulated-clock.js';
import { FakeGameServer } from './fake-game-server.js';
import type { Frame } from './frame.js';
import { playGame } from './game-session.js';
import { seededRandom } from './random.js';
import { botStrategy } from './strategy.js';

/** All that Hana gets on her room socket in one game of several rounds, redeals included; for the tests of this folder. */
export async function recordGame(): Promise<Frame[]> {
  const clock = new SimulatedClock();
  const server = new FakeGameServer({ clock, seed: 11, totals: 40 });
  const random = seededRandom(1);
  const frames: Frame[] = [];
  let ids = 0;
  let over = false;
  const game = playGame({
    humans: 2,
    connect: server.sockets.connect,
    clock,
    random,
    newId: () => `m${++ids}`,
    strategy: botStrategy(random),
    thinkMs: () => 5,
    observer: {
      frame: (human, frame) => {
        if (human === 0) frames.push(frame);
      },
    },
  }).finally(() => {
    over = true;
  });
  await clock.runUntil(() => over, 3_600_000);
  await game;
  return frames;
}
