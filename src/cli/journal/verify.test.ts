// Goal: verify finds what a failing disk does, names it, and repairs what the entries prove. Method: bytes are changed
// through a second connection, each in a data folder of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CLOSED,
  damage,
  type JournalFolders,
  journalFolders,
  PLAYING,
  WAITING,
} from '../../../test/support/journal-folder.js';
import { runTool } from '../../../test/support/journal-tool.js';

let folders: JournalFolders;
beforeAll(async () => {
  folders = await journalFolders();
});
afterAll(() => folders.remove());

test('a sound room, and a sound journal, end with 0', async () => {
  const data = folders.copy();
  const one = await runTool(['verify', PLAYING.code, '--data', data]);
  expect(one.exit).toBe(0);
  expect(one.out.join('\n')).toMatchInlineSnapshot(`
    "room      018f0000-0000-7000-8000-00000000a1b2
    verdict   sound
    entries   9 read, the last is 9; 1 snapshot
    replayed  9 entries, through 9
    rows      6 compared"
  `);
  const all = await runTool(['verify', '--all', '--data', data]);
  expect(all.exit).toBe(0);
  expect(all.out).toEqual(['3 rooms checked: 3 sound', 'The journal is sound.']);
  expect(all.progress).toEqual(['1 of 3 rooms', '2 of 3 rooms', '3 of 3 rooms']);
});

test('a byte that changed in an entry is found: the room and the entry are named, and what helps', async () => {
  const data = folders.copy();
  damage(
    data,
    `UPDATE entries SET message = replace(message, '"seat":2', '"seat":1') WHERE correlation_id = ?`,
    'step-6',
  );
  const one = await runTool(['verify', PLAYING.code, '--data', data, '--json']);
  expect(one.exit).toBe(1);
  expect(one.json['room']).toMatchObject({ roomId: PLAYING.roomId, integrity: { brokenAt: 6 } });
  const all = await runTool(['verify', '--all', '--data', data]);
  expect(all.exit).toBe(1);
  expect(all.out.join('\n')).toContain(PLAYING.roomId);
  expect(all.out.join('\n')).toContain('First difference: entry 6');
  expect(all.out.join('\n')).not.toContain(WAITING.roomId);
  expect(all.out.at(-1)).toBe('Something is wrong.');
});

test('damage behind the last snapshot leaves a room that can be restored to the entry in front', async () => {
  const data = folders.copy();
  damage(data, `UPDATE entries SET events = '[]' WHERE correlation_id = ?`, 'step-9');
  const found = await runTool(['verify', PLAYING.code, '--data', data]);
  expect(found.exit).toBe(1);
  expect(found.out.at(-1)).toBe(`- What helps: npm run journal -- --data ${data} restore ${PLAYING.roomId} --to 8`);
  expect((await runTool(['restore', PLAYING.code, '--to', '8', '--data', data])).exit).toBe(0);
  const after = await runTool(['verify', PLAYING.code, '--data', data, '--json']);
  expect(after.json['room']).toMatchObject({ kind: 'scarred', restoreBefore: null });
});

test('replay ends with 1 at the damaged entry', async () => {
  const data = folders.copy();
  damage(data, `UPDATE entries SET events = '[]' WHERE correlation_id = ?`, 'step-9');
  const { exit, err } = await runTool(['replay', PLAYING.code, '--data', data]);
  expect([exit, err]).toEqual([1, [expect.stringContaining(`room ${PLAYING.roomId}, entry 9: `)]]);
});

test('--repair makes a damaged snapshot and a damaged list anew', async () => {
  const data = folders.copy();
  damage(data, `UPDATE snapshots SET state = replace(state, 'P0', 'PX')`);
  damage(data, `UPDATE rooms SET host_name = 'Mallory' WHERE room_id = ?`, WAITING.roomId);
  expect((await runTool(['verify', '--all', '--data', data])).exit).toBe(1);
  const repaired = await runTool(['verify', '--all', '--repair', '--data', data]);
  expect(repaired.out).toContain('Repaired: 2 of 2 rooms');
  expect(repaired.exit).toBe(0);
  expect((await runTool(['verify', '--all', '--data', data])).exit).toBe(0);
  expect((await runTool(['list', '--data', data])).exit).toBe(0);
});

test('--repair of one room says what it mended', async () => {
  const data = folders.copy();
  damage(data, `UPDATE snapshots SET state = replace(state, 'P0', 'PX')`);
  const { exit, out } = await runTool(['verify', PLAYING.code, '--repair', '--data', data]);
  expect(exit).toBe(0);
  expect(out.at(-1)).toMatch(/^Repaired: .*[Ss]napshot.* 8/);
});

test('a room whose history is gone, and a history whose room is another, are found', async () => {
  const data = folders.copy();
  damage(data, `UPDATE streams SET room_id = 'x' WHERE room_id = ?`, PLAYING.roomId);
  const { exit, out } = await runTool(['verify', '--all', '--data', data]);
  expect(exit).toBe(1);
  expect(out.join('\n')).toContain('- It is listed as playing, and has no history in the journal');
  expect((await runTool(['verify', '--all', '--data', data, '--json'])).json['journal'].notSound).toEqual(['x']);
  expect((await runTool(['show', PLAYING.code, '--data', data])).exit).toBe(1);
});

test('archived rooms are checked with the others, and shown', async () => {
  const data = folders.copy();
  const { json } = await runTool(['archive', CLOSED.code, '--data', data, '--json']);
  const sound = await runTool(['verify', '--all', '--data', data]);
  expect(sound.out).toEqual([
    '2 rooms checked: 2 sound; 1 in the archive, 0 of those damaged',
    'The journal is sound.',
  ]);
  expect((await runTool(['replay', CLOSED.code, '--data', data, '--json'])).json['steps']).toHaveLength(3);
  expect((await runTool(['show', CLOSED.roomId, '--data', data])).out.join('\n')).toContain('status    archived');

  const file = String(json['file']);
  const text = gunzipSync(readFileSync(file)).toString();
  writeFileSync(file, gzipSync(text.replace('hostArrived', 'hostArrivex')));
  const damaged = await runTool(['verify', '--all', '--data', data]);
  expect(damaged.exit).toBe(1);
  expect(damaged.out.join('\n')).toContain(`${file}, line 3`);
  expect((await runTool(['verify', CLOSED.code, '--data', data])).exit).toBe(1);
  expect((await runTool(['show', CLOSED.code, '--data', data])).exit).toBe(1);
});
