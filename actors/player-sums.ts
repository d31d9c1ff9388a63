import type { JournalEngine } from '../persistence/journal.js';
import type { GamePlayerRow, PlayerRow, Query, QueryValues, RowOf, RowPage } from '../persistence/rows.js';

/** Players whose sums are not those of their finished games. */
export interface PlayerSumsVerdict {
  readonly players: number; // looked at
  readonly wrong: readonly string[]; // ids, the first ones
  readonly wrongCount: number;
}

type Sums = Pick<PlayerRow, 'games' | 'wins' | 'score' | 'perfectRounds' | 'turnsWon'>;

const WRONG_MAX = 100;
const NOTHING: Sums = { games: 0, wins: 0, score: 0, perfectRounds: 0, turnsWon: 0 };

/** Compares everybody's sums with the seats of finished games. Reads only, one player at a time. */
export async function checkPlayerSums(engine: JournalEngine): Promise<PlayerSumsVerdict> {
  const wrong: string[] = [];
  let wrongCount = 0;
  let players = 0;
  const found = (playerId: string): void => {
    wrongCount++;
    if (wrong.length < WRONG_MAX) wrong.push(playerId);
  };
  for await (const { row, damaged } of rowsOf(engine, 'leaderboard', {})) {
    players++;
    if (row === null) found(damaged);
    else if (!(await hasRightSums(engine, row.playerId))) found(row.playerId);
  }
  for await (const playerId of unlisted(engine)) {
    players++;
    found(playerId);
  }
  return { players, wrong, wrongCount };
}

/** Those with a finished game and no row. Somebody who has several is told of once for each. */
async function* unlisted(engine: JournalEngine): AsyncGenerator<string> {
  for await (const { row: game } of rowsOf(engine, 'gamesByStatus', { status: 'over' })) {
    if (game === null) continue; // damaged: a finding of its room
    for await (const { row: seat } of rowsOf(engine, 'seatsOfGame', { roomId: game.roomId })) {
      if (seat?.playerId == null || seat.endedAt === null) continue;
      if (!(await isListed(engine, seat.playerId))) yield seat.playerId;
    }
  }
}

async function isListed(engine: JournalEngine, playerId: string): Promise<boolean> {
  try {
    return (await engine.row('players', playerId)) !== null;
  } catch (failure) {
    if ((failure as { code?: unknown }).code === 'ROW_DAMAGED') return true; // found with the list
    throw failure;
  }
}

async function hasRightSums(engine: JournalEngine, playerId: string): Promise<boolean> {
  const before = await sumsOf(engine, playerId);
  if (before === 'damaged') return false;
  if (isSame(before.stored, before.summed)) return true;
  // A game may have ended between the two reads. Wrong is what is wrong in the same way once more.
  const again = await sumsOf(engine, playerId);
  return again !== 'damaged' && (isSame(again.stored, again.summed) || !isSame(before.stored, again.stored));
}

async function sumsOf(
  engine: JournalEngine,
  playerId: string,
): Promise<{ readonly stored: Sums; readonly summed: Sums } | 'damaged'> {
  let summed = NOTHING;
  for await (const { row } of rowsOf(engine, 'gamesOfPlayer', { playerId })) {
    if (row === null) return 'damaged'; // a seat that can't be read can't be counted
    if (row.endedAt !== null) summed = plus(summed, row);
  }
  return { stored: (await engine.row('players', playerId)) ?? NOTHING, summed };
}

function plus(sums: Sums, { won, score, perfectRounds, turnsWon }: GamePlayerRow): Sums {
  return {
    games: sums.games + 1,
    wins: sums.wins + won,
    score: sums.score + score,
    perfectRounds: sums.perfectRounds + perfectRounds,
    turnsWon: sums.turnsWon + turnsWon,
  };
}

function isSame(a: Sums, b: Sums): boolean {
  return (Object.keys(NOTHING) as (keyof Sums)[]).every((member) => a[member] === b[member]);
}

type Found<R> = { readonly row: R; readonly damaged: null } | { readonly row: null; readonly damaged: string };

async function* rowsOf<Q extends Query>(
  engine: JournalEngine,
  query: Q,
  values: QueryValues<Q>,
): AsyncGenerator<Found<RowOf<Q>>> {
  for (let after: string | null = null; ; ) {
    const page: RowPage<RowOf<Q>> = await engine.select(query, values, { after });
    for (const row of page.items) yield { row, damaged: null };
    for (const damaged of page.damaged) yield { row: null, damaged };
    if (page.next === null) return;
    after = page.next;
  }
}
