import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hono, MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import { file } from './pages.js';

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
  const modules = new Map(CLIENT_MODULES.map((name) => [`${name}.js`, module(name)]));
  app.get('/client/:file', etag(), (c, next) => modules.get(c.req.param('file'))?.(c, next) ?? next());
}

function module(name: string): MiddlewareHandler {
  const source = fileURLToPath(new URL(`../client/${name}.${isSource ? 'ts' : 'js'}`, import.meta.url));
  return file(source, 'text/javascript; charset=utf-8', served);
}

/** The module as it was built, or compiled now where the program runs from source. */
async function served(text: string): Promise<string> {
  if (!isSource) return text.replace(/^\/\/# sourceMappingURL=.*\n?/m, ''); // the map is not served
  const { transform } = await import('esbuild'); // what tools are installed with, and a server is not
  return (await transform(text, { loader: 'ts', format: 'esm', target: 'es2023' })).code;
}
