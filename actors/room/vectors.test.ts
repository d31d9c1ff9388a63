// Goal: the machine itself, not only the rules it is made of, agrees with every recorded redeal and game of the
// existing system. Method: recorded deals are handed in as the order of the pieces, recorded answers, declarations and
// plays are sent as messages of four people, and the room's own timers are rung in between.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { orderOf, RoomDriver, speaker } from '../../test/support/room-driver.js';
import { isPiece, type Piece } from '../../src/game/pieces.js';
import { type PerSeat, type Seat, SEATS } from '../../src/game/seats.js';
import { plainBots } from './bots.js';
import type { DealOrder } from './phases/preparation.js';
import type { EventOf } from './room-event.js';
import type { RoomState } from './room-state.js';

type HandTexts = PerSeat<string>;

interface RecordedRound {
  readonly n: number;
  readonly deals: readonly HandTexts[];
  readonly redeal: readonly string[];
  readonly decl: readonly (readonly [Seat, number])[];
  readonly turns: readonly {
    readonly plays: readonly (readonly [Seat, string])[];
    readonly winner: Seat;
    readonly piles: number;
  }[];
  readonly starter: Seat;
  readonly mult: number;
  readonly captured: PerSeat<number>;
  readonly delta: PerSeat<number>;
  readonly total: PerSeat<number>;
}

interface RecordedGame {
  readonly id: number;
  readonly policy: 'bot' | 'mixed';
  readonly rounds: readonly RecordedRound[];
  readonly finished: boolean;
  readonly winners: readonly Seat[];
}

type RecordedRedeal = readonly [number, Seat | -1, HandTexts[], string[], Seat, number];

/** Formats: shared/spec/vectors.README.md. */
const VECTORS = JSON.parse(readFileSync(new URL('../../../shared/spec/vectors.json', import.meta.url), 'utf8')) as {
  readonly meta: { readonly counts: { readonly redeal: number; readonly games: number } };
  readonly redeal: readonly RecordedRedeal[];
  readonly games: readonly RecordedGame[];
};

function parse(text: string): Piece[] {
  return text.split(' ').map((kind) => {
    if (!isPiece(kind)) throw new Error(`${kind} is no piece`);
    return kind;
  });
}

const orderFrom = (texts: HandTexts): Piece[] => orderOf(texts.map(parse));

/** Where the pieces lie in the hand; of equal pieces the first ones. */
function positionsOf(hand: readonly Piece[], pieces: readonly Piece[]): number[] {
  const positions: number[] = [];
  for (const piece of pieces) {
    positions.push(hand.findIndex((held, position) => held === piece && !positions.includes(position)));
  }
  return positions;
}

/** @param letters one a seat: A accepts, D declines, T lets the 30 s pass, - is not asked */
function answerRedeal(room: RoomDriver, letters: string): void {
  expect(room.leaf).toBe('playing.preparation.weakHands');
  expect(room.state.awaiting?.seats).toEqual(SEATS.filter((seat) => letters[seat] !== '-'));
  const { deal } = room.game;
  for (const seat of SEATS) {
    const letter = letters[seat];
    if (letter === 'A' || letter === 'D')
      room.apply({ type: 'answerRedeal', ...speaker(seat), accept: letter === 'A' });
  }
  if (letters.includes('T'))
    room.runUntil(
      ({ leaf, game }) => leaf !== 'playing.preparation.weakHands' || game.deal !== deal,
      () => null,
    );
}

function prepare(room: RoomDriver, answers: readonly string[]): void {
  for (const [index, letters] of answers.entries()) {
    expect(room.game.deal).toBe(index + 1);
    while (room.leaf === 'playing.preparation.dealing') room.ring();
    if (letters !== '----') answerRedeal(room, letters);
  }
  room.runTo('playing.preparation.roundStart', () => null);
}

/** No recorded declaration is one that D2 bars: all of them are accepted as they stand. */
function declare(room: RoomDriver, { decl }: RecordedRound, policy: RecordedGame['policy']): void {
  room.runTo('playing.declaration', () => null);
  for (const [seat, value] of decl) {
    expect(room.state.awaiting?.seats).toEqual([seat]);
    if (policy === 'bot') expect(plainBots.declaration(room.state, seat)).toBe(value);
    room.apply({ type: 'declare', ...speaker(seat), value });
  }
}

function play(room: RoomDriver, { turns }: RecordedRound, policy: RecordedGame['policy']): void {
  for (const turn of turns) {
    room.runTo('playing.turn.playing', () => null);
    for (const [seat, text] of turn.plays) {
      expect(room.state.awaiting?.seats).toEqual([seat]);
      const pieces = parse(text);
      const indices = policy === 'bot' ? plainBots.play(room.state, seat) : positionsOf(room.game.hands[seat], pieces);
      room.apply({ type: 'play', ...speaker(seat), indices });
      expect(room.game.turn?.plays.at(-1)).toMatchObject({ seat, pieces });
    }
    const [won] = room.ring() as [EventOf<'turnWon'>];
    expect(won).toMatchObject({ type: 'turnWon', winner: turn.winner, piles: turn.piles });
  }
}

describe('vectors.json, played by the machine', () => {
  test(`redeal: ${VECTORS.redeal.length} of ${VECTORS.redeal.length} recorded preparations agree`, () => {
    expect(VECTORS.redeal.length).toBe(VECTORS.meta.counts.redeal);
    for (const [round, winner, deals, answers, starter, multiplier] of VECTORS.redeal) {
      // A later round cannot be reached without playing: it is put into the state as the machine restores it.
      const order: DealOrder = (_seed, _round, deal) => orderFrom(deals[deal - 1]!);
      const room = roomInRound(round, winner === -1 ? null : winner, order);
      prepare(room, answers);
      expect(room.game.starter).toBe(starter);
      expect(room.game.multiplier).toBe(multiplier);
      expect(room.game.hands).toEqual(deals.at(-1)!.map(parse));
    }
  });

  test(`games: ${VECTORS.games.length} of ${VECTORS.games.length} recorded games agree`, () => {
    expect(VECTORS.games.length).toBe(VECTORS.meta.counts.games);
    for (const game of VECTORS.games) {
      const order: DealOrder = (_seed, round, deal) => orderFrom(game.rounds[round - 1]!.deals[deal - 1]!);
      const room = RoomDriver.playing({ people: 4, order });
      const turnsWon = [0, 0, 0, 0];
      for (const round of game.rounds) {
        expect(room.game.round).toBe(round.n);
        prepare(room, round.redeal);
        expect(room.game).toMatchObject({ starter: round.starter, multiplier: round.mult });
        expect(room.game.starterReason, 'D10').toBe(reasonOf(round));
        declare(room, round, game.policy);
        play(room, round, game.policy);
        for (const { winner } of round.turns) turnsWon[winner]!++;
        expect(room.leaf).toBe('playing.turn.results');
        room.runTo('playing.scoring', () => null);
        expect(room.game.piles).toEqual(round.captured);
        expect(room.game.roundScores?.map(({ score }) => score)).toEqual(round.delta);
        expect(room.game.scores).toEqual(round.total);
        expect(room.game.turnsWon, 'D5').toEqual(turnsWon);
        room.ring();
      }
      expect(room.leaf).toBe(game.finished ? 'gameOver' : 'playing.preparation.dealing');
      if (game.finished) expect(room.events.at(-1)).toMatchObject({ type: 'gameEnded', winners: game.winners });
    }
  });
});

function reasonOf({ n, redeal }: RecordedRound): string {
  if (redeal.some((letters) => letters.includes('A'))) return 'accepted_redeal';
  return n === 1 ? 'has_general_red' : 'won_last_turn';
}

function roomInRound(round: number, lastTurnWinner: Seat | null, order: DealOrder): RoomDriver {
  const room = RoomDriver.playing({ people: 4, order });
  const change = (state: RoomState): RoomState => ({ ...state, game: { ...room.game, round, lastTurnWinner } });
  return room.restored(change);
}
