import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/http/project-root.js';
import { addVisualizer, type VisualizerDeps } from '../../src/http/visualizer.js';

/* Goal: docs/VISUALIZER_API.md names what there is, all of it and nothing else. */

const document = readFileSync(join(projectRoot(), 'docs/VISUALIZER_API.md'), 'utf8');

/** Its paths, without the prefix and without what is asked: `GET …/rooms/:room/chart`, `…/chart`. */
const named = new Set(
  [...document.matchAll(/`(?:(?:GET|POST|DELETE) )?((?:\/api\/visualizer|…)[^\s`?]*)/g)].map(([, path]) =>
    path!.replace('/api/visualizer', '').replace('…', ''),
  ),
);

test('every path is in the document', () => {
  const app = new Hono();
  const unasked = { ports: { rooms: {}, definition: {} }, index: {}, past: {}, sandboxes: {} };
  addVisualizer(app, { access: {}, visualizer: unasked, limits: {} } as unknown as VisualizerDeps);
  const paths = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ path }) => path.replace('/api/visualizer', ''));
  expect(new Set(paths).size).toBeGreaterThan(25);
  for (const path of paths) {
    // What a room has a sandbox has as well: the document says so once, and names the last part.
    const short = path.replace(/^\/sandboxes\/:id/, '');
    expect(
      [...named].some((name) => name === path || name === short || path.endsWith(`:id${name}`)),
      path,
    ).toBe(true);
  }
});
