import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Hono } from 'hono';
import { etag } from 'hono/etag';
import { REVALIDATE } from './pages.js';

/** The part of the client library that pages load: the link, and what it imports. */
export const CLIENT_MODULES: readonly string[] = [
  'acknowledgement',
  'client-socket',
  'frame',
  'random',
  'room-link',
  'session',
];

const isSource = extname(import.meta.url) === '.ts';

/** The client library for pages: `/client/room-link.js`. */
export function addClientModules(app: Hono): void {
  app.get('/client/:file', etag(), async (c, next) => {
    const name = CLIENT_MODULES.find((module) => `${module}.js` === c.req.param('file'));
    if (name === undefined) return next();
    const headers = { 'Content-Type': 'text/javascript; charset=utf-8', ...REVALIDATE };
    return c.body(await moduleText(name), 200, headers);
  });
}

/** The module as it was built, or compiled now where the program runs from source. */
async function moduleText(name: string): Promise<string> {
  const path = new URL(`../client/${name}.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const text = await readFile(path, 'utf8');
  if (!isSource) return text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''); // the map is not served
  const { transform } = await import('esbuild'); // what tools are installed with, and a server is not
  return (await transform(text, { loader: 'ts', format: 'esm', target: 'es2023' })).code;
}
