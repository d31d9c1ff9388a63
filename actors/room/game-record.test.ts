// Goal: a record tells a game as it was played. Method: a game of two rounds, the first dealt twice, told step by step;
// what the record says is compared with the events and the hands that the test itself saw.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { dealWithWeak, weakOnce } from '../../test/support/reached-states.js';
import { asBots, RoomDriver, speaker } from '../../test/support/room-driver.js';
import { fairnessOf } from './fairness.js';
import { type GameRecord, GameRecorder, type RecordedStep } from './game-record.js';
import type { EventOf, RoomEvent } from './room-event.js';
import type { UntimedMessage } from './room-message.js';
import { gameOf } from './room-state.js';
import { dealHands, SEATS } from './rules.js';

/** P0 and P1 with two bots; P0 accepts the redeal, P1 goes away in the second round. */
function playedSteps(): readonly RecordedStep[] {
  const room = new RoomDriver({ people: 2, order: weakOnce });
  const steps: RecordedStep[] = [];
  const note = (events: readonly RoomEvent[]): void => {
    steps.push({ seq: steps.length + 1, message: room.messages.at(-1)!, events, state: room.state });
  };
  const say = (message: UntimedMessage): void => note(room.apply(message));
  const goOn = (): void => {
    if (room.leaf === 'playing.preparation.weakHands' && room.state.awaiting!.seats.includes(0)) {
      say({ type: 'answerRedeal', ...speaker(0), accept: room.game.round === 1 });
      return;
    }
    const move = asBots(room);
    if (move !== null) say(move);
    else note(room.ring());
  };
  const goTo = (leaf: string): void => {
    for (let left = 1_000; room.leaf !== leaf; left--) {
      if (left === 0) throw new Error(`still in ${room.leaf}`);
      goOn();
    }
  };
  note([]);
  say({ type: 'startGame', ...speaker(0) });
  goTo('playing.scoring');
  goTo('playing.turn.playing');
  say({ type: 'disconnect', seat: 1 });
  goTo('playing.scoring');
  room.restored((state) => ({ ...state, game: { ...gameOf(state), scores: [52, -8, 52, 7] } }));
  goTo('gameOver');
  return steps;
}

const STEPS = playedSteps();
const EVENTS = STEPS.flatMap(({ events }) => events);
const eventsOf = <T extends RoomEvent['type']>(type: T) =>
  EVENTS.filter((event): event is EventOf<T> => event.type === type);
const seqOf = (type: RoomEvent['type'], round = 1): number =>
  STEPS.find(({ events, state }) => state.game?.round === round && events.some((event) => event.type === type))!.seq;

function recordOf(steps: readonly RecordedStep[]): GameRecord | null {
  const recorder = new GameRecorder();
  for (const step of steps) recorder.add(step);
  return recorder.record();
}

const record = (): GameRecord => recordOf(STEPS)!;

describe('the record of a game', () => {
  test('names who began it, when, and how it ended', () => {
    const { state } = STEPS.at(-1)!;
    expect(record()).toMatchObject({
      seed: state.seed,
      commitment: createHash('sha256').update(state.seed).digest('hex'),
      code: 'ABCDEF',
      startedAt: state.game!.startedAt,
      endedAt: state.game!.endedAt,
      players: [
        { name: 'P0', isBot: false },
        { name: 'P1', isBot: false },
        { name: 'Bot 3', isBot: true },
        { name: 'Bot 4', isBot: true },
      ],
      totals: [52, -8, 52, 7],
      ranks: [1, 4, 1, 3],
      winners: [0, 2],
    });
    expect(JSON.stringify(record())).not.toContain('"s0"');
  });

  test('has the seed that its commitment was told for before, and nobody was told the seed then', () => {
    const { commitment } = record();
    expect(fairnessOf(STEPS[0]!.state)).toEqual({ commitment, seed: null });
    expect(fairnessOf(STEPS.at(-2)!.state)).toEqual({ commitment, seed: null });
  });

  test('has each deal with its hands, its weak players and their answers in order', () => {
    const [first] = record().rounds;
    expect(record().rounds.map(({ round }) => round)).toEqual([1, 2]);
    expect(first).toMatchObject({ multiplier: 2, starter: 0, reason: 'accepted_redeal' });
    expect(first!.deals).toEqual([
      {
        deal: 1,
        hands: dealHands(dealWithWeak(0, 1)),
        weak: [0, 1],
        answers: answersOf(1),
      },
      { deal: 2, hands: dealHands(dealWithWeak()), weak: [], answers: [] },
    ]);
  });

  test('has declarations and plays in order, and says what a bot did, for one who was away as well', () => {
    const declared = eventsOf('declared').map(({ seat, value }) => ({ seat, value, byBot: seat > 1 }));
    expect(record().rounds.flatMap(({ declarations }) => declarations)).toEqual(declared);
    const [first, second] = record().rounds.map(({ turns }) => turns.flatMap(({ plays }) => plays));
    expect(first!.every(({ seat, byBot }) => byBot === seat > 1)).toBe(true);
    expect(second!.every(({ seat, byBot }) => byBot === seat > 0)).toBe(true);
  });

  test('has each turn as it was told when it was won', () => {
    const turns = record().rounds.flatMap((round) => round.turns);
    const told = eventsOf('turnWon');
    expect(turns.length).toBe(told.length);
    for (const [index, { number, winner, piles, plays }] of told.entries()) {
      const turn = turns[index]!;
      expect(turn).toMatchObject({ number, winner, piles, leader: plays[0]!.seat });
      expect(turn.plays.map(({ seat, pieces, type }) => ({ seat, pieces, type }))).toEqual(
        plays.map(({ seat, pieces, type }) => ({ seat, pieces, type })),
      );
    }
  });

  test('has the points of each round and nothing more of them', () => {
    const scored = eventsOf('roundScored').map(({ scores }) =>
      SEATS.map((seat) => {
        const { declared, captured, base, score, total } = scores[seat];
        return { declared, captured, base, score, total };
      }),
    );
    expect(record().rounds.map(({ scores }) => scores)).toEqual(scored);
  });
});

function answersOf(round: number): readonly object[] {
  return STEPS.filter(({ state }) => state.game?.round === round).flatMap(({ message, events }) =>
    events
      .filter((event) => event.type === 'redealAnswered')
      .map(({ seat, accept }) => ({ seat, accept, byBot: message.type === 'botTimer' })),
  );
}

describe('there is no record', () => {
  test('of nothing, of a room without a game, and of a game that is not over', () => {
    expect(recordOf([])).toBeNull();
    expect(recordOf(STEPS.slice(0, 1))).toBeNull();
    expect(recordOf(STEPS.slice(0, -1))).toBeNull();
  });

  test('of a round whose beginning is not known any more', () => {
    const { rounds } = recordOf(STEPS.slice(seqOf('turnStarted')))!;
    expect(rounds).toEqual(record().rounds.slice(1));
  });

  test('of what was undone: a room that was set back tells what came after that', () => {
    const toSeq = seqOf('turnStarted', 2);
    const undone = STEPS.slice(0, toSeq + 5);
    const back = { ...STEPS[toSeq - 1]!, message: { type: 'restored', toSeq }, events: [] };
    const seq = (step: RecordedStep, index: number): RecordedStep => ({ ...step, seq: index + 1 });
    expect(recordOf([...undone, back, ...STEPS.slice(toSeq)].map(seq))).toEqual(record());
  });
});
