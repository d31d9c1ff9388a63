import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { liapTui } from '../../actors/room/liap-tui.js';
import { addAdmin } from '../../src/http/admin.js';
import { staffAccess } from '../support/staff-access.js';
import { NAMES, SIMPLE_BOTS, Table } from '../support/table.js';

/* Goal: what an operator does over HTTP is felt by players on their sockets, and outlives the process. */

const TOKEN = 'a-token-for-tests';

/** The operators' API of a table's server, as it is now. */
function operatorOf({ sim }: Table) {
  const { server, engine, clock } = sim;
  const app = new Hono();
  addAdmin(app, {
    access: staffAccess({ admin: TOKEN }, { clock, elapsedMs: clock.elapsedMs }),
    actionsByCookie: false,
    elapsedMs: clock.elapsedMs,
    context: {
      rooms: server.rooms,
      engine,
      writer: server.writer,
      definition: liapTui(),
      dataDir: '/nowhere',
      now: server.now,
      random: (count) => Buffer.alloc(count, 7),
      retentionMs: 1,
      config: null,
      cookies: null,
      log: null,
    },
    writer: server.writer,
    sizeLimits: {},
    connectionCount: () => server.gateway.connectionCount,
    watchdogFinding: () => null,
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await sim.until(Promise.resolve(app.request(`/api/admin${path}`, { ...init, headers })));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const operate = (name: string, params: object = {}) =>
    ask(`/operations/${name}`, { method: 'POST', body: JSON.stringify(params) });
  return { ask, operate };
}

describe('an operator', () => {
  test('finds a move that could not be made among the dead letters, and has it made', async () => {
    const table = await Table.declaring({ humans: 2 });
    table.sim.stepsToFail = 2;
    await table.declare(0, 1);
    const { ask, operate } = operatorOf(table);
    const { body } = await ask('/dead-letters');
    const [letter] = body['items'] as { id: string; roomId: string; error: string }[];
    expect(letter).toMatchObject({ roomId: table.roomId, error: expect.stringContaining('the step was made to fail') });
    expect(JSON.stringify(letter)).not.toContain('session');
    table.person(1).mark();
    expect((await operate('dead-letter-retry', { id: letter!.id })).body).toMatchObject({
      ok: true,
      outcome: 'applied',
    });
    await table.settle(50);
    expect((await table.view()).game?.declarations[0]).toBe(1);
    expect(table.person(1).freshEvents).toContain('phase_change');
    expect((await ask('/dead-letters')).body['items']).toEqual([]);
  });

  test('sees a quarantined room in the status, and releases it', async () => {
    const table = await Table.declaring({ humans: 1, bots: SIMPLE_BOTS });
    await table.declare(0, 1);
    table.sim.stepsToFail = 1_000;
    await table.advance(60_000);
    table.sim.stepsToFail = 0;
    const { ask, operate } = operatorOf(table);
    const { body } = await ask('/status');
    expect(body).toMatchObject({
      rooms: { quarantined: 1 },
      holds: [{ roomId: table.roomId, kind: 'quarantined', why: expect.stringContaining('the step was made to fail') }],
    });
    expect((await operate('resume', { room: table.roomId })).status).toBe(200);
    await table.toPhase('turn');
  });

  test('pauses a room by its code: a move waits through a crash of the server, and is made at the release', async () => {
    const table = await Table.declaring({ humans: 2 });
    const paused = await operatorOf(table).operate('pause', { room: table.code, why: 'maintenance' });
    expect(paused.body).toEqual({ ok: true, room: table.roomId });
    table.host.send('declare', { player_name: NAMES[0], value: 1 });
    await table.settle(50);
    expect((await operatorOf(table).ask('/inbox')).body['items']).toMatchObject([{ roomId: table.roomId }]);
    await table.sim.crash();
    const after = operatorOf(table);
    expect((await after.ask('/audit')).body['items']).toMatchObject([{ action: 'pause', actor: 'http' }]);
    expect((await after.ask(`/rooms/${table.code}`)).body).toMatchObject({
      hold: { kind: 'paused', why: 'maintenance' },
    });
    expect((await after.operate('resume', { room: table.code })).status).toBe(200);
    await table.settle(50);
    expect((await table.view()).game?.declarations[0]).toBe(1);
    expect((await after.ask('/inbox')).body['items']).toEqual([]);
  });

  test('sets a room back: its players see it as it was', async () => {
    const table = await Table.declaring({ humans: 2 });
    const { ask, operate } = operatorOf(table);
    const before = (await ask(`/rooms/${table.code}/state`)).body['seq'] as number;
    await table.declare(0, 1);
    table.person(1).mark();
    const { status, body } = await operate('restore', { room: table.code, to: before });
    expect([status, body['to']]).toEqual([200, before]);
    await table.settle(50);
    expect((await table.view()).game?.declarations[0] ?? null).toBeNull();
    expect(table.person(1).freshEvents.length).toBeGreaterThan(0);
    expect((await table.declare(0, 2)).event).toBe('phase_change');
  });

  test('is told that nothing was done while the store is away, and nothing was', async () => {
    const table = await Table.declaring({ humans: 2 });
    const { ask, operate } = operatorOf(table);
    table.sim.engine.failNext(1_000, 'SQLITE_FULL');
    const { status, body } = await operate('pause-all');
    expect([status, body['detail']]).toEqual([409, 'The store is away: nothing was done']);
    expect(table.sim.server.rooms.holds()).toEqual([]);
    await table.advance(5_000);
    expect((await ask('/status')).body).toMatchObject({ writer: { available: false } });
    table.sim.engine.failNext(0, '');
    await table.advance(5_000);
    expect((await table.declare(0, 1)).event).toBe('phase_change');
    expect((await ask('/audit')).body['items']).toEqual([]);
  });
});
