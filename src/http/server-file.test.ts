import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readServerFile, writeServerFile } from './server-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'server-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('says where the server is, to its owner only, for as long as it runs', () => {
  const remove = writeServerFile(folder, { host: '127.0.0.1', port: 5050 });
  expect(readFileSync(join(folder, 'server.json'), 'utf8')).toBe(
    `{"url":"http://127.0.0.1:5050","pid":${process.pid}}\n`,
  );
  expect(statSync(join(folder, 'server.json')).mode & 0o777).toBe(0o600);
  remove();
  expect(readServerFile(folder)).toBeNull();
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['fe80::1', 'http://[fe80::1]:80'],
  ['localhost', 'http://localhost:80'],
])('a server on %s is reached at %s', (host, url) => {
  const remove = writeServerFile(folder, { host, port: 80 });
  expect(readServerFile(folder)?.url).toBe(url);
  remove();
});

test('the file of a server that took the place stays', () => {
  const remove = writeServerFile(folder, { host: '127.0.0.1', port: 5050 });
  writeFileSync(join(folder, 'server.json'), '{"url":"http://127.0.0.1:5051","pid":1}');
  remove();
  expect(readServerFile(folder)).toEqual({ url: 'http://127.0.0.1:5051', pid: 1 });
});

test.each(['', '{}', '{"url":"file:///etc/passwd","pid":1}', '{"url":"http://x","pid":"1"}'])(
  'a file that holds %j names no server',
  (text) => {
    writeFileSync(join(folder, 'server.json'), text);
    expect(readServerFile(folder)).toBeNull();
  },
);
