// Goal: what the tool changes is changed as a server would, on a folder that nobody holds, or by the server that does.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../actors/clock.js';
import { liapTui } from '../../../actors/room/liap-tui.js';
import type { RowChange } from '../../../persistence/rows.js';
import { openSqliteEngine } from '../../../persistence/sqlite/sqlite-engine.js';
import { CLOSED, type JournalFolders, journalFolders, PLAYING, WAITING } from '../../../test/support/journal-folder.js';
import { staffAccess } from '../../../test/support/staff-access.js';
import { runTool } from '../../../test/support/journal-tool.js';
import { addAdmin } from '../../http/admin.js';
import { writeServerFile } from '../../http/server-file.js';
import { openOffline } from '../../operations/offline.js';

let folders: JournalFolders;
beforeAll(async () => {
  folders = await journalFolders();
});
afterAll(() => folders.remove());

async function put(data: string, rows: readonly RowChange[]): Promise<void> {
  const engine = await openSqliteEngine({ folder: data });
  const append = { roomId: PLAYING.roomId, expectedSeq: null, fence: 0, entry: null, snapshot: null, closes: false };
  expect(await engine.commit([{ ...append, rows }], 1_100_000)).toEqual([{ kind: 'committed' }]);
  await engine.close();
}

describe('on a folder that nobody holds', () => {
  test('a room is paused and resumed, and the audit says so', async () => {
    const data = folders.copy();
    const run = (...args: string[]) => runTool([...args, '--data', data]);
    expect((await run('pause', PLAYING.code, '--why', 'asked by support')).out).toEqual([
      `Room ${PLAYING.roomId} is paused.`,
    ]);
    expect((await run('quarantine', 'list', '--json')).json['holds']).toMatchObject([
      { roomId: PLAYING.roomId, code: PLAYING.code, kind: 'paused', why: 'asked by support' },
    ]);
    expect((await run('show', PLAYING.code)).out.join('\n')).toContain('asked by support');
    expect((await run('list', '--json')).json['rooms']).toMatchObject([{ hold: 'paused' }, { hold: null }, {}]);

    const again = await run('pause', PLAYING.code);
    expect([again.exit, again.err]).toEqual([3, [`Room ${PLAYING.roomId} is paused already`]]);
    expect((await run('resume', PLAYING.code)).exit).toBe(0);
    expect((await run('quarantine', 'list')).out).toEqual(['0 holds']);
    const { json } = await run('audit', '--json');
    expect(json['audit']).toMatchObject([{ action: 'resume' }, { action: 'pause' }, { action: 'pause' }]);
  });

  test('all rooms are paused and resumed', async () => {
    const data = folders.copy();
    const run = (...args: string[]) => runTool([...args, '--data', data]);
    expect((await run('pause', '--all', '--why', 'new disk')).exit).toBe(0);
    expect((await run('list')).out.at(-1)).toBe('All rooms are paused: new disk');
    expect((await run('resume', '--all')).exit).toBe(0);
    expect((await run('list', '--json')).json['allPaused']).toBeNull();
  });

  test('a quarantined room is released', async () => {
    const data = folders.copy();
    const hold = {
      roomId: PLAYING.roomId,
      kind: 'quarantined',
      since: 1_050_000,
      why: 'it crashed',
      seq: null,
    } as const;
    await put(data, [{ kind: 'put', table: 'holds', key: PLAYING.roomId, values: hold }]);
    expect((await runTool(['list', '--quarantined', '--data', data, '--json'])).json['rooms']).toMatchObject([PLAYING]);
    expect((await runTool(['quarantine', 'release', PLAYING.code, '--data', data])).out).toEqual([
      `Room ${PLAYING.roomId} is released.`,
    ]);
    expect((await runTool(['list', '--quarantined', '--data', data, '--json'])).json['rooms']).toEqual([]);
  });

  test('a room goes back to an entry by a new entry, and forward again', async () => {
    const data = folders.copy();
    const run = (...args: string[]) => runTool([...args, '--data', data]);
    const { exit, out } = await run('restore', PLAYING.code, '--to', '5');
    expect([exit, out]).toEqual([
      0,
      [`Room ${PLAYING.roomId} is as it was after entry 5; its history goes on with entry 10.`],
    ]);
    expect((await run('show', PLAYING.code, '--json')).json).toMatchObject({
      seq: 10,
      state: { leaf: 'playing.declaration' },
    });
    expect((await run('restore', PLAYING.code, '--to', '9')).exit).toBe(0);
    expect((await run('show', PLAYING.code, '--json')).json).toMatchObject({
      seq: 11,
      state: { leaf: 'playing.turn.playing' },
    });
    expect((await run('verify', '--all')).exit).toBe(0);
    expect((await run('restore', PLAYING.code, '--to', '50')).exit).toBe(2);
  });

  test('a room goes back to a time', async () => {
    const data = folders.copy();
    const { json } = await runTool(['restore', PLAYING.code, '--to', '1970-01-01T00:16:42Z', '--data', data, '--json']);
    expect(json).toMatchObject({ room: PLAYING.roomId, to: 4, seq: 10 });
  });

  test('a room leaves by a file and comes into another folder, paused', async () => {
    const from = folders.copy();
    const to = folders.empty();
    const file = join(to, 'room.jsonl');
    const hidden = await runTool(['export', PLAYING.code, '--out', file, '--data', from]);
    expect([hidden.exit, existsSync(file)]).toEqual([3, false]);
    expect(hidden.err[0]).toContain('--reveal');
    const written = await runTool(['export', PLAYING.code, '--reveal', '--out', file, '--data', from, '--json']);
    expect(written.json).toMatchObject({ roomId: PLAYING.roomId, file, entries: 9 });
    expect((await runTool(['export', PLAYING.code, '--reveal', '--out', file, '--data', from])).exit).toBe(3);

    const imported = await runTool(['import', file, '--data', to]);
    expect(imported.exit).toBe(0);
    expect((await runTool(['verify', '--all', '--data', to])).out[0]).toBe('1 room checked: 1 sound');
    expect((await runTool(['list', '--data', to, '--json'])).json['rooms']).toMatchObject([
      { ...PLAYING, hold: 'paused' },
    ]);
    expect(readdirSync(join(to, 'imports'))).toEqual([]);
    const again = await runTool(['import', file, '--data', to]);
    expect([again.exit, again.err[0]]).toEqual([3, expect.stringContaining(PLAYING.roomId)]);
  });

  test('an archived room is taken back', async () => {
    const data = folders.copy();
    const { json } = await runTool(['archive', CLOSED.code, '--data', data, '--json']);
    expect((await runTool(['restore', CLOSED.code, '--to', '2', '--data', data])).err[0]).toContain(
      'Take it back first',
    );
    expect((await runTool(['import', String(json['file']), '--data', data])).exit).toBe(0);
    expect((await runTool(['list', '--status', 'closed', '--data', data, '--json'])).json['rooms']).toMatchObject([
      CLOSED,
    ]);
  });

  test('a file that is damaged or missing changes nothing', async () => {
    const data = folders.copy();
    const file = join(data, 'bad.jsonl');
    writeFileSync(file, '{"kind":"header"}\n');
    expect((await runTool(['import', file, '--data', data])).exit).toBe(1);
    expect((await runTool(['import', join(data, 'none.jsonl'), '--data', data])).exit).toBe(2);
  });

  test('compaction keeps what the snapshots need', async () => {
    const data = folders.copy();
    await runTool(['restore', PLAYING.code, '--to', '9', '--data', data]); // brings a second snapshot
    const { exit, json } = await runTool(['compact', PLAYING.code, '--data', data, '--json']);
    expect([exit, json['removed']]).toEqual([0, 7]);
    expect((await runTool(['verify', '--all', '--data', data])).exit).toBe(0);
    const gone = await runTool(['show', PLAYING.code, '--at', '3', '--data', data]);
    expect([gone.exit, gone.err[0]]).toEqual([
      2,
      expect.stringContaining('entries from 8 (the ones in front were compacted) to 10'),
    ]);
  });

  test('dead letters are listed, shown, tried again and dropped', async () => {
    const data = folders.copy();
    const letter = {
      roomId: WAITING.roomId,
      at: 1_050_000,
      seq: 3,
      correlationId: 'c',
      error: 'Error: broken\n  at x',
    };
    const removal = { type: 'removePlayer', session: 's0', seat: 0, target: 3 };
    const letters = {
      good: { ...letter, id: 'good', message: JSON.stringify(removal), session: 's0' },
      refused: { ...letter, id: 'refused', message: JSON.stringify({ ...removal, session: 's1' }), session: 's1' },
      bad: { ...letter, id: 'bad', message: '{"type":"play"}' },
    };
    const rows = Object.values(letters).map(
      (values): RowChange => ({ kind: 'put', table: 'deadLetters', key: values.id, values }),
    );
    await put(data, rows);
    const run = (...args: string[]) => runTool(['dead-letters', ...args, '--data', data]);
    expect((await run('list', WAITING.code)).out.join('\n')).toMatchInlineSnapshot(`
      "ID       ROOM                                  TIME (UTC)               MESSAGE                       ERROR
      bad      018f0000-0000-7000-8000-00000000a17e  1970-01-01 00:17:30.000  play                          Error: broken
      good     018f0000-0000-7000-8000-00000000a17e  1970-01-01 00:17:30.000  removePlayer seat=0 target=3  Error: broken
      refused  018f0000-0000-7000-8000-00000000a17e  1970-01-01 00:17:30.000  removePlayer seat=0 target=3  Error: broken

      3 dead letters"
    `);
    expect((await run('list', PLAYING.code)).out).toEqual(['0 dead letters']);
    expect((await run('show', 'bad')).out.join('\n')).toContain('Error: broken\n  at x');
    expect((await run('show', 'good')).out).toContain('now          the room would take it');
    expect((await run('show', 'refused')).out.join('\n')).toContain('now          the room would refuse it: ');
    expect((await run('show', 'none')).exit).toBe(2);
    const good = await run('retry', 'good');
    expect([good.exit, good.out]).toEqual([0, ['The room took it.']]);
    expect((await run('retry', 'refused')).exit).toBe(1);
    expect((await run('drop', 'bad')).exit).toBe(0);
    expect((await run('list')).out).toEqual(['0 dead letters']);
    expect((await run('drop', 'bad')).exit).not.toBe(0);
  });

  test('messages that wait are listed', async () => {
    const data = folders.copy();
    const row = {
      id: `${PLAYING.roomId}/000001`,
      roomId: PLAYING.roomId,
      position: 1,
      at: 1_050_000,
      lane: 'player',
      bytes: 30,
    };
    const values = { ...row, message: '{"type":"play","seat":0,"indices":[1]}', correlationId: 'c' };
    await put(data, [{ kind: 'put', table: 'inbox', key: row.id, values }]);
    const { exit, out } = await runTool(['inbox', PLAYING.code, '--data', data]);
    expect(exit).toBe(0);
    expect(out.join('\n')).toContain('play seat=0 indices=[1]');
    expect((await runTool(['inbox', WAITING.code, '--data', data])).out).toEqual(['0 messages']);
  });
});

describe('on a folder that a server holds', () => {
  let data = '';
  let release = (): Promise<unknown> => Promise.resolve();
  beforeAll(async () => {
    data = folders.copy();
    const script = new URL('../../../test/support/hold-folder.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', 'tsx', script, data], { stdio: ['pipe', 'pipe', 'inherit'] });
    release = () => {
      child.stdin.end();
      return once(child, 'exit');
    };
    await once(createInterface(child.stdout), 'line');
  });
  afterAll(() => release());
  afterEach(() => {
    writeFileSync(join(data, 'server.json'), '');
    writeFileSync(join(data, 'admin.token'), 'the token\n');
  });

  const held = (...args: string[]) => runTool([...args, '--data', data]);
  const serve = (): void => writeFileSync(join(data, 'server.json'), '{"url":"http://127.0.0.1:5050","pid":1}');
  const answering =
    (status: number, body: unknown, asked: unknown[] = []): typeof fetch =>
    (url, init) => {
      asked.push({
        url: (url as URL).href,
        method: init?.method,
        headers: init?.headers,
        body: JSON.parse(init?.body as string),
      });
      return Promise.resolve(new Response(JSON.stringify(body), { status }));
    };

  test('everything can be read', async () => {
    expect((await held('list', '--json')).json['rooms']).toHaveLength(3);
    expect((await held('show', PLAYING.code)).exit).toBe(0);
    expect((await held('verify', '--all')).exit).toBe(0);
    expect((await held('stats')).exit).toBe(0);
    expect((await held('backup', join(folders.empty(), 'copy.sqlite'))).exit).toBe(0);
  });

  test('a change is refused with what to do, where nobody can be asked', async () => {
    const { exit, err } = await held('pause', PLAYING.code);
    expect(exit).toBe(3);
    expect(err[0]).toMatch(/is in use by process \d+\. .*No server\.json .* so it must end first\.$/);
    expect((await held('list', '--json')).json['rooms'][0]).toMatchObject({ hold: null });
  });

  test('a server that does not answer is named', async () => {
    serve();
    const { exit, err } = await held('pause', PLAYING.code);
    expect(exit).toBe(3);
    expect(err[0]).toContain('http://127.0.0.1:5050');
  });

  test('the server is asked, by the room’s id and with its token', async () => {
    serve();
    const asked: unknown[] = [];
    const fetch = answering(200, { ok: true, room: PLAYING.roomId }, asked);
    const { exit, json } = await runTool(['pause', 'a1b2c3', '--why', 'x', '--data', data, '--json'], { fetch });
    expect([exit, json]).toEqual([0, { ok: true, exit: 0, done: 'paused', room: PLAYING.roomId }]);
    expect(asked).toEqual([
      {
        url: 'http://127.0.0.1:5050/api/admin/operations/pause',
        method: 'POST',
        headers: { authorization: 'Bearer the token', 'content-type': 'application/json' },
        body: { room: PLAYING.roomId, why: 'x' },
      },
    ]);
    const environment = { ADMIN_TOKEN: 'another' };
    await runTool(['resume', PLAYING.code, '--data', data], { fetch, environment });
    expect(asked[1]).toMatchObject({ headers: { authorization: 'Bearer another' } });
  });

  test.each([
    { status: 409, exit: 3, says: 'The server says: no' },
    { status: 400, exit: 2, says: 'The server says: no' },
    { status: 404, exit: 2, says: 'The server says: no' },
    { status: 503, exit: 4, says: 'The server says: no' },
    { status: 401, exit: 3, says: 'refuses the admin token: no. Set ADMIN_TOKEN' },
  ])('an answer of $status ends with $exit', async ({ status, exit, says }) => {
    serve();
    const run = await runTool(['pause', PLAYING.code, '--data', data], { fetch: answering(status, { detail: 'no' }) });
    expect([run.exit, run.err[0]]).toEqual([exit, expect.stringContaining(says)]);
  });

  test('a file to import stands in the server’s folder while it is asked', async () => {
    serve();
    const file = join(folders.empty(), 'my room.jsonl');
    expect((await held('export', CLOSED.code, '--out', file)).exit).toBe(0);
    const seen: string[] = [];
    const fetch: typeof globalThis.fetch = (_url, init) => {
      const body = JSON.parse(init?.body as string) as { readonly file: string };
      seen.push(body.file);
      expect(existsSync(join(data, 'imports', body.file))).toBe(true);
      return Promise.resolve(new Response('{"ok":true}'));
    };
    expect((await runTool(['import', file, '--data', data], { fetch })).exit).toBe(0);
    expect(seen).toEqual([expect.stringMatching(/^tool-\d+-my_room\.jsonl$/)]);
    expect(readdirSync(join(data, 'imports'))).toEqual([]);
  });
});

test('what the tool asks is what the server’s API takes, and its refusals come back as sentences', async () => {
  const data = folders.copy();
  const engine = await openSqliteEngine({ folder: data });
  const offline = await openOffline({
    engine,
    dataDir: data,
    definition: liapTui(),
    clock: systemClock,
    random: randomBytes,
    retentionMs: 0,
    onFailure: (_roomId, failure) => expect(failure).toBeUndefined(),
    onFinding: (_roomId, finding) => expect(finding).toBeUndefined(),
  });
  const app = new Hono();
  addAdmin(app, {
    access: staffAccess({ admin: 'right' }, { rateLimitFactor: Infinity, trustProxy: true }),
    actionsByCookie: false,
    elapsedMs: systemClock.elapsedMs,
    context: offline.context,
    writer: offline.writer,
    sizeLimits: {},
    connectionCount: () => 0,
    watchdogFinding: () => null,
  });
  const removeServerFile = writeServerFile(data, { host: '127.0.0.1', port: 5050 });
  const fetch: typeof globalThis.fetch = async (url, init) => app.request((url as URL).pathname, init);
  const run = (token: string, ...args: string[]) =>
    runTool([...args, '--data', data, '--json'], { fetch, environment: { ADMIN_TOKEN: token } });

  const file = join(folders.empty(), 'room.jsonl.gz');
  expect(await run('wrong', 'pause', PLAYING.code)).toMatchObject({ exit: 3 });
  expect(await run('right', 'pause', PLAYING.code)).toMatchObject({ exit: 0, json: { room: PLAYING.roomId } });
  expect(await run('right', 'pause', PLAYING.code)).toMatchObject({
    exit: 3,
    err: [expect.stringContaining('already')],
  });
  expect(await run('right', 'resume', PLAYING.code)).toMatchObject({ exit: 0 });
  expect(await run('right', 'restore', PLAYING.code, '--to', '4')).toMatchObject({ exit: 0, json: { to: 4 } });
  expect(await run('right', 'export', CLOSED.code, '--out', file)).toMatchObject({ exit: 0 });
  expect(await run('right', 'archive', CLOSED.code)).toMatchObject({ exit: 0 });
  expect(await run('right', 'import', file)).toMatchObject({ exit: 0, json: { room: CLOSED.roomId } });
  expect(await run('right', 'verify', '--all', '--repair')).toMatchObject({ exit: 0 });
  expect(await run('right', 'compact', '--all')).toMatchObject({ exit: 0 });
  expect(await run('right', 'dead-letters', 'drop', 'none')).toMatchObject({ exit: 2 });
  expect((await run('right', 'audit')).json['audit'][0]).toMatchObject({ actor: 'http', action: 'dead-letter-drop' });

  removeServerFile();
  await offline.stop();
  await engine.close();
});
