import type { Hono } from 'hono';
import { z } from 'zod';
import { type JournalEngine, StoreFailure } from '../../persistence/journal.js';
import type { PlayerRow } from '../../persistence/rows.js';
import { problem } from './problem.js';
import { queryOf, wholeNumber } from './query.js';

export interface LeaderboardDeps {
  readonly engine: Pick<JournalEngine, 'select'>;
  readonly elapsedMs: () => number; // monotonic
}

/** Who stands further down is on no page. */
const PLAYERS_MAX = 1_000;
/** Everybody may ask, so the store is asked at most that often. */
const FRESH_MS = 5_000;

const page = z.strictObject({
  limit: wholeNumber(1, 100).prefault('20'),
  // A place, and no cursor of the store's: that one holds the id of the last player's session.
  after: wholeNumber(0, PLAYERS_MAX).prefault('0'),
});

/** Answers `/api/leaderboard`: the best players by wins, then by score. Public: names and sums, no ids. */
export function addLeaderboard(app: Hono, { engine, elapsedMs }: LeaderboardDeps): void {
  let best: Promise<readonly PlayerRow[]> | null = null;
  let readAtMs = 0;
  const read = async (): Promise<readonly PlayerRow[]> => {
    const { items } = await engine.select('leaderboard', {}, { limit: PLAYERS_MAX });
    return items;
  };

  app.get('/api/leaderboard', async (c) => {
    const { limit, after } = queryOf(c, page);
    if (best === null || elapsedMs() - readAtMs >= FRESH_MS) {
      readAtMs = elapsedMs();
      const asked = read();
      best = asked;
      asked.catch(() => {
        if (best === asked) best = null; // whoever waits for it hears why; the next one asks again
      });
    }
    let players: readonly PlayerRow[];
    try {
      players = await best;
    } catch (failure) {
      if (failure instanceof StoreFailure) return problem(c, 503, 'The store is away');
      throw failure;
    }
    const end = after + limit;
    return c.json({
      players: players.slice(after, end).map((player, index) => shown(player, after + index + 1)),
      next: end < players.length ? end : null,
    });
  });
}

function shown({ name, games, wins, score, perfectRounds, turnsWon, lastPlayedAt }: PlayerRow, place: number) {
  return {
    place,
    name,
    games,
    wins,
    score,
    perfect_rounds: perfectRounds,
    turns_won: turnsWon,
    last_played_at: lastPlayedAt / 1000,
  };
}
