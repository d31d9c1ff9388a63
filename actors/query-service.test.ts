// Goal: whoever asks gets an answer whatever state a room is in, and nothing is different afterwards: no entry, no row,
// no room in memory.
import { describe, expect, test } from 'vitest';
import { tinyGame, UNLUCKY } from '../test/support/tiny-game.js';
import { TinyRooms } from '../test/support/tiny-rooms.js';
import { QUERY_PAGE_MAX, QueryService } from './query-service.js';

async function playedRoom(adds = 3) {
  const tiny = await TinyRooms.start();
  const room = await tiny.open();
  for (let n = 1; n <= adds; n++) tiny.add(room, 1);
  await tiny.clock.advance(100);
  return { tiny, room };
}

function serviceOf({ engine, definition, rooms }: TinyRooms) {
  return new QueryService({ engine, definition, rooms });
}

/** Everything that a question could change. */
function traces({ engine, rooms, notices }: TinyRooms, room: string): unknown {
  return structuredClone([rooms.counts, engine.durableEntries(room).length, notices.length, rooms.holds()]);
}

/** Asks all there is to ask, and lets time pass in which something could come of it. */
async function askAll(tiny: TinyRooms, room: string) {
  const service = serviceOf(tiny);
  const before = traces(tiny, room);
  const answers = await tiny.until(
    (async () => ({
      id: await service.roomId(room),
      room: await service.room(room),
      state: await service.state(room),
      then: await service.stateAt(room, { seq: 2 }),
      actions: await service.actions(room),
      changes: await service.changes(room),
      rooms: await service.rooms('waiting'),
      newest: await service.rooms(null),
      games: await service.games('running'),
      game: await service.game(room),
      player: await service.player('ann'),
      leaderboard: await service.leaderboard(),
      inbox: await service.inbox(room),
      deadLetters: await service.deadLetters(room),
      deadLetter: await service.deadLetter('none'),
      holds: await service.holds(),
    }))(),
  );
  await tiny.clock.advance(10);
  expect(traces(tiny, room), 'a question leaves no trace').toEqual(before);
  return answers;
}

describe('a question changes nothing and wakes nobody', () => {
  test('of a room in memory', async () => {
    const { tiny, room } = await playedRoom();
    const { id, room: summary, state, then, changes } = await askAll(tiny, room);
    expect(id).toBe(room);
    expect(summary).toMatchObject({ listing: { status: 'waiting' }, head: { seq: 4 }, hold: null, damaged: [] });
    expect(summary!.listing).not.toHaveProperty('creator');
    expect(state).toMatchObject({ seq: 4, view: { count: 3 }, stop: null });
    expect(then).toMatchObject({ kind: 'state', seq: 2, view: { count: 1 } });
    expect(changes!.items).toHaveLength(4);
  });

  test('of a room on the disk, whose deadline stays armed', async () => {
    const { tiny, room } = await playedRoom();
    tiny.wind(room, 1_000_000);
    await tiny.clock.advance(200_000);
    expect(tiny.rooms.counts).toMatchObject({ inMemory: 0, deadlines: 1 });
    expect((await askAll(tiny, room)).state).toMatchObject({ seq: 5, view: { count: 3 } });
    expect(tiny.rooms.counts).toMatchObject({ inMemory: 0, deadlines: 1 });
  });

  test('of a paused room, whose messages wait', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.until(tiny.rooms.operations.pause(room, 'lunch'));
    tiny.add(room, 5, { session: 'bob', id: 'waits' });
    await tiny.clock.advance(100);
    const { room: summary, state, inbox, holds } = await askAll(tiny, room);
    expect(summary).toMatchObject({ hold: { kind: 'paused', why: 'lunch' } });
    expect(holds.items).toMatchObject([{ roomId: room }]);
    expect(state).toMatchObject({ view: { count: 3 } });
    expect(inbox.items).toMatchObject([{ roomId: room, message: { type: 'add', n: 5 } }]);
    expect(JSON.stringify(inbox.items), 'who sent it is not shown').not.toMatch(/bob|session/);
  });

  test('of a room with a dead letter', async () => {
    const { tiny, room } = await playedRoom();
    tiny.add(room, UNLUCKY, { session: 'bob' });
    await tiny.clock.advance(10_000);
    const { deadLetters } = await askAll(tiny, room);
    expect(deadLetters.items).toMatchObject([{ roomId: room, message: { type: 'add', n: UNLUCKY }, seq: 4 }]);
    expect(deadLetters.items[0]).not.toHaveProperty('session');
    const revealed = await tiny.until(serviceOf(tiny).deadLetters(null, { reveal: true }));
    expect(revealed.items).toMatchObject([{ message: { session: 'bob' } }]);
  });

  test('of a room that was quarantined for its journal, which is shown as it was in front of the damage', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.crash();
    tiny.engine.tamper(room, 3, (entry) => ({ ...entry, events: '[]' }));
    tiny.add(room, 1);
    await tiny.clock.advance(100);
    const { room: summary, state, then, actions, changes } = await askAll(tiny, room);
    expect(summary).toMatchObject({ hold: { kind: 'quarantined', seq: 3 } });
    expect(state).toMatchObject({ seq: 2, view: { count: 1 }, stop: { seq: 3 } });
    expect(then).toMatchObject({ kind: 'state', seq: 2 });
    expect(actions!.items).toHaveLength(4);
    expect(changes).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], stop: { seq: 3 } });
  });

  test('of a damaged room that nobody has touched yet, which is not quarantined by it', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.crash();
    tiny.engine.tamper(room, 3, (entry) => ({ ...entry, events: '[]' }));
    expect((await askAll(tiny, room)).state).toMatchObject({ seq: 2, stop: { seq: 3 } });
    expect(await tiny.until(serviceOf(tiny).stateAt(room, { seq: 4 }))).toMatchObject({
      kind: 'stopped',
      stop: { seq: 3 },
    });
    expect(tiny.rooms.holdOf(room)).toBeNull();
    tiny.engine.tamper(room, 1, (entry) => ({ ...entry, events: '[]' }));
    expect((await askAll(tiny, room)).state).toMatchObject({ seq: 0, view: null, stop: { seq: 1 } });
  });

  test('of a room whose row is damaged', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.clock.advance(200_000);
    tiny.engine.damageRow('rooms', room);
    const { id, room: summary, rooms, state } = await askAll(tiny, room);
    expect(id).toBe(room);
    expect(summary).toMatchObject({ listing: null, head: { seq: 4 }, damaged: ['listing'] });
    expect(rooms).toMatchObject({ items: [], damaged: [room] });
    expect(state).toMatchObject({ seq: 4 });
  });

  test('while all rooms are paused and the store takes no writes', async () => {
    const { tiny, room } = await playedRoom();
    await tiny.until(tiny.rooms.operations.pauseAll('upgrade'));
    tiny.engine.failNext(100, 'SQLITE_FULL');
    expect((await askAll(tiny, room)).room).toMatchObject({ hold: { roomId: '*', kind: 'paused' } });
  });
});

describe('answers', () => {
  test('are found by a room’s code, open or closed, and are none for what does not exist', async () => {
    const { tiny, room } = await playedRoom();
    const service = serviceOf(tiny);
    const code = tiny.rooms.codeOf(room)!;
    expect(await tiny.until(service.roomId(code))).toBe(room);
    tiny.close(room);
    await tiny.clock.advance(100);
    expect(await tiny.until(service.roomId(code))).toBe(room);
    for (const ask of [service.roomId('nowhere'), service.room('nowhere'), service.state('nowhere')]) {
      expect(await tiny.until(ask as Promise<unknown>)).toBeNull();
    }
    expect(await tiny.until(service.actions('nowhere'))).toBeNull();
    expect(await tiny.until(service.player('nobody'))).toBeNull();
  });

  test('are the same without a running server', async () => {
    const { tiny, room } = await playedRoom();
    const { engine } = tiny;
    const offline = new QueryService({ engine, definition: tinyGame });
    expect(await tiny.until(offline.state(room))).toEqual(await tiny.until(serviceOf(tiny).state(room)));
  });

  test('have a size, however much is asked for', async () => {
    const { tiny, room } = await playedRoom(QUERY_PAGE_MAX + 10);
    await tiny.clock.advance(1_000);
    const service = serviceOf(tiny);
    const page = await tiny.until(service.actions(room, { limit: 1e9 }));
    expect(page).toMatchObject({ next: QUERY_PAGE_MAX + 1 });
    expect(page!.items).toHaveLength(QUERY_PAGE_MAX);
    expect((await tiny.until(service.changes(room, { limit: 0 })))!.items).toHaveLength(1);
    for (let n = 0; n < 3; n++) await tiny.open();
    const rooms = await tiny.until(service.rooms(null, { limit: 3 }));
    expect(rooms.items).toHaveLength(3);
    expect((await tiny.until(service.rooms(null, { after: rooms.next }))).items).toHaveLength(1);
  });

  test('name no player of a running game', async () => {
    const { tiny, room } = await playedRoom(1);
    const service = serviceOf(tiny);
    const times = { startedAt: 1 };
    const rows = [
      { kind: 'put', table: 'games', key: room, values: { code: 'c', status: 'running', players: '[]', ...times } },
      {
        kind: 'put',
        table: 'gamePlayers',
        key: `${room}/0`,
        values: { roomId: room, seat: 0, playerId: 'ann', name: 'Ann', ...times },
      },
    ] as const;
    const append = { roomId: room, expectedSeq: null, fence: 0, entry: null, snapshot: null, rows, closes: false };
    await tiny.until(tiny.engine.commit([append], 0));
    expect(await tiny.until(service.game(room))).toMatchObject({ seats: [{ name: 'Ann', playerId: null }] });
    expect(await tiny.until(service.game(room, { reveal: true }))).toMatchObject({ seats: [{ playerId: 'ann' }] });
    expect(await tiny.until(service.player('ann'))).toMatchObject({ player: null, games: { items: [{ seat: 0 }] } });
  });
});

describe('a dead letter is shown with what its room would make of it now', () => {
  test.each(['by a running server', 'by a tool'])('%s', async (by) => {
    const { tiny, room } = await playedRoom();
    tiny.add(room, UNLUCKY);
    await tiny.clock.advance(1000);
    tiny.stepsToFail = 2;
    tiny.add(room, -1);
    await tiny.clock.advance(1000);
    tiny.stepsToFail = 2;
    tiny.add(room, 5);
    await tiny.clock.advance(1000);
    const { engine, definition, rooms } = tiny;
    const service = new QueryService({ engine, definition, ...(by === 'by a running server' && { rooms }) });
    const before = traces(tiny, room);
    const letters = await tiny.deadLetters();
    const tried = await tiny.until(Promise.all(letters.map(({ id }) => service.deadLetter(id))));
    expect(tried.map((one) => one?.now)).toEqual([
      { kind: 'throws', sentence: expect.stringContaining('13 is unlucky') },
      { kind: 'refused', reason: 'notPositive', sentence: 'Refused: notPositive.' },
      { kind: 'allowed' },
    ]);
    expect(tried[0]!.letter).not.toHaveProperty('session');
    expect(traces(tiny, room)).toEqual(before);
  });

  test('also where the room can not be rebuilt', async () => {
    const { tiny, room } = await playedRoom();
    tiny.add(room, UNLUCKY);
    await tiny.clock.advance(1000);
    const [letter] = await tiny.deadLetters();
    tiny.engine.tamper(room, 2, (entry) => ({ ...entry, correlationId: 'another' }));
    const { engine, definition } = tiny;
    const tried = await tiny.until(new QueryService({ engine, definition }).deadLetter(letter!.id));
    expect(tried?.now).toMatchObject({ kind: 'unknown' });
  });
});
