import { type Arena, NAMES } from '../arena.js';
import { type Attack, refused } from '../attack.js';

const ORIGIN = 'src/gateway/ws-sockets.ts';
const ACCESS = 'src/http/admin-access.ts';
const MIDDLEWARE = 'src/http/app.ts';

/** A browser that is logged in at the visualizer, of which a foreign page makes use. */
async function adminCookie(arena: Arena): Promise<string> {
  const { status, headers } = await arena.http(`/visualizer?token=${arena.adminToken}`);
  if (status !== 302) throw new Error(`the operator is answered with ${status}`);
  return headers['set-cookie']!.map((line) => line.split(';')[0]).join('; ');
}

export const PAGE_ATTACKS: readonly Attack[] = [
  {
    name: 'socket-of-a-foreign-page',
    does: "opens a socket from pages of other sites, which a player's cookie would come along with",
    expected: ['403'],
    by: ORIGIN,
    run: async (arena) => {
      const host = `127.0.0.1:${arena.server.port}`;
      const origins = [
        'https://elsewhere.example',
        'null',
        `http://${host}.elsewhere.example`,
        `http://elsewhere.example/${host}`,
        'http://127.0.0.1:1',
        `file://${host}`,
        'no origin at all',
        '',
      ];
      return Promise.all(origins.map((origin) => arena.handshake('lobby', { headers: { origin } })));
    },
  },
  {
    name: 'socket-by-a-foreign-name',
    does: 'opens a socket under a host name of its own that leads here, from a page of that name',
    expected: ['a session of its own'],
    by: 'src/gateway/sessions.ts',
    run: async (arena) => {
      const { code } = await arena.game();
      // To a browser this is another host: it keeps our cookie to itself, and the page has a session like any visitor's.
      const headers = { host: 'rebound.example', origin: 'http://rebound.example' };
      const peer = await arena.socket(code, { headers });
      const outcome = await peer.try('declare', { player_name: NAMES[0], value: 1 });
      refused(outcome === 'error not_seated', `a declaration was answered by ${outcome}`);
      return ['a session of its own'];
    },
  },
  {
    name: 'operation-by-a-foreign-page',
    does: "lets an operator's browser post operations, with the cookie and the headers of forms and scripts of other sites",
    expected: ['403'],
    by: ACCESS,
    run: async (arena) => {
      const cookie = await adminCookie(arena);
      const form = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
      const own = `http://127.0.0.1:${arena.server.port}`;
      const kinds: readonly Readonly<Record<string, string>>[] = [
        form,
        { ...form, 'sec-fetch-site': 'cross-site' },
        { cookie, origin: 'https://elsewhere.example', 'content-type': 'text/plain' },
        { cookie, 'x-visualizer': '1', 'sec-fetch-site': 'cross-site', origin: own },
        { cookie, 'x-visualizer': '1', 'sec-fetch-site': 'same-site', origin: own },
        { cookie, 'x-visualizer': '1', origin: 'https://elsewhere.example' },
        { cookie, 'x-visualizer': '1', origin: 'null' },
        { cookie, 'x-visualizer': '1' },
      ];
      return Promise.all(
        kinds.map((headers) =>
          arena.statusOf('/api/admin/operations/pause-all', { method: 'POST', headers, body: '{}' }),
        ),
      );
    },
  },
  {
    name: 'reading-by-a-foreign-page',
    does: "lets an operator's browser read states and histories for a page of another site",
    expected: ['403'],
    by: ACCESS,
    run: async (arena) => {
      const cookie = await adminCookie(arena);
      const paths = ['/api/admin/rooms', '/api/visualizer/rooms', '/api/admin/config'];
      const headers = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' };
      return Promise.all(paths.map((path) => arena.statusOf(path, { headers })));
    },
  },
  {
    name: 'permission-for-foreign-scripts',
    does: 'asks, as browsers do for scripts of other sites, whether they may read and post',
    expected: ['no permission'],
    by: MIDDLEWARE,
    run: async (arena) => {
      const headers = {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-visualizer, authorization',
      };
      const answers = await Promise.all([
        ...['/api/admin/status', '/api/visualizer/session', '/api/leaderboard', '/play'].map((path) =>
          arena.http(path, { method: 'OPTIONS', headers }),
        ),
        arena.http('/api/leaderboard', { headers }),
      ]);
      return answers.map(({ headers: answered }) =>
        Object.keys(answered).some((name) => name.startsWith('access-control-')) ? 'permission' : 'no permission',
      );
    },
  },
  {
    name: 'framing-and-inlining',
    does: 'shows our pages in a frame of another site, and has scripts of its own run in them',
    expected: ['forbidden by the policy'],
    by: MIDDLEWARE,
    run: async (arena) => {
      const pages = await Promise.all(['/play', '/visualizer', '/replay/000000', '/'].map((path) => arena.http(path)));
      return pages.map(({ status, headers }) => {
        const policy = String(headers['content-security-policy']);
        const isStrict = /frame-ancestors 'none'/.test(policy) && /script-src 'self'(?:;|$)/.test(policy);
        const isKept = headers['x-frame-options'] === 'DENY' && headers['x-content-type-options'] === 'nosniff';
        return status === 200 && isStrict && isKept ? 'forbidden by the policy' : `${status} with ${policy}`;
      });
    },
  },
  {
    name: 'leading-elsewhere',
    does: 'has the redirects of our pages lead to another site',
    expected: ['stays here'],
    by: 'src/http/visualizer-pages.ts',
    run: async (arena) => {
      const token = arena.adminToken;
      const paths = [
        `/visualizer//elsewhere.example?token=${token}`,
        `//elsewhere.example/%2e%2e/visualizer?token=${token}`,
        `/visualizer/\\elsewhere.example?token=${token}`,
        '/room//elsewhere.example',
        '/game/%2f%2felsewhere.example',
        '/room/%0d%0aLocation:%20http:%2f%2felsewhere.example',
      ];
      const answers = await Promise.all(paths.map((path) => arena.http(path)));
      return answers.map(({ headers: { location } }) =>
        location === undefined || /^\/(?![/\\])/.test(location) ? 'stays here' : `leads to ${location}`,
      );
    },
  },
  {
    name: 'injection-into-headers',
    does: 'has line breaks of paths, queries and headers come back as headers of the answer',
    expected: ['400', 'no header of the attacker'],
    by: MIDDLEWARE,
    run: async (arena) => {
      const broken = '%0d%0aSet-Cookie:%20injected=1%0d%0a%0d%0a<script>';
      const paths = [`/room/${broken}`, `/game/${broken}`, `/play?room=${broken}`, `/api/replay/${broken}`];
      const answers = await Promise.all([
        ...paths.map((path) => arena.http(path)),
        arena.http('/health', { headers: { 'x-request-id': 'a b<script>', 'x-forwarded-proto': 'https\tx' } }),
        arena.http(`/visualizer?token=${broken}`),
      ]);
      const isInjected = answers.some(({ headers }) => JSON.stringify(headers).includes('injected=1'));
      const raw = await arena.statusesOf(
        'GET / HTTP/1.1\r\nHost: here\r\nX-Request-Id: a\rSet-Cookie: injected=1\r\n\r\n',
      );
      return [...raw, isInjected ? 'a header of the attacker' : 'no header of the attacker'];
    },
  },
];
