// Goal: docs/STATE_MACHINE.md says what the machine does. Method: its chart is made again and compared, its tables are
// read and compared with what rooms in every state answer.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leafOf, phaseOf } from '../../actors/room/room-view.js';
import { answerOf, CANDIDATES, reachedStates } from '../../test/support/reached-states.js';
import { runChart, withChart } from './chart.js';

const DOCUMENT = readFileSync(new URL('../../docs/STATE_MACHINE.md', import.meta.url), 'utf8');

/** The rows of the table whose head begins with these cells. */
function table(...head: string[]): string[][] {
  const lines = DOCUMENT.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head.join(' | ')} |`));
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

const taken = new Map<string, Set<string>>();
const steps = new Set<string>();
const resting = new Set<string>();
for (const reached of reachedStates()) {
  resting.add(reached.leaf);
  for (const [type, messages] of Object.entries(CANDIDATES)) {
    const leaves = taken.get(type) ?? new Set<string>();
    taken.set(type, leaves);
    for (const message of messages) {
      const { result, after } = answerOf(reached, message);
      if (result.kind === 'refused') continue;
      leaves.add(reached.leaf);
      const phase = phaseOf(leafOf(after.value));
      if (phase !== reached.phase && phase !== 'closed') steps.add(`${reached.phase} → ${phase}`);
    }
  }
}

describe('docs/STATE_MACHINE.md', () => {
  test('holds the chart of the machine', () => {
    expect(withChart(DOCUMENT)).toBe(DOCUMENT);
  });

  test('the machine takes exactly the steps between phases that the table says it takes', () => {
    const rows = table('from', 'to', 'in the machine');
    expect(rows).toHaveLength(9);
    const listed = rows.filter(([, , word]) => word === 'taken').map(([from, to]) => `${from!} → ${to!}`);
    expect([...steps].sort()).toEqual(listed.sort());
    expect(rows.filter(([, , word]) => word === 'never taken')).toEqual([['turn_results', 'turn', 'never taken']]);
  });

  test('every message is taken in exactly the states that the table lists', () => {
    const rows = table('message', 'action types of the existing system', 'taken in');
    expect(rows.map(([name]) => name!.replaceAll('`', ''))).toEqual(Object.keys(CANDIDATES));
    for (const [name, , where] of rows) {
      const listed = where!.split(', ').flatMap((pattern) => {
        if (pattern !== 'playing.*') return pattern === '' ? [] : [pattern];
        return [...resting].filter((leaf) => leaf.startsWith('playing.'));
      });
      expect([...taken.get(name!.replaceAll('`', ''))!].sort(), name).toEqual(listed.sort());
    }
  });

  test('every action type of the existing system has a message', () => {
    const actions = table('message', 'action types of the existing system', 'taken in').flatMap(([, names]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(([, action]) => action!),
    );
    expect([...new Set(actions)].sort()).toEqual([
      'declare',
      'game_state_update',
      'phase_transition',
      'play_pieces',
      'player_disconnect',
      'player_reconnect',
      'redeal_request',
      'redeal_response',
      'timeout',
    ]);
  });
});

describe('npm run chart', () => {
  function inFolder(run: (path: string) => void): void {
    const folder = mkdtempSync(join(tmpdir(), 'chart-'));
    try {
      run(join(folder, 'document.md'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('--check changes nothing and fails where the document differs; writing mends it', () => {
    inFolder((path) => {
      const stale = DOCUMENT.replace('pauseIsOver', 'somethingElse');
      writeFileSync(path, stale);
      const said: string[] = [];
      const out = (line: string): number => said.push(line);
      expect(runChart(['--check', '--json'], out, path)).toBe(1);
      expect(readFileSync(path, 'utf8')).toBe(stale);
      expect(JSON.parse(said.at(-1)!)).toEqual({ equal: false, written: false });
      expect(runChart([], out, path)).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(DOCUMENT);
      expect(runChart(['--check'], out, path)).toBe(0);
    });
  });

  test('says what it can do, and refuses what it does not know', () => {
    const said: string[] = [];
    expect(runChart(['--help'], (line) => said.push(line))).toBe(0);
    expect(said.join('\n')).toContain('--check');
    expect(runChart(['--colour'], (line) => said.push(line))).toBe(2);
  });

  test('a document without the marks is refused', () => {
    expect(() => withChart('# no marks')).toThrow('no place for the chart');
  });
});
