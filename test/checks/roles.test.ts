import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.js';
import { projectRoot } from '../../src/http/project-root.js';
import { addRoutes, type RoutesDeps } from '../../src/http/routes.js';
import { OPERATIONS } from '../../src/operations/operations.js';
import { may, OPERATION_ROLES, ROLES, type Role, roleFor, ROUTES } from '../../src/operations/roles.js';
import { staffAccess } from '../support/staff-access.js';

/* Goal: every path and every operation has its role in one table, the server does as the table says, and so does the
 * document. */

const TOKENS = { admin: 'a-token-for-tests', operator: 'a-token-of-operators' };
const unasked = {} as never;

/** All that a server answers; nothing behind it works, so whoever is let in gets an error. */
function everything(staticDir: string | undefined) {
  const access = staffAccess(TOKENS, { rateLimitFactor: Infinity });
  const clock = { nowMs: () => 0, elapsedMs: () => 0 };
  const limits = { rateLimitFactor: Infinity, limitLoopback: false };
  const app = createApp({
    staticDir,
    trustProxy: false,
    sessions: { issue: () => ({ sid: '', token: '' }), cookie: () => 'a=b', fromCookieHeader: () => '' },
    health: () => ({ live: true, ready: true, checks: [], startedAtMs: 0 }),
    circuits: () => [],
    healthChanges: () => [],
    limiter: unasked,
    limits,
    clock,
    log: { debug: () => undefined, warn: () => undefined, error: () => undefined },
  });
  addRoutes(app, {
    access,
    actionsByCookie: true,
    limits,
    clock,
    engine: unasked,
    replays: unasked,
    metrics: { registry: new Registry(), access: 'token', guard: access.guard },
    visualizer: { ports: { rooms: {}, definition: {} }, index: {}, past: {}, sandboxes: {} },
    admin: { context: { rooms: {}, engine: {}, definition: {} }, writer: {}, sizeLimits: {} },
    legacy: {},
  } as unknown as RoutesDeps);
  return app;
}

const app = everything(projectRoot());
const routes = [
  ...new Set(
    [everything(undefined), app]
      .flatMap((one) => one.routes)
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`),
  ),
];

async function ask(route: string, token: string | null): Promise<number> {
  const [method, path] = route.split(' ') as [string, string];
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' };
  const init = { method, headers, ...(method === 'POST' && { body: '{}' }) };
  return (await app.request(path.replace('*', '/x').replaceAll(/:\w+/g, 'x'), init)).status;
}

test('every path is in the table once, and nothing else is', () => {
  expect(routes.length).toBeGreaterThan(80);
  expect(ROLES.flatMap((role) => ROUTES[role]).sort()).toEqual(routes.sort());
});

test('every operation is in the table, and none of them is for players', () => {
  expect(Object.keys(OPERATION_ROLES).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(Object.values(OPERATION_ROLES).every((role) => may(role, 'operator'))).toBe(true);
});

describe('the server does as the table says: it', () => {
  test('asks nobody who he is on the paths of players', async () => {
    for (const route of ROUTES.player.filter((one) => !one.includes('session'))) {
      expect([401, 403], route).not.toContain(await ask(route, null));
    }
  });

  test('lets operators and the admin, and nobody else, to the paths of operators', async () => {
    for (const route of ROUTES.operator) {
      expect([route, await ask(route, null)]).toEqual([route, 401]);
      expect([route, await ask(route, 'a-wrong-token-of-somebody')]).toEqual([route, 401]);
      expect([401, 403], route).not.toContain(await ask(route, TOKENS.operator));
    }
  });

  test('lets the admin alone to the paths of the admin', async () => {
    for (const route of ROUTES.admin) {
      expect([route, await ask(route, null)]).toEqual([route, 401]);
      expect([route, await ask(route, TOKENS.operator)]).toEqual([route, 403]);
      expect([401, 403], route).not.toContain(await ask(route, TOKENS.admin));
    }
  });
});

test('a body that is too long for its path is refused before it is read, whoever sends it', async () => {
  const posts = routes.filter((route) => route.startsWith('POST'));
  expect(posts.length).toBeGreaterThan(8);
  for (const route of posts) {
    const path = route.slice('POST '.length).replaceAll(/:\w+/g, 'x');
    const own = { origin: 'http://localhost', host: 'localhost', 'x-visualizer': '1' };
    const headers = { authorization: `Bearer ${TOKENS.admin}`, 'content-length': '20000000', ...own };
    expect([route, (await app.request(path, { method: 'POST', headers, body: '{}' })).status]).toEqual([route, 413]);
  }
});

test('docs/ADMIN_API.md says the same of every path and every operation', () => {
  const document = readFileSync(join(projectRoot(), 'docs/ADMIN_API.md'), 'utf8');
  const section = document.slice(document.indexOf('## Roles'), document.indexOf('## The token'));
  const rows = section.match(/^\| .*$/gm)!.map((row) => row.split('|').map((cell) => cell.trim()));
  const patterns = rows.flatMap(([, requests, who]) =>
    [...requests!.matchAll(/`((?:[A-Z]+ )?\/[^`]*)`/g)].map(([, pattern]) => ({ pattern: pattern!, who: who as Role })),
  );
  /** `GET /api/admin/…` is every such path, `/health` that one alone; the longest that fits says who. */
  const saying = (route: string) =>
    patterns
      .filter(({ pattern }) => {
        const asked = pattern.startsWith('/') ? route.slice(route.indexOf(' ') + 1) : route;
        return pattern.endsWith('…') ? asked.startsWith(pattern.slice(0, -1)) : asked === pattern;
      })
      .sort((a, b) => b.pattern.length - a.pattern.length)[0];
  const said = routes.map((route) => [route, saying(route)?.who]);
  expect(said).toEqual(routes.map((route) => [route, roleFor(route)]));
  const used = new Set(routes.map(saying));
  expect(patterns.filter((pattern) => !used.has(pattern))).toEqual([]);
  const table = document.slice(document.indexOf('## Doing'), document.indexOf('## Errors'));
  const operations = [...table.matchAll(/^\| (`[^|]*)\| (\w+) /gm)].flatMap(([, names, who]) =>
    names!.match(/(?<=`)[\w-]+(?=`)/g)!.map((name) => [name, who] as const),
  );
  expect(Object.fromEntries(operations)).toEqual(OPERATION_ROLES);
});
