import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StoreFailure } from '../persistence/journal.js';
import { startFailure } from './start-failure.js';

const SETTINGS = { dataDir: '/rooms/data', host: 'here', port: 80 };

const failed = (code: string, more: object): Error => Object.assign(new Error(`${code}: it failed`), { code, ...more });

test.each([
  ['EROFS', { syscall: 'mkdir', path: '/rooms/data' }, 'DATA_DIR is /rooms/data, which can only be read.'],
  ['EACCES', { syscall: 'open', path: '/rooms/data/journal.lock' }, 'DATA_DIR is /rooms/data, which this user has no'],
  ['ENOENT', { syscall: 'mkdir', path: '/rooms' }, "DATA_DIR is /rooms/data, which is not there and can't be made."],
  ['EACCES', { syscall: 'mkdir', path: '/' }, 'DATA_DIR is /rooms/data, which this user has no'],
  ['SQLITE_READONLY_DIRECTORY', {}, 'DATA_DIR is /rooms/data, whose journal can only be read.'],
  ['SQLITE_FULL', {}, 'DATA_DIR is /rooms/data, whose disk is full. Make room first.'],
  ['ENOSPC', { syscall: 'write' }, 'DATA_DIR is /rooms/data, whose disk is full. Make room first.'],
  ['EADDRINUSE', { syscall: 'listen' }, 'Set PORT to a free one.'],
  ['EACCES', { syscall: 'listen' }, 'PORT is 80, which this user has no right to: set one above 1023.'],
  ['EADDRNOTAVAIL', { syscall: 'listen' }, 'HOST is here, which is no address of this machine.'],
  ['EAI_AGAIN', { syscall: 'getaddrinfo' }, 'HOST is here, a name that nobody here can look up.'],
  ['ENOTFOUND', { syscall: 'getaddrinfo' }, 'HOST is here, a name that is not known.'],
])('%s of %j is said with the setting', (code, more, sentence) => {
  expect(startFailure(failed(code, more), SETTINGS)).toContain(`${code}: it failed. ${sentence}`);
});

test('a store that is full is said with its folder', () => {
  const failure = new StoreFailure('failed', 'SQLITE_FULL', 'The journal refused: database or disk is full');
  expect(startFailure(failure, SETTINGS)).toBe(
    'The journal refused: database or disk is full. DATA_DIR is /rooms/data, whose disk is full. Make room first.',
  );
});

test.each([
  ['a bug', new TypeError('x is not a function')],
  ['no error', 'a text'],
  ['a code that nobody knows', failed('EIO', { syscall: 'open', path: '/rooms/data/x' })],
  ['another file', failed('EACCES', { syscall: 'open', path: '/etc/other' })],
  ['a folder whose name only begins alike', failed('EACCES', { syscall: 'open', path: '/rooms/database/x' })],
  ['another code of the port', failed('EMFILE', { syscall: 'listen' })],
])('%s is not explained', (_, failure) => {
  expect(startFailure(failure, SETTINGS)).toBeNull();
});

test('what the system says of a folder that is a file, or lies below one, is explained', () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-failure-'));
  try {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'data')]) {
      let failure: unknown;
      try {
        mkdirSync(dataDir, { recursive: true });
      } catch (thrown) {
        failure = thrown;
      }
      expect(startFailure(failure, { ...SETTINGS, dataDir })).toContain(`DATA_DIR is ${dataDir}, which is a file`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
