import { expect, test } from 'vitest';
import { isRecord } from '../../src/client/frame.js';
import { differences } from './compare.js';
import type { Heard } from './replay.js';
import { REWRITE_RULES } from './rewrite-rules.js';
import { playScenario } from './scenario.js';

/*
 * Why this test? The transcript suite is worth what its comparer sees. So what our server really sent in a scenario is
 * spoilt here by hand, frame by frame and member by member, and each time the comparer must say so.
 */

const SCENARIO = 'two-humans-reconnect';
const rules = REWRITE_RULES.filter(({ scenarios }) => scenarios.includes(SCENARIO));
const { expected, heard } = await playScenario(SCENARIO, rules);

const allows = (event: string, path: string): boolean => rules.some(({ adds }) => adds?.(event, path));

/** What the comparer says of a connection whose frames were spoilt. */
function told(conn: string, spoil: (frames: Heard[]) => void): string[] {
  const frames = structuredClone([...heard.get(conn)!]);
  spoil(frames);
  return differences(expected.get(conn)!, frames, allows);
}

function indexOf(frames: readonly Heard[], event: string): number {
  return frames.findIndex((frame) => frame.kind === 'gets' && frame.event === event);
}

function dataOf(frame: Heard | undefined): Record<string, unknown> {
  if (frame?.kind !== 'gets') throw new Error('the end of a connection has no data');
  return frame.data;
}

test('says nothing of what was not spoilt', () => {
  for (const conn of heard.keys()) expect(told(conn, () => undefined)).toEqual([]);
});

test('sees a renamed member', () => {
  const found = told('nils', (frames) => {
    const data = dataOf(frames[indexOf(frames, 'turn_complete')]);
    data['next_player'] = data['next_starter'];
    delete data['next_starter'];
  });
  expect(found).toEqual([
    expect.stringMatching(/turn_complete.*: data\.next_starter is missing$/),
    expect.stringMatching(/turn_complete.*: data\.next_player was never recorded$/),
  ]);
});

test('sees a dropped broadcast', () => {
  const found = told('mona', (frames) => frames.splice(indexOf(frames, 'player_disconnected'), 1));
  expect(found).toEqual([expect.stringMatching(/expected player_disconnected, heard player_reconnected$/)]);
});

test('sees two frames that changed places', () => {
  const found = told('nils', (frames) => {
    const at = indexOf(frames, 'game_started');
    frames.splice(at, 2, frames[at + 1]!, frames[at]!);
  });
  expect(found).toEqual([expect.stringMatching(/expected game_started, heard phase_change \| preparation/)]);
});

test('sees the hand of somebody else', () => {
  const found = told('nils', (frames) => {
    const players = dataOf(frames[indexOf(frames, 'phase_change')])['players'] as Record<
      string,
      Record<string, unknown>
    >;
    players['Mona']!['hand'] = [];
  });
  expect(found).toEqual([expect.stringMatching(/data\.players\.Mona\.hand was never recorded$/)]);
});

test('sees players out of their order', () => {
  const found = told('nils', (frames) => {
    const data = dataOf(frames[indexOf(frames, 'phase_change')]);
    data['players'] = Object.fromEntries(Object.entries(data['players'] as object).reverse());
  });
  expect(found).toEqual([
    expect.stringMatching(/data\.players has the order Bot 4,Bot 3,Nils,Mona, not Mona,Nils,Bot 3,Bot 4$/),
  ]);
});

test('sees another code at the end of a connection', () => {
  const found = told('mona', (frames) => {
    const end = frames.pop()!;
    frames.push({ kind: 'closed', t: end.t, code: 1000 });
  });
  expect(found).toEqual([expect.stringMatching(/expected the end with 1006, heard the end with 1000$/)]);
});

test('sees any one frame that is missing, and any that comes twice', () => {
  for (const [conn, frames] of heard) {
    for (let index = 0; index < frames.length; index++) {
      expect(told(conn, (spoilt) => spoilt.splice(index, 1))).not.toEqual([]);
      expect(told(conn, (spoilt) => spoilt.splice(index, 0, structuredClone(spoilt[index]!)))).not.toEqual([]);
    }
  }
});

test('sees any one member that is missing or of another type', () => {
  const unseen: string[] = [];
  for (const [conn, frames] of heard) {
    for (const [index, frame] of frames.entries()) {
      if (frame.kind === 'closed') continue;
      for (const path of memberPaths(frame)) {
        for (const spoil of [dropAt, retypeAt]) {
          const spoilt = structuredClone(frame);
          spoil(spoilt.data, path);
          const found = differences([expected.get(conn)![index]!], [spoilt], allows);
          if (found.length === 0) unseen.push(`${conn} ${frame.event} ${path.join('.')} ${spoil.name}`);
        }
      }
    }
  }
  expect(unseen).toEqual([]);
});

/** Every member that the recording has too; what our server adds is the business of the rules. */
function memberPaths(frame: Heard): string[][] {
  const all = (value: unknown, path: string[]): string[][] => {
    if (!isRecord(value)) return [];
    return Object.keys(value).flatMap((key) => [[...path, key], ...all(value[key], [...path, key])]);
  };
  const event = frame.kind === 'gets' ? frame.event : '';
  return all(dataOf(frame), []).filter((path) => !allows(event, ['data', ...path].join('.')));
}

function parentOf(data: Record<string, unknown>, path: readonly string[]): Record<string, unknown> {
  return path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, data);
}

function dropAt(data: Record<string, unknown>, path: readonly string[]): void {
  Reflect.deleteProperty(parentOf(data, path), path.at(-1)!);
}

function retypeAt(data: Record<string, unknown>, path: readonly string[]): void {
  const parent = parentOf(data, path);
  const key = path.at(-1)!;
  parent[key] = typeof parent[key] === 'boolean' ? 'true' : true;
}
