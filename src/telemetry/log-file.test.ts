import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError } from '../config.js';
import { createLog } from './log.js';
import { openLogFile } from './log-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lines go to numbered files, and the oldest files are removed', async () => {
  const limits = { logFileBytesMax: 1024 * 1024, logFilesMax: 3 };
  const stream = openLogFile(join(folder, 'new/server.log'), limits);
  const log = createLog('info', stream);
  const written = () => readdirSync(join(folder, 'new')).filter((name) => /^server\.\d+\.log$/.test(name));
  // The size is looked at between writes: each round is longer than a file may be.
  for (let round = 0; round < 6; round++) {
    for (let line = 0; line < 40; line++) log.info({ round, text: 'x'.repeat(32_000) }, 'line');
    await new Promise<void>((resolve, reject) =>
      log.flush((failure) => (failure === undefined ? resolve() : reject(failure))),
    );
  }
  const newest = () => Math.max(...written().map((name) => Number(name.split('.')[1])));
  await expect.poll(newest, { timeout: 20_000 }).toBeGreaterThan(4);
  // Rolling and removing overlap: between two of them there may be one file less.
  await expect.poll(() => written().length, { timeout: 20_000 }).toBeLessThanOrEqual(3);
  const text = written()
    .map((name) => readFileSync(join(folder, 'new', name), 'utf8'))
    .join('');
  expect(text).toContain('"round":5');
  expect(text).not.toContain('"round":0');
  await stream.end();
});

test('lines go to stderr while the file can not be written, and to the file again when it can', async () => {
  const link = join(folder, 'server.1.log');
  symlinkSync('/dev/full', link); // a disk without room
  const stderr: string[] = [];
  const stream = openLogFile(
    join(folder, 'server.log'),
    { logFileBytesMax: 1024 * 1024, logFilesMax: 3 },
    { fallback: { write: (line) => stderr.push(line) }, reopenMs: 1 },
  );
  stream.write('lost\n');
  await expect.poll(() => stderr.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const said = JSON.parse(stderr[0]!) as object;
  expect(said).toMatchObject({ level: 'error', msg: 'log file not written, lines go to stderr' });

  rmSync(link);
  const written = () => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  await expect.poll(() => (stream.write('again\n'), written().join('')), { timeout: 20_000 }).toContain('again');
  await stream.end();
});

test('a folder that can not be made is a sentence about the setting', () => {
  const limits = { logFileBytesMax: 1024 * 1024, logFilesMax: 3 };
  const file = join(folder, 'taken');
  writeFileSync(file, '');
  expect(() => openLogFile(join(file, 'server.log'), limits)).toThrow(ConfigError);
});

const BELOW_PROC = ['/proc/self/server.log', '/proc/none/logs/server.log'];
test.skipIf(process.platform !== 'linux').each(BELOW_PROC)('%s takes no file: a sentence about the setting', (file) => {
  expect(() => openLogFile(file, { logFileBytesMax: 1024 * 1024, logFilesMax: 3 })).toThrow(ConfigError);
});
