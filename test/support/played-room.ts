import { type GameResult, playGame } from '../../src/client/game-session.js';
import type { RoomClient } from '../../src/client/room-client.js';
import { realGame } from './real-game.js';
import type { ServerProcess } from './server-process.js';

/** The people of `playedRoom` keep their seats although their sockets are gone, so that its room waits for one of them. */
export const SEATS_KEPT = { DISCONNECT_GRACE_MS: '3600000' };

export interface PlayedRoom {
  readonly code: string;
  readonly refusals: number;
}

/**
 * A room in the middle of its game, with some hundred entries and a few refused messages: two people and two bots have
 * played `rounds` rounds of it. The server's `TIME_SCALE` is 0 and its environment has `SEATS_KEPT`.
 */
export async function playedRoom(server: ServerProcess, rounds = 7, seed = 5): Promise<PlayedRoom> {
  let moves = 0;
  let host: RoomClient | undefined;
  let refusals = 0;
  const game: GameResult = await playGame({
    ...realGame(server.connect, seed, 2),
    roundsMax: rounds,
    observer: {
      client: (human, client) => {
        if (human === 0) host = client;
      },
      action: () => {
        // A game that runs can't be started: the room refuses it and says why.
        if (++moves % 25 !== 0) return;
        refusals++;
        void host?.command('start_game', {});
      },
    },
  });
  return { code: game.roomId, refusals };
}
