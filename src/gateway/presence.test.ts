import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { Presence } from './presence.js';

function watched(graceMs = 3_000) {
  const clock = new SimulatedClock();
  const away: string[] = [];
  const presence = new Presence(clock, { disconnectGraceMs: graceMs }, (roomId, seat) =>
    away.push(`${roomId}/${seat}`),
  );
  return { clock, presence, away };
}

test('a lost seat is away when the grace has passed, not a millisecond before', async () => {
  const { clock, presence, away } = watched();
  presence.lost('r1', 2);
  await clock.advance(2_999);
  expect(away).toEqual([]);
  await clock.advance(1);
  expect(away).toEqual(['r1/2']);
});

test('a return within the grace leaves no trace', async () => {
  const { clock, presence, away } = watched();
  presence.lost('r1', 2);
  await clock.advance(2_999);
  presence.returned('r1', 2);
  await clock.advance(60_000);
  expect(away).toEqual([]);
  expect(clock.scheduledCount).toBe(0);
});

test('a second loss begins a new grace', async () => {
  const { clock, presence, away } = watched();
  presence.lost('r1', 0);
  await clock.advance(2_000);
  presence.lost('r1', 0);
  await clock.advance(2_000);
  expect(away).toEqual([]);
  await clock.advance(1_000);
  expect(away).toEqual(['r1/0']);
});

test('seats and rooms do not share a grace', async () => {
  const { clock, presence, away } = watched();
  presence.lost('r1', 0);
  presence.lost('r1', 1);
  presence.lost('r2', 0);
  presence.returned('r1', 1);
  await clock.advance(3_010); // one room after the other
  expect(away).toEqual(['r1/0', 'r2/0']);
});

test('in the first 10 s of a game the grace is 10 s, afterwards the usual one', async () => {
  const { clock, presence, away } = watched();
  presence.gameStarted('r1');
  presence.lost('r2', 0); // another room's start is none of its business
  await clock.advance(9_999);
  expect(away).toEqual(['r2/0']);
  presence.lost('r1', 0);
  await clock.advance(9_999);
  expect(away).toHaveLength(1);
  await clock.advance(1);
  expect(away).toEqual(['r2/0', 'r1/0']);
  presence.lost('r1', 1);
  await clock.advance(3_000);
  expect(away.at(-1)).toBe('r1/1');
});

test('a configured grace that is longer than the one of the start is kept', async () => {
  const { clock, presence, away } = watched(20_000);
  presence.gameStarted('r1');
  presence.lost('r1', 0);
  await clock.advance(19_999);
  expect(away).toEqual([]);
  await clock.advance(1);
  expect(away).toEqual(['r1/0']);
});

test('a room that could not take the news is told again after a second', async () => {
  const { clock, presence, away } = watched();
  presence.retry('r1', 3);
  await clock.advance(1_000);
  expect(away).toEqual(['r1/3']);
});

test('nothing is told once it is stopped', async () => {
  const { clock, presence, away } = watched();
  presence.lost('r1', 0);
  presence.retry('r1', 1);
  presence.stop();
  await clock.advance(60_000);
  expect(away).toEqual([]);
});

test('of very many that are lost at once each room hears of all its seats together, and who is back by then is no news', async () => {
  const { clock, presence, away } = watched();
  for (let room = 0; room < 50; room++) for (const seat of [0, 1, 2, 3] as const) presence.lost(`r${room}`, seat);
  await clock.advance(3_020);
  expect(away).toHaveLength(3 * 4);
  presence.returned('r49', 2);
  for (const seat of [0, 1, 2, 3] as const) presence.returned('r48', seat);
  await clock.advance(1_000);
  const told = [...new Set(away.map((one) => one.split('/')[0]))];
  expect(told).toEqual(Array.from({ length: 50 }, (_, room) => `r${room}`).filter((room) => room !== 'r48'));
  expect(away.filter((one) => one.startsWith('r49'))).toEqual(['r49/0', 'r49/1', 'r49/3']);
  expect(away.slice(0, 4)).toEqual(['r0/0', 'r0/1', 'r0/2', 'r0/3']);
  expect(clock.scheduledCount).toBe(0);
});
