// Every failure that was ever found and mended stays mended: fuzz/regressions/ holds what was done to the room.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { plainBots } from '../actors/room/bots.js';
import { fuzzRoom } from './fuzz-room.js';
import { fuzzedLiapTui, liapTuiSubject } from './liap/subject.js';
import { replayRegression } from './replay-regression.js';
import { readRegression, regressionFiles, regressionOf, saveRegression } from './regression-file.js';

const FOLDER = fileURLToPath(new URL('regressions', import.meta.url));

test('every saved failure stays mended', async () => {
  for (const path of regressionFiles(FOLDER)) expect(await replayRegression(readRegression(path)), path).toBeNull();
});

test('a failure survives its file: it breaks again while the mistake is there, and not without it', async () => {
  const mistaken = () =>
    fuzzedLiapTui({ bots: { ...plainBots, play: (state, seat) => plainBots.play(state, seat).slice().reverse() } });
  const { failure } = fuzzRoom(mistaken(), { ...liapTuiSubject, seed: 1, steps: 20_000 });
  const path = saveRegression(mkdtempSync(join(tmpdir(), 'fuzz-')), regressionOf('liap-tui', 1, failure!));
  const saved = readRegression(path);
  expect(saved).toEqual(regressionOf('liap-tui', 1, failure!));
  expect((await replayRegression(saved, mistaken()))?.promise).toBe(saved.promise);
  expect(await replayRegression(saved)).toBeNull();
});

test('a failure behind the mailbox is done again from its file', async () => {
  const acts = [{ do: 'add', n: 2, session: 'ann', id: 'm1' } as const, { do: 'wait', ms: 5 } as const];
  const found = { format: 'mailbox-fuzz/1', definition: 'tiny', seed: 1, promise: 'p', message: 'm', acts } as const;
  const path = saveRegression(mkdtempSync(join(tmpdir(), 'fuzz-')), { ...found, acts });
  expect(readRegression(path)).toEqual(found);
  expect(await replayRegression(readRegression(path))).toBeNull();
});

test('a file that is none of ours is refused by the name of the wrong member', () => {
  expect(() => readRegression(fileURLToPath(new URL('../package.json', import.meta.url)))).toThrow(/format/);
});
