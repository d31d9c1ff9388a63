import { accept, type Outcome, type Scope } from '../outcome.js';
import type { MessageOf } from '../room-message.js';
import { change, enter, pauseIsOver, roomSetup } from '../room-setup.js';
import { gameOf, type RoomState } from '../room-state.js';
import { isGameOver, perSeat, scoreRound } from '../rules.js';

/** rules.md R14 */
function score(state: RoomState): Outcome {
  const game = gameOf(state);
  const declared = perSeat((seat) => game.declarations[seat] ?? 0);
  const roundScores = perSeat((seat) => scoreRound(declared[seat], game.piles[seat], game.multiplier));
  const scores = perSeat((seat) => game.scores[seat] + roundScores[seat].score);
  return accept(
    {
      ...state,
      game: {
        ...game,
        roundScores,
        scores,
        perfectRounds: perSeat((seat) => game.perfectRounds[seat] + (roundScores[seat].perfect ? 1 : 0)),
      },
    },
    {
      type: 'roundScored',
      round: game.round,
      scores: perSeat((seat) => ({
        ...roundScores[seat],
        declared: declared[seat],
        captured: game.piles[seat],
        total: scores[seat],
      })),
    },
  );
}

function gameIsWon(scope: Scope<MessageOf<'timer'>>): boolean {
  return pauseIsOver(scope) && isGameOver(gameOf(scope.context).scores);
}

/** rules.md R13.2. The winner of the round's last turn is the reference of the next (R5.5, R6.3). */
function nextRound(state: RoomState): Outcome {
  const game = gameOf(state);
  return accept({
    ...state,
    game: {
      ...game,
      round: game.round + 1,
      deal: 1,
      multiplier: 1,
      redealStarter: null,
      redeal: null,
      lastTurnWinner: game.turn?.winner ?? null,
      starter: null,
      starterReason: null,
      hands: [[], [], [], []],
      declarations: [null, null, null, null],
      piles: [0, 0, 0, 0],
      turn: null,
      roundScores: null,
    },
  });
}

/** The round is counted; then the game is over or the next round is dealt (rules.md R13.2, R15.1). */
export const scoring = roomSetup.createStateConfig({
  tags: 'scoring',
  entry: enter('scoring', score),
  on: {
    timer: [
      { guard: gameIsWon, target: '#room.gameOver' },
      { guard: pauseIsOver, target: '#room.playing.preparation', actions: change(nextRound) },
    ],
  },
});
