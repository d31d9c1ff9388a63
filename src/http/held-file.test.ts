import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { HeldFile, type HeldFileOptions } from './held-file.js';

/* Goal: whoever asks gets the file as it is now, and the disk is read once for each version of it. Method: real files; a
 * change counts how often a text was read. */

let folder: string;
let path: string;
let reads: number;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'held-'))));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  path = join(folder, 'page.html');
  reads = 0;
});
afterEach(() => void vi.useRealTimers());

const counted = (text: string): string => {
  reads++;
  return text;
};

function app(options: HeldFileOptions = { change: counted }) {
  const held = new HeldFile(path, options);
  const made = new Hono();
  made.get('/', async (c) => (await held.answer(c)) ?? c.notFound());
  return { held, ask: async (headers = {}) => made.request('/', { headers }) };
}

/** As if the file had been written a while ago. */
function later(): void {
  vi.useFakeTimers({ now: statSync(path).ctimeMs + 10_000, toFake: ['Date'] });
}

test('a file is read once for all who ask, also for those who ask at the same time', async () => {
  writeFileSync(path, 'hello');
  later();
  const { ask } = app();
  const texts = await Promise.all([ask(), ask(), ask()].map(async (answer) => (await answer).text()));
  expect([...texts, await (await ask()).text(), reads]).toEqual(['hello', 'hello', 'hello', 'hello', 1]);
});

test('a file that was written just now is read each time: it may change again within the same tick', async () => {
  writeFileSync(path, 'one');
  const { ask } = app();
  await ask();
  expect([await (await ask()).text(), reads]).toEqual(['one', 2]);
});

test('one that was replaced is seen at once, though its size and its time are the same', async () => {
  writeFileSync(path, 'one');
  const { atime, mtime } = statSync(path);
  later();
  const { ask } = app();
  expect(await (await ask()).text()).toBe('one');
  writeFileSync(`${path}.next`, 'two');
  utimesSync(`${path}.next`, atime, mtime);
  renameSync(`${path}.next`, path);
  later();
  const answer = await ask();
  expect([await answer.text(), answer.headers.get('etag')]).toEqual([
    'two',
    '"ad782ecdac770fc6eb9a62e44f90873fb97fb26b"',
  ]);
});

test('a long text is packed for those who read it so, and says that it depends on that', async () => {
  writeFileSync(path, 'x'.repeat(2_000));
  const { held, ask } = app();
  const [plain, packed, refused] = [
    await ask(),
    await ask({ 'Accept-Encoding': 'br;q=1.0, gzip;q=0.5' }),
    await ask({ 'Accept-Encoding': 'gzip;q=0' }),
  ];
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(refused.headers.get('content-encoding')).toBeNull();
  expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
  expect(packed.headers.get('etag')).toBe(`W/${plain.headers.get('etag')}`);
  const bytes = Buffer.from(await packed.arrayBuffer());
  expect(packed.headers.get('content-length')).toBe(String(bytes.length));
  expect(gunzipSync(bytes)).toHaveLength(2_000);
  expect(held.size).toBe(2_000 + bytes.length);
});

test('what is short, or is no text, is sent as it is', async () => {
  writeFileSync(path, 'short');
  expect((await app().ask({ 'Accept-Encoding': 'gzip' })).headers.get('content-encoding')).toBeNull();
  writeFileSync(path, 'x'.repeat(2_000));
  const image = await app({ type: 'image/png' }).ask({ 'Accept-Encoding': 'gzip' });
  expect([image.headers.get('content-encoding'), image.headers.get('vary')]).toEqual([null, null]);
});

test('a file that is not there, a folder, and one that is too large are for somebody else', async () => {
  path = join(folder, 'none');
  expect((await app().ask()).status).toBe(404);
  path = folder;
  expect((await app().ask()).status).toBe(404);
  path = join(folder, 'large');
  writeFileSync(path, Buffer.alloc(1024 * 1024 + 1));
  expect((await app().ask()).status).toBe(404);
});

test('a reading that fails is not remembered', async () => {
  writeFileSync(path, 'hello');
  later();
  let isBroken = true;
  const { ask } = app({
    change: (text) => {
      if (isBroken) throw new Error('not now');
      return text;
    },
  });
  expect((await ask()).status).toBe(500);
  isBroken = false;
  expect(await (await ask()).text()).toBe('hello');
});
