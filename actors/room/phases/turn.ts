import { type BotMind, onTurn, requiredCount } from '../bots.js';
import { accept, claimed, notSeated, type Outcome, type Scope } from '../outcome.js';
import type { MessageOf } from '../room-message.js';
import { announce, attempt, change, enter, pauseIsOver, roomSetup } from '../room-setup.js';
import { type Awaiting, gameOf, type RoomState, type Turn } from '../room-state.js';
import { judgePlay, perSeat, pilesWon, type Seat, SEATS, turnWinner, withSeat } from '../rules.js';
import { judgeBotTimer } from '../timing.js';

function awaitPlayer(turn: Turn, at: number): Awaiting | null {
  const seat = onTurn(turn.leader, turn.plays.length);
  return seat === null ? null : { what: 'play', seats: [seat], since: at };
}

/** The starter leads the first turn of a round, then the winner of the turn before (rules.md R10.1). */
function beginTurn(state: RoomState, at: number): Outcome {
  const game = gameOf(state);
  const leader = game.turn?.winner ?? game.starter!;
  const turn: Turn = { number: (game.turn?.number ?? 0) + 1, leader, plays: [], winner: null };
  return accept(
    { ...state, awaiting: awaitPlayer(turn, at), game: { ...game, turn } },
    { type: 'turnStarted', number: turn.number, leader },
  );
}

function judgePlayPieces(state: RoomState, message: MessageOf<'play'>): Outcome {
  return claimed(state, message) === null ? notSeated : play(state, message.seat, message.indices, message.at);
}

/** rules.md R10 */
function play(state: RoomState, seat: Seat, indices: readonly number[], at: number): Outcome {
  const game = gameOf(state);
  const turn = game.turn!;
  const verdict = judgePlay({
    seat,
    player: onTurn(turn.leader, turn.plays.length),
    hand: game.hands[seat],
    indices,
    requiredCount: requiredCount(state),
  });
  if (verdict.kind === 'refused') return verdict;
  const { pieces, rest, type, value } = verdict;
  const after: Turn = { ...turn, plays: [...turn.plays, { seat, pieces, type, value, at }] };
  return accept(
    {
      ...state,
      awaiting: awaitPlayer(after, at),
      game: { ...game, hands: withSeat(game.hands, seat, rest), turn: after },
    },
    { type: 'played', seat, pieces, last: after.plays.length === SEATS.length },
  );
}

function judgeBotPlay(bots: BotMind) {
  return judgeBotTimer(bots, 'play', (state, message) =>
    play(state, message.seat, bots.play(state, message.seat), message.at),
  );
}

function everyonePlayed({ context }: Scope): boolean {
  return context.awaiting === null;
}

/** rules.md R11, R12 */
function decideTurn(state: RoomState): Outcome {
  const game = gameOf(state);
  const turn = game.turn!;
  const best = turnWinner(turn.plays.map((made) => made.pieces));
  const winner = turn.plays[best!]!.seat;
  const won = pilesWon(turn.plays[0]!.pieces.length);
  const piles = withSeat(game.piles, winner, game.piles[winner] + won);
  return accept(
    {
      ...state,
      game: {
        ...game,
        piles,
        turn: { ...turn, winner },
        turnsWon: withSeat(game.turnsWon, winner, game.turnsWon[winner] + 1),
      },
    },
    {
      type: 'turnWon',
      number: turn.number,
      winner,
      piles: won,
      plays: turn.plays.map(({ seat, pieces, type, value }) => ({ seat, pieces, type, value })),
      roundPiles: piles,
      declared: perSeat((seat) => game.declarations[seat] ?? 0),
      handsEmpty: handsAreEmpty({ context: state }),
    },
  );
}

function handsAreEmpty({ context }: Pick<Scope, 'context'>): boolean {
  return gameOf(context).hands.every((hand) => hand.length === 0);
}

function roundIsOver(scope: Scope<MessageOf<'timer'>>): boolean {
  return pauseIsOver(scope) && handsAreEmpty(scope);
}

/** One turn after the other until all hands are empty (rules.md R10 to R13). */
export function turn(bots: BotMind) {
  return roomSetup.createStateConfig({
    initial: 'playing',
    states: {
      playing: {
        tags: 'turn',
        entry: enter(null, beginTurn),
        on: {
          play: attempt('play', judgePlayPieces),
          botTimer: attempt('botTimer', judgeBotPlay(bots)),
        },
        always: { guard: everyonePlayed, target: 'revealing' },
      },
      revealing: {
        tags: 'turn',
        entry: enter('flip'),
        on: {
          timer: [
            { guard: roundIsOver, target: 'results', actions: change(decideTurn) },
            { guard: pauseIsOver, target: 'shown', actions: change(decideTurn) },
          ],
        },
      },
      shown: {
        tags: 'turn',
        entry: enter('turnShown'),
        on: { timer: { guard: pauseIsOver, target: 'playing' } },
      },
      results: {
        tags: 'turn_results',
        entry: [announce({ type: 'turnResultsShown' }), enter('turnResults')],
        on: {
          timer: {
            guard: pauseIsOver,
            target: '#room.playing.scoring',
            actions: announce({ type: 'turnResultsEnded' }),
          },
        },
      },
    },
  });
}
