// Goal: the list of planted bugs does not rot, and planting works. Method: each is put into its file's text and parsed;
// a few that are found quickly are hunted in earnest. All of them: `npm run fuzz:planted`.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { find, type FinderName, findersOf } from './finders.js';
import { BUG_CLASSES, PLANTED_BUGS } from './planted-bugs.js';

const sourceOf = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

test('there are five at least of each class, and no two of one name', () => {
  for (const each of BUG_CLASSES) {
    expect(PLANTED_BUGS.filter((bug) => bug.class === each).length, each).toBeGreaterThanOrEqual(5);
  }
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length);
});

describe.each(PLANTED_BUGS)('$name', (bug) => {
  const { file, find: place, replace } = bug;

  test('stands in one place, and what it makes of it is TypeScript', () => {
    const source = sourceOf(file);
    expect(source.split(place)).toHaveLength(2);
    const planted = source.replace(place, () => replace);
    expect(planted).not.toBe(source);
    const { diagnostics } = ts.transpileModule(planted, { reportDiagnostics: true, fileName: file });
    expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
    expect(findersOf(bug)).not.toEqual([]);
  });
});

const QUICK: readonly (readonly [name: string, finder: FinderName])[] = [
  ['a refused message changes the state', 'machine'],
  ['who began a game is shown with sessions', 'machine'],
  ['one message too many is let in', 'mailbox'],
];

test.each(QUICK)('%s: the fuzzer of the %s finds it, in a few lines', { timeout: 60_000 }, async (name, finder) => {
  const bug = PLANTED_BUGS.find((each) => each.name === name)!;
  const finding = await find(finder, bug, { seed: 1, steps: 10_000 });
  expect(finding).toMatchObject({ kind: 'found', finder });
  expect(finding.kind === 'found' ? finding.scriptLines : null).toBeLessThanOrEqual(10);
});

test('where nothing is planted, nothing is found', { timeout: 60_000 }, async () => {
  expect(await find('machine', null, { seed: 1, steps: 1_000 })).toMatchObject({ kind: 'missed' });
});

test('a finder whose bug does not fit its file any more fails, and finds nothing', { timeout: 60_000 }, async () => {
  const bug = { ...PLANTED_BUGS[0]!, find: 'nowhere to be seen' };
  expect(await find('machine', bug, { seed: 1, steps: 100 })).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/stands 0 times/) as unknown,
  });
});
