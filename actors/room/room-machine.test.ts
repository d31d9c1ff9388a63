// Goal: every state knows what it takes, and what it does not take changes nothing. Method: rooms in every state that
// the machine rests in, each asked about messages of every type; and the machine's own tree of states.
import { describe, expect, test } from 'vitest';
import { RoomDriver, speaker } from '../../test/support/room-driver.js';
import { answerOf, CANDIDATES, dealWithWeak, reachedStates, weakOnce } from '../../test/support/reached-states.js';
import { leavesOf } from '../../src/cli/chart.js';
import { plainBots } from './bots.js';
import { seededDeal } from './liap-tui.js';
import { roomMachine } from './room-machine.js';
import type { RoomMessage } from './room-message.js';
import { gameOf } from './room-state.js';
import { phaseOf } from './room-view.js';
import { SEATS } from './rules.js';

const REACHED = reachedStates();
const LEAVES = leavesOf(roomMachine(seededDeal, plainBots).root);
/** Left again in the step that enters it. */
const TRANSIENT = 'playing.preparation.dealt';

describe('states', () => {
  test('every leaf has a phase, and it is the one that its tag names', () => {
    for (const { path, tags } of LEAVES) expect(tags, path).toEqual([phaseOf(path)]);
  });

  test('an unknown state has no phase', () => {
    expect(() => phaseOf('playing.lunch')).toThrow('playing.lunch');
  });

  test('every leaf but the one that is left at once is reached here', () => {
    const resting = LEAVES.map(({ path }) => path).filter((path) => path !== TRANSIENT);
    expect([...new Set(REACHED.map(({ leaf }) => leaf))].sort()).toEqual(resting.sort());
  });
});

describe('a message in a state', () => {
  test('is applied, or refused with a reason and a sentence and then leaves the state as it was, byte by byte', () => {
    let refusals = 0;
    for (const reached of REACHED) {
      const before = JSON.stringify(reached.snapshot);
      for (const message of Object.values(CANDIDATES).flat()) {
        const { result, after } = answerOf(reached, message);
        const where = `${message.type} in ${reached.leaf}`;
        if (result.kind === 'applied') continue;
        refusals++;
        expect(result.kind, where).toBe('refused');
        expect(result.reason, where).toMatch(/^[a-zA-Z]+$/);
        expect(result.sentence, where).not.toBe('');
        expect(JSON.stringify(after), where).toBe(before);
        expect(after.context, 'the very same object').toBe(reached.snapshot.context);
      }
    }
    expect(refusals).toBeGreaterThan(10_000);
  });

  test('that no state knows is refused by the wildcard', () => {
    for (const reached of REACHED) {
      const unknown = { type: 'dance', session: 's0', seat: 0 } as unknown as RoomMessage;
      const { result } = answerOf(reached, unknown);
      const over = reached.snapshot.context.game?.endedAt != null;
      const isBot = reached.snapshot.context.seats[0]?.kind === 'bot';
      expect(result).toMatchObject({ kind: 'refused', reason: isBot ? 'notSeated' : over ? 'gameOver' : 'wrongPhase' });
    }
  });

  test('of a stranger who names a seat is refused as such, whatever the state', () => {
    const types = ['answerRedeal', 'declare', 'play', 'leave', 'connect'] as const;
    for (const reached of REACHED) {
      for (const type of types) {
        const message = { ...CANDIDATES[type][0]!, seat: 0, session: 'stranger' } as never;
        expect(answerOf(reached, message).result, `${type} in ${reached.leaf}`).toMatchObject({ reason: 'notSeated' });
      }
    }
  });

  test('a closed room takes nothing', () => {
    const closed = REACHED.filter(({ leaf }) => leaf === 'closed');
    expect(closed.length).toBeGreaterThan(0);
    for (const reached of closed) {
      expect(reached.driver.deadline).toBeNull();
      expect(reached.driver.definition.isClosed(reached.snapshot)).toBe(true);
      for (const message of Object.values(CANDIDATES).flat()) {
        expect(answerOf(reached, message).result.kind).toBe('refused');
      }
    }
  });
});

describe('redeal', () => {
  test('the weak are asked at once; after exactly 20 s they are warned once, after exactly 30 s they have declined', () => {
    const room = RoomDriver.playing({ people: 2, order: weakOnce }).runTo('playing.preparation.weakHands', () => null);
    const begun = room.now;
    expect(room.state.awaiting?.seats).toEqual([0, 1]);
    expect(room.reason({ type: 'timer', timer: 'redealWarning' }, begun + 19_999)).toBe('notDue');
    expect(room.deadline).toEqual({ at: begun + 20_000, message: { type: 'timer', timer: 'redealWarning' } });
    expect(room.ring()).toEqual([{ type: 'redealWarned' }]);
    expect(room.reason({ type: 'timer', timer: 'redealWarning' }, begun + 20_001)).toBe('notDue');
    expect(room.reason({ type: 'timer', timer: 'redealLimit' }, begun + 29_999)).toBe('notDue');
    expect(room.deadline?.at).toBe(begun + 30_000);
    expect(room.ring()[0]).toEqual({ type: 'redealUnanswered', seats: [0, 1] });
    expect(room.leaf).toBe('playing.preparation.roundStart');
    expect(room.game).toMatchObject({ deal: 1, multiplier: 1 });
  });

  test('whoever has accepted gets the redeal when the other lets the time pass, in one step (D20)', () => {
    const room = RoomDriver.playing({ people: 2, order: weakOnce }).runTo('playing.preparation.weakHands', () => null);
    expect(room.apply({ type: 'answerRedeal', ...speaker(1), accept: true })).toEqual([
      { type: 'redealAnswered', seat: 1, accept: true, last: false },
    ]);
    expect(room.leaf, 'one answer is not enough').toBe('playing.preparation.weakHands');
    expect(room.game.redeal).toMatchObject({ lastAnswer: { seat: 1, accept: true } });
    expect(room.reason({ type: 'timer', timer: 'pause' }, room.now + 40_000)).toBe('notDue');
    room.ring();
    expect(room.ring().map(({ type }) => type)).toEqual(['redealUnanswered', 'dealingStarted']);
    expect(room.game).toMatchObject({ deal: 2, multiplier: 2, redealStarter: 1 });
    room.runTo('playing.preparation.redealt', () => null);
    expect(room.events.at(-1)).toEqual({ type: 'dealingFinished', redealt: true });
    expect(room.game.redeal, 'the question is gone with its hands').toBeNull();
    room.runTo('playing.preparation.roundStart', () => null);
    expect(room.game).toMatchObject({ starter: 1, starterReason: 'accepted_redeal' });
  });

  test('a bot answers for who is away when it has thought, and not before', () => {
    const room = RoomDriver.playing({ people: 2, order: weakOnce }).runTo('playing.preparation.weakHands', () => null);
    room.apply({ type: 'disconnect', seat: 1 });
    const { at, message } = room.deadline!;
    expect(room.send(message, at - 1)).toMatchObject({ reason: 'notDue', sentence: 'No bot is to answer now.' });
    expect(room.ring()).toMatchObject([{ type: 'redealAnswered', seat: 1, last: false }]);
  });

  test('hands of which none is weak stand at once', () => {
    const room = RoomDriver.playing({ order: () => dealWithWeak() });
    room.ring();
    expect(room.events.slice(-2).map(({ type }) => type)).toEqual(['dealingFinished', 'roundStarted']);
    expect(room.events.at(-2)).toMatchObject({ redealt: false });
    expect(room.leaf).toBe('playing.preparation.roundStart');
  });

  test('a second answer, and one of somebody who was not asked, are refused', () => {
    const room = RoomDriver.playing({ people: 4, order: weakOnce }).runTo('playing.preparation.weakHands', () => null);
    room.apply({ type: 'answerRedeal', ...speaker(0), accept: false });
    expect(room.reason({ type: 'answerRedeal', ...speaker(0), accept: true })).toBe('alreadyAnswered');
    expect(room.reason({ type: 'answerRedeal', ...speaker(2), accept: true })).toBe('notAsked');
    const last = { type: 'answerRedeal', ...speaker(1), accept: false } as const;
    expect(room.apply(last)[0]).toEqual({ type: 'redealAnswered', seat: 1, accept: false, last: true });
  });
});

test('a round tells who is next, each turn with its plays and piles, and its points', () => {
  const room = RoomDriver.playing({ people: 4 }).runTo('playing.declaration');
  const toldSince = room.events.length;
  expect(room.events.at(-1)).toEqual({ type: 'declarationStarted' });
  const piles = [0, 0, 0, 0];
  const before = room.game;
  room.runTo('playing.scoring');
  const told = room.events.slice(toldSince);
  const { declarations, scores, roundScores, perfectRounds, turnsWon } = room.game;
  const turns = told.filter((event) => event.type === 'turnWon');
  for (const [index, turn] of turns.entries()) {
    expect(turn.piles).toBe(turn.plays[0]!.pieces.length);
    piles[turn.winner]! += turn.piles;
    const handsEmpty = index === turns.length - 1;
    expect(turn).toMatchObject({ number: index + 1, roundPiles: piles, declared: declarations, handsEmpty });
  }
  const played = told.filter((event) => event.type === 'played');
  expect(played.map(({ last }) => last)).toEqual(turns.flatMap(() => [false, false, false, true]));
  expect(turnsWon).toEqual(SEATS.map((seat) => turns.filter(({ winner }) => winner === seat).length));
  expect(told.slice(-3)).toEqual([
    { type: 'turnResultsShown' },
    { type: 'turnResultsEnded' },
    {
      type: 'roundScored',
      round: 1,
      scores: SEATS.map((seat) => ({
        ...roundScores![seat],
        declared: declarations[seat],
        captured: piles[seat],
        total: scores[seat],
      })),
    },
  ]);
  expect(scores).toEqual(SEATS.map((seat) => before.scores[seat] + roundScores![seat].score));
  expect(perfectRounds).toEqual(roundScores!.map(({ perfect }) => Number(perfect)));
});

test('declarations that were kept count as perfect, and who won the last turn is the reference of the next round', () => {
  const room = RoomDriver.playing().runTo('playing.turn.results');
  const { piles, turn } = room.game;
  const change = { declarations: piles, turn: { ...turn!, winner: 3 } } as const;
  room.restored((state) => ({ ...state, game: { ...gameOf(state), ...change } })).ring();
  expect(room.game.perfectRounds).toEqual(piles.map((captured) => (captured > 0 ? 1 : 0)));
  room.ring();
  expect(room.game.lastTurnWinner).toBe(3);
});

test('the next round keeps the totals, who won the last turn, and nothing else of the round before', () => {
  const room = RoomDriver.playing({ order: weakOnce }).runTo('playing.preparation.weakHands', () => null);
  room.apply({ type: 'answerRedeal', ...speaker(0), accept: true });
  const before = room.runTo('playing.scoring').game;
  expect(before.multiplier).toBe(2);
  room.ring();
  expect(room.game).toEqual({
    ...before,
    round: 2,
    deal: 1,
    multiplier: 1,
    redealStarter: null,
    redeal: null,
    lastTurnWinner: before.turn!.winner,
    starter: null,
    starterReason: null,
    hands: [[], [], [], []],
    declarations: [null, null, null, null],
    piles: [0, 0, 0, 0],
    turn: null,
    roundScores: null,
  });
});

describe('the end of a game', () => {
  test('a game with a total of 50 ends, has counted each turn won (D5), and stands for exactly 10 min', () => {
    const room = RoomDriver.finished();
    const { turnsWon, endedAt } = room.game;
    const won = room.events.filter(({ type }) => type === 'turnWon');
    expect(turnsWon.reduce((sum, count) => sum + count, 0)).toBe(won.length);
    expect(endedAt).toBe(room.now);
    expect(room.deadline).toEqual({ at: room.now + 600_000, message: { type: 'timer', timer: 'finished' } });
    expect(room.reason({ type: 'timer', timer: 'finished' }, room.now + 599_999)).toBe('notDue');
    expect(room.reason({ type: 'timer', timer: 'pause' }, room.now + 1)).toBe('notDue');
    expect(room.ring()).toEqual([{ type: 'roomClosed', why: 'finished' }]);
    expect(room.leaf).toBe('closed');
  });

  test('its ranks are shared by equal totals', () => {
    const room = RoomDriver.playing().runTo('playing.scoring');
    room.restored((state) => ({ ...state, game: { ...gameOf(state), scores: [-3, 52, 52, 7] } })).ring();
    expect(room.events.at(-1)).toEqual({
      type: 'gameEnded',
      winners: [1, 2],
      totals: [-3, 52, 52, 7],
      ranks: [4, 1, 1, 3],
    });
  });

  test('a finished room closes 5 s after the last person went, and nobody comes back', () => {
    const room = RoomDriver.finished();
    room.apply({ type: 'disconnect', seat: 0 });
    expect(room.reason({ type: 'connect', ...speaker(0) })).toBe('gameOver');
    const goneAt = room.now;
    expect(room.deadline).toEqual({ at: goneAt + 5_000, message: { type: 'timer', timer: 'abandoned' } });
    expect(room.reason({ type: 'timer', timer: 'abandoned' }, goneAt + 4_999)).toBe('notDue');
    expect(room.ring()).toEqual([{ type: 'roomClosed', why: 'abandoned' }]);
  });

  test.each(['operator', 'shutdown'] as const)('a room is closed by the %s in any state', (reason) => {
    for (const reached of REACHED.filter(({ leaf }) => leaf !== 'closed')) {
      const { result, after } = answerOf(reached, { type: 'close', reason });
      expect(result).toEqual({ kind: 'applied', events: [{ type: 'roomClosed', why: reason }] });
      expect(after.value).toBe('closed');
    }
  });
});
