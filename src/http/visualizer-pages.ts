import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import { type AdminAccess, admit, giveCookie } from './admin-access.js';
import { file, files, page } from './pages.js';
import { problem } from './problem.js';
import { projectRoot } from './project-root.js';

/**
 * The visualizer's own files: public, since they hold nothing; their data is not. A page that is opened with a token has
 * it swapped for a cookie, so that no history and no link keeps it.
 */
export function addVisualizerPages(app: Hono, access: AdminAccess): void {
  const web = join(projectRoot(), 'web');
  const index = page(join(web, 'visualizer', 'index.html'));
  const ours = files(web);
  const unchanged = etag();
  const swap = swapToken(access);
  app.get('/vendor/dagre.js', unchanged, file(dagreFile(), 'text/javascript; charset=utf-8'));
  app.get('/visualizer', swap, unchanged, index);
  app.get('/visualizer/*', swap, unchanged, (c, next) => (isFile(c) ? ours : index)(c, next));
}

/** Every path without an extension is the page: it knows its own addresses. */
function isFile(c: Context): boolean {
  return c.req.path.slice(c.req.path.lastIndexOf('/')).includes('.');
}

function swapToken(access: AdminAccess): MiddlewareHandler {
  return async (c, next) => {
    const token = c.req.query('token');
    if (token === undefined) return next();
    c.header('Cache-Control', 'no-store');
    c.header('Referrer-Policy', 'no-referrer');
    // A picture or a frame in somebody's page would spend the guesses of whoever looks at that page.
    if ((c.req.header('Sec-Fetch-Dest') ?? 'document') !== 'document') {
      return problem(c, 403, 'A link with a token opens a page, and nothing else');
    }
    const admitted = admit(c, access.guard, token, access.trustProxy);
    if (admitted instanceof Response) return admitted;
    giveCookie(c, admitted, access);
    const url = new URL(c.req.url);
    url.searchParams.delete('token');
    // A path alone: whatever the client calls this host stays right. One slash: two would name another host.
    return c.redirect(`${url.pathname.replace(/^\/+/, '/')}${url.search}`, 302);
  };
}

function dagreFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@dagrejs/dagre')), 'dagre.esm.js');
}
