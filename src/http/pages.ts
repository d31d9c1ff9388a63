import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import { LRUCache } from 'lru-cache';
import { CACHE_CONTROL, HeldFile, type HeldFileOptions } from './held-file.js';
import { projectRoot } from './project-root.js';

export interface PagesDeps {
  /** The files of an existing frontend; without it our own page is the only one. */
  readonly staticDir: string | undefined;
}

/** Navigations that get a page, and with it the session cookie. */
export const PAGE_PATHS = ['/', '/index.html', '/play', '/play/', '/lobby', '/tutorial', '/room/:id', '/game/:id'];

/** What the frontend's folder can't take away from us. */
const OUR_PATHS = /^\/(?:api|client|health|metrics|play|replay|vendor|visualizer|ws)(?:\/|$)/;

export function isFrontendPath(path: string): boolean {
  return !OUR_PATHS.test(path);
}

/**
 * Our own page under `/play` and its replays, the one library that they use, and the files of an existing frontend under `/`, whose
 * client-side routes answer its index.
 */
export function addPages(app: Hono, { staticDir }: PagesDeps): void {
  const web = join(projectRoot(), 'web');
  const unchanged = etag();

  app.get('/vendor/preact.js', unchanged, file(preactFile(), 'text/javascript; charset=utf-8'));
  app.get('/play', unchanged, page(join(web, 'play', 'index.html')));
  app.get('/play/*', unchanged, files(web));
  app.get('/replay/:room', unchanged, page(join(web, 'play', 'replay.html')));

  const toOurs: MiddlewareHandler = (c) => Promise.resolve(c.redirect(ownPlace(c.req.param('id')), 302));
  if (staticDir === undefined) {
    app.get('/', toOurs);
    for (const route of ['/lobby', '/tutorial', '/room/:id', '/game/:id']) app.get(route, routeOnly, toOurs);
    return;
  }
  const index = join(staticDir, 'index.html');
  app.get('/', unchanged, page(index), toOurs);
  for (const route of ['/lobby', '/tutorial', '/room/:id', '/game/:id']) {
    app.get(route, routeOnly, unchanged, page(index, withBase), toOurs);
  }
  const served = files(staticDir);
  app.get('*', unchanged, (c, next) => (isFrontendPath(c.req.path) ? served(c, next) : next()));
}

/** A link to a room, as the existing frontend writes it, leads into the same room. */
function ownPlace(code: string | undefined): string {
  return code !== undefined && /^[0-9A-F]{6}$/i.test(code) ? `/play?room=${code.toUpperCase()}` : '/play';
}

/** `/game/bundle.js` is a file that is not there, never a page: a browser would try to run it. */
const routeOnly: MiddlewareHandler = async (c, next) => {
  if (c.req.path.slice(c.req.path.lastIndexOf('/')).includes('.')) return c.notFound();
  return next();
};

/** Inserts the base that makes the index's relative URLs right under any path. One that is there stays. */
export function withBase(html: string): string {
  if (/<base\s/i.test(html)) return html;
  const anchor = /<head(?:\s[^>]*)?>/i.exec(html) ?? /<html(?:\s[^>]*)?>/i.exec(html) ?? /<!doctype[^>]*>/i.exec(html);
  const at = anchor === null ? 0 : anchor.index + anchor[0].length;
  return `${html.slice(0, at)}<base href="/">${html.slice(at)}`;
}

/** One that was replaced on disk is seen; a file that is not there is not ours. */
export function page(path: string, change?: HeldFileOptions['change']): MiddlewareHandler {
  return file(path, 'text/html; charset=utf-8', change);
}

export function file(path: string, type: string, change?: HeldFileOptions['change']): MiddlewareHandler {
  const held = new HeldFile(path, { type, change });
  return async (c, next) => (await held.answer(c)) ?? next();
}

/** Nothing hidden, nothing that climbs, nothing encoded. */
const PLAIN_PATH = /^(?:\/[\w~-][\w.~-]*)+$/;
const FOLDER_BYTES_MAX = 32 * 1024 * 1024; // of one folder

/** A folder's files. Dot files stay hidden, and so does whatever a path would climb to. */
export function files(root: string): MiddlewareHandler {
  const serve = serveStatic({ root, onFound: tag });
  const held = new LRUCache<string, HeldFile>({ maxSize: FOLDER_BYTES_MAX });
  return async (c, next) => {
    const { path } = c.req;
    if (/(?:^|[\\/])\./.test(decodedPath(c))) return next();
    const isWhole = c.req.method === 'GET' && c.req.header('Range') === undefined;
    if (!isWhole || !PLAIN_PATH.test(path)) return serve(c, next);
    const known = held.get(path) ?? new HeldFile(join(root, path));
    const answer = await known.answer(c);
    if (answer === null) return serve(c, next);
    held.set(path, known, { size: Math.max(known.size, 1) }); // an empty file counts as well
    return answer;
  };
}

function tag(path: string, c: Context): void {
  const { size, mtimeMs } = statSync(path);
  c.header('ETag', `W/"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`);
  c.header('Cache-Control', CACHE_CONTROL);
}

function decodedPath(c: Context): string {
  try {
    return decodeURIComponent(c.req.path);
  } catch {
    return '/.'; // not a path that anybody could have linked to: hidden like a dot file
  }
}

/** Not asked for by its own entry, `htm/preact/standalone`: that one names a file which the package lacks. */
function preactFile(): string {
  const main = createRequire(import.meta.url).resolve('htm');
  return join(dirname(main), '..', 'preact', 'standalone.module.js');
}
