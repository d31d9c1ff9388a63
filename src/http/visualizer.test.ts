import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MachineChart } from '../../actors/machine-chart.js';
import { liapTui } from '../../actors/room/liap-tui.js';
import { memoryKey } from '../../test/support/staff-access.js';
import { type Answer, ORIGIN, TOKEN, VisualizedFolder } from '../../test/support/visualized-folder.js';
import { ADMIN_COOKIE, createAdminCookies } from './admin-cookie.js';

/* Goal: whoever lacks the token learns nothing, a browser changes nothing but from our own page, and all that
 * docs/VISUALIZER_API.md says of rooms is answered so. */

let folder: VisualizedFolder;
let room: { readonly roomId: string; readonly code: string };

beforeAll(async () => {
  folder = await VisualizedFolder.open();
  room = await folder.playing();
  await folder.data.tell(room.roomId, { type: 'play', session: 'session-of-ann', seat: 0, indices: [0] });
  await folder.data.tell(room.roomId, { type: 'declare', session: 'somebody-else', seat: 0, value: 1 });
});
afterAll(() => folder.remove());

const cookie = (from = folder): string => `${ADMIN_COOKIE}=${from.access.cookies.issue('admin')}`;
const operatorCookie = (): string => `${ADMIN_COOKIE}=${folder.access.cookies.issue('operator')}`;
const OWN = { 'x-visualizer': '1', origin: ORIGIN, host: 'localhost', 'sec-fetch-site': 'same-origin' };

describe('without the token', () => {
  test('no path answers, known or not', async () => {
    const paths = folder.app.routes
      .filter(({ method, path }) => method === 'GET' && path.startsWith('/api/visualizer'))
      .map(({ path }) => path.replace(':room', room.code).replace(':id', 's1'));
    expect(paths.length).toBeGreaterThan(15);
    for (const path of [...paths, '/api/visualizer/nothing']) {
      const { status, text, headers } = await folder.request(path);
      expect([path, status]).toEqual([path, 401]);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(text).not.toContain(room.code);
    }
  });

  test.each([
    ['a cookie that nobody signed', `${ADMIN_COOKIE}=admin.99999999999999.AAAA`],
    ['the token itself as a cookie', `${ADMIN_COOKIE}=${TOKEN}`],
    ['a cookie whose time was changed', () => cookie().replace(/\.\d/, '.9')],
    ['a cookie whose role was changed', () => operatorCookie().replace('operator', 'admin')],
  ])('%s does not open it', async (_, given) => {
    const headers = { cookie: typeof given === 'string' ? given : given() };
    expect((await folder.request('/api/visualizer', { headers })).status).toBe(401);
  });
});

describe('a cookie', () => {
  const tokens = { admin: 'a token', operator: 'another' };

  test('ends after twelve hours, with its own token, and when all are revoked, and not with the process', () => {
    let now = 0;
    const clock = { nowMs: () => now, schedule: () => () => undefined };
    const key = memoryKey();
    const cookies = createAdminCookies({ tokens, key, clock });
    const issued = cookies.issue('operator');
    expect(cookies.roleOf(issued)).toBe('operator');
    expect(createAdminCookies({ tokens: { ...tokens, admin: 'new' }, key, clock }).roleOf(issued)).toBe('operator');
    expect(createAdminCookies({ tokens: { ...tokens, operator: 'new' }, key, clock }).roleOf(issued)).toBeNull();
    expect(createAdminCookies({ tokens: { admin: 'a token' }, key, clock }).roleOf(issued)).toBeNull();
    now = 12 * 3_600_000 - 1;
    expect(cookies.roleOf(issued)).toBe('operator');
    now++;
    expect(cookies.roleOf(issued)).toBeNull();
    const later = cookies.issue('admin');
    cookies.revoke();
    expect([later, cookies.issue('admin')].map(cookies.roleOf)).toEqual([null, 'admin']);
  });

  test('that ends is told to whatever goes on by it, once, and at once where it ended before', () => {
    const timers: { readonly delayMs: number; run: () => void }[] = [];
    const schedule = (delayMs: number, run: () => void) => {
      timers.push({ delayMs, run });
      return () => undefined;
    };
    const cookies = createAdminCookies({ tokens, key: memoryKey(), clock: { nowMs: () => 5, schedule } });
    const ended: string[] = [];
    const issued = cookies.issue('admin');
    cookies.follow(issued, () => ended.push('expired'));
    cookies.follow(issued, () => ended.push('revoked'));
    cookies.follow(issued, () => ended.push('left'))();
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([43_200_000, 43_200_000, 43_200_000]);
    timers[0]!.run();
    cookies.revoke();
    cookies.follow(issued, () => ended.push('late'));
    expect(ended).toEqual(['expired', 'revoked', 'late']);
  });

  test('is revoked by an operation, for whoever was let in by one', async () => {
    const before = cookie();
    const ask = () => folder.request('/api/visualizer', { headers: { cookie: before } });
    expect((await ask()).status).toBe(200);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const init = { method: 'POST', headers, body: '{}' };
    expect((await folder.request('/api/admin/operations/revoke-admin-cookies', init)).status).toBe(200);
    expect((await ask()).status).toBe(401);
  });

  test('of an operator looks at rooms and at no sandbox', async () => {
    const headers = { cookie: operatorCookie() };
    expect((await folder.request('/api/visualizer', { headers })).body).toMatchObject({ role: 'operator' });
    expect((await folder.request(`/api/visualizer/rooms/${room.code}/state`, { headers })).status).toBe(200);
    expect((await folder.request('/api/visualizer/sandboxes', { headers })).status).toBe(403);
    const init = { method: 'POST', headers: { ...headers, ...OWN }, body: JSON.stringify({ room: room.code }) };
    expect((await folder.request('/api/visualizer/sandboxes', init)).status).toBe(403);
  });
});

describe('a browser', () => {
  test('gets the cookie for the token, and loses it when it says so', async () => {
    const login = (token: string, headers = {}): Promise<Answer> =>
      folder.request('/api/visualizer/session', {
        method: 'POST',
        headers: { ...OWN, ...headers },
        body: JSON.stringify({ token }),
      });
    expect((await login('wrong')).status).toBe(401);
    expect((await login(TOKEN, { origin: 'https://evil.example' })).status).toBe(403);
    const given = (await login(TOKEN)).headers.get('set-cookie')!;
    expect(given).toMatch(
      /^admin_session=admin\.\d+\.[\w-]{43}; Max-Age=43200; Path=\/api; HttpOnly; SameSite=Strict$/,
    );
    expect(given).not.toContain(TOKEN);
    const [pair] = given.split(';');
    expect((await folder.request('/api/visualizer', { headers: { cookie: pair! } })).body).toMatchObject({
      version: 1,
      via: 'cookie',
      actions: false,
    });
    const ended = await folder.request('/api/visualizer/session', { method: 'DELETE', headers: OWN });
    expect(ended.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  test('has the token of a link swapped for the cookie', async () => {
    const { status, headers } = await folder.request(`/visualizer/rooms/${room.code}?entry=3&token=${TOKEN}`);
    expect([status, headers.get('location')]).toEqual([302, `/visualizer/rooms/${room.code}?entry=3`]);
    expect(headers.get('set-cookie')).toContain('SameSite=Strict');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect((await folder.request('/visualizer?token=wrong')).status).toBe(401);
    const embedded = { headers: { 'sec-fetch-dest': 'image' } };
    for (let asked = 0; asked < 20; asked++) {
      expect((await folder.request('/visualizer?token=wrong', embedded)).status).toBe(403);
    }
    const right = await folder.request(`/visualizer?token=${TOKEN}`, embedded);
    expect([right.status, right.headers.get('set-cookie')]).toEqual([403, null]);
    const elsewhere = await folder.request(`/visualizer//evil.example/..?token=${TOKEN}`);
    expect(elsewhere.headers.get('location')).toMatch(/^\/visualizer/);
  });

  const foreign: readonly [string, Record<string, string>][] = [
    ['without the header that only a page of ours sends', { origin: ORIGIN, host: 'localhost' }],
    ['from another origin', { 'x-visualizer': '1', origin: 'https://evil.example', host: 'localhost' }],
    ['from a page without an origin', { 'x-visualizer': '1', origin: 'null', host: 'localhost' }],
    ['that says nothing of its page', { 'x-visualizer': '1' }],
    ['that the browser calls cross-site', { ...OWN, 'sec-fetch-site': 'cross-site' }],
    ['that the browser calls same-site', { ...OWN, 'sec-fetch-site': 'same-site' }],
  ];
  test.each(foreign)('a change %s is not made', async (_, headers) => {
    for (const path of ['/api/visualizer/sandboxes', '/api/admin/operations/pause']) {
      const init = {
        method: 'POST',
        headers: { cookie: cookie(), ...headers },
        body: JSON.stringify({ room: room.code }),
      };
      const { status, body } = await folder.request(path, init);
      expect([path, status, body.detail]).toEqual([path, 403, expect.stringMatching(/^Cross-site/)]);
    }
    expect(folder.data.context.rooms.holdOf(room.roomId)).toBeNull();
  });

  test("another site's page reads nothing", async () => {
    const headers = { cookie: cookie(), 'sec-fetch-site': 'cross-site' };
    expect((await folder.request('/api/visualizer/rooms', { headers })).status).toBe(403);
    expect((await folder.request('/api/admin/status', { headers })).status).toBe(403);
  });

  test('looks only, unless the settings let it act', async () => {
    const pause = (to: VisualizedFolder, headers: Record<string, string>, named: string): Promise<Answer> =>
      to.request('/api/admin/operations/pause', { method: 'POST', headers, body: JSON.stringify({ room: named }) });
    const { status, body } = await pause(folder, { cookie: cookie(), ...OWN }, room.code);
    expect([status, body.detail]).toEqual([403, expect.stringMatching(/^Read-only/)]);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    const other = await folder.data.room();
    expect((await pause(folder, bearer, other.code)).status).toBe(200);

    const acting = folder.behind({ actionsByCookie: true });
    const { code, roomId } = await acting.data.room();
    expect((await pause(acting, { cookie: cookie(acting), ...OWN }, code)).status).toBe(200);
    expect(acting.data.context.rooms.holdOf(roomId)).toMatchObject({ kind: 'paused' });
    await acting.data.perform('resume', { room: code });
    acting.visualizer.stop();
  });

  test('is slowed down where it asks too much', async () => {
    const slow = folder.behind({ rateLimitFactor: 0.01 });
    const statuses: number[] = [];
    for (let asked = 0; asked < 5; asked++) statuses.push((await slow.ask('/chart')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await slow.ask('/chart')).headers.get('retry-after')).toBe('1');
    slow.visualizer.stop();
  });
});

describe('the list of rooms', () => {
  test('is searched by code, id and player, filtered and sorted', async () => {
    const { code, roomId } = await folder.data.room();
    const found = async (query: string): Promise<unknown[]> =>
      (await folder.ask(`/rooms?${query}`)).body.items!.map((item) => item['roomId']);
    expect(await found(`q=${code.toLowerCase()}`)).toEqual([roomId]);
    expect(await found(`q=${roomId.slice(-12)}`)).toEqual([roomId]);
    expect(await found('q=aNN')).toContain(roomId);
    expect(await found('q=nobody')).toEqual([]);
    expect(await found('status=playing')).toEqual([room.roomId]);
    expect(await found('phase=waiting')).not.toContain(room.roomId);
    expect(await found('health=refusals')).toEqual([room.roomId]);
    const codes = (await folder.ask('/rooms?sort=code')).body.items!.map((item) => String(item['code']));
    expect(codes).toEqual(codes.toSorted());
  });

  test('shows how a room fares', async () => {
    const { code, roomId } = await folder.data.room();
    await folder.data.perform('pause', { room: code });
    const { body } = await folder.ask(`/rooms?health=paused&q=${code}`);
    expect(body).toMatchObject({
      version: 1,
      matching: 1,
      counts: { health: { quarantined: 0 } },
      items: [{ roomId, health: ['paused'], inMemory: true, phase: 'waiting', refusals: 0 }],
    });
    await folder.data.perform('resume', { room: code });
    expect((await folder.ask(`/rooms?health=unwell&q=${code}`)).body.items).toEqual([]);
  });

  test('hears of new rooms, and of what happens in them', async () => {
    await folder.ask('/rooms');
    const { code, roomId } = await folder.data.room();
    await folder.data.free(roomId, 1);
    const [item] = (await folder.ask(`/rooms?q=${code}`)).body.items!;
    expect(item).toMatchObject({ seq: 2, players: [{ name: 'Ann', isBot: false }, null, { isBot: true }, {}] });
    await folder.data.closeRoom(roomId);
    expect((await folder.ask(`/rooms?q=${code}&status=closed`)).body['matching']).toBe(1);
  });

  test.each(['activity', 'created', 'code', 'host'])('its pages by %s hold each room once', async (sort) => {
    const all = (await folder.ask(`/rooms?sort=${sort}&limit=200`)).body.items!.map((item) => item['roomId']);
    const paged: unknown[] = [];
    for (let after = ''; ; ) {
      const { body } = await folder.ask(`/rooms?sort=${sort}&limit=2${after}`);
      paged.push(...body.items!.map((item) => item['roomId']));
      if (body['next'] === null) break;
      after = `&after=${body['next'] as string}`;
    }
    expect(paged).toEqual(all);
    expect(new Set(paged).size).toBe(all.length);
  });

  test.each([
    'sort=luck',
    'limit=0',
    'limit=201',
    'health=fine',
    'after=nonsense',
    'unknown=1',
    `q=${'x'.repeat(101)}`,
  ])('asked with %s: 400', async (query) => expect((await folder.ask(`/rooms?${query}`)).status).toBe(400));
});

describe('a room', () => {
  test('says what it waits for, where it stands, and who has it', async () => {
    const { body } = await folder.ask(`/rooms/${room.code}`);
    expect(body).toMatchObject({
      version: 1,
      roomId: room.roomId,
      code: room.code,
      kind: 'room',
      seq: 4,
      revealed: false,
      waitingFor: { sentence: expect.stringMatching(/^Waits for /) },
      machine: { name: 'liap-tui', version: liapTui().version },
      memory: { status: 'running', waiting: 0, lanes: { system: 0, timer: 0, player: 0, bot: 0 } },
      owner: { pid: process.pid },
      refusals: 2,
      hold: null,
      damaged: [],
      stop: null,
    });
    expect(JSON.stringify(body)).not.toMatch(/session-of-ann|"seed"/);
    expect((await folder.ask(`/rooms/${room.roomId}`)).body['code']).toBe(room.code);
    expect((await folder.ask('/rooms/FFFFFF')).status).toBe(404);
  });

  test('has a chart that is the machine: every way leads from a state to a state', async () => {
    const { states, transitions, counts, current } = (await folder.ask(`/rooms/${room.code}/chart`)).body as never as {
      states: { id: string; parent: string | null }[];
      transitions: { id: string; from: string; to: string | null }[];
      counts: { through: number; transitions: Record<string, number>; refusals: object[] };
      current: string;
    };
    const ids = new Set(states.map(({ id }) => id));
    expect(states.every(({ parent }) => parent === null || ids.has(parent))).toBe(true);
    expect(transitions.every(({ from, to }) => (from === '' || ids.has(from)) && (to === null || ids.has(to)))).toBe(
      true,
    );
    expect(new Set(transitions.map(({ id }) => id)).size).toBe(transitions.length);
    expect(Object.keys(counts.transitions).every((id) => transitions.some((way) => way.id === id))).toBe(true);
    expect(counts).toMatchObject({
      through: 4,
      refusals: expect.arrayContaining([expect.objectContaining({ event: 'play', reason: 'wrongPhase', count: 1 })]),
    });
    expect(ids.has(current)).toBe(true);
    expect((await folder.ask('/chart')).body['states']).toEqual(states);
  });

  test('has a timeline: who said what, which way the machine went, how long it took', async () => {
    const { body } = await folder.ask(`/rooms/${room.code}/timeline`);
    expect(body).toMatchObject({ first: 1, last: 4, next: null, stop: null, revealed: false });
    expect(body.items).toMatchObject([
      { seq: 1, type: 'create', who: 'Ann', by: 'player', from: null, to: 'waiting', transitions: [] },
      { seq: 2, type: 'connect', who: 'Ann', by: 'connection', transitions: ['waiting on connect #1 [judgeArrival]'] },
      { seq: 3, type: 'startGame', to: 'playing.preparation.dealing' },
      { seq: 4, type: 'timer', by: 'timer', who: null, from: 'playing.preparation.dealing' },
    ]);
    const { times } = body.items![2] as { times: Record<string, number> };
    for (const part of ['waitMs', 'stepMs', 'commitMs', 'broadcastMs']) expect(times[part]).toBeGreaterThanOrEqual(0);
    expect(times['commitMs']).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toMatch(/session-of-ann|"seed"/);
    const last = await folder.ask(`/rooms/${room.code}/timeline?from=-2&limit=1`);
    expect(last.body).toMatchObject({ items: [{ seq: 3 }], next: 4 });
  });

  test('is seen at an entry or a time, with what the entry changed', async () => {
    const state = async (query: string): Promise<Answer['body']> =>
      (await folder.ask(`/rooms/${room.code}/state?${query}`)).body;
    const third = await state('seq=3');
    expect(third).toMatchObject({
      seq: 3,
      last: 4,
      as: 'spectator',
      leaf: 'playing.preparation.dealing',
      phase: 'preparation',
    });
    expect(third['changes']).toContainEqual({ path: '/leaf', before: 'waiting', after: 'playing.preparation.dealing' });
    expect((await state(`at=${String(third['at'])}`))['at']).toBe(third['at']);
    expect((await state(''))['seq']).toBe(4);
    expect(await state('seq=5')).toMatchObject({ status: 404 });
    expect(await state('at=1')).toMatchObject({ status: 404 });
    expect(await state('seq=1&at=1')).toMatchObject({ status: 400 });
    expect(await state('as=4')).toMatchObject({ status: 400 });
    const page = (await folder.ask(`/rooms/${room.code}/states?from=2&limit=2`)).body;
    expect(page).toMatchObject({ items: [{ seq: 2 }, { seq: 3 }], last: 4, next: 4 });
  });

  test('hides hands while its game runs, and shows each seat its own to who asks for it', async () => {
    for (const path of [
      'state?as=0',
      'states?as=operator',
      'frames?seq=4&as=2',
      'export?as=journal',
      'export?as=test',
    ]) {
      const { status, body } = await folder.ask(`/rooms/${room.code}/${path}`);
      expect([path, status, body.detail]).toEqual([path, 403, expect.stringMatching(/^Hidden/)]);
    }
    const hands = async (query: string) =>
      (
        (await folder.ask(`/rooms/${room.code}/state?${query}`)).body as never as {
          view: { game: { hands: unknown[] } };
        }
      ).view.game.hands;
    expect(await hands('')).toEqual([null, null, null, null]);
    expect((await hands('as=2&reveal=true')).map((hand) => hand !== null)).toEqual([false, false, true, false]);
    expect((await hands('as=operator&reveal=true')).every((hand) => Array.isArray(hand))).toBe(true);
    const frames = (await folder.ask(`/rooms/${room.code}/frames?seq=4&as=2&reveal=true`)).body;
    expect(frames).toMatchObject({ seq: 4, as: '2', revealed: true });
    expect(JSON.stringify(frames['frames'])).toContain('"hand":["');
    expect((await folder.ask(`/rooms/${room.code}/frames?seq=4&as=operator&reveal=true`)).status).toBe(400);
  });

  test('remembers what it refused, with the rule, and marks what went wrong', async () => {
    const { body } = await folder.ask(`/rooms/${room.code}/refusals`);
    expect(body).toMatchObject({
      total: 2,
      items: [
        { type: 'declare', seat: 0, who: 'Ann', seq: 4 },
        { type: 'play', reason: 'wrongPhase', rule: 'refuseUnknown', sentence: 'play is not possible now.' },
      ],
    });
    expect(JSON.stringify(body)).not.toMatch(/session-of-ann|somebody-else/);
    const marked = await folder.playing();
    await folder.data.perform('restore', { room: marked.code, to: 2 });
    await folder.data.tell(marked.roomId, { type: 'declare', session: 'session-of-ann', seat: 0, value: 1 });
    await folder.data.perform('pause', { room: marked.code, why: 'to look' });
    const marks = (await folder.ask(`/rooms/${marked.code}/marks`)).body.items;
    expect(marks).toMatchObject([
      { kind: 'restored', seq: 5, sentence: 'Set back to entry 2.' },
      { kind: 'refused', seq: 5, type: 'declare', reason: 'wrongPhase' },
      { kind: 'held', sentence: 'Paused: to look' },
    ]);
    expect((await folder.ask(`/rooms/${marked.code}`)).body['waitingFor']).toMatchObject({
      what: 'operator',
      sentence: 'Waits for an operator. It is paused: to look',
    });
  });
});

test('every rule that can refuse has a name on the chart', () => {
  const chart = new MachineChart(liapTui().machine);
  const refusing = chart.transitions.filter(({ kind }) => kind === 'refuse');
  expect(refusing.length).toBeGreaterThan(15);
  for (const { id, rule } of refusing) expect(rule, id).toMatch(/^(judge|refuse)/);
});
