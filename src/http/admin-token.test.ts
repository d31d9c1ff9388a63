import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenGuard, loadAdminToken } from './admin-token.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'admin-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the admin token', () => {
  test('is the one of the environment, and then no file is made', () => {
    const empty = join(folder, 'empty');
    expect(loadAdminToken(empty, 'from-the-environment')).toBe('from-the-environment');
    expect(statSync(empty, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('is made once, for its owner only, and stays the same', () => {
    const made = loadAdminToken(folder);
    expect(made).toMatch(/^[\w-]{43}$/);
    expect(statSync(join(folder, 'admin.token')).mode & 0o777).toBe(0o600);
    expect(loadAdminToken(folder)).toBe(made);
  });

  test.each([0o640, 0o604, 0o620])('stops the start where others have rights to its file (%o)', (mode) => {
    loadAdminToken(folder);
    const file = join(folder, 'admin.token');
    chmodSync(file, mode);
    const sentence = `${file} is open to others (mode ${mode.toString(8)}): remove it`;
    expect(() => loadAdminToken(folder)).toThrow(sentence);
    chmodSync(file, 0o600);
  });

  test('is not taken from a file that holds too little', () => {
    const file = join(folder, 'admin.token');
    writeFileSync(file, '\n');
    expect(() => loadAdminToken(folder)).toThrow(`${file} holds 0 characters`);
    rmSync(file);
  });
});

describe('the guard', () => {
  let elapsedMs = 0;
  const guesses: number[] = [];
  const guardOf = (rateLimitFactor = 1) =>
    createTokenGuard({
      onGuessing: (wrong) => guesses.push(wrong),
      tokens: [
        ['admin', 'right'],
        ['operator', 'other'],
      ],
      limits: { rateLimitFactor },
      elapsedMs: () => elapsedMs,
    });

  test.each(['', 'wrong', 'righ', 'rightt', 'Right', ' right'])('denies %j', (given) => {
    expect(guardOf().judge(given, 'a')).toEqual({ kind: 'denied' });
    expect(guardOf().judge('right', 'a')).toEqual({ kind: 'allowed', role: 'admin' });
    expect(guardOf().judge('other', 'a')).toEqual({ kind: 'allowed', role: 'operator' });
  });

  test('tells of guessing when an address has used up its guesses, and of all that followed after a minute', () => {
    const guard = guardOf();
    guesses.length = 0;
    for (let count = 0; count < 10; count++) guard.judge('wrong', 'a');
    expect(guesses).toEqual([]);
    for (let count = 0; count < 20; count++) guard.judge('wrong', 'a');
    expect(guesses).toEqual([11]);
    elapsedMs += 60_000;
    for (let count = 0; count < 11; count++) guard.judge('wrong', 'a');
    expect(guesses).toEqual([11, 30]);
  });

  test('answers ten wrong tokens of an address and slows down the rest, and always lets a right one in', () => {
    const guard = guardOf();
    for (let guess = 0; guess < 10; guess++) expect(guard.judge(`wrong ${guess}`, 'a').kind).toBe('denied');
    expect(guard.judge('wrong', 'a')).toEqual({ kind: 'limited', retryAfterS: 6 });
    expect(guard.judge('right', 'a').kind).toBe('allowed');
    expect(guard.judge('wrong', 'b').kind).toBe('denied');
    elapsedMs += 6_000;
    expect(guard.judge('wrong', 'a').kind).toBe('denied');
    expect(guard.judge('wrong', 'a').kind).toBe('limited');
  });

  test('counts neither right tokens nor requests without one', () => {
    const guard = guardOf();
    for (let count = 0; count < 50; count++) {
      expect(guard.judge(null, 'a').kind).toBe('denied');
      expect(guard.judge('right', 'a').kind).toBe('allowed');
    }
  });

  test('limits nobody where limits are off', () => {
    const guard = guardOf(Infinity);
    for (let guess = 0; guess < 50; guess++) expect(guard.judge('wrong', 'a').kind).toBe('denied');
    expect(guard.judge('right', 'a').kind).toBe('allowed');
  });
});
