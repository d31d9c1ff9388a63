import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clearSuspect, readSuspect, writeSuspect } from './suspect.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'suspect-'));
  file = join(folder, 'suspect.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function read() {
  const failures: unknown[] = [];
  return { suspect: readSuspect(file, (failure) => failures.push(failure)), failures };
}

test('a suspect is read as it was written, by its owner only', () => {
  const suspect = { roomId: 'r1', at: 1_700_000_000_000, blockedMs: 10_000 };
  writeSuspect(file, suspect);
  expect(read()).toEqual({ suspect, failures: [] });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['suspect.json']);
});

test('a newer suspect takes the place of an older one', () => {
  writeSuspect(file, { roomId: 'r1', at: 1, blockedMs: 10_000 });
  writeSuspect(file, { roomId: null, at: 2, blockedMs: 10_000 });
  expect(read().suspect).toEqual({ roomId: null, at: 2, blockedMs: 10_000 });
});

test('no file is no suspect and no failure', () => {
  expect(read()).toEqual({ suspect: null, failures: [] });
});

test.each(['', '{"roomId":"r1"', '{"roomId":"","at":1,"blockedMs":1}', '{"roomId":"r1","at":"1","blockedMs":1}'])(
  'a broken file is told and stops nothing: %j',
  (content) => {
    writeFileSync(file, content);
    const { suspect, failures } = read();
    expect(suspect).toBeNull();
    expect(failures).toHaveLength(1);
  },
);

test('a suspect that was dealt with is gone, and clearing twice is no failure', () => {
  writeSuspect(file, { roomId: 'r1', at: 1, blockedMs: 10_000 });
  clearSuspect(file);
  clearSuspect(file);
  expect(existsSync(file)).toBe(false);
});
