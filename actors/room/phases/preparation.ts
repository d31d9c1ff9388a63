import type { BotMind } from '../bots.js';
import { accept, claimed, notSeated, type Outcome, type Scope } from '../outcome.js';
import type { RoomEvent } from '../room-event.js';
import type { MessageOf } from '../room-message.js';
import { attempt, change, enter, pauseIsOver, roomSetup } from '../room-setup.js';
import { gameOf, REDEAL_LIMIT_MS, REDEAL_WARNING_MS, type RoomState } from '../room-state.js';
import {
  dealHands,
  judgeRedealAnswer,
  type Piece,
  redealReference,
  resolveRedeal,
  roundStarter,
  type Seat,
  weakSeats,
  withSeat,
} from '../rules.js';
import { judgeBotTimer } from '../timing.js';

/** The order of all 32 pieces for a deal: handed in, so that a recorded deal can be given again (rules.md D1). */
export type DealOrder = (seed: string, round: number, deal: number) => readonly Piece[];

function startDealing(state: RoomState): Outcome {
  const { round, deal, multiplier } = gameOf(state);
  return accept(state, { type: 'dealingStarted', round, deal, multiplier });
}

/** Every deal, also a redeal, first clears declarations and piles (rules.md R3.4). */
function dealCards(state: RoomState, order: DealOrder): Outcome {
  const game = gameOf(state);
  const hands = dealHands(order(state.seed, game.round, game.deal));
  const fresh = { hands, declarations: [null, null, null, null], piles: [0, 0, 0, 0], turn: null } as const;
  return accept({ ...state, game: { ...game, ...fresh } });
}

function someoneIsWeak({ context }: Scope): boolean {
  return weakSeats(gameOf(context).hands).length > 0;
}

function isRedealt({ context }: Scope): boolean {
  return gameOf(context).redealStarter !== null;
}

/** All weak players are asked at the same time (rules.md R5.1). */
function askWeakPlayers(state: RoomState, at: number): Outcome {
  const game = gameOf(state);
  const asked = weakSeats(game.hands);
  return accept(
    {
      ...state,
      awaiting: { what: 'redealAnswer', seats: asked, since: at },
      game: {
        ...game,
        redeal: {
          asked,
          answers: [null, null, null, null],
          warnAt: at + REDEAL_WARNING_MS,
          limitAt: at + REDEAL_LIMIT_MS,
          lastAnswer: null,
        },
      },
    },
    { type: 'weakHandsFound', seats: asked },
  );
}

function judgeRedeal(state: RoomState, message: MessageOf<'answerRedeal'>): Outcome {
  return claimed(state, message) === null ? notSeated : answerRedeal(state, message.seat, message.accept);
}

/** rules.md R5.1, R5.2 */
function answerRedeal(state: RoomState, seat: Seat, accepts: boolean): Outcome {
  const game = gameOf(state);
  const [vote, awaiting] = [game.redeal!, state.awaiting!];
  const verdict = judgeRedealAnswer({ asked: vote.asked, answers: vote.answers, seat });
  if (verdict.kind === 'refused') return verdict;
  const redeal = {
    ...vote,
    answers: withSeat(vote.answers, seat, accepts),
    lastAnswer: { seat, accept: accepts },
  };
  const left = awaiting.seats.filter((other) => other !== seat);
  return accept(
    { ...state, awaiting: { ...awaiting, seats: left }, game: { ...game, redeal } },
    { type: 'redealAnswered', seat, accept: accepts, last: left.length === 0 },
  );
}

function redealWarningIsDue({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return event.timer === 'redealWarning' && event.at >= (gameOf(context).redeal!.warnAt ?? Infinity);
}

function warn(state: RoomState): Outcome {
  const game = gameOf(state);
  return accept({ ...state, game: { ...game, redeal: { ...game.redeal!, warnAt: null } } }, { type: 'redealWarned' });
}

function redealLimitIsOver({ context, event }: Scope<MessageOf<'timer'>>): boolean {
  return event.timer === 'redealLimit' && event.at >= gameOf(context).redeal!.limitAt;
}

/** A missing answer declines (rules.md R5.3); counting and dealing again are one step (D20). */
function stopWaiting(state: RoomState): Outcome {
  const awaiting = state.awaiting!;
  return accept(
    { ...state, awaiting: { ...awaiting, seats: [] } },
    { type: 'redealUnanswered', seats: awaiting.seats },
  );
}

function everyoneAnswered({ context }: Scope): boolean {
  return context.awaiting!.seats.length === 0;
}

function redealOutcome(state: RoomState) {
  const game = gameOf(state);
  const { answers } = game.redeal!;
  return resolveRedeal(answers, redealReference(game));
}

function redealIsAgreed(scope: Scope): boolean {
  return everyoneAnswered(scope) && redealOutcome(scope.context).kind === 'redeal';
}

/** rules.md R5.4. The old hands stay until the new ones are dealt. */
function redealCards(state: RoomState): Outcome {
  const game = gameOf(state);
  const outcome = redealOutcome(state);
  if (outcome.kind !== 'redeal') throw new Error('a redeal without anybody who accepted');
  return accept({
    ...state,
    game: { ...game, deal: game.deal + 1, multiplier: game.multiplier + 1, redealStarter: outcome.starter },
  });
}

const stopAsking = roomSetup.assign({ awaiting: null });

/** Says that the hands stand. After a redeal the question is gone with its hands. */
function finishDealing(state: RoomState): Outcome {
  const game = gameOf(state);
  const redealt = game.redealStarter !== null;
  return accept({ ...state, game: { ...game, redeal: null } }, { type: 'dealingFinished', redealt });
}

/** rules.md R6 */
function chooseStarter(state: RoomState): Outcome {
  const game = gameOf(state);
  const { seat, reason } = roundStarter(game);
  const event: RoomEvent = { type: 'roundStarted', round: game.round, starter: seat, reason };
  return accept({ ...state, game: { ...game, starter: seat, starterReason: reason } }, event);
}

function judgeBotAnswer(bots: BotMind) {
  return judgeBotTimer(bots, 'answer', (state, message) =>
    answerRedeal(state, message.seat, bots.acceptsRedeal(state, message.seat)),
  );
}

/** Deal, weak hands, redeals, and the announcement of the round (rules.md R3 to R6). */
export function preparation(order: DealOrder, bots: BotMind) {
  return roomSetup.createStateConfig({
    initial: 'dealing',
    states: {
      dealing: {
        tags: 'preparation',
        entry: enter('deal', startDealing),
        on: { timer: { guard: pauseIsOver, target: 'dealt', actions: change((state) => dealCards(state, order)) } },
      },
      dealt: {
        tags: 'preparation',
        always: [
          { guard: someoneIsWeak, target: 'weakHands' },
          { guard: isRedealt, target: 'redealt', actions: change(finishDealing) },
          { target: 'roundStart', actions: change(finishDealing) },
        ],
      },
      weakHands: {
        tags: 'preparation',
        entry: enter(null, askWeakPlayers),
        exit: stopAsking,
        on: {
          answerRedeal: attempt('answerRedeal', judgeRedeal),
          botTimer: attempt('botTimer', judgeBotAnswer(bots)),
          timer: [
            { guard: redealWarningIsDue, actions: change(warn) },
            { guard: redealLimitIsOver, actions: change(stopWaiting) },
          ],
        },
        always: [
          { guard: redealIsAgreed, target: 'dealing', actions: change(redealCards) },
          { guard: everyoneAnswered, target: 'roundStart' },
        ],
      },
      redealt: {
        tags: 'preparation',
        entry: enter('redealShown'),
        on: { timer: { guard: pauseIsOver, target: 'roundStart' } },
      },
      roundStart: {
        tags: 'round_start',
        entry: enter('roundStart', chooseStarter),
        on: { timer: { guard: pauseIsOver, target: '#room.playing.declaration' } },
      },
    },
  });
}
