import { type BotMind, declaredBefore, onTurn } from '../bots.js';
import { accept, claimed, notSeated, type Outcome, type Scope } from '../outcome.js';
import type { MessageOf } from '../room-message.js';
import { attempt, enter, roomSetup } from '../room-setup.js';
import { type Awaiting, gameOf, type RoomState } from '../room-state.js';
import { judgeDeclaration, nextZeroStreak, type Seat, SEATS, withSeat } from '../rules.js';
import { judgeBotTimer } from '../timing.js';

function awaitDeclarer(starter: Seat, declared: number, at: number): Awaiting | null {
  const seat = onTurn(starter, declared);
  return seat === null ? null : { what: 'declaration', seats: [seat], since: at };
}

/** The starter declares first (rules.md R6.5). */
function beginDeclaring(state: RoomState, at: number): Outcome {
  const awaiting = awaitDeclarer(gameOf(state).starter!, 0, at);
  return accept({ ...state, awaiting }, { type: 'declarationStarted' });
}

function judgeDeclare(state: RoomState, message: MessageOf<'declare'>): Outcome {
  return claimed(state, message) === null ? notSeated : declare(state, message.seat, message.value, message.at);
}

/** rules.md R7 */
function declare(state: RoomState, seat: Seat, value: number, at: number): Outcome {
  const game = gameOf(state);
  const before = declaredBefore(state);
  const verdict = judgeDeclaration({
    seat,
    declarer: onTurn(game.starter!, before.length),
    value,
    zeroStreak: game.zeroStreaks[seat],
    sumSoFar: before.reduce((sum, declared) => sum + declared, 0),
    isLast: before.length === SEATS.length - 1,
  });
  if (verdict.kind === 'refused') return verdict;
  return accept(
    {
      ...state,
      awaiting: awaitDeclarer(game.starter!, before.length + 1, at),
      game: {
        ...game,
        declarations: withSeat<number | null>(game.declarations, seat, value),
        zeroStreaks: withSeat(game.zeroStreaks, seat, nextZeroStreak(game.zeroStreaks[seat], value)),
      },
    },
    { type: 'declared', seat, value },
  );
}

function judgeBotDeclaration(bots: BotMind) {
  return judgeBotTimer(bots, 'declare', (state, message) =>
    declare(state, message.seat, bots.declaration(state, message.seat), message.at),
  );
}

function everyoneDeclared({ context }: Scope): boolean {
  return context.awaiting === null;
}

/** The four declare one after the other (rules.md R7). */
export function declaration(bots: BotMind) {
  return roomSetup.createStateConfig({
    tags: 'declaration',
    entry: enter(null, beginDeclaring),
    on: {
      declare: attempt('declare', judgeDeclare),
      botTimer: attempt('botTimer', judgeBotDeclaration(bots)),
    },
    always: { guard: everyoneDeclared, target: '#room.playing.turn' },
  });
}
