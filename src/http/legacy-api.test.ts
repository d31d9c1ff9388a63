import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_TOKEN, TOKEN, VisualizedFolder } from '../../test/support/visualized-folder.js';
import { Traffic } from '../gateway/traffic.js';
import { createApp } from './app.js';
import { addLegacyApi } from './legacy-api.js';

/* Goal: whoever watched the existing system by its endpoints finds the members that it read (protocol.md 6), and hands
 * and deeds are for those who have the token. */

let folder: VisualizedFolder;
let app: Hono;
let code: string;
let roomId: string;
let isWell = true;
let aheadMs = 0;

beforeAll(async () => {
  folder = await VisualizedFolder.open();
  ({ code, roomId } = await folder.playing());
  const { now, ...rest } = folder.data.context;
  const context = { ...rest, now: () => now() + aheadMs };
  const health = () => ({
    live: true,
    ready: true,
    checks: [{ name: 'journal', ok: isWell, detail: '' }],
    startedAtMs: 1_000,
  });
  const clock = { nowMs: () => 61_000, elapsedMs: () => 0 };
  const limits = { rateLimitFactor: 1, limitLoopback: false };
  app = createApp({
    staticDir: undefined,
    trustProxy: false,
    sessions: { issue: () => ({ sid: '', token: '' }), cookie: () => '', fromCookieHeader: () => '' },
    health,
    circuits: () => [],
    healthChanges: () => [],
    limiter: { take: () => Promise.resolve({ allowed: true, remaining: 1 }) },
    limits,
    clock,
    log: {
      debug: () => undefined,
      warn: () => undefined,
      error: (what: { err: unknown }) => {
        throw what.err;
      },
    } as never,
  });
  addLegacyApi(app, {
    access: folder.access,
    actionsByCookie: false,
    context,
    health,
    writer: {
      available: true,
      undecidedCount: 0,
      counters: { batches: 3, appends: 4, failures: 0, lastBatchCount: 1, lastCommitMs: 1 },
    },
    storeStatus: () => null,
    gateway: { connectionCount: 2, traffic: new Traffic() },
    limits,
    limitedRequests: new Map([['http-api', 5]]),
    eventCounts: () => Promise.resolve({ played: 7 }),
    census: () => Promise.resolve({ rooms: 3, games: 1, players: 2 }),
    clock,
  });
});
afterAll(() => folder.remove());

async function ask(path: string, token: string | null = TOKEN, init: RequestInit = {}) {
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }) };
  const response = await app.request(path.replace(':code', code), { ...init, headers });
  const text = await response.text();
  const isJson = /\/(problem\+)?json$/.test(response.headers.get('content-type') ?? '');
  const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.status, body, text, type: response.headers.get('content-type') };
}
const post = (path: string, body: object = {}) => ask(path, TOKEN, { method: 'POST', body: JSON.stringify(body) });

describe('everybody reads', () => {
  const components = [
    'event_store',
    'health_monitor',
    'recovery_manager',
    'websocket_manager',
    'room_manager',
    'rate_limiter',
  ];
  const members: readonly [string, Record<string, unknown>][] = [
    [
      '/api/health/detailed',
      {
        status: 'healthy',
        timestamp: '1970-01-01T00:01:01.000Z',
        version: expect.stringMatching(/^\d/),
        uptime_seconds: 60,
        components: Object.fromEntries(components.map((name) => [name, 'healthy'])),
        memory_usage_mb: expect.any(Number),
        active_rooms: 1,
        active_connections: 2,
      },
    ],
    [
      '/api/system/stats',
      {
        success: true,
        timestamp: 61,
        health: expect.objectContaining({ status: 'healthy' }),
        recovery: expect.objectContaining({ rooms_quarantined: 0 }),
        websocket: expect.objectContaining({ active_connections: 2 }),
        rooms: { total_rooms: 3, active_games: 1, total_players: 2 },
        events: { total_events: null, commits: 3 },
      },
    ],
    [
      '/api/recovery/status',
      { success: true, recovery_system: expect.objectContaining({ restarts: 0, store_available: true }) },
    ],
    ...['/api/rate-limit/stats', '/api/metrics/rate_limits'].map((path): [string, Record<string, unknown>] => [
      path,
      {
        success: true,
        timestamp: 61,
        enabled: true,
        factor: 1,
        websocket: { messages: {}, limited: { flood: 0, message: 0, warning: 0 } },
        http: { limited: { 'http-api': 5 } },
      },
    ]),
    [
      '/api/event-store/stats',
      {
        success: true,
        statistics: {
          total_events: null,
          current_sequence: null,
          rooms_with_events: null,
          events_last_24h: null,
          room_stats: { stored: null, open: 1 },
          event_type_stats: { played: 7 },
        },
        health: { available: true, failures: 0 },
        features: expect.objectContaining({ replay: true }),
      },
    ],
    [
      '/ws/adapter-status',
      { enabled: false, rollout_percentage: 0, shadow_enabled: false, shadow_percentage: 1, initialized: false },
    ],
  ];
  test.each(members)('%s', async (path, body) => {
    expect(await ask(path, null)).toMatchObject({ status: 200, body });
    expect(Object.keys((await ask(path, null)).body).sort()).toEqual(Object.keys(body).sort());
  });

  test('/api/health/metrics, one name and number on each line', async () => {
    const { text, type } = await ask('/api/health/metrics', null);
    expect(type).toMatch(/^text\/plain/);
    const lines = new Map(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    expect([...lines.keys()].every((name) => name.startsWith('liap_tui_'))).toBe(true);
    const value = (name: string) => Number(lines.get(`liap_tui_${name}`));
    expect(['websocket_connections_total', 'websocket_pending_messages_total', 'rooms_total'].map(value)).toEqual([
      2, 0, 3,
    ]);
    expect(['active_games_total', 'health_status', 'uptime_seconds', 'metrics_generated_timestamp'].map(value)).toEqual(
      [1, 0, 60, 61],
    );
    for (const name of ['memory_usage_mb', 'memory_usage_percent', 'cpu_usage_percent', 'disk_usage_percent']) {
      expect([name, value(name) > 0]).toEqual([name, true]);
    }
  });

  test('that a part is not well', async () => {
    isWell = false;
    const { body } = await ask('/api/health/detailed', null);
    isWell = true;
    expect(body).toMatchObject({
      status: 'degraded',
      components: { event_store: 'unhealthy', room_manager: 'healthy' },
    });
  });
});

describe('with a token', () => {
  test('the state of a room has all hands, for the admin alone', async () => {
    for (const token of [null, OPERATOR_TOKEN]) {
      const { status, text } = await ask('/api/rooms/:code/state', token);
      expect([status, text.includes('RED')]).toEqual([token === null ? 401 : 403, false]);
    }
    const { body } = await ask('/api/rooms/:code/state');
    expect(body).toMatchObject({
      success: true,
      room_id: code,
      state_source: 'live',
      state: { players: [{ name: 'Ann' }, {}, {}, {}], round_number: 1, game_active: true },
      recovery_info: { latest_sequence: 4, hold: null, stop: null },
    });
    const { players } = body['state'] as { players: { hand: string[] }[] };
    expect(players.map(({ hand }) => hand.length)).toEqual([8, 8, 8, 8]);
    expect(players.flatMap(({ hand }) => hand).every((piece) => /^[A-Z]+_(RED|BLACK)\(\d+\)$/.test(piece))).toBe(true);
  });

  test('events are numbered, have a kind and a time, and hide what a running game hides', async () => {
    const { body, text } = await ask('/api/rooms/:code/events', OPERATOR_TOKEN);
    const { seed } = JSON.parse((await folder.data.engine.read(roomId, 1, 1))[0]!.message) as { seed: string };
    expect(text).not.toContain(seed);
    expect(body).toMatchObject({
      success: true,
      room_id: code,
      event_count: 4,
      analysis: {
        first_event: { sequence: 1 },
        last_event: { sequence: 4 },
        event_types: { create: 1, connect: 1, startGame: 1, timer: 1 },
      },
    });
    const [first] = body['events'] as object[];
    expect(Object.keys(first!).sort()).toEqual(
      ['sequence', 'room_id', 'event_type', 'payload', 'player_id', 'timestamp', 'created_at'].sort(),
    );
    expect((await ask('/api/rooms/:code/events?reveal=true')).text).toContain(seed);
    expect((await ask('/api/rooms/:code/events?reveal=true', OPERATOR_TOKEN)).status).toBe(403);
    expect((await ask('/api/rooms/:code/events/2?limit=1')).body).toMatchObject({
      since_sequence: 2,
      event_count: 1,
      events: [{ sequence: 3, event_type: 'startGame' }],
      recovery_info: { latest_sequence: 4, has_more_events: true },
    });
  });

  test.each<[string, number, string]>([
    ['/api/rooms/:code/events/-1', 400, 'Sequence number must be non-negative'],
    ['/api/rooms/:code/events/x', 422, 'since: must be a whole number'],
    ['/api/rooms/:code/events?limit=x', 422, 'limit: must be a whole number from 1 to 200'],
    ['/api/rooms/FFFFFF/state', 404, 'Room not found'],
    ['/api/debug/export/:code', 403, 'Hidden: the game runs; reveal=true shows its hands and its seed'],
    ['/api/api/debug/stats', 404, 'Not Found'],
    ['/docs', 404, 'Not Found'],
    ['/redoc', 404, 'Not Found'],
    ['/openapi.json', 404, 'Not Found'],
  ])('%s: %i', async (path, status, detail) => {
    expect(await ask(path)).toMatchObject({ status, body: { status, detail }, type: 'application/problem+json' });
  });

  const debug: readonly [string, Record<string, unknown>][] = [
    ['/api/debug/room-stats', { timestamp: 61, stats: { total_rooms: 3, open: 1 } }],
    [
      '/api/debug/room-stats?room_id=:code',
      { stats: {}, room_validation: { valid: true, issues: [] }, room_summary: { head: { closed: false } } },
    ],
    ['/api/debug/events/:code?event_type=timer', { event_count: 1, events: [{ sequence: 4 }] }],
    ['/api/debug/events/:code/sequence/3', { since_sequence: 3, events: [{ sequence: 4 }] }],
    ['/api/debug/replay/:code', { success: true, events_replayed: 4, state: { round_number: 1 }, stop: null }],
    ['/api/debug/turns/:code?turn_number=1&player_name=Ann', { turn_count: 0, turns: [] }],
    ['/api/debug/validate/:code', { success: true, validation: { valid: true, verdict: 'sound', events: 4 } }],
    ['/api/debug/stats', { success: true, statistics: { event_type_stats: {} }, writer: { batches: 3 } }],
  ];
  test.each(debug)('%s, for the admin alone', async (path, body) => {
    expect((await ask(path, null)).status).toBe(401);
    expect((await ask(path, OPERATOR_TOKEN)).status).toBe(403);
    expect(await ask(path)).toMatchObject({ status: 200, body });
  });

  test('/api/debug/export/:room is the journal of the room', async () => {
    const { text, type } = await ask('/api/debug/export/:code?reveal=true');
    expect(type).toBe('application/x-ndjson');
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ).toEqual(['header', 'entry', 'entry', 'entry', 'entry', 'trailer']);
  });
});

describe('what changes something', () => {
  test('is an operation, with its audit', async () => {
    const { body } = await post('/api/recovery/trigger/restart', { room: code });
    expect(body).toMatchObject({ success: true, procedure: 'restart', context: { room: code }, triggered: true });
    expect(
      (await folder.request('/api/admin/audit?limit=1', { headers: { authorization: `Bearer ${TOKEN}` } })).body.items,
    ).toMatchObject([{ actor: 'http', action: 'restart', target: roomId, detail: { outcome: 'done' } }]);
    expect(await post('/api/recovery/trigger/magic')).toMatchObject({ status: 404 });
    expect(await post('/api/recovery/trigger/pause', { room: 7 })).toMatchObject({ status: 400 });
    const init = { method: 'POST', body: '{}' };
    expect((await ask('/api/recovery/trigger/repair', OPERATOR_TOKEN, init)).status).toBe(403);
    expect((await ask('/api/event-store/cleanup', OPERATOR_TOKEN, init)).status).toBe(403);
    expect((await ask('/api/event-store/cleanup', null, init)).status).toBe(401);
  });

  test('a cleanup moves closed rooms that are old enough into their archive', async () => {
    const closed = await folder.data.room();
    await folder.data.closeRoom(closed.roomId);
    const young = {
      success: true,
      deleted_events: 0,
      older_than_hours: 24,
      cleanup_completed: true,
      archived_rooms: 0,
    };
    expect((await post('/api/event-store/cleanup')).body).toEqual(young);
    expect((await post('/api/debug/cleanup?older_than_hours=720')).body).toEqual({ ...young, older_than_hours: 720 });
    aheadMs = 25 * 3_600_000;
    const { body } = await post('/api/event-store/cleanup');
    expect(body).toEqual({ ...young, deleted_events: 2, archived_rooms: 1 });
    expect(await folder.data.engine.heads([closed.roomId])).toEqual([]);
    expect(await post('/api/event-store/cleanup')).toMatchObject({ body: young });
  });

  test.each([
    ['0', 400, 'older_than_hours must be at least 1'],
    ['721', 400, 'older_than_hours cannot exceed 720 (30 days)'],
    ['x', 422, 'older_than_hours: must be a whole number'],
  ])('a cleanup of what is older than %s hours: %i', async (hours, status, detail) => {
    for (const path of ['/api/event-store/cleanup', '/api/debug/cleanup']) {
      expect(await post(`${path}?older_than_hours=${hours}`)).toMatchObject({ status, body: { detail } });
    }
  });
});
