// Goal: every recorded example of the existing system agrees with these functions, and whole recorded games can be
// played again through them. Method: one test a group; `redeal` and `games` by the small round runner below, which is
// nothing but the pure functions put together in the order of rules.md R1.3.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { botAcceptsRedeal, botDeclare, botPlay } from './bot.js';
import { comparePlays } from './compare.js';
import { declareOptions, judgeDeclaration, nextZeroStreak } from './declaration.js';
import { finalOrder, isGameOver, winners } from './game-end.js';
import { fullSet, isPiece, kindOf, PIECE_KINDS, pointsOf, sumOfPoints, type Piece } from './pieces.js';
import { playType } from './play-type.js';
import { judgeRedealAnswer, redealReference, resolveRedeal } from './redeal.js';
import { isRefusal, type Refusal } from './refusal.js';
import { scoreRound } from './scoring.js';
import { nextSeat, perSeat, seatOrderFrom, SEATS, withSeat, type PerSeat, type Seat } from './seats.js';
import { roundStarter, type StarterReason } from './starter.js';
import { judgePlay, pilesWon, turnWinner } from './turn.js';
import { weakSeats } from './weak-hand.js';

/** Formats: shared/spec/vectors.README.md. A `PieceText` is kinds joined by one space, '' for no pieces. */
type PieceText = string;
type HandTexts = PerSeat<PieceText>;

interface RecordedTurn {
  readonly plays: readonly (readonly [Seat, PieceText])[];
  readonly winner: Seat;
  readonly piles: number;
}

interface RecordedRound {
  readonly n: number;
  readonly deals: readonly HandTexts[];
  readonly redeal: readonly string[];
  readonly decl: readonly (readonly [Seat, number])[];
  readonly turns: readonly RecordedTurn[];
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

interface Vectors {
  readonly meta: { readonly counts: Readonly<Record<string, number>> };
  readonly pieces: readonly [string, number, string, string, number][];
  readonly weakHands: readonly [HandTexts, Seat[]][];
  readonly playTypes: readonly [PieceText, string][];
  readonly compare: readonly [PieceText, PieceText, number][];
  readonly turns: readonly [HandTexts, PerSeat<string>, number, number][];
  readonly turnsWithFlags: readonly [HandTexts, string, number | null][];
  readonly declareOptions: readonly [number, number, number, string][];
  readonly zeroStreak: readonly [number[], number[]][];
  readonly scoring: readonly [number, number, number, number, number][];
  readonly winConditions: readonly [PerSeat<number>, number, Seat[], Seat[]][];
  readonly botDeclare: readonly [PieceText, number, number[], number, number][];
  readonly botPlay: readonly [PieceText, number, number[]][];
  readonly botRedeal: readonly [PieceText, number, number, number[], number, number][];
  readonly redeal: readonly [number, Seat | -1, HandTexts[], string[], Seat, number][];
  readonly games: readonly RecordedGame[];
}

type Group = Exclude<keyof Vectors, 'meta'>;

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../shared/spec/vectors.json', import.meta.url), 'utf8'),
) as Vectors;

function parse(text: PieceText): Piece[] {
  if (text === '') return [];
  return text.split(' ').map((kind) => {
    if (!isPiece(kind)) throw new Error(`${kind} is no piece`);
    return kind;
  });
}

function parseHands(texts: HandTexts): PerSeat<Piece[]> {
  return perSeat((seat) => parse(texts[seat]));
}

/** Unwraps a judgement that the recorded system's own step proves to be legal. */
function accepted<T extends { readonly kind: string }>(judgement: T): Exclude<T, Refusal> {
  if (isRefusal(judgement)) throw new Error(judgement.sentence);
  return judgement as Exclude<T, Refusal>;
}

/** Every entry of the group agrees, and there are as many as the file says it has. */
function group<G extends Group>(name: G, agrees: (entry: Vectors[G][number]) => void): void {
  const entries: readonly Vectors[G][number][] = VECTORS[name];
  test(`${name}: ${entries.length} of ${entries.length} recorded examples agree`, () => {
    expect(entries.length).toBe(VECTORS.meta.counts[name]);
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) agrees(entry);
  });
}

describe('vectors.json', () => {
  test('has no group that is not tested here', () => {
    expect(Object.keys(VECTORS.meta.counts)).toEqual(Object.keys(VECTORS).filter((key) => key !== 'meta'));
    expect([...TESTED_GROUPS].sort()).toEqual(Object.keys(VECTORS.meta.counts).sort());
  });

  group('pieces', ([piece, points, name, colour, copies]) => {
    if (!isPiece(piece)) throw new Error(`${piece} is no piece`);
    expect(kindOf(piece)).toEqual({ piece, points, name, colour, copies });
    expect(pointsOf(piece)).toBe(points);
    expect(PIECE_KINDS.length).toBe(VECTORS.pieces.length);
  });

  group('weakHands', ([hands, weak]) => {
    expect(weakSeats(parseHands(hands))).toEqual(weak);
  });

  group('playTypes', ([set, type]) => {
    expect(playType(parse(set)), set).toBe(type);
  });

  group('compare', ([first, second, result]) => {
    expect(comparePlays(parse(first), parse(second)), `${first} / ${second}`).toBe(result);
  });

  group('turns', ([texts, types, winner, piles]) => {
    const sets = parseHands(texts);
    expect(sets.map(playType)).toEqual(types);
    expect(turnWinner(sets)).toBe(winner);
    expect(pilesWon(sets[0].length)).toBe(piles);
  });

  group('turnsWithFlags', ([texts, flags, winner]) => {
    const counted = Array.from(flags, (flag) => flag === '1');
    expect(turnWinner(parseHands(texts), counted)).toBe(winner);
  });

  group('declareOptions', ([zeroStreak, sumSoFar, last, allowed]) => {
    expect(declareOptions({ zeroStreak, sumSoFar, isLast: last === 1 }).join('')).toBe(allowed);
  });

  group('zeroStreak', ([declarations, streaks]) => {
    let streak = 0;
    expect(declarations.map((value) => (streak = nextZeroStreak(streak, value)))).toEqual(streaks);
  });

  group('scoring', ([declared, captured, multiplier, score, perfect]) => {
    expect(scoreRound(declared, captured, multiplier)).toMatchObject({ score, perfect: perfect === 1 });
  });

  group('winConditions', ([totals, over, won, order]) => {
    expect(isGameOver(totals)).toBe(over === 1);
    expect(winners(totals)).toEqual(won);
    expect(finalOrder(totals)).toEqual(order);
  });

  group('botDeclare', ([hand, position, declaredBefore, zeroBarred, value]) => {
    expect(botDeclare({ hand: parse(hand), position, declaredBefore, zeroBarred: zeroBarred === 1 }), hand).toBe(value);
  });

  group('botPlay', ([hand, required, positions]) => {
    expect(botPlay(parse(hand), required === 0 ? null : required), hand).toEqual(positions);
  });

  group('botRedeal', ([hand, round, ownTotal, otherTotals, roll, accepts]) => {
    expect(botAcceptsRedeal({ hand: parse(hand), round, ownTotal, otherTotals, roll })).toBe(accepts === 1);
  });

  group('redeal', ([round, winner, deals, answers, starter, multiplier]) => {
    const lastTurnWinner = winner === -1 ? null : winner;
    expect(prepareRound({ round, lastTurnWinner, deals, answers })).toMatchObject({ starter, multiplier });
  });

  group('games', (game) => {
    let table = NEW_TABLE;
    for (const round of game.rounds) {
      expect(isGameOver(table.totals), `game ${game.id} goes on in round ${round.n}`).toBe(false);
      table = playRound(table, round, game.policy);
    }
    expect(isGameOver(table.totals)).toBe(game.finished);
    expect(winners(table.totals)).toEqual(game.winners);
  });
});

// Named once more, so that a group added to the file fails a test instead of going unseen.
const TESTED_GROUPS: readonly Group[] = [
  'pieces',
  'weakHands',
  'playTypes',
  'compare',
  'turns',
  'turnsWithFlags',
  'declareOptions',
  'zeroStreak',
  'scoring',
  'winConditions',
  'botDeclare',
  'botPlay',
  'botRedeal',
  'redeal',
  'games',
];

interface Preparation {
  readonly hands: PerSeat<readonly Piece[]>;
  readonly starter: Seat;
  readonly reason: StarterReason;
  readonly multiplier: number;
}

/** Deals, asks and deals again until the hands stay (rules.md R3 to R6); every recorded deal must be used up. */
function prepareRound(input: {
  readonly round: number;
  readonly lastTurnWinner: Seat | null;
  readonly deals: readonly HandTexts[];
  readonly answers: readonly string[];
}): Preparation {
  const { round, lastTurnWinner, deals, answers: letters } = input;
  expect(letters.length).toBe(deals.length);
  let redealStarter: Seat | null = null;
  for (const [index, texts] of deals.entries()) {
    const hands = parseHands(texts);
    expect(hands.flat().sort()).toEqual(fullSet().sort());
    const answers = answerRedeal(weakSeats(hands), letters[index]!);
    const outcome = resolveRedeal(answers, redealReference({ redealStarter, lastTurnWinner }));
    if (outcome.kind === 'keep') {
      expect(index, 'the hands stay only after the last recorded deal').toBe(deals.length - 1);
      const { seat, reason } = roundStarter({ redealStarter, round, hands, lastTurnWinner });
      return { hands, starter: seat, reason, multiplier: index + 1 };
    }
    redealStarter = outcome.starter;
  }
  throw new Error('the last recorded deal was not kept');
}

/** @param letters one a seat: A accepts, D declines, T lets the 30 s pass, - is not asked */
function answerRedeal(asked: readonly Seat[], letters: string): PerSeat<boolean | null> {
  let answers: PerSeat<boolean | null> = [null, null, null, null];
  for (const seat of SEATS) {
    const letter = letters[seat];
    expect(asked.includes(seat), `seat ${seat} of ${letters} is asked`).toBe(letter !== '-');
    // No answer in time stays null and counts as a decline (rules.md R5.3).
    if (letter !== 'A' && letter !== 'D') continue;
    expect(judgeRedealAnswer({ asked, answers, seat })).toEqual({ kind: 'accepted' });
    answers = withSeat(answers, seat, letter === 'A');
  }
  return answers;
}

interface Table {
  readonly totals: PerSeat<number>;
  readonly zeroStreaks: PerSeat<number>;
  readonly lastTurnWinner: Seat | null;
  readonly roundsPlayed: number;
}

const NEW_TABLE: Table = {
  totals: [0, 0, 0, 0],
  zeroStreaks: [0, 0, 0, 0],
  lastTurnWinner: null,
  roundsPlayed: 0,
};

function playRound(table: Table, recorded: RecordedRound, policy: RecordedGame['policy']): Table {
  const round = table.roundsPlayed + 1;
  expect(recorded.n).toBe(round);
  const { lastTurnWinner } = table;
  const prepared = prepareRound({ round, lastTurnWinner, deals: recorded.deals, answers: recorded.redeal });
  expect(prepared).toMatchObject({ starter: recorded.starter, multiplier: recorded.mult });

  const declared = declareAll(table, prepared, recorded, policy);
  const played = playTurns(prepared, recorded, policy);
  expect(played.captured).toEqual(recorded.captured);

  const scores = perSeat((seat) => scoreRound(declared[seat], played.captured[seat], prepared.multiplier).score);
  expect(scores).toEqual(recorded.delta);
  const totals = perSeat((seat) => table.totals[seat] + scores[seat]);
  expect(totals).toEqual(recorded.total);
  return {
    totals,
    zeroStreaks: perSeat((seat) => nextZeroStreak(table.zeroStreaks[seat], declared[seat])),
    lastTurnWinner: played.winner,
    roundsPlayed: round,
  };
}

/** No recorded game has a declaration that D2 now bars, so all of them must be accepted as they stand. */
function declareAll(
  { zeroStreaks }: Table,
  { hands, starter }: Preparation,
  { decl }: RecordedRound,
  policy: RecordedGame['policy'],
): PerSeat<number> {
  expect(decl.map(([seat]) => seat)).toEqual(seatOrderFrom(starter));
  const declaredBefore: number[] = [];
  let declared: PerSeat<number> = [0, 0, 0, 0];
  let declarer = starter;
  for (const [position, [seat, value]] of decl.entries()) {
    const zeroStreak = zeroStreaks[seat];
    const sumSoFar = declaredBefore.reduce((sum, each) => sum + each, 0);
    const judged = judgeDeclaration({ seat, declarer, value, zeroStreak, sumSoFar, isLast: position === 3 });
    expect(judged).toEqual({ kind: 'accepted', value });
    if (policy === 'bot') {
      expect(botDeclare({ hand: hands[seat], position, declaredBefore, zeroBarred: zeroStreak >= 2 })).toBe(value);
    }
    declaredBefore.push(value);
    declared = withSeat(declared, seat, value);
    declarer = nextSeat(declarer);
  }
  return declared;
}

function playTurns(
  prepared: Preparation,
  { turns }: RecordedRound,
  policy: RecordedGame['policy'],
): { readonly captured: PerSeat<number>; readonly winner: Seat } {
  let { hands } = prepared;
  let captured: PerSeat<number> = [0, 0, 0, 0];
  let leader = prepared.starter;
  for (const turn of turns) {
    expect(turn.plays.map(([seat]) => seat)).toEqual(seatOrderFrom(leader));
    const sets: Piece[][] = [];
    let player = leader;
    for (const [seat, text] of turn.plays) {
      const requiredCount = sets[0]?.length ?? null;
      const hand = hands[seat];
      const indices = policy === 'bot' ? botPlay(hand, requiredCount) : firstPositions(hand, parse(text));
      const play = accepted(judgePlay({ seat, player, hand, indices, requiredCount }));
      expect(play.pieces, `seat ${seat} plays ${text}`).toEqual(parse(text));
      expect(play.value).toBe(sumOfPoints(play.pieces));
      sets.push(play.pieces);
      hands = withSeat(hands, seat, play.rest);
      player = nextSeat(player);
    }
    const winner = seatOrderFrom(leader)[turnWinner(sets)!]!;
    const piles = pilesWon(sets[0]!.length);
    expect({ winner, piles }).toEqual({ winner: turn.winner, piles: turn.piles });
    captured = withSeat(captured, winner, captured[winner] + piles);
    leader = winner;
  }
  expect(hands).toEqual([[], [], [], []]);
  return { captured, winner: leader };
}

/** Where the pieces lie in the hand; of equal pieces the first ones, which differ in nothing (rules.md R2.2). */
function firstPositions(hand: readonly Piece[], pieces: readonly Piece[]): number[] {
  const positions: number[] = [];
  for (const piece of pieces) {
    positions.push(hand.findIndex((held, position) => held === piece && !positions.includes(position)));
  }
  return positions;
}
