import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CAPABILITIES, checkStatus } from './status.js';

const EXISTING = ['actors/mailbox.ts', 'actors/mailbox.test.ts', 'src/main.ts'];

/** A file with a row for every capability, where the rows of `over` stand for what was there. */
function file(over: Readonly<Record<string, string>> = {}): string {
  const rows = CAPABILITIES.map((id) => over[id] ?? `| ${id} | open | - | - |`);
  return ['# Status', '', '| id | state | code path | test path |', '|---|:---:|---|---|', ...rows, ''].join('\n');
}

function wrong(markdown: string): readonly string[] {
  return checkStatus(markdown, (path) => EXISTING.includes(path)).wrong;
}

describe('the list of capabilities', () => {
  const checklist = new URL('../../../shared/checklist.md', import.meta.url);

  test.skipIf(!existsSync(checklist))('is the one of the checklist', () => {
    const ids = readFileSync(checklist, 'utf8').matchAll(/(?:^- |· )([A-Z]{2}-\d+)/gm);
    expect([...CAPABILITIES].sort()).toEqual([...new Set([...ids].map((match) => match[1]!))].sort());
  });

  test('has every id once', () => {
    expect(new Set(CAPABILITIES).size).toBe(CAPABILITIES.length);
  });
});

describe('the status file', () => {
  test('with one good row for every capability is right', () => {
    const report = checkStatus(
      file({
        'MQ-1': '| MQ-1 | done | `actors/mailbox.ts`, src/main.ts | `actors/mailbox.test.ts` |',
        'MQ-2': 'MQ-2 | partial | actors/mailbox.ts | ',
      }),
      (path) => EXISTING.includes(path),
    );
    expect(report).toEqual({ counts: { done: 1, partial: 1, open: CAPABILITIES.length - 2 }, wrong: [] });
  });

  test('that is not there lacks every row', () => {
    expect(wrong('')).toHaveLength(CAPABILITIES.length);
    expect(wrong('')[0]).toBe('SM-1 has no row.');
  });

  test.each([
    ['a missing id', '', 'MQ-1 has no row.'],
    ['an unknown id', '| MQ-1 | open | - | - |\n| MQ-99 | open | - | - |', 'MQ-99 is not the id of a capability.'],
    ['a double id', '| MQ-1 | open | - | - |\n| MQ-1 | open | - | - |', 'MQ-1 has more than one row.'],
    [
      'an unknown state',
      '| MQ-1 | finished | - | - |',
      'MQ-1 has the state "finished", which is none of done, partial, open.',
    ],
    ['done without a test', '| MQ-1 | done | src/main.ts | - |', 'MQ-1 is done, but names no test.'],
    ['done with an empty cell', '| MQ-1 | done | src/main.ts |', 'MQ-1 is done, but names no test.'],
    ['done without code', '| MQ-1 | done | — | actors/mailbox.test.ts |', 'MQ-1 is done, but names no code.'],
    [
      'a code path that is gone',
      '| MQ-1 | partial | src/gone.ts | - |',
      'MQ-1 names src/gone.ts, which does not exist.',
    ],
    [
      'one gone test of two',
      '| MQ-1 | done | src/main.ts | actors/mailbox.test.ts, test/gone.test.ts |',
      'MQ-1 names test/gone.test.ts, which does not exist.',
    ],
  ])('%s is a fault', (_, row, sentence) => {
    expect(wrong(file({ 'MQ-1': row }))).toEqual([sentence]);
  });

  test('text around the table is none of its rows', () => {
    expect(wrong(`${file()}\nNot everything is done: see MQ-1 - open.\n`)).toEqual([]);
  });
});
