import { test } from 'vitest';
import { appendFileSync } from 'node:fs';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { FakeGameServer } from './fake-game-server.js';
import { playGame } from './game-session.js';
import { seededRandom } from './random.js';
import { carefulStrategy } from './strategy.js';
test('find', async () => {
  for (const humans of [1, 4]) {
    let t = [];
    for (let seed = 1; seed < 31; seed++) {
      const clock = new SimulatedClock();
      const server = new FakeGameServer({ clock, seed, totals: 0 });
      const random = seededRandom(1);
      let ids = 0;
      let over = false;
      const game = playGame({
        humans,
        connect: server.sockets.connect,
        clock,
        random,
        newId: () => `m${++ids}`,
        strategy: carefulStrategy(random),
        thinkMs: () => 5,
        roundsMax: 300,
      }).finally(() => {
        over = true;
      });
      await clock.runUntil(() => over, 36_000_000);
      const r = await game;
      t.push(r.rounds);
    }
    appendFileSync('/tmp/zz3.txt', `${humans} ${t.sort((a, b) => a - b)} \n`);
  }
}, 300_000);
