import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSuspect } from '../../src/watchdog/suspect.js';
import { MISSING_PROGRAM } from '../support/missing-programs.js';
import { type ProcessEnd, runToEnd } from '../support/server-process.js';

const ROOM = '01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b';
const WATCHED = [process.execPath, '--import', 'tsx', 'test/support/watched-process.ts'];

let folder: string;
let suspectFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  suspectFile = join(folder, 'suspect.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function lines({ stderr }: ProcessEnd): unknown[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as unknown);
}

const suspect = () =>
  readSuspect(suspectFile, (failure) => {
    throw failure;
  });

test('a room whose step never ends is named in the log, recorded as suspect, and the process ends by a signal', async () => {
  const end = await runToEnd({}, [...WATCHED, suspectFile, ROOM]);

  expect(end).toMatchObject({ code: null, signal: 'SIGKILL' });
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(lines(end)).toEqual([
    { level: 'warn', time, roomId: ROOM, blockedMs: 300, msg: 'room step takes too long' },
    {
      level: 'warn',
      time,
      roomId: ROOM,
      blockedMs: 300,
      stack: expect.stringContaining('loopForEver ('),
      msg: 'where the event loop is blocked',
    },
    { level: 'fatal', time, roomId: ROOM, blockedMs: 900, msg: 'event loop blocked, process ends' },
  ]);
  expect(suspect()).toMatchObject({ roomId: ROOM, blockedMs: 900 });
  expect(statSync(suspectFile).mode & 0o777).toBe(0o600);
});

test('an event loop that is blocked outside any step suspects no room', async () => {
  const end = await runToEnd({}, [...WATCHED, suspectFile]);

  expect(end).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(lines(end)).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'event loop blocked' }));
  expect(suspect()).toMatchObject({ roomId: null, blockedMs: 900 });
});

test('the first process of a container, which no signal of its own ends, ends too', async ({ skip }) => {
  // As a container does, `unshare` makes the program the first process of a namespace; that is for root.
  const container = ['unshare', '--pid', '--fork', '--kill-child'];
  if (spawnSync(container[0]!, [...container.slice(1), 'true']).status !== 0) {
    skip(`${MISSING_PROGRAM}unshare, with the right to use it`);
  }
  const end = await runToEnd({ PATH: process.env['PATH']! }, [...container, ...WATCHED, suspectFile, ROOM], 15_000);

  expect(end.signal).not.toBe('SIGKILL'); // that would be the limit above
  expect([end.code, end.signal]).not.toEqual([0, null]);
  expect(suspect()).toMatchObject({ roomId: ROOM });
});

test('a debugger that may hold the main thread keeps the watchdog from ending the process', async () => {
  const debugged = [process.execPath, '--inspect=127.0.0.1:0', ...WATCHED.slice(1)];
  const end = await runToEnd({}, [...debugged, suspectFile, ROOM], 5_000);

  expect(end.signal).toBe('SIGKILL'); // the limit's
  expect(lines(end)).toEqual([expect.objectContaining({ level: 'warn', roomId: ROOM })]);
  expect(suspect()).toBeNull();
});
