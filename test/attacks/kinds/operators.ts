import { createHmac } from 'node:crypto';
import type { Arena } from '../arena.js';
import type { Attack } from '../attack.js';

const TOKEN = 'src/http/admin-token.ts';
const STATUS = '/api/admin/status';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function timeOf(arena: Arena, token: string): Promise<number> {
  const address = arena.address();
  const startMs = performance.now();
  await arena.http(STATUS, { headers: bearer(token), address });
  return performance.now() - startMs;
}

export const OPERATOR_ATTACKS: readonly Attack[] = [
  {
    name: 'guessing-the-token',
    does: 'guesses the token from one address without an end, or until the operator behind the same one is locked out',
    expected: ['401', '429', 'the operator is let in'],
    by: TOKEN,
    sizes: [30, 300],
    run: async (arena, size) => {
      const address = arena.address();
      const outcomes: string[] = [];
      for (let guess = 0; guess < size; guess++) {
        outcomes.push(await arena.statusOf(STATUS, { headers: bearer(`guess-${guess}`), address }));
      }
      const right = await arena.statusOf(STATUS, { headers: bearer(arena.adminToken), address });
      return [...outcomes, right === '200' ? 'the operator is let in' : `the operator is answered with ${right}`];
    },
  },
  {
    name: 'guessing-on-every-door',
    does: 'guesses by bearer, query and login in turn, to have the guesses of each',
    expected: ['401', '429'],
    by: TOKEN,
    run: async (arena) => {
      const address = arena.address();
      const outcomes: string[] = [];
      for (let guess = 0; guess < 6; guess++) {
        const token = `guess-${guess}`;
        outcomes.push(await arena.statusOf(STATUS, { headers: bearer(token), address }));
        outcomes.push(await arena.statusOf(`/visualizer?token=${token}`, { address }));
        const login = { method: 'POST', headers: OWN_PAGE, body: JSON.stringify({ token }), address };
        outcomes.push(await arena.statusOf('/api/visualizer/session', login));
      }
      return outcomes;
    },
  },
  {
    name: 'timing-the-token',
    does: 'measures whether a guess that begins like the token takes longer than one that does not',
    expected: ['no difference'],
    by: TOKEN,
    isSlow: true,
    run: async (arena) => {
      const near = `${arena.adminToken.slice(0, -1)}~`;
      const far = '~'.repeat(arena.adminToken.length);
      const times = { near: [] as number[], far: [] as number[] };
      // One after the other, and the quick ones of each: what else the machine does hits both.
      for (let guess = 0; guess < 400; guess++) {
        times.near.push(await timeOf(arena, near));
        times.far.push(await timeOf(arena, far));
      }
      const quick = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 4)]!;
      const ratio = quick(times.near) / quick(times.far);
      return [ratio > 0.8 && ratio < 1.25 ? 'no difference' : `${ratio.toFixed(2)} times as long`];
    },
  },
  {
    name: 'forged-operator-cookie',
    does: "makes up the cookie that stands for the token: of a wrong key, of the players' kind, expired, or empty",
    expected: ['401'],
    by: 'src/http/admin-cookie.ts',
    run: async (arena) => {
      const until = String(Date.now() + 3_600_000);
      const signed = (key: string): string =>
        `${until}.${createHmac('sha256', key).update(`admin cookie until ${until}`).digest('base64url')}`;
      const values = [signed('guess'), signed(''), `${until}.`, `${until}.${'A'.repeat(43)}`, `-1.x`, '', '__proto__'];
      return Promise.all(
        values.map((value) => arena.statusOf(STATUS, { headers: { cookie: `admin_session=${value}` } })),
      );
    },
  },
  {
    name: 'prolonged-operator-cookie',
    does: 'takes a real cookie of an operator and moves the time until which it is good',
    expected: ['401'],
    by: 'src/http/admin-cookie.ts',
    run: async (arena) => {
      const { headers } = await arena.http(`/visualizer?token=${arena.adminToken}`);
      const cookie = headers['set-cookie']!.find((line) => line.startsWith('admin_session='))!.split(';')[0]!;
      const [until, signature] = cookie.slice('admin_session='.length).split('.') as [string, string];
      const values = [`${Number(until) + 1}.${signature}`, `0${until}.${signature}`, `${until}.${signature}x`];
      return Promise.all(
        values.map((value) => arena.statusOf(STATUS, { headers: { cookie: `admin_session=${value}` } })),
      );
    },
  },
  {
    name: 'token-in-other-places',
    does: 'sends the right token where it must not count: in the query of an API, as a basic password, in other headers',
    expected: ['401'],
    by: 'src/http/admin-access.ts',
    run: (arena) => {
      const token = arena.adminToken;
      return Promise.all([
        arena.statusOf(`${STATUS}?token=${token}`),
        arena.statusOf(STATUS, { headers: { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` } }),
        arena.statusOf(STATUS, { headers: { authorization: token } }),
        arena.statusOf(STATUS, { headers: { 'x-admin-token': token } }),
        arena.statusOf(STATUS, { headers: { cookie: `admin_session=${token}` } }),
      ]);
    },
  },
  {
    name: 'player-session-as-operator',
    does: "opens the operators' part with the session of a player",
    expected: ['401'],
    by: 'src/http/admin-access.ts',
    run: async (arena) => {
      const { host } = await arena.waitingRoom();
      const session = host.cookie.split('=')[1]!;
      return Promise.all([
        arena.statusOf(STATUS, { headers: { cookie: host.cookie } }),
        arena.statusOf(STATUS, { headers: bearer(session) }),
        arena.statusOf(STATUS, { headers: { cookie: `admin_session=${session}` } }),
      ]);
    },
  },
  {
    name: 'abusing-idempotency-keys',
    does: 'with the token, sends one key with two operations, keys that are none, and thousands of keys',
    expected: ['400', '404', '422'],
    by: 'src/http/idempotency-key.ts',
    sizes: [20, 5_000],
    run: async (arena, size) => {
      const post = (key: string, room: string): Promise<string> => {
        const headers = { ...bearer(arena.adminToken), 'idempotency-key': key };
        const path = '/api/admin/operations/pause';
        return arena.statusOf(path, { method: 'POST', headers, body: JSON.stringify({ room, why: 'x' }) });
      };
      const outcomes = [
        await post('one', 'AAAAA1'),
        await post('one', 'AAAAA2'),
        await post('x'.repeat(201), 'AAAAA1'),
      ];
      outcomes.push(await post('a b', 'AAAAA1'));
      for (let key = 0; key < size; key++) outcomes.push(await post(`key-${key}`, 'AAAAA1'));
      return outcomes;
    },
  },
  {
    name: 'metrics-through-a-proxy',
    does: 'reads the metrics, which are open to this machine, through a proxy on it',
    expected: ['401'],
    by: 'src/http/metrics.ts',
    run: (arena) =>
      Promise.all(
        ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'].map((name) =>
          arena.statusOf('/metrics', { headers: { [name]: '127.0.0.1' } }),
        ),
      ),
  },
  {
    name: 'labels-without-end',
    does: 'asks for hundreds of paths, methods, events and rooms, to have the metrics grow by each',
    expected: ['no new series'],
    by: 'src/telemetry/server-metrics.ts',
    sizes: [30, 2_000],
    run: async (arena, size) => {
      const provoke = async (count: number): Promise<void> => {
        const peer = await arena.socket('lobby');
        for (let index = 0; index < count; index++) {
          await arena.http(`/nowhere-${index}`);
          await arena.http(`/api/replay/room-${index}`, { headers: { 'user-agent': `agent-${index}` } });
          await arena.http('/play', { method: index % 2 === 0 ? 'PROPFIND' : 'REPORT' });
          if (index % 10 === 0) await peer.tryText(`{"event":"event-${index}"}`);
        }
        await peer.end();
      };
      // Others appear by themselves, as when a part of the server does something for the first time.
      const series = async (): Promise<Set<string>> => {
        const { body } = await arena.http('/metrics');
        return new Set(body.match(/^(?:http|websocket|rate_limited)_\S+/gm));
      };
      await provoke(12);
      await series(); // asking is counted too
      const before = await series();
      await provoke(size);
      const grown = [...(await series())].filter((name) => !before.has(name));
      return [grown.length === 0 ? 'no new series' : `new series, as ${grown[0]}`];
    },
  },
];

const OWN_PAGE = { 'x-visualizer': '1', 'sec-fetch-site': 'same-origin' };
