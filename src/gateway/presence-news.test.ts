import { expect, test } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import type { RoomEvent } from '../../actors/room/room-event.js';
import { NAMES, Table } from '../../test/support/table.js';
import type { AppliedNotice } from './game-notice.js';
import { coalesced } from './presence-news.js';
import { RoomPace } from './room-pace.js';

/* Goal: connections that drop together make few frames, and rooms hear of them at a pace. */

const newsOf = (...events: RoomEvent[]) => events.map((event, at) => ({ event, notice: { seq: at } as AppliedNotice }));
const told = (...events: RoomEvent[]): RoomEvent[] => coalesced(newsOf(...events)).map(({ event }) => event);

test('players are told of one by one; the host role went from the first to the last', () => {
  expect(
    told(
      { type: 'playerDisconnected', seat: 0 },
      { type: 'hostChanged', from: 0, to: 1 },
      { type: 'playerDisconnected', seat: 1 },
      { type: 'hostChanged', from: 1, to: 2 },
    ),
  ).toEqual([
    { type: 'playerDisconnected', seat: 0 },
    { type: 'playerDisconnected', seat: 1 },
    { type: 'hostChanged', from: 0, to: 2 },
  ]);
});

test('of seats that became free only the newest list is told, and no host role that came back', () => {
  const freed = (seat: 1 | 2): RoomEvent => ({ type: 'seatFreed', seat, why: 'left', who: null });
  expect(told(freed(1), freed(2))).toEqual([freed(2)]);
  expect(told({ type: 'hostChanged', from: 0, to: 1 }, { type: 'hostChanged', from: 1, to: 0 })).toEqual([]);
});

test('three of four connections of a game that drop together: the fourth hears of the host once', async () => {
  const table = await Table.playing();
  await table.advance(20_000); // the start is long ago
  const last = table.person(3);
  last.mark();
  for (const seat of [0, 1, 2]) table.person(seat).cut();
  await table.advance(4_000);
  const news = last.fresh.filter(({ event }) => event !== 'phase_change').map(({ event, data }) => ({ event, data }));
  expect(news).toMatchObject([
    { event: 'player_disconnected', data: { player_name: NAMES[0] } },
    { event: 'host_changed', data: { old_host: NAMES[0], new_host: NAMES[1] } }, // at once: it may be the only news
    { event: 'player_disconnected', data: { player_name: NAMES[1] } },
    { event: 'player_disconnected', data: { player_name: NAMES[2] } },
    { event: 'host_changed', data: { old_host: NAMES[1], new_host: NAMES[3] } },
  ]);
});

test('before the start those who drop together are one new list of seats, and whoever comes meanwhile is told in order', async () => {
  const table = await Table.open({ humans: 4 });
  table.host.mark();
  for (const seat of [1, 2, 3]) table.person(seat).cut();
  await table.advance(4_000);
  const occupied = (): number[] =>
    table.host.fresh.map(({ data }) => (data['players'] as unknown[]).filter((seat) => seat !== null).length);
  expect(occupied()).toEqual([3, 1]); // the first at once, the others together

  table.host.mark();
  await table.host.call('add_bot', { slot_id: 2 });
  await table.settle(500);
  expect(occupied()).toEqual([2]);
});

test('what is told otherwise comes behind the news that is held back', async () => {
  const table = await Table.open({ humans: 4 });
  table.host.mark();
  for (const seat of [1, 2]) table.person(seat).cut();
  await table.advance(3_100); // both are away, and the second is not told yet
  expect(table.host.freshEvents).toEqual(['room_update']);
  await table.host.call('remove_player', { slot_id: 4 });
  expect(table.host.freshEvents).toEqual(['room_update', 'room_update', 'room_update']);
  await table.settle(500);
  expect(table.host.freshEvents).toHaveLength(3);
});

test('one room hears in 10 ms at most, whoever waits longest first, and the same each time', async () => {
  const run = async (): Promise<string[]> => {
    const clock = new SimulatedClock();
    const heard: string[] = [];
    const pace = new RoomPace(clock, (roomId) => heard.push(`${clock.elapsedMs()} ${roomId}`));
    for (let room = 0; room < 11; room++) pace.add(`r${room}`);
    pace.remove('r5');
    await clock.advance(1_000);
    expect(clock.scheduledCount).toBe(0);
    return heard;
  };
  const heard = await run();
  const rooms = Array.from({ length: 11 }, (_, room) => `r${room}`).filter((room) => room !== 'r5');
  expect(heard).toEqual(rooms.map((room, index) => `${index * 10} ${room}`));
  expect(await run()).toEqual(heard);
});
