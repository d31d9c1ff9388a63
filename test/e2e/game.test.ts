import { afterEach, beforeEach, expect, test } from 'vitest';
import { playBrowserGame } from '../../src/client/browser-game.js';
import { playGame } from '../../src/client/game-session.js';
import { realGame } from '../support/real-game.js';
import { ServerProcess } from '../support/server-process.js';

let server: ServerProcess;
beforeEach(async () => {
  server = await ServerProcess.start();
});
afterEach(() => server.dispose());

test.each([1, 4])('%d human(s) play a whole game over real sockets, and the protocol is kept', async (humans) => {
  const game = await playGame(realGame(server.connect, humans, humans));

  expect(game.violations).toEqual([]);
  expect(game.complete).toBe(true);
  expect(game.rankings.map(({ name }) => name)).toEqual(expect.arrayContaining([...game.humans]));
  expect(game.rankings).toHaveLength(4);
  expect(game.movesApplied).toBeGreaterThan(game.rounds * humans * 2);
});

test('a game goes on after its server was told to stop and started again, and every client was told to come back', async () => {
  const codes: number[] = [];
  const connect: typeof server.connect = (path, headers) => {
    const socket = server.connect(path, headers);
    // The owner sets its handlers in this turn of the event loop; ours goes in front of it.
    setImmediate(() => {
      const { onClose } = socket;
      socket.onClose = (code, reason) => {
        codes.push(code);
        onClose(code, reason);
      };
    });
    return socket;
  };
  let moves = 0;
  let stopped: Promise<unknown> = Promise.resolve();
  const restart = async (): Promise<void> => {
    const end = await server.stop();
    expect(end).toMatchObject({ code: 0, signal: null });
    await server.restart();
  };
  const game = await playGame({
    ...realGame(connect, 3, 2),
    roundsMax: 3,
    observer: {
      action: () => {
        if (++moves === 5) stopped = restart();
      },
    },
  });
  await stopped;

  expect(game.violations).toEqual([]);
  expect(game.movesApplied).toBeGreaterThan(20);
  // Those of the lobby were closed by their clients before.
  expect(codes.filter((code) => code === 1012)).toHaveLength(2);
});

test('two people at the unmodified frontend, as a model of it behaves, play rounds over real sockets', async () => {
  const game = await playBrowserGame({ ...realGame(server.connect, 1, 2), roundsMax: 2 });

  expect(game.violations).toEqual([]);
  expect(game.clicks).toBeGreaterThan(2 * 2);
});
