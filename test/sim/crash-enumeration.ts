import type { BotMind } from '../../actors/room/bots.js';
import { liapTui, type LiapTui } from '../../actors/room/liap-tui.js';
import type { Fate } from '../../persistence/simulated/simulated-engine.js';
import { playGame } from '../../src/client/game-session.js';
import { seededRandom } from '../../src/client/random.js';
import type { Strategy } from '../../src/client/strategy.js';
import type { Piece } from '../../src/game/pieces.js';
import { type Hands, orderOf, SIMPLE_BOTS, TWO_WEAK } from '../support/table.js';
import { PLAYERS_SEE_THE_PROTOCOL } from './oracles/promises.js';
import type { Failure } from './witness.js';
import { type Moment, World } from './world.js';

/** A crash of the short game: at its n-th moment, with that end of the write under way. */
export interface CrashPoint {
  readonly index: number; // from 0, among all points
  readonly number: number; // of the moment, from 1
  readonly moment: Moment;
  readonly fate: Fate;
}

export interface EnumerationReport {
  readonly moments: number; // of the game that nothing happens to
  readonly entries: number;
  readonly points: number; // a moment has several where a write is under way: each way in which it can end
  readonly tried: number;
  readonly byMoment: Readonly<Record<string, number>>;
  readonly failure: (Failure & { readonly point: CrashPoint | null }) | null;
}

const SEED = 'a short game';
const HUMANS = 2;
const GAME_MS = 600_000;
const DOWN_MS = 1_500;
const REDEALS = 3;
const PLAYED_TO_THE_END = 'a game that a crash interrupts is played to its end';

/** Seat 0 takes all 8 piles in three turns, whoever leads. */
const WINNING: Hands = [
  pieces(
    'SOLDIER_RED',
    'SOLDIER_RED',
    'SOLDIER_RED',
    'SOLDIER_RED',
    'SOLDIER_RED',
    'ADVISOR_RED',
    'ADVISOR_RED',
    'GENERAL_RED',
  ),
  pieces(
    'GENERAL_BLACK',
    'ELEPHANT_RED',
    'CHARIOT_RED',
    'HORSE_RED',
    'CANNON_RED',
    'SOLDIER_BLACK',
    'SOLDIER_BLACK',
    'CHARIOT_BLACK',
  ),
  pieces(
    'ADVISOR_BLACK',
    'ELEPHANT_RED',
    'CHARIOT_RED',
    'HORSE_BLACK',
    'CANNON_BLACK',
    'SOLDIER_BLACK',
    'SOLDIER_BLACK',
    'ELEPHANT_BLACK',
  ),
  pieces(
    'ADVISOR_BLACK',
    'ELEPHANT_BLACK',
    'CHARIOT_BLACK',
    'HORSE_RED',
    'CANNON_RED',
    'SOLDIER_BLACK',
    'HORSE_BLACK',
    'CANNON_BLACK',
  ),
];

/**
 * Tries every crash point of one short game, which has everything that a game can have: people and bots, three redeals,
 * a round of three turns, and an end. Each time the game is begun anew, dies there, and is played to its end.
 * @param every tries each so-manieth point only
 */
export async function enumerateCrashPoints({
  every = 1,
  from = 0,
}: {
  readonly every?: number;
  readonly from?: number;
} = {}): Promise<EnumerationReport> {
  const definition = liapTui({
    order: (_seed, _round, deal) => orderOf(deal <= REDEALS ? TWO_WEAK : WINNING),
    bots: BOTS,
  });
  const points: CrashPoint[] = [];
  const whole = await playThrough(definition, (world, moment) => {
    const number = world.moments;
    const fates: readonly Fate[] = world.engine.isUnsynced ? ['lost', 'torn', 'durable'] : ['lost'];
    for (const fate of fates) points.push({ index: points.length, number, moment, fate });
  });
  const byMoment: Record<string, number> = {};
  let tried = 0;
  const report = (failure: EnumerationReport['failure']): EnumerationReport => ({
    moments: new Set(points.map(({ number }) => number)).size,
    entries: whole.entries,
    points: points.length,
    tried,
    byMoment,
    failure,
  });
  if (whole.failure !== null) return report({ ...whole.failure, point: null });
  for (let index = from; index < points.length; index += every) {
    const point = points[index]!;
    const { failure } = await playThrough(definition, (world) => {
      if (world.moments === point.number) world.kill(`at moment ${point.number}`, point.fate, DOWN_MS);
    });
    tried++;
    byMoment[point.moment] = (byMoment[point.moment] ?? 0) + 1;
    if (failure !== null) return report({ ...failure, point });
  }
  return report(null);
}

/** @param onMoment told of each moment until the game is over */
async function playThrough(
  definition: LiapTui,
  onMoment: (world: World, moment: Moment) => void,
): Promise<{ readonly failure: Failure | null; readonly entries: number }> {
  let isOver = false;
  const world: World = new World({
    seed: SEED,
    definition,
    traced: false,
    onMoment: (moment) => {
      if (!isOver) onMoment(world, moment);
    },
  });
  const random = seededRandom(1);
  let ids = 0;
  world.start();
  const game = playGame({
    humans: HUMANS,
    connect: world.network.connect,
    clock: world.clock,
    random,
    newId: () => `m${++ids}`,
    strategy: STRATEGY,
    thinkMs: () => 200,
    changePages: true,
  });
  const told = game.then(
    ({ complete, violations }) => {
      isOver = true;
      const [violation] = violations;
      if (!complete) world.witness.break(PLAYED_TO_THE_END, 'nobody has won');
      if (violation !== undefined) world.witness.break(PLAYERS_SEE_THE_PROTOCOL, violation.sentence);
    },
    (failure: unknown) => {
      isOver = true;
      // Whoever comes back to a game that has ended meanwhile is told so, and that is all.
      if (world.witness.counts.gamesEnded > 0) return;
      world.witness.break(PLAYED_TO_THE_END, failure instanceof Error ? failure.message : String(failure));
    },
  );
  const over = (): boolean => isOver;
  await world.until(over, GAME_MS);
  if (!over()) world.witness.break(PLAYED_TO_THE_END, `it is not over after ${GAME_MS / 60_000} minutes`);
  else await told;
  if (!world.isBroken) await world.finish();
  world.retire();
  return { failure: world.witness.failure, entries: world.witness.counts.entries };
}

function pieces(...hand: readonly Piece[]): readonly Piece[] {
  return hand;
}

const SET_SIZES = [5, 2, 1];

/** Seat 0 says 8 and wins with whatever is asked for; the others lead and answer with what comes first. */
const STRATEGY: Strategy = {
  declare: ({ hand, options }) => (hand.includes('GENERAL_RED') ? 8 : options.find((value) => value <= 1)!),
  play: ({ hand, requiredCount }) => {
    const sets = SET_SIZES.map((size) => hand.flatMap((piece, index) => (isOfSet(piece, size) ? [index] : [])));
    const wanted = sets.find((set) => set.length > 0 && (requiredCount === null || set.length === requiredCount));
    if (hand.some((piece) => isOfSet(piece, 5) || isOfSet(piece, 2) || isOfSet(piece, 1)) && wanted !== undefined)
      return wanted;
    return Array.from({ length: requiredCount ?? 1 }, (_, index) => index);
  },
  acceptsRedeal: () => true,
};

function isOfSet(piece: Piece, size: number): boolean {
  return piece === (size === 5 ? 'SOLDIER_RED' : size === 2 ? 'ADVISOR_RED' : 'GENERAL_RED');
}

const BOTS: BotMind = { ...SIMPLE_BOTS, thinkMs: () => 300, acceptsRedeal: () => true };
