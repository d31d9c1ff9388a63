import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { importedLibrary, servedLibrary } from '../../test/support/served-library.js';
import { addClientModules, CLIENT_MODULES } from './client-modules.js';

const app = new Hono();
addClientModules(app);

test('a page that loads the library is served all that it imports, and gets what programs get', async () => {
  expect(await servedLibrary((path) => app.request(path))).toEqual(await importedLibrary(CLIENT_MODULES));
});

test('a module is a script that is not sent again while it is the same', async () => {
  const first = await app.request('/client/room-link.js');
  expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const headers = { 'If-None-Match': first.headers.get('etag')! };
  expect((await app.request('/client/room-link.js', { headers })).status).toBe(304);
});

test.each(['room-client.js', 'room-link.ts', 'room-link.js.map', '..%2fmain.js', 'constructor.js'])(
  'the rest of the library, as %s, is not served',
  async (file) => {
    expect((await app.request(`/client/${file}`)).status).toBe(404);
  },
);
