import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { rowsAppend } from '../../actors/appends.js';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { PlayerRow, RowChange } from '../../persistence/rows.js';
import { SimulatedEngine } from '../../persistence/simulated/simulated-engine.js';
import { addLeaderboard } from './leaderboard.js';

function player(playerId: string, wins: number): RowChange {
  const values: PlayerRow = {
    playerId,
    name: `Player ${wins}`,
    games: 9,
    wins,
    score: wins * 10,
    perfectRounds: 1,
    turnsWon: 2,
    lastPlayedAt: 5_000,
  };
  return { kind: 'put', table: 'players', key: playerId, values };
}

async function withPlayers(count: number) {
  const clock = new SimulatedClock();
  const engine = new SimulatedEngine(clock);
  const rows = Array.from({ length: count }, (_, index) => player(`session-${index}`, index));
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    void promise.finally(() => (settled = true)).catch(() => undefined);
    await clock.runUntil(() => settled, 1_000);
    return promise;
  };
  await until(engine.commit([rowsAppend('r', rows)], 0));
  let reads = 0;
  const counted = {
    select: ((...args: Parameters<typeof engine.select>) => {
      reads++;
      return engine.select(...args);
    }) as typeof engine.select,
  };
  const app = new Hono();
  addLeaderboard(app, { engine: counted, elapsedMs: clock.elapsedMs });
  const ask = async (query = '') => {
    const asked = Promise.resolve(app.request(`/api/leaderboard${query}`));
    await clock.settle();
    const response = await asked;
    return { status: response.status, text: await response.text() };
  };
  return { ask, clock, engine, until, reads: () => reads };
}

test('shows the best players first, with names and sums and no ids', async () => {
  const { ask } = await withPlayers(3);
  const { text } = await ask('?limit=2');
  expect(JSON.parse(text)).toEqual({
    players: [2, 1].map((wins, index) => ({
      place: index + 1,
      name: `Player ${wins}`,
      games: 9,
      wins,
      score: wins * 10,
      perfect_rounds: 1,
      turns_won: 2,
      last_played_at: 5,
    })),
    next: 2,
  });
  expect(text).not.toContain('session');
});

test('goes on behind a page, and ends', async () => {
  const { ask } = await withPlayers(3);
  const { players, next } = JSON.parse((await ask('?limit=2&after=2')).text) as { players: unknown[]; next: unknown };
  expect([players, next]).toEqual([[expect.objectContaining({ place: 3, wins: 0 })], null]);
  expect(JSON.parse((await ask('?after=999')).text)).toEqual({ players: [], next: null });
});

test('asks the store once in five seconds, however often it is asked', async () => {
  const { ask, clock, reads } = await withPlayers(1);
  for (let count = 0; count < 10; count++) await ask();
  expect(reads()).toBe(1);
  await clock.advance(5_000);
  await ask();
  expect(reads()).toBe(2);
});

test('is back as soon as the store is', async () => {
  const { ask, engine } = await withPlayers(1);
  engine.failNext(1, 'SQLITE_IOERR', 'read');
  expect((await ask()).status).toBe(503);
  expect((await ask()).status).toBe(200);
});

test.each(['?limit=0', '?limit=101', '?after=-1', '?after=1001', '?token=x'])('%s: 400', async (query) => {
  const { ask } = await withPlayers(1);
  expect((await ask(query)).status).toBe(400);
});
