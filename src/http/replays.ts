import type { Context, Hono } from 'hono';
import { etag } from 'hono/etag';
import type { GameRecord } from '../../actors/room/game-record.js';
import { StoreFailure } from '../../persistence/journal.js';
import { wirePieces } from '../protocol/wire.js';
import { type Replays, ReplaysBusy } from '../replays/replays.js';
import { problem } from './problem.js';

const NAME_CHARS_MAX = 100;
/** Kept, but asked for each time, which the ETag makes cheap: an operator may set the game back, and a code goes on to other rooms. */
const KEPT = { 'Cache-Control': 'no-cache' };
const RETRY_AFTER_S = 5;

/**
 * Answers `/api/fairness/:room`, at any time, and `/api/replay/:room`, once its game is over. Both are public: names
 * and pieces, no sessions, and the seed only of a game that is over.
 */
export function addReplays(app: Hono, replays: Pick<Replays, 'roomId' | 'fairness' | 'record'>): void {
  app.use('/api/replay/*', etag());
  app.get('/api/fairness/:room', (c) =>
    answered(c, async () => {
      const roomId = await replays.roomId(nameOf(c));
      const fairness = roomId === null ? null : await replays.fairness(roomId);
      if (fairness === null) return problem(c, 404, 'Room not found');
      const { code, commitment, seed } = fairness;
      return c.json({ room_id: fairness.roomId, code, commitment, seed }, 200, { 'Cache-Control': 'no-store' });
    }),
  );
  app.get('/api/replay/:room', (c) =>
    answered(c, async () => {
      const roomId = await replays.roomId(nameOf(c));
      const text = roomId === null ? null : await replays.record(roomId, wireRecord);
      // The same for a room that plays as for none: nothing is told of a game before its end.
      if (text === null) return problem(c, 404, 'No finished game here');
      return c.body(text, 200, { 'Content-Type': 'application/json', ...KEPT });
    }),
  );
}

function nameOf(c: Context): string {
  return (c.req.param('room') ?? '').slice(0, NAME_CHARS_MAX);
}

async function answered(c: Context, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (failure) {
    if (failure instanceof ReplaysBusy) {
      c.header('Retry-After', String(RETRY_AFTER_S));
      return problem(c, 503, failure.message);
    }
    if (failure instanceof StoreFailure && failure.code !== 'ROW_DAMAGED') return problem(c, 503, 'The store is away');
    throw failure;
  }
}

/** The body of `/api/replay/:room` (docs/REPLAYS.md). */
function wireRecord(roomId: string, { rounds, ...record }: GameRecord) {
  return {
    version: 1,
    room_id: roomId,
    code: record.code,
    started_at: record.startedAt / 1000,
    ended_at: record.endedAt / 1000,
    players: record.players.map(({ name, isBot }) => ({ name, is_bot: isBot })),
    totals: record.totals,
    ranks: record.ranks,
    winners: record.winners,
    commitment: record.commitment,
    seed: record.seed,
    rounds: rounds.map(wireRound),
  };
}

function wireRound({
  round,
  multiplier,
  starter,
  reason,
  deals,
  declarations,
  turns,
  scores,
}: GameRecord['rounds'][0]) {
  return {
    round,
    deals: deals.map(({ deal, hands, weak, answers }) => ({
      deal,
      hands: hands.map(wirePieces),
      weak,
      answers: answers.map(({ seat, accept, byBot }) => ({ seat, accept, by_bot: byBot })),
    })),
    multiplier,
    starter,
    starter_reason: reason,
    declarations: declarations.map(({ seat, value, byBot }) => ({ seat, value, by_bot: byBot })),
    turns: turns.map(({ number, leader, plays, winner, piles }) => ({
      number,
      leader,
      plays: plays.map(({ seat, pieces, type, byBot }) => ({ seat, pieces: wirePieces(pieces), type, by_bot: byBot })),
      winner,
      piles,
    })),
    scores,
  };
}
