import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { addAdmin, type AdminDeps } from '../../src/http/admin.js';
import { addHealth } from '../../src/http/health.js';
import { addLeaderboard } from '../../src/http/leaderboard.js';
import { addReplays } from '../../src/http/replays.js';
import { projectRoot } from '../../src/http/project-root.js';
import { OPERATIONS } from '../../src/operations/operations.js';

/* Goal: docs/ADMIN_API.md names what there is, all of it and nothing else. */

const document = readFileSync(join(projectRoot(), 'docs/ADMIN_API.md'), 'utf8');
/** The first cells of its tables. */
const cells = document.match(/^\| `[^|]*/gm)!.join(' ');
const named = new Set(cells.match(/(?<=`)[^`]+(?=`)/g));

test('every path is in a table', () => {
  const app = new Hono();
  const unasked = {} as never;
  addHealth(app, { health: unasked, circuits: unasked, changes: unasked, nowMs: unasked });
  addLeaderboard(app, { engine: unasked, elapsedMs: unasked });
  addReplays(app, unasked);
  addAdmin(app, {
    access: {},
    elapsedMs: () => 0,
    context: { rooms: unasked, engine: unasked, definition: unasked },
  } as unknown as AdminDeps);
  const gets = app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
  expect(gets.length).toBeGreaterThan(10);
  const paths = new Set([...named].map((name) => name.replace(/^GET /, '').replace(/\?.*$/, '')));
  for (const path of gets) expect([...paths]).toContain(path.replace('/api/admin/', '/'));
});

test('the table of operations has all of them and no other', () => {
  const table = document.slice(document.indexOf('## Doing'), document.indexOf('## Errors'));
  const names = [...table.matchAll(/^\| (`[^|]*)/gm)].flatMap(([, cell]) => cell!.match(/(?<=`)[\w-]+(?=`)/g) ?? []);
  expect(names.sort()).toEqual(Object.keys(OPERATIONS).sort());
});
