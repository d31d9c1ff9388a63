import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServerProcess } from '../support/server-process.js';

interface Shown {
  readonly status: number;
  readonly type: string;
  readonly location: string | null;
  readonly text: string;
}

async function get(server: ServerProcess, path: string): Promise<Shown> {
  const response = await fetch(server.url + path, { redirect: 'manual' });
  const { status, headers } = response;
  const type = (headers.get('content-type') ?? '').split(';')[0]!;
  return { status, type, location: headers.get('location'), text: await response.text() };
}

describe('without files of a frontend', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start();
  });
  afterAll(() => server.dispose());

  test.each([
    ['/', '/play'],
    ['/lobby', '/play'],
    ['/room/123456', '/play?room=123456'],
    ['/game/12345f', '/play?room=12345F'],
    ['/game/elsewhere', '/play'],
  ])('%s leads to %s', async (path, location) => {
    expect(await get(server, path)).toMatchObject({ status: 302, location });
  });

  test.each(['/play', '/replay/A1B2C3'])('the page %s and everything that it loads are there', async (path) => {
    const page = await get(server, path);
    expect(page).toMatchObject({ status: 200, type: 'text/html' });
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(loaded).not.toEqual([]);
    for (const path of loaded) expect(await get(server, path), path).toMatchObject({ status: 200 });
  });

  test.each(['/health', '/health/live', '/health/ready', '/api/health'])('%s says that all is well', async (path) => {
    const { status, type, text } = await get(server, path);
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    expect(JSON.parse(text)).toMatchObject({ status: expect.stringMatching(/^(healthy|live|ready)$/) as string });
  });

  test('/health/full looks at every part that its document names', async () => {
    const { text } = await get(server, '/health/full');
    const { checks } = JSON.parse(text) as { checks: readonly { readonly name: string }[] };
    const document = readFileSync('docs/HEALTH_ENDPOINTS.md', 'utf8');
    expect(checks.map(({ name }) => name)).toEqual([...document.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  });

  test.each([
    '/nowhere',
    '/api/nowhere',
    '/play/nowhere.js',
    '/play/../package.json',
    '/play/%2e%2e/%2e%2e/package.json',
  ])('%s is not there', async (path) => {
    const { status, text } = await get(server, path);
    expect(status).toBe(404);
    expect(text).not.toContain('"dependencies"');
  });
});

describe('with files of a frontend', () => {
  let server: ServerProcess;
  let files: string;
  beforeAll(async () => {
    files = mkdtempSync(join(tmpdir(), 'frontend-'));
    mkdirSync(join(files, 'assets'));
    writeFileSync(
      join(files, 'index.html'),
      '<!doctype html><html><head><script src="bundle.js"></script></head></html>',
    );
    writeFileSync(join(files, 'bundle.js'), 'globalThis.bundle = true;');
    writeFileSync(join(files, '.secret'), 'hidden');
    server = await ServerProcess.start({ env: { STATIC_DIR: files } });
  });
  afterAll(async () => {
    await server.dispose();
    rmSync(files, { recursive: true });
  });

  test('/ is its index, unchanged', async () => {
    const { status, text } = await get(server, '/');
    expect({ status, text }).toEqual({
      status: 200,
      text: '<!doctype html><html><head><script src="bundle.js"></script></head></html>',
    });
  });

  test.each(['/lobby', '/room/123456', '/game/123456', '/tutorial'])(
    'the deep link %s is its index, with a base that keeps relative names right',
    async (path) => {
      const { status, text } = await get(server, path);
      expect(status).toBe(200);
      const base = /<base href="([^"]+)">/.exec(text)?.[1];
      const bundle = new URL('bundle.js', new URL(base!, server.url + path));
      expect(await get(server, bundle.pathname)).toMatchObject({ status: 200, text: 'globalThis.bundle = true;' });
    },
  );

  test.each(['/game/bundle.js', '/.secret', '/assets', '/nowhere'])(
    '%s is not there, and no page instead',
    async (path) => {
      const { status, text } = await get(server, path);
      expect(status).toBe(404);
      expect(text).not.toContain('<html');
    },
  );

  test('our own pages and the health checks are there as well', async () => {
    expect(await get(server, '/play')).toMatchObject({ status: 200, type: 'text/html' });
    expect(await get(server, '/replay/A1B2C3')).toMatchObject({ status: 200, type: 'text/html' });
    expect(await get(server, '/health/ready')).toMatchObject({ status: 200 });
  });
});
