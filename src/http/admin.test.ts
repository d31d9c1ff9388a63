import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRows } from '../../actors/appends.js';
import { OperatedFolder } from '../../test/support/operated-folder.js';
import { staffAccess } from '../../test/support/staff-access.js';
import { createSessions } from '../gateway/sessions.js';
import { MemoryRateLimiter } from '../limits/memory-rate-limiter.js';
import { createLog } from '../telemetry/log.js';
import { addAdmin, type AdminDeps } from './admin.js';
import type { AdminAccess } from './admin-access.js';
import { createApp } from './app.js';

/* Goal: whoever lacks the token learns and does nothing; whoever has it gets what the table of operations promises. */

const TOKEN = 'a-token-for-tests';
const OPERATOR = 'a-token-of-operators';
const lines: string[] = [];
let data: OperatedFolder;
let app: Hono;

beforeAll(async () => {
  data = await OperatedFolder.open();
  app = appWith();
});
afterAll(() => data.remove());

function appWith(over: Partial<AdminDeps> = {}): Hono {
  const log = createLog('trace', { write: (line) => lines.push(line) });
  const app = createApp({
    staticDir: undefined,
    trustProxy: false,
    sessions: createSessions({ secret: 'a key for tests' }),
    health: () => ({ live: true, ready: true, checks: [], startedAtMs: 0 }),
    circuits: () => [],
    healthChanges: () => [],
    limiter: new MemoryRateLimiter(() => 0),
    limits: { rateLimitFactor: 1, limitLoopback: false },
    clock: { nowMs: () => 0, elapsedMs: () => 0 },
    log,
  });
  addAdmin(app, {
    access: accessWith(false),
    actionsByCookie: false,
    elapsedMs: () => 1,
    context: data.context,
    writer: {
      available: true,
      undecidedCount: 0,
      counters: { batches: 1, appends: 2, failures: 0, lastBatchCount: 1, lastCommitMs: 0.5 },
    },
    sizeLimits: { bytesMax: 1 },
    connectionCount: () => 3,
    watchdogFinding: () => null,
    ...over,
  });
  return app;
}

const accessWith = (trustProxy: boolean): AdminAccess =>
  staffAccess({ admin: TOKEN, operator: OPERATOR }, { trustProxy });

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

async function ask(path: string, init: RequestInit = {}, to = app, address = '192.0.2.1'): Promise<Answer> {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string> | undefined) };
  const bindings = { incoming: { socket: { remoteAddress: address }, rawHeaders: [] } };
  const response = await to.request(`/api/admin${path}`, { ...init, headers }, bindings);
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Answer['body'], headers: response.headers };
}

const operate = (name: string, params: unknown = {}): Promise<Answer> =>
  ask(`/operations/${name}`, { method: 'POST', body: JSON.stringify(params) });

describe('without the token', () => {
  const attempts: readonly [string, string, Record<string, string>][] = [
    ['none', '/status', {}],
    ['a wrong one', '/status', { authorization: 'Bearer wrong' }],
    ['one that begins rightly', '/status', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['another scheme', '/status', { authorization: `Basic ${TOKEN}` }],
    ['the right one with something behind it', '/status', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
    ['the right one in the query', `/status?token=${TOKEN}`, {}],
    ['the right one in a cookie', '/status', { cookie: `admin_token=${TOKEN}; token=${TOKEN}` }],
    ['none, on a path that does not exist', '/nothing', {}],
    ['none, on an operation that does not exist', '/operations/nothing', {}],
    ['none, with an encoded path', '/%73tatus', {}],
    ['none, with another case', '/../admin/status', {}],
  ];
  test.each(attempts)('%s: 401', async (_, path, headers) => {
    const response = await app.request(`/api/admin${path}`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).not.toContain(TOKEN);
  });

  test.each(['/api/admin', '/api/admin/', '/api//admin/status'])('%s tells nothing', async (path) => {
    const { status } = await app.request(path);
    expect([401, 404]).toContain(status);
  });

  test('nothing is done, and nothing is read of a body', async () => {
    const { roomId } = await data.room();
    const body = JSON.stringify({ room: roomId });
    const { status } = await app.request('/api/admin/operations/pause', { method: 'POST', body });
    expect([status, data.context.rooms.holdOf(roomId)]).toEqual([401, null]);
    const huge = await app.request('/api/admin/operations/pause', { method: 'POST', body: 'x'.repeat(1_000_000) });
    expect(huge.status).toBe(401);
  });

  const wrong = { authorization: 'Bearer wrong' };

  test('guessing is limited by address, which locks out nobody who has the token', async () => {
    const limited = appWith();
    for (let guess = 0; guess < 10; guess++)
      expect((await ask('/status', { headers: wrong }, limited)).status).toBe(401);
    const answer = await ask('/status', { headers: wrong }, limited);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '6']);
    expect((await ask('/status', {}, limited)).status).toBe(200);
    expect((await ask('/status', { headers: wrong }, limited, '192.0.2.2')).status).toBe(401);
  });

  test('a header that anybody can set makes nobody another address', async () => {
    const limited = appWith();
    for (let guess = 0; guess < 10; guess++) {
      await ask('/status', { headers: { ...wrong, 'x-forwarded-for': `198.51.100.${guess}` } }, limited);
    }
    const headers = { ...wrong, 'x-forwarded-for': '203.0.113.1' };
    expect((await ask('/status', { headers }, limited)).status).toBe(429);
  });

  test('behind a proxy that is believed, the address is the one that the proxy saw', async () => {
    const limited = appWith({ access: accessWith(true) });
    for (let guess = 0; guess < 10; guess++) {
      const headers = { ...wrong, 'x-forwarded-for': `10.0.0.${guess}, 198.51.100.7` };
      await ask('/status', { headers }, limited);
    }
    const same = { headers: { ...wrong, 'x-forwarded-for': '10.1.1.1, 198.51.100.7' } };
    const other = { headers: { ...wrong, 'x-forwarded-for': '198.51.100.7, 198.51.100.8' } };
    expect((await ask('/status', same, limited)).status).toBe(429);
    expect((await ask('/status', other, limited)).status).toBe(401);
  });
});

describe('an operator', () => {
  const headers = { authorization: `Bearer ${OPERATOR}` };
  const operate = (name: string, params: unknown) =>
    ask(`/operations/${name}`, { method: 'POST', body: JSON.stringify(params), headers });

  test('looks at everything but what is hidden while a game runs', async () => {
    const { code } = await data.room();
    for (const path of ['/status', `/rooms/${code}/history?events=whole`, '/dead-letters', `/rooms/${code}/state`]) {
      expect([path, (await ask(path, { headers })).status]).toEqual([path, 200]);
      const more = path.includes('?') ? '&' : '?';
      for (const spelled of [
        'reveal=true',
        '%72eveal=true',
        'reveal=true&reveal=false',
        '%72eveal=true&reveal=false',
      ]) {
        const { status, body } = await ask(`${path}${more}${spelled}`, { headers });
        expect([spelled, status, body['detail']]).toEqual([spelled, 403, expect.stringContaining('admin token')]);
      }
    }
  });

  test('stops rooms and lets them go on, and does nothing that can not be undone', async () => {
    const { code, roomId } = await data.room();
    expect((await operate('pause', { room: code })).status).toBe(200);
    expect((await operate('resume', { room: code })).status).toBe(200);
    const { status, body } = await operate('close', { room: code });
    expect([status, body['detail']]).toEqual([403, 'An operator may not close: that needs the admin token']);
    expect((await data.engine.row('rooms', roomId))!.status).toBe('waiting');
    const { items } = (await ask('/audit?limit=2')).body as { items: object[] };
    expect(items).toMatchObject([
      { actor: 'http-operator', action: 'close', target: roomId, detail: { outcome: 'refused' } },
      { actor: 'http-operator', action: 'resume', detail: { outcome: 'done' } },
    ]);
  });

  test('is not there where no token was set for one', async () => {
    const alone = appWith({ access: staffAccess({ admin: TOKEN }) });
    expect((await ask('/status', { headers }, alone)).status).toBe(401);
    expect((await ask('/status', { headers: { authorization: 'Bearer undefined' } }, alone)).status).toBe(401);
  });
});

describe('an operation', () => {
  test('is done and answered, and nobody keeps the answer', async () => {
    const { roomId, code } = await data.room();
    const { status, body, headers } = await operate('pause', { room: code, why: 'to look' });
    expect([status, body]).toEqual([200, { ok: true, room: roomId }]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(data.context.rooms.holdOf(roomId)).toMatchObject({ why: 'to look' });
    expect((await operate('resume', { room: code })).status).toBe(200);
  });

  test('needs no body where it has no parameters', async () => {
    const { status, body } = await ask('/operations/rebuild-statistics', { method: 'POST' });
    expect([status, body]).toEqual([200, { ok: true, corrected: 0 }]);
  });

  const refused: readonly [string, number, string, unknown, string][] = [
    ['that is unknown', 404, 'nothing', {}, 'There is no operation nothing'],
    ['named like a member of every object', 404, 'constructor', {}, 'There is no operation constructor'],
    ['named like a prototype', 404, '__proto__', {}, 'There is no operation __proto__'],
    ['of an unknown room', 404, 'pause', { room: 'FFFFFF' }, 'There is no room FFFFFF'],
    ['without its parameters', 400, 'pause', {}, 'room: '],
    ['with a parameter that it does not have', 400, 'resume-all', { force: true }, 'force'],
    ['with parameters of another kind', 400, 'pause', { room: ['a'] }, 'room: '],
    ['with no object', 400, 'pause', [1], 'expected object'],
    ['with null', 400, 'pause', null, 'expected object'],
    ['that is not possible now', 409, 'resume-all', {}, 'The rooms are not paused'],
    ['that would write outside the backups', 409, 'backup', { file: '../../x.sqlite' }, 'plain name'],
    ['that would read outside the imports', 409, 'import', { file: '/etc/passwd' }, 'plain name'],
  ];
  test.each(refused)('%s: %i', async (_, expected, name, params, sentence) => {
    const { status, body, headers } = await operate(name, params);
    expect([status, body['status'], body['detail']]).toEqual([expected, expected, expect.stringContaining(sentence)]);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  test('with a body that is no JSON: 400', async () => {
    const { status, body } = await ask('/operations/pause', { method: 'POST', body: 'room=A' });
    expect([status, body['detail']]).toEqual([400, 'The body is not JSON']);
  });

  test('with a body that goes deeper than 32 levels: 400', async () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const detail = async (body: string) => (await ask('/operations/pause', { method: 'POST', body })).body['detail'];
    expect(await detail(nested(33))).toBe('The body goes too deep');
    expect(await detail(nested(32))).toContain('expected object');
  });

  test.each([{}, { 'Idempotency-Key': 'once' }])(
    'with a body that breaks off: 400, since nothing failed here',
    async (headers) => {
      const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('aborted')) });
      const { body } = new Request('http://here', { method: 'POST', body: broken, duplex: 'half' });
      const init = {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { ...headers, 'content-length': '9' },
      } as RequestInit;
      const { status, body: told } = await ask('/operations/pause', init);
      expect([status, told['detail']]).toEqual([400, 'The body did not come whole']);
    },
  );

  test('with a body that is too long: 413, whether it says its length or not', async () => {
    const body = JSON.stringify({ room: 'x'.repeat(20_000) });
    expect((await ask('/operations/pause', { method: 'POST', body })).status).toBe(413);
    const stream = new Blob([body]).stream();
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect((await ask('/operations/pause', init)).status).toBe(413);
  });

  test('with a body of 16 KiB is read, with one byte more refused, by its length as well as counted', async () => {
    const statusOf = async (bytes: number, headers: Record<string, string>) =>
      (await ask('/operations/pause', { method: 'POST', body: ' '.repeat(bytes), headers })).status;
    for (const headers of [{}, { 'content-length': '' }]) {
      const told = (bytes: number) => ('content-length' in headers ? { 'content-length': String(bytes) } : {});
      expect(await statusOf(16 * 1024, told(16 * 1024))).toBe(400);
      expect(await statusOf(16 * 1024 + 1, told(16 * 1024 + 1))).toBe(413);
    }
    expect(await statusOf(10, { 'content-length': '16385' }), 'before it is read').toBe(413);
  });

  test('is never done by a GET', async () => {
    const { status, headers } = await ask('/operations/pause-all');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
    expect(data.context.rooms.holds()).toEqual([]);
  });

  test('is in the audit, refused ones as well', async () => {
    await operate('resume-all');
    const { body } = await ask('/audit?limit=1');
    expect(body['items']).toMatchObject([
      {
        actor: 'http',
        action: 'resume-all',
        target: '',
        detail: { outcome: 'refused', why: 'The rooms are not paused' },
      },
    ]);
  });
});

test('the status shows rooms, holds, writer, connections, and what has grown too large', async () => {
  const { roomId } = await data.room();
  await operate('pause', { room: roomId });
  const { body } = await ask('/status');
  expect(body).toMatchObject({
    connections: 3,
    watchdog: null,
    writer: { available: true, undecidedCount: 0, batches: 1 },
    holds: [{ roomId, kind: 'paused' }],
    store: { kind: 'known', findings: [expect.stringContaining('The store takes ')] },
  });
  expect(body['rooms']).toMatchObject({ paused: 1, quarantined: 0 });
  await operate('resume', { room: roomId });
});

test('the status is there while the store is not', async () => {
  const { StoreFailure } = await import('../../persistence/journal.js');
  const { rooms, engine, ...rest } = data.context;
  const away = Object.assign(Object.create(engine) as typeof engine, {
    size: () => Promise.reject(new StoreFailure('failed', 'SQLITE_IOERR', 'The disk is gone')),
  });
  const { status, body } = await ask('/status', {}, appWith({ context: { rooms, engine: away, ...rest } }));
  expect([status, body['store']]).toEqual([200, { kind: 'away', code: 'SQLITE_IOERR' }]);
});

describe('a room', () => {
  test('is shown by its code or its id, without who made it', async () => {
    const { roomId, code } = await data.room();
    for (const name of [roomId, code, code.toLowerCase()]) {
      const { body } = await ask(`/rooms/${name}`);
      expect(body).toMatchObject({
        roomId,
        code,
        hold: null,
        restarts: 0,
        head: { seq: 1, closed: false },
        memory: { waiting: 0 },
        listing: { status: 'waiting', freeSeats: 0 },
        damaged: [],
      });
      expect(JSON.stringify(body)).not.toContain('session-of-ann');
    }
  });

  test('tells what happened in it, entry by entry', async () => {
    const { roomId, code } = await data.room();
    await data.free(roomId, 1);
    const first = await ask(`/rooms/${code}/history?limit=1`);
    expect(first.body).toMatchObject({ items: [{ seq: 1, type: 'create' }], next: 2, revealed: false, stop: null });
    const second = await ask(`/rooms/${roomId}/history?from=2&events=whole`);
    expect(second.body).toMatchObject({ items: [{ seq: 2, type: 'removePlayer', seat: 0 }], next: null });
    const changes = await ask(`/rooms/${roomId}/changes?from=2`);
    expect(changes.body).toMatchObject({ items: [{ seq: 2, type: 'removePlayer' }] });
    const now = await ask(`/rooms/${roomId}/state`);
    const then = await ask(`/rooms/${roomId}/state?seq=1`);
    expect([now.body['seq'], then.body['seq']]).toEqual([2, 1]);
  });

  test('shows its seed to nobody who did not ask for it', async () => {
    const { roomId } = await data.room();
    const [entry] = await data.engine.read(roomId, 1, 1);
    const { seed } = JSON.parse(entry!.message) as { seed: string };
    for (const what of ['', '/history?events=whole', '/changes', '/state']) {
      expect(JSON.stringify((await ask(`/rooms/${roomId}${what}`)).body)).not.toContain(seed);
    }
    expect(JSON.stringify((await ask(`/rooms/${roomId}/history?reveal=true`)).body)).toContain(seed);
  });

  test.each(['history', 'changes', 'state'])('%s of an unknown room is not found', async (what) => {
    expect((await ask(`/rooms/FFFFFF/${what}`)).status).toBe(404);
  });

  test.each(['history?from=0', 'history?events=all', 'changes?limit=201', 'state?seq=x', 'state?reveal=1'])(
    '%s: 400',
    async (what) => {
      const { roomId } = await data.room();
      expect((await ask(`/rooms/${roomId}/${what}`)).status).toBe(400);
    },
  );

  test('an entry that is not there has no state', async () => {
    const { roomId } = await data.room();
    expect((await ask(`/rooms/${roomId}/state?seq=99`)).status).toBe(404);
  });

  test.each(['FFFFFF', 'none', '..%2f..%2fetc', '%00'])('%s is not found', async (name) => {
    const { status } = await ask(`/rooms/${name}`);
    expect(status).toBe(404);
  });
});

describe('a listing', () => {
  test('goes page by page and ends', async () => {
    await data.room();
    await data.room();
    const seen: unknown[] = [];
    let after = '';
    for (let page = 0; page < 100; page++) {
      const { body } = await ask(`/rooms?limit=1${after}`);
      const { items, next } = body as { items: unknown[]; next: string | null };
      seen.push(...items);
      if (next === null) break;
      after = `&after=${next}`;
    }
    const { body } = await ask('/rooms?limit=200');
    expect(seen).toEqual(body['items']);
    expect(seen.length).toBeGreaterThan(1);
  });

  test.each([
    '/audit',
    '/holds',
    '/dead-letters',
    '/inbox',
    '/rooms',
    '/games?status=over',
    '/dead-letters?room=none',
    '/inbox?room=none',
  ])('%s answers a page', async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['damaged', 'items', 'next']);
  });

  test.each([
    '/audit?limit=0',
    '/audit?limit=201',
    '/audit?limit=1e2',
    '/audit?limit=-1',
    '/audit?after=nonsense',
    '/audit?token=x',
    '/holds?room=x',
    '/rooms?status=none',
    '/games?status=none',
    `/inbox?after=${'x'.repeat(2_000)}`,
  ])('%s: 400', async (path) => {
    const { status, headers } = await ask(path);
    expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  });

  test('of games, seats and players tells who played what', async () => {
    const { roomId } = await data.room();
    expect((await ask(`/rooms/${roomId}/game`)).status).toBe(404);
    await data.tell(roomId, { type: 'startGame', session: 'session-of-ann', seat: 0 });
    const { body } = await ask('/games');
    expect(body['items']).toMatchObject([{ roomId, status: 'running' }]);
    const game = await ask(`/rooms/${roomId}/game`);
    expect(game.body).toMatchObject({ game: { roomId }, seats: [{ name: 'Ann', playerId: null }, {}, {}, {}] });
    const revealed = await ask(`/rooms/${roomId}/game?reveal=true`);
    expect(revealed.body).toMatchObject({ seats: [{ playerId: 'session-of-ann' }, {}, {}, {}] });
    const player = await ask('/players/session-of-ann');
    expect(player.body).toMatchObject({ player: null, games: { items: [{ roomId, name: 'Ann' }], next: null } });
    expect((await ask('/players/nobody')).status).toBe(404);
  });

  test('never shows a seed', async () => {
    const seed = 'f'.repeat(64);
    const message = JSON.stringify({ type: 'create', seed, nested: { seed } });
    const row = { roomId: 'r', at: 1, seq: 0, message, correlationId: 'c', error: 'Error: it threw' };
    await writeRows(data.context.writer, 'r', [
      { kind: 'put', table: 'deadLetters', key: 'letter', values: { id: 'letter', ...row } },
    ]);
    const { body } = await ask('/dead-letters?room=r');
    expect(body['items']).toMatchObject([{ id: 'letter', error: 'Error: it threw' }]);
    const one = await ask('/dead-letters/letter');
    expect(one.body).toMatchObject({
      letter: { id: 'letter' },
      now: { kind: 'unknown', sentence: 'There is no room r' },
    });
    expect(JSON.stringify([body, one.body])).not.toContain(seed);
    expect((await ask('/dead-letters/none')).status).toBe(404);
    await operate('dead-letter-drop', { id: 'letter' });
  });
});

test('no line of the log holds the token', async () => {
  await ask(`/status?token=${TOKEN}`);
  await operate('pause', { room: TOKEN });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('')).not.toContain(TOKEN);
});

test('an operation that is sent again under its Idempotency-Key is done once', async () => {
  const { roomId } = await data.room();
  const init = { method: 'POST', body: JSON.stringify({ room: roomId }), headers: { 'Idempotency-Key': 'pause-1' } };
  const first = await ask('/operations/pause', init);
  const again = await ask('/operations/pause', init);
  expect([first.status, again.status, again.headers.get('Idempotent-Replayed')]).toEqual([200, 200, 'true']);
  expect(again.body).toEqual(first.body);
});
