import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { HTTPException } from 'hono/http-exception';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSessions } from '../gateway/sessions.js';
import { MemoryRateLimiter } from '../limits/memory-rate-limiter.js';
import { createLog } from '../telemetry/log.js';
import { type AppDeps, createApp } from './app.js';
import type { HealthReport } from '../telemetry/health-report.js';
import { withBase } from './pages.js';

const HEALTHY: HealthReport = { live: true, ready: true, checks: [], startedAtMs: 1_000_000 };
const INDEX = '<!doctype html><html><head lang="x"><title>T</title><script src="bundle.js"></script></head></html>';
const sessions = createSessions({ secret: 'a key for tests' });

const lines: string[] = [];
const deps: AppDeps = {
  staticDir: undefined,
  trustProxy: false,
  sessions,
  health: () => HEALTHY,
  circuits: () => [{ name: 'journal', state: 'closed', failures: 3 }],
  healthChanges: () => [{ at: 7, name: 'journal', ok: true, detail: 'takes writes' }],
  limiter: new MemoryRateLimiter(() => 0),
  limits: { rateLimitFactor: 1, limitLoopback: false },
  clock: { nowMs: () => 1_184_500, elapsedMs: () => 0 },
  log: createLog('debug', { write: (line) => lines.push(line) }),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'frontend-'));
  const frontend = join(folder, 'frontend');
  mkdirSync(join(frontend, 'assets'), { recursive: true });
  mkdirSync(join(frontend, '.git'));
  writeFileSync(join(frontend, 'index.html'), INDEX);
  writeFileSync(join(frontend, 'bundle.js'), `//${'x'.repeat(3_000)}`);
  writeFileSync(join(frontend, 'bundle.js.map'), '{}');
  writeFileSync(join(frontend, 'bundle.css'), 'body{}');
  writeFileSync(join(frontend, 'assets', 'module.mjs'), 'export {}');
  writeFileSync(join(frontend, 'metrics'), 'not yours');
  writeFileSync(join(frontend, '.env'), 'SECRET=1');
  writeFileSync(join(frontend, '.git', 'config'), 'secret');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
});
afterAll(() => rmSync(folder, { recursive: true }));

const own = () => createApp(deps);
const withFrontend = (over: Partial<AppDeps> = {}) =>
  createApp({ ...deps, staticDir: join(folder, 'frontend'), ...over });

describe('without a frontend', () => {
  test.each([
    ['/', '/play'],
    ['/lobby', '/play'],
    ['/tutorial', '/play'],
    ['/room/A442EC', '/play?room=A442EC'],
    ['/game/A442EC', '/play?room=A442EC'],
  ])('%s leads to our own page', async (path, page) => {
    const answer = await own().request(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, page]);
  });

  test.each(['/play', '/play/'])('%s is our page, with a policy that allows only our own files', async (path) => {
    const answer = await own().request(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')?.toLowerCase()).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toContain('<title>');
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
  });

  test('our page finds its files and its library', async () => {
    const html = await (await own().request('/play')).text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(1);
    for (const path of [...links, '/vendor/preact.js']) {
      expect([path, (await own().request(path)).status]).toEqual([path, 200]);
    }
    const library = await own().request('/vendor/preact.js');
    expect(library.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await library.text()).toMatch(/export\s*\{/);
  });

  test.each(['/play/none.js', '/vendor/other.js', '/room/bundle.js', '/nothing', '/index.html', '/game/a/b'])(
    '%s is not found',
    async (path) => {
      const answer = await own().request(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toEqual({ title: 'Not Found', status: 404, detail: 'Not Found' });
    },
  );
});

describe('with a frontend', () => {
  test('its index is the start page, as it is, and is asked for anew each time', async () => {
    const answer = await withFrontend().request('/');
    expect(await answer.text()).toBe(INDEX);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]+"$/);
  });

  test.each(['/', '/lobby', '/bundle.js', '/play'])('%s that has not changed is not sent again', async (path) => {
    const app = withFrontend();
    const etag = (await app.request(path)).headers.get('etag')!;
    const again = await app.request(path, { headers: { 'If-None-Match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const other = await app.request(path, { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test.each(['/lobby', '/tutorial', '/room/A442EC', '/game/A442EC'])(
    '%s answers the index with a base, so that its relative links hold',
    async (path) => {
      const answer = await withFrontend().request(path);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe(INDEX.replace('<head lang="x">', '<head lang="x"><base href="/">'));
      expect(answer.headers.get('content-security-policy')).toContain("base-uri 'self'");
    },
  );

  test.each(['/room/bundle.js', '/game/bundle.css', '/game/x.y', '/room', '/game/a/b', '/unknown'])(
    '%s is not answered with a page',
    async (path) => {
      expect((await withFrontend().request(path)).status).toBe(404);
    },
  );

  test.each([
    ['/bundle.js', 'text/javascript; charset=utf-8'],
    ['/bundle.js.map', 'application/json'],
    ['/bundle.css', 'text/css; charset=utf-8'],
    ['/assets/module.mjs', 'text/javascript; charset=utf-8'],
    ['/index.html', 'text/html; charset=utf-8'],
  ])('%s has the type %s', async (path, type) => {
    const answer = await withFrontend().request(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    '/.env',
    '/.git/config',
    '/%2eenv',
    '/%2Egit/config',
    '/assets/../.env',
    '/assets/%2e%2e/.env',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%2foutside.txt',
    '/assets/..%5c..%5coutside.txt',
    '/play/../../package.json',
    '/play/%2e%2e/%2e%2e/package.json',
    '/play/..%2f..%2fpackage.json',
    '/%00',
    '/%ff',
    '/bundle.js%00.html',
    '//etc/passwd',
  ])('%s gives nothing away', async (path) => {
    // A Request would tidy the path up before the server sees it; a socket sends it as it is.
    const request = new Request('http://host/');
    Object.defineProperty(request, 'url', { value: `http://host${path}` });
    expect((await withFrontend().fetch(request)).status).toBe(404);
  });

  test('its policy allows data images and inline styles, but no scripts from elsewhere', async () => {
    const policy = (await withFrontend().request('/')).headers.get('content-security-policy');
    expect(policy).toContain("img-src 'self' data:");
    expect(policy).toContain("style-src 'self' 'unsafe-inline'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe-eval');
  });

  test('our page is there too, with our policy', async () => {
    const answer = await withFrontend().request('/play');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
  });

  test('a file of the frontend does not stand before a route of ours', async () => {
    const app = withFrontend();
    app.get('/metrics', (c) => c.text('ours'));
    expect(await (await app.request('/metrics')).text()).toBe('ours');
  });

  test('a folder without an index leads to our page', async () => {
    const app = withFrontend({ staticDir: join(folder, 'frontend', 'assets') });
    expect((await app.request('/')).headers.get('location')).toBe('/play');
    expect((await app.request('/lobby')).headers.get('location')).toBe('/play');
  });

  test('an index that was replaced is seen at once', async () => {
    const staticDir = join(folder, 'replaced');
    mkdirSync(staticDir);
    writeFileSync(join(staticDir, 'index.html'), 'one');
    const app = withFrontend({ staticDir });
    await app.request('/');
    writeFileSync(join(staticDir, 'index.html'), 'two');
    expect(await (await app.request('/')).text()).toBe('two');
  });

  test('large texts are compressed for those who can read it', async () => {
    const app = withFrontend();
    const packed = await app.request('/bundle.js', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer()))).toHaveLength(3_002);
    expect((await app.request('/bundle.js')).headers.get('content-encoding')).toBeNull();
    expect(
      (await app.request('/bundle.css', { headers: { 'Accept-Encoding': 'gzip' } })).headers.get('content-encoding'),
    ).toBeNull();
  });

  test('a head request has the headers and no body', async () => {
    const answer = await withFrontend().request('/bundle.js', { method: 'HEAD' });
    expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([200, '', '3002']);
  });

  test.each(['POST', 'PUT', 'DELETE'])('%s on a page is not allowed', async (method) => {
    expect((await withFrontend().request('/', { method })).status).toBe(405);
  });

  test('a link inside the folder may point elsewhere: that is for its owner to decide', async () => {
    symlinkSync(join(folder, 'outside.txt'), join(folder, 'frontend', 'linked.txt'));
    expect(await (await withFrontend().request('/linked.txt')).text()).toBe('outside');
  });
});

describe('a request', () => {
  const app = () => {
    const made = createApp({ ...deps, patience: { httpAnswerMs: 1 } });
    const hangs = (): Promise<Response> => new Promise(() => undefined);
    made.get('/api/hangs', hangs);
    made.post('/api/admin/operations/:name', async (c) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return c.text('done');
    });
    return made;
  };

  test('that is never answered gets 503, and an operation takes the time it needs', async () => {
    const answer = await app().request('/api/hangs');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ detail: 'The answer takes too long: try again later' });
    const operation = await app().request('/api/admin/operations/backup', { method: 'POST' });
    expect([operation.status, await operation.text()]).toEqual([200, 'done']);
  });

  test.each([
    ['POST', '/health', 'GET, HEAD'],
    ['PATCH', '/play', 'GET, HEAD'],
    ['HELLO', '/api/health', 'GET, HEAD'],
    ['GET', '/api/admin/operations/pause', 'POST'],
    ['HEAD', '/api/admin/operations/pause', 'POST'],
  ])('of the method %s for %s: 405, with those that are there', async (method, path, allow) => {
    const answer = await app().request(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });

  test.each(['POST', 'HELLO'])('of the method %s for nothing: 404, with a frontend too', async (method) => {
    expect((await app().request('/nothing', { method })).status).toBe(404);
    expect((await withFrontend().request('/nothing', { method })).status).toBe(404);
  });
});

describe('the base of a deep link', () => {
  test.each([
    ['<HEAD><title>', '<HEAD><base href="/"><title>'],
    ['<head\n  data-x="1">a', '<head\n  data-x="1"><base href="/">a'],
    ['<html><body><header>x', '<html><base href="/"><body><header>x'],
    ['<!DOCTYPE html><p>', '<!DOCTYPE html><base href="/"><p>'],
    ['<p>', '<base href="/"><p>'],
    ['', '<base href="/">'],
  ])('%j becomes %j', (html, expected) => {
    expect(withBase(html)).toBe(expected);
  });

  test('a base that is there stays the only one', () => {
    expect(withBase('<head><base href="/app/"></head>')).toBe('<head><base href="/app/"></head>');
  });
});

describe('the session cookie', () => {
  const cookieOf = async (path: string, init?: RequestInit, over?: Partial<AppDeps>) =>
    (await withFrontend(over).request(path, init)).headers.get('set-cookie');

  test.each(['/', '/index.html', '/play', '/play/', '/lobby', '/tutorial', '/room/A442EC', '/game/A442EC'])(
    '%s sets one for a browser that has none',
    async (path) => {
      const cookie = await cookieOf(path);
      expect(cookie).toMatch(/^room_session=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
      expect(sessions.fromCookieHeader(cookie!.split(';')[0])).not.toBeNull();
    },
  );

  test('the redirect to our page sets one as well', async () => {
    expect((await own().request('/')).headers.get('set-cookie')).toMatch(/^room_session=/);
  });

  test('a browser with a valid one keeps it', async () => {
    const headers = { Cookie: `a=b; room_session=${sessions.issue().token}` };
    expect(await cookieOf('/', { headers })).toBeNull();
  });

  test('a forged one is replaced', async () => {
    const forged = createSessions({ secret: 'another key' }).issue().token;
    expect(await cookieOf('/', { headers: { Cookie: `room_session=${forged}` } })).toMatch(/^room_session=/);
  });

  test('a page that was not sent again still sets one', async () => {
    const etag = (await withFrontend().request('/')).headers.get('etag')!;
    expect(await cookieOf('/', { headers: { 'If-None-Match': etag } })).toMatch(/^room_session=/);
  });

  test.each(['/bundle.js', '/play/play.js', '/health', '/api/health', '/nothing', '/room/bundle.js'])(
    '%s sets none',
    async (path) => {
      expect(await cookieOf(path)).toBeNull();
    },
  );

  test('behind TLS it is secure, and a proxy is believed only where that is configured', async () => {
    const headers = { 'X-Forwarded-Proto': 'https' };
    expect(await cookieOf('https://host/')).toMatch(/; Secure$/);
    expect(await cookieOf('/', { headers }, { trustProxy: true })).toMatch(/; Secure$/);
    expect(await cookieOf('/', { headers })).not.toContain('Secure');
    expect(
      await cookieOf('https://host/', { headers: { 'X-Forwarded-Proto': 'http' } }, { trustProxy: true }),
    ).not.toContain('Secure');
  });
});

describe('health', () => {
  const bad = { name: 'journal', ok: false, detail: 'breaker open' };
  const answers = async (report: Partial<HealthReport>) => {
    const app = createApp({ ...deps, health: () => Promise.resolve({ ...HEALTHY, ...report }) });
    const paths = ['/health', '/health/live', '/health/ready', '/health/full', '/api/health'];
    return Promise.all(
      paths.map(async (path) => {
        const answer = await app.request(path);
        return [path, answer.status, ((await answer.json()) as { status: string }).status];
      }),
    );
  };

  test('all is well', async () => {
    expect(await answers({})).toEqual([
      ['/health', 200, 'healthy'],
      ['/health/live', 200, 'live'],
      ['/health/ready', 200, 'ready'],
      ['/health/full', 200, 'healthy'],
      ['/api/health', 200, 'healthy'],
    ]);
  });

  test('a failed check that does not stop the service is a warning', async () => {
    expect(await answers({ checks: [bad] })).toEqual([
      ['/health', 200, 'warning'],
      ['/health/live', 200, 'live'],
      ['/health/ready', 200, 'ready'],
      ['/health/full', 200, 'warning'],
      ['/api/health', 200, 'warning'],
    ]);
  });

  test('not ready is 503, but no reason for a restart', async () => {
    expect(await answers({ ready: false, checks: [bad] })).toEqual([
      ['/health', 503, 'critical'],
      ['/health/live', 200, 'live'],
      ['/health/ready', 503, 'not ready'],
      ['/health/full', 503, 'critical'],
      ['/api/health', 503, 'critical'],
    ]);
  });

  test('dead is 503 everywhere', async () => {
    expect((await answers({ live: false })).map(([, status]) => status)).toEqual([503, 503, 503, 503, 503]);
  });

  test('the checks are shown by name', async () => {
    const app = createApp({ ...deps, health: () => ({ ...HEALTHY, ready: false, checks: [bad] }) });
    expect(await (await app.request('/health/ready')).json()).toEqual({ status: 'not ready', checks: [bad] });
  });

  test('/health/full adds the circuits and what has changed', async () => {
    expect(await (await own().request('/health/full')).json()).toMatchObject({
      status: 'healthy',
      live: true,
      ready: true,
      circuits: [{ name: 'journal', state: 'closed', failures: 3 }],
      changes: [{ at: 7, name: 'journal', ok: true, detail: 'takes writes' }],
    });
  });

  test('/api/health has the members of the existing system', async () => {
    const answer = await own().request('/api/health');
    expect(await answer.json()).toEqual({
      status: 'healthy',
      timestamp: 1184.5,
      uptime_seconds: 184.5,
      uptime_formatted: '00:03:04',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      service: 'room-runtime',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('a health check that fails itself is critical, without its reason', async () => {
    const app = createApp({ ...deps, health: () => Promise.reject(new Error('password hunter2')) });
    const answer = await app.request('/api/health');
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { status: 'critical', error: 'The health check failed', timestamp: 1184.5, service: 'room-runtime' },
    ]);
    expect((await app.request('/health')).status).toBe(500);
  });
});

describe('errors', () => {
  const failing = () => {
    const app = own();
    app.get('/boom', () => {
      throw new Error('password hunter2 at line 3');
    });
    app.get('/refused', () => {
      throw new HTTPException(400, { message: 'Sequence number must be non-negative' });
    });
    return app;
  };

  test('no text of an unexpected error leaves the server, but the log has it under the request id', async () => {
    lines.length = 0;
    const answer = await failing().request('/boom', { headers: { 'X-Request-Id': 'r-1' } });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({
      title: 'Internal Server Error',
      status: 500,
      detail: 'Internal Server Error',
    });
    expect(answer.headers.get('content-security-policy')).not.toBeNull();
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged.find((line) => line['level'] === 'error')).toMatchObject({
      requestId: 'r-1',
      path: '/boom',
      err: { message: 'password hunter2 at line 3' },
    });
  });

  test('a refusal of ours keeps its status and its sentence', async () => {
    const answer = await failing().request('/refused');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toEqual({
      title: 'Bad Request',
      status: 400,
      detail: 'Sequence number must be non-negative',
    });
  });
});

describe('every answer', () => {
  test.each(['/', '/play', '/health', '/nothing', '/vendor/preact.js'])(
    '%s has an id and the safe headers',
    async (path) => {
      const { headers } = await own().request(path, { headers: { 'X-Request-Id': 'bad id!' } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  test('keeps a request id that a proxy has given', async () => {
    const { headers } = await own().request('/health', { headers: { 'X-Request-Id': 'proxy-7' } });
    expect(headers.get('x-request-id')).toBe('proxy-7');
  });

  test('is logged with method, path, status and time, never with its query', async () => {
    lines.length = 0;
    await own().request('/health?token=hunter2', { headers: { Cookie: 'room_session=hunter2' } });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'debug',
      method: 'GET',
      path: '/health',
      status: 200,
      tookMs: 0,
    });
    expect(lines[0]).not.toContain('hunter2');
  });
});
