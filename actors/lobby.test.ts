import { expect, test } from 'vitest';
import type { JournalEngine } from '../persistence/journal.js';
import type { RoomRow, RowChange } from '../persistence/rows.js';
import { Lobby } from './lobby.js';
import { SimulatedClock } from './simulated-clock.js';

const row = (roomId: string, more: Partial<RoomRow> = {}): RoomRow => ({
  roomId,
  code: roomId.toUpperCase(),
  status: 'waiting',
  hostName: 'Hana',
  seats: '[]',
  freeSeats: 1,
  createdAt: 1,
  updatedAt: 1,
  creator: 'ann',
  creationKey: null,
  ...more,
});

const put = (roomId: string, status: RoomRow['status'], freeSeats = 1): RowChange => ({
  kind: 'put',
  table: 'rooms',
  key: roomId,
  values: {
    code: roomId.toUpperCase(),
    status,
    hostName: 'Hana',
    seats: '[]',
    freeSeats,
    createdAt: 1,
    updatedAt: 2,
    creator: 'ann',
    creationKey: null,
  },
});

async function lobbyWith(...rows: RoomRow[]) {
  const clock = new SimulatedClock(0);
  const told: number[] = [];
  const lobby = new Lobby(clock, () => told.push(clock.nowMs()));
  const page = { items: rows, next: null, damaged: [] };
  await lobby.open({ select: () => Promise.resolve(page) } as unknown as JournalEngine);
  return { clock, lobby, told, ids: () => lobby.list().map(({ roomId }) => roomId) };
}

test('begins with the rooms that wait in the store', async () => {
  const { lobby, told } = await lobbyWith(row('a'));
  expect(lobby.list()).toEqual([row('a')]);
  expect(told).toEqual([]);
});

test('lists a room from its first durable row until it starts, closes or is deleted', async () => {
  const { lobby, ids } = await lobbyWith();
  lobby.apply([put('a', 'waiting')]);
  expect(lobby.list()).toEqual([row('a', { updatedAt: 2 })]);
  lobby.apply([put('a', 'playing')]);
  expect(ids()).toEqual([]);
  lobby.apply([put('b', 'waiting'), put('c', 'waiting')]);
  lobby.apply([put('b', 'closed'), { kind: 'delete', table: 'rooms', key: 'c' }]);
  expect(ids()).toEqual([]);
});

test('shows rooms with a free seat first, then full ones, by creation, 200 at most', async () => {
  const rows = Array.from({ length: 300 }, (_, n) => row(`r${n}`, { freeSeats: n % 2 }));
  const { ids } = await lobbyWith(...rows);
  expect(ids()).toHaveLength(200);
  expect(ids().slice(0, 2)).toEqual(['r1', 'r3']);
  expect(ids().slice(149, 152)).toEqual(['r299', 'r0', 'r2']);
});

test('of more than 200 with a free seat shows the newest: a new room is not hidden behind old ones', async () => {
  const { ids, lobby } = await lobbyWith(...Array.from({ length: 201 }, (_, n) => row(`r${n}`)));
  expect([ids().length, ids()[0], ids().at(-1)]).toEqual([200, 'r1', 'r200']);
  lobby.apply([put('new', 'waiting')]);
  expect([ids().length, ids()[0], ids().at(-1)]).toEqual([200, 'r2', 'new']);
});

test('tells of many changes once in 250 ms', async () => {
  const { clock, lobby, told } = await lobbyWith();
  for (let n = 0; n < 50; n++) lobby.apply([put(`r${n}`, 'waiting')]);
  await clock.advance(249);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([250]);
  lobby.apply([put('late', 'waiting')]);
  await clock.advance(1_000);
  expect(told).toEqual([250, 500]);
});

test('does not tell of rooms that are on no list, before and after', async () => {
  const { clock, lobby, told } = await lobbyWith();
  lobby.apply([put('a', 'playing')]);
  expect(clock.scheduledCount).toBe(0);
  await clock.advance(1_000);
  expect(told).toEqual([]);
});

test('once stopped it tells nothing', async () => {
  const { clock, lobby, told } = await lobbyWith();
  lobby.apply([put('a', 'waiting')]);
  lobby.stop();
  await clock.advance(1_000);
  expect(told).toEqual([]);
  expect(clock.scheduledCount).toBe(0);
});
