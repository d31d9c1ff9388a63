import { gzipSync } from 'node:zlib';
import type { Arena } from '../arena.js';
import { type Attack, refused } from '../attack.js';

const PARSER = "Node's HTTP parser";
const ADMIN = 'src/http/admin.ts';

const request = (head: string, body = ''): string => `${head}\r\nHost: here\r\n${body}`;

/** Two requests in one, where two readers would disagree on where the first one ends. */
async function smuggled(arena: Arena, requests: readonly string[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const bytes of requests) {
    const statuses = await arena.statusesOf(bytes);
    refused(statuses.length === 1, `${statuses.length} answers came: ${statuses.join(', ')}`);
    outcomes.push(...statuses);
  }
  return outcomes;
}

const SECOND = 'GET /health/live HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n';
const POST = 'POST /api/visualizer/session HTTP/1.1';

export const HTTP_ATTACKS: readonly Attack[] = [
  {
    name: 'smuggling-by-two-lengths',
    does: 'hides a request in the body of another by two lengths, or by one that is no number',
    expected: ['400'],
    by: PARSER,
    run: (arena) =>
      smuggled(arena, [
        request(POST, `Content-Length: 0\r\nContent-Length: ${SECOND.length}\r\n\r\n${SECOND}`),
        request(POST, `Content-Length: 5, 5\r\n\r\n${SECOND}`),
        request(POST, `Content-Length: +5\r\n\r\n12345${SECOND}`),
        request(POST, `Content-Length: 0x5\r\n\r\n12345${SECOND}`),
        request(POST, `Content-Length: -1\r\n\r\n${SECOND}`),
      ]),
  },
  {
    name: 'smuggling-by-length-and-chunks',
    does: 'hides a request in the body of another by a length beside chunks, and by chunks under other spellings',
    expected: ['400'],
    by: PARSER,
    run: (arena) =>
      smuggled(arena, [
        request(POST, `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`),
        request(POST, `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SECOND}`),
        request(POST, `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`),
        request(POST, `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SECOND}`),
      ]),
  },
  {
    name: 'smuggling-by-broken-headers',
    does: 'hides headers by folded lines, blanks before colons, bare line feeds and null bytes',
    expected: ['400'],
    by: PARSER,
    run: (arena) =>
      smuggled(arena, [
        'GET / HTTP/1.1\r\nHost: here\r\nX: a\r\n\tb\r\n\r\n'.replace('X: a\r\n\tb', 'Content-Length : 5'),
        'GET / HTTP/1.1\r\nHost: here\r\nX: a\u0000b\r\n\r\n',
        'GET / HTTP/1.1\nHost: here\n\n',
        'GET / HTTP/1.1\r\nHost: here\r\nX: a\rY: b\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: here\r\n: nothing\r\n\r\n',
      ]),
  },
  {
    name: 'giant-headers',
    does: 'sends one header of 100 KB, thousands of small ones, and a path of 100 KB',
    expected: ['431'],
    by: PARSER,
    run: async (arena) =>
      (
        await Promise.all([
          arena.statusesOf(request('GET / HTTP/1.1', `X: ${'x'.repeat(100_000)}\r\n\r\n`)),
          arena.statusesOf(
            request('GET / HTTP/1.1', `${Array.from({ length: 5_000 }, (_, n) => `X-${n}: 1\r\n`).join('')}\r\n`),
          ),
          arena.statusesOf(request(`GET /${'x'.repeat(100_000)} HTTP/1.1`, '\r\n')),
        ])
      ).flat(),
  },
  {
    name: 'no-http-at-all',
    does: 'sends a handshake of TLS, noise, methods that are none, and versions that never were',
    expected: ['400'],
    by: PARSER,
    run: async (arena) =>
      (
        await Promise.all(
          [
            Buffer.from('16030100c8010000c40303', 'hex'),
            Buffer.alloc(2_000, 0xfe),
            'HACK / HTTP/1.1\r\n\r\n',
            'GET / HTTP/9.9\r\nHost: here\r\n\r\n',
            'GET /\r\n\r\n',
            'SSH-2.0-client\r\n',
          ].map((bytes) => arena.statusesOf(bytes)),
        )
      ).flat(),
  },
  {
    name: 'hosts-that-are-none',
    does: 'sends no host, two, and ones that are paths or markup',
    expected: ['400'],
    by: 'src/http/one-host.ts',
    run: async (arena) =>
      (
        await Promise.all(
          [
            '',
            'Host: a\r\nHost: b\r\n',
            'Host: a/../b\r\n',
            'Host: <script>\r\n',
            'Host: a b\r\n',
            'Host: a@b\r\n',
          ].map((host) => arena.statusesOf(`GET /play HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)),
        )
      ).flat(),
  },
  {
    name: 'requests-for-elsewhere',
    does: 'uses the server as a proxy: CONNECT, absolute addresses, TRACE',
    expected: ['404', '405', 'closed'],
    by: 'src/http/app.ts',
    run: async (arena) =>
      (
        await Promise.all(
          [
            'CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n',
            'GET http://elsewhere.example/secret HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n',
            'TRACE /play HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n',
          ].map((bytes) => arena.statusesOf(bytes)),
        )
      ).flat(),
  },
  {
    name: 'methods-by-the-back-door',
    does: 'changes things by GET, or by a POST that a header calls something else',
    expected: ['401', '405'],
    by: 'src/http/app.ts',
    run: (arena) =>
      Promise.all([
        arena.statusOf('/api/admin/operations/pause-all', { method: 'GET' }),
        arena.statusOf('/play', { method: 'POST', headers: { 'x-http-method-override': 'DELETE' } }),
        arena.statusOf('/health', { method: 'DELETE' }),
        arena.statusOf('/api/leaderboard', { method: 'PUT', body: '{}' }),
      ]),
  },
  {
    name: 'giant-bodies',
    does: 'posts megabytes where names and numbers are expected, with a length and in chunks without one',
    expected: ['413'],
    by: ADMIN,
    run: async (arena) => {
      const headers = arena.asOperator;
      const body = Buffer.alloc(200_000, 'x');
      const path = '/api/admin/operations/pause';
      const inChunks = { ...headers, 'transfer-encoding': 'chunked' };
      return Promise.all([
        arena.statusOf(path, { method: 'POST', headers, body }),
        arena.statusOf(path, { method: 'POST', headers: inChunks, body }),
        arena.statusOf('/api/visualizer/session', { method: 'POST', headers: OWN_PAGE, body }),
      ]);
    },
  },
  {
    name: 'compression-bomb-in-a-body',
    does: 'posts 10 MB of blanks that are packed into 10 KB',
    expected: ['400'],
    by: ADMIN,
    run: async (arena) => {
      const headers = { ...arena.asOperator, 'content-encoding': 'gzip' };
      const body = gzipSync(Buffer.alloc(10_000_000, ' '));
      return [await arena.statusOf('/api/admin/operations/pause', { method: 'POST', headers, body })];
    },
  },
  {
    name: 'hostile-json-over-http',
    does: "posts deep, broken and prototype-bearing JSON to the operators' part, with the token",
    expected: ['400'],
    by: 'src/operations/operation.ts',
    run: async (arena) => {
      const headers = arena.asOperator;
      const bodies = [
        '{',
        '[]',
        '17',
        `{"room":${'['.repeat(7_000)}${']'.repeat(7_000)}}`,
        '{"__proto__":{"room":"x"}}',
        '{"room":"x","constructor":1}',
      ];
      return Promise.all(
        bodies.map((body) => arena.statusOf('/api/admin/operations/pause', { method: 'POST', headers, body })),
      );
    },
  },
  {
    name: 'many-requests-in-one-write',
    does: 'sends thousands of requests on one connection without waiting for, or reading, an answer, also without a host or with an expectation',
    expected: ['closed'],
    by: 'src/http/request-pace.ts',
    sizes: [400, 20_000],
    run: async (arena, size) => {
      const statuses = new Set<string>();
      for (const header of ['Host: here\r\n', '', 'Host: here\r\nExpect: everything\r\n']) {
        const raw = await arena.raw();
        raw.socket.pause();
        raw.write(`GET /health HTTP/1.1\r\n${header}\r\n`.repeat(size - 1));
        raw.write(SECOND);
        raw.socket.resume();
        for (const status of await raw.statuses()) statuses.add(status);
      }
      statuses.delete('200'); // the first ones may have been answered by then
      statuses.delete('400');
      return statuses;
    },
  },
];

/** What a page of ours sends along. */
const OWN_PAGE = { 'x-visualizer': '1', 'sec-fetch-site': 'same-origin' };
