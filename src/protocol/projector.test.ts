import { expect, test } from 'vitest';
import type { RoomEvent, TurnWon } from '../../actors/room/room-event.js';
import type { RoomView } from '../../actors/room/room-view.js';
import { SEATS, type Seat } from '../game/seats.js';
import { Table } from '../../test/support/table.js';
import { type MissedEvent, project, projectDirect, projectPresent, queuedMessages } from './projector.js';

/** A table in its first turn, and its room as each kind of viewer sees it. */
async function seen(): Promise<(viewer: number | 'spectator') => Promise<RoomView>> {
  const table = await Table.playing();
  return async (viewer) => {
    const found = await table.sim.until(table.sim.server.rooms.query(table.roomId, viewer), 10_000);
    return found!.view;
  };
}

const turnWon = (number: number): TurnWon => ({
  type: 'turnWon',
  number,
  winner: 1,
  piles: 1,
  plays: SEATS.map((seat) => ({ seat, pieces: ['SOLDIER_RED'], type: 'SINGLE', value: 2 })),
  roundPiles: [0, number, 0, 0],
  declared: [1, 1, 1, 1],
  handsEmpty: false,
});

/** Every event that a room can publish and what it is on the wire, in order. The compiler demands all of them. */
const EVENTS: { readonly [T in RoomEvent['type']]: readonly [Extract<RoomEvent, { type: T }>, readonly string[]] } = {
  roomCreated: [{ type: 'roomCreated', code: 'A442EC', hostName: 'Hana' }, []],
  hostArrived: [{ type: 'hostArrived' }, []],
  playerJoined: [{ type: 'playerJoined', seat: 1, name: 'Gio' }, ['room_update']],
  botSeated: [{ type: 'botSeated', seat: 1, replaced: null }, ['room_update']],
  seatFreed: [{ type: 'seatFreed', seat: 1, why: 'left', who: null }, ['room_update']],
  gameStarted: [{ type: 'gameStarted' }, ['game_started']],
  dealingStarted: [{ type: 'dealingStarted', round: 1, deal: 1, multiplier: 1 }, ['phase_change']],
  weakHandsFound: [{ type: 'weakHandsFound', seats: [1] }, ['phase_change', 'phase_change']],
  redealAnswered: [{ type: 'redealAnswered', seat: 1, accept: true, last: false }, ['phase_change']],
  redealWarned: [{ type: 'redealWarned' }, ['phase_change']],
  redealUnanswered: [{ type: 'redealUnanswered', seats: [1] }, []],
  dealingFinished: [{ type: 'dealingFinished', redealt: true }, ['phase_change', 'phase_change']],
  roundStarted: [{ type: 'roundStarted', round: 1, starter: 0, reason: 'has_general_red' }, ['phase_change']],
  declarationStarted: [{ type: 'declarationStarted' }, ['phase_change', 'phase_change']],
  declared: [{ type: 'declared', seat: 1, value: 2 }, ['phase_change']],
  turnStarted: [{ type: 'turnStarted', number: 1, leader: 0 }, ['phase_change']],
  played: [{ type: 'played', seat: 0, pieces: ['SOLDIER_RED'], last: false }, ['phase_change']],
  turnWon: [turnWon(1), ['phase_change', 'turn_complete']],
  turnResultsShown: [{ type: 'turnResultsShown' }, ['phase_change']],
  turnResultsEnded: [{ type: 'turnResultsEnded' }, ['phase_change']],
  roundScored: [
    {
      type: 'roundScored',
      round: 1,
      scores: SEATS.map(() => ({
        base: 6,
        bonus: 5,
        hit: 1,
        score: 6,
        perfect: true,
        declared: 1,
        captured: 1,
        total: 6,
      })) as unknown as Extract<RoomEvent, { type: 'roundScored' }>['scores'],
    },
    ['phase_change'],
  ],
  gameEnded: [{ type: 'gameEnded', winners: [1], totals: [1, 50, 2, 3], ranks: [4, 1, 3, 2] }, ['phase_change']],
  playerDisconnected: [{ type: 'playerDisconnected', seat: 1 }, ['player_disconnected']],
  playerReconnected: [{ type: 'playerReconnected', seat: 1 }, ['player_reconnected']],
  playerLeft: [{ type: 'playerLeft', seat: 1 }, ['player_disconnected', 'room_update']],
  hostChanged: [{ type: 'hostChanged', from: 0, to: 1 }, ['host_changed']],
  clockShifted: [{ type: 'clockShifted', outageMs: 5 }, []],
  roomClosed: [{ type: 'roomClosed', why: 'abandoned' }, ['room_closed']],
};

test.each(Object.values(EVENTS))('$type is told in its messages, for every viewer', async (event, names) => {
  const view = await seen();
  for (const viewer of [null, ...SEATS]) {
    const shown = await view(viewer ?? 'spectator');
    const messages = project(event, 9, 'c1').map(({ make }) => make(shown, viewer));
    expect(messages.map((message) => message.event)).toEqual(names);
  }
});

test.each(Object.values(EVENTS))('$type is one text for all, unless hands are in it', async (event) => {
  const view = await seen();
  const views = await Promise.all([view('spectator'), ...SEATS.map((seat) => view(seat))]);
  for (const projection of project(event, 9, 'c1')) {
    const viewers: readonly (Seat | null)[] = [null, ...SEATS];
    const texts = new Set(viewers.map((viewer, index) => JSON.stringify(projection.make(views[index]!, viewer))));
    expect(texts.size).toBe(projection.private ? 5 : 1);
  }
});

test('the last redeal answer is told by what it leads to', () => {
  expect(project({ type: 'redealAnswered', seat: 1, accept: true, last: true }, 9, 'c1')).toEqual([]);
});

test('who is removed or replaced by the host is told directly, who leaves is not', () => {
  const who = { name: 'Gio', session: 's2' };
  const message = expect.objectContaining({ event: 'room_closed' });
  expect(projectDirect({ type: 'seatFreed', seat: 1, why: 'removed', who })).toEqual({ session: 's2', message });
  expect(projectDirect({ type: 'botSeated', seat: 1, replaced: who })).toEqual({ session: 's2', message });
  expect(projectDirect({ type: 'seatFreed', seat: 1, why: 'left', who })).toBeNull();
  expect(projectDirect({ type: 'seatFreed', seat: 1, why: 'removed', who: null })).toBeNull();
});

test('before the start there is no present to show', async () => {
  const table = await Table.open();
  expect(projectPresent(await table.view(), null, 3)).toEqual([]);
});

test('of what was missed the newest 100 are told, and only what matters', async () => {
  const view = await (await seen())('spectator');
  const missed: MissedEvent[] = [];
  for (let seq = 1; seq <= 150; seq++) {
    missed.push({ event: turnWon(seq), at: seq * 1_000, seq });
    missed.push({ event: { type: 'declared', seat: 0, value: 1 }, at: seq * 1_000, seq });
  }
  const { messages, count } = queuedMessages(view, missed)!.data as { messages: { sequence: number }[]; count: number };
  expect(count).toBe(100);
  expect(messages.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, index) => index + 51));
  expect(messages[0]).toMatchObject({ event_type: 'turn_complete', timestamp: 51, is_critical: false });
});

test('nothing missed is no message', async () => {
  const view = await (await seen())('spectator');
  expect(queuedMessages(view, [])).toBeNull();
  expect(queuedMessages(view, [{ event: { type: 'hostArrived' }, at: 1, seq: 1 }])).toBeNull();
});

test('a missed end of the game is critical, scores and hosts are told by name', async () => {
  const view = await (await seen())('spectator');
  const missed = [EVENTS.hostChanged[0], EVENTS.roundScored[0], EVENTS.gameEnded[0]].map((event, index) => ({
    event,
    at: 1_000,
    seq: index + 1,
  }));
  expect(queuedMessages(view, missed)!.data).toMatchObject({
    messages: [
      { event_type: 'host_changed', data: { old_host: 'Hana', new_host: 'Gio' }, is_critical: false },
      { event_type: 'phase_change', data: { phase: 'scoring', phase_data: { round_scores: { Gio: { actual: 1 } } } } },
      { event_type: 'phase_change', data: { phase: 'game_over', phase_data: { winners: ['Gio'] } }, is_critical: true },
    ],
  });
});
