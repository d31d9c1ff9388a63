import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRows } from '../../actors/appends.js';
import { writeRoomFile } from '../../persistence/room-file.js';
import type { AuditRow } from '../../persistence/rows.js';
import { OperatedFolder } from '../../test/support/operated-folder.js';
import { LiveConfig } from '../live-config.js';
import type { OperationName } from './operations.js';
import { perform } from './perform.js';

/* Goal: each operation does what its summary says on a real folder, and the audit tells of it. */

let data: OperatedFolder;
beforeAll(async () => {
  data = await OperatedFolder.open();
});
afterAll(() => data.remove());

async function audit(): Promise<readonly AuditRow[]> {
  return (await data.engine.select('audit', {})).items;
}

const refusal = (name: OperationName, params: unknown, actor: 'http' | 'tool' = 'tool') =>
  data.perform(name, params, actor).then(
    (result) => ({ name: 'done', message: JSON.stringify(result) }),
    (failure: unknown) => ({ name: (failure as Error).name, message: (failure as Error).message }),
  );

describe('the audit', () => {
  test('names who did what to which room, and what came of it', async () => {
    const { roomId, code } = await data.room();
    await data.perform('pause', { room: code, why: 'to look at it' });
    const [row] = await audit();
    expect(row).toMatchObject({ actor: 'tool', action: 'pause', target: roomId });
    expect(JSON.parse(row!.detail)).toEqual({
      outcome: 'done',
      params: { room: code, why: 'to look at it' },
      result: { room: roomId },
    });
    await data.perform('resume', { room: roomId });
  });

  test('tells of what was refused, with the sentence, and so does the log', async () => {
    const { roomId } = await data.room();
    const lines: unknown[] = [];
    const log = { info: (line: unknown) => lines.push(line), warn: (line: unknown) => lines.push(line) };
    const ask = (name: OperationName) => perform({ ...data.context, log: log }, name, { room: roomId }, 'http');
    await expect(ask('resume')).rejects.toThrow('neither paused');
    const [row] = await audit();
    await ask('snapshot');
    expect(lines).toEqual([
      expect.objectContaining({
        operation: 'resume',
        actor: 'http',
        outcome: 'refused',
        why: expect.stringContaining(roomId),
      }),
      { operation: 'snapshot', target: roomId, actor: 'http', outcome: 'done' },
    ]);
    expect(JSON.parse(row!.detail)).toMatchObject({
      outcome: 'refused',
      why: `Room ${roomId} is neither paused nor quarantined`,
    });
  });

  test('tells of parameters that no operation takes, without repeating them', async () => {
    const answer = await refusal('pause', { room: 'A1B2C3', token: 'a secret that slipped in' });
    expect(answer.name).toBe('OperationInvalid');
    const [row] = await audit();
    expect(JSON.parse(row!.detail)).toMatchObject({ outcome: 'invalid', params: {} });
    expect(row!.detail).not.toContain('slipped');
  });

  test('is written before anything is done: without it nothing is', async () => {
    const { roomId } = await data.room();
    const { context } = data;
    const away = {
      available: false,
      append: (_: unknown, decided: (outcome: { kind: 'aborted'; reason: string }) => void) =>
        queueMicrotask(() => decided({ kind: 'aborted', reason: 'storeAway' })),
    };
    const asked = perform({ ...context, writer: away }, 'pause', { room: roomId }, 'tool');
    await expect(asked).rejects.toThrow('The store is away: nothing was done');
    expect(context.rooms.holdOf(roomId)).toBeNull();
  });
});

test.each(['pause', 'resume', 'restart', 'close', 'snapshot', 'restore', 'compact', 'archive', 'repair'] as const)(
  '%s of a room that is not there is refused by name',
  async (name) => {
    const params = { room: 'A1B2C3', ...(name === 'restore' && { to: 1 }) };
    expect(await refusal(name, params)).toEqual({ name: 'OperationRefused', message: 'There is no room A1B2C3' });
  },
);

test.each(['../../etc/passwd', "' OR 1=1", '*', '__proto__'])('%j names no room', async (room) => {
  expect((await refusal('pause', { room })).message).toBe(`There is no room ${room}`);
});

test('a paused room keeps what it is told until it is resumed', async () => {
  const { roomId, code } = await data.room();
  await data.perform('pause', { room: code.toLowerCase() });
  const told = data.free(roomId, 1);
  await data.perform('snapshot', { room: roomId });
  expect(await data.freeSeats(roomId)).toBe(0);
  await data.perform('resume', { room: code });
  expect(await told).toBe('applied');
  expect(await data.freeSeats(roomId)).toBe(1);
});

test('pause-all stops every room, and resume-all lets them go on', async () => {
  const { roomId } = await data.room();
  await data.perform('pause-all');
  expect(data.context.rooms.holdOf(roomId)).toMatchObject({ kind: 'paused', why: 'an operator asked for it' });
  expect((await refusal('pause-all', {})).message).toBe('All rooms are paused already');
  await data.perform('resume-all');
  expect(data.context.rooms.holdOf(roomId)).toBeNull();
});

test('close ends a room, whose history stays; a paused one is resumed first', async () => {
  const { roomId, code } = await data.room();
  await data.perform('pause', { room: code });
  expect((await refusal('close', { room: code })).message).toBe(`Room ${roomId} is paused: resume it first`);
  await data.perform('resume', { room: code });
  expect(await data.perform('close', { room: code })).toEqual({ room: roomId });
  expect(data.context.rooms.resolve(code)).toBeUndefined();
  expect(await data.engine.row('rooms', roomId)).toMatchObject({ status: 'closed' });
  expect((await refusal('close', { room: code })).message).toContain('There is no open room');
  await data.perform('archive', { room: roomId });
});

describe('restore', () => {
  test('goes back to an entry, by a new entry', async () => {
    const { roomId } = await data.room();
    await data.free(roomId, 1);
    await data.free(roomId, 2);
    expect(await data.perform('restore', { room: roomId, to: 2 })).toEqual({ room: roomId, to: 2, seq: 4 });
    expect(await data.freeSeats(roomId)).toBe(1);
  });

  test('goes back to a time: the last entry that was made then or before', async () => {
    const { roomId } = await data.room();
    await data.free(roomId, 1);
    const [, second] = await data.engine.read(roomId, 1, 2);
    const to = new Date(Math.ceil(second!.at)).toISOString();
    const result = await data.perform('restore', { room: roomId, to });
    expect(result['seq']).toBe(3);
    const before = await refusal('restore', { room: roomId, to: '2001-01-01T00:00:00Z' });
    expect(before.message).toBe(`Room ${roomId} has no entry that was made at 2001-01-01T00:00:00Z or before`);
  });

  test.each([0, -1, 1.5, 'yesterday', '2030-01-01', null])('does not take %j for a place', async (to) => {
    expect(await refusal('restore', { room: 'A1B2C3', to })).toMatchObject({ name: 'OperationInvalid' });
  });
});

describe('compact', () => {
  test('removes what stands in front of the second newest snapshot, and the room lives on', async () => {
    const { roomId } = await data.room();
    for (const target of [1, 2, 3] as const) {
      await data.free(roomId, target);
      await data.perform('snapshot', { room: roomId });
    }
    const result = await data.perform('compact', { room: roomId });
    expect(result).toMatchObject({ rooms: 1, skipped: [] });
    const [head] = await data.engine.heads([roomId]);
    expect(head!.anchorSeq).toBe(2);
    await data.perform('restart', { room: roomId });
    expect(await data.freeSeats(roomId)).toBe(3);
  });

  test('leaves a room whole whose snapshots are fewer than those to keep', async () => {
    const { roomId } = await data.room();
    expect(await data.perform('compact', { keepSnapshots: 5 })).toEqual({ rooms: 0, removed: 0, skipped: [] });
    expect(await data.engine.read(roomId, 1, 9)).toHaveLength(1);
  });

  test('always keeps two snapshots', async () => {
    expect(await refusal('compact', { keepSnapshots: 1 })).toMatchObject({ name: 'OperationInvalid' });
  });
});

describe('archive', () => {
  test('takes closed rooms only', async () => {
    const { roomId } = await data.room();
    expect((await refusal('archive', { room: roomId })).message).toContain('is waiting: only closed rooms');
    await data.closeRoom(roomId);
    const { file } = await data.perform('archive', { room: roomId });
    expect(existsSync(file as string)).toBe(true);
    expect(await data.engine.heads([roomId])).toEqual([]);
    expect((await refusal('archive', { room: roomId })).message).toContain('is archived: only closed rooms');
  });

  test('without a room takes those that are old enough', async () => {
    const { roomId } = await data.room();
    await data.closeRoom(roomId);
    expect(await data.perform('archive')).toEqual({ archived: 0, entries: 0, failed: [] });
    const result = await perform({ ...data.context, retentionMs: -1_000 }, 'archive', {}, 'tool');
    expect(result).toEqual({ archived: 1, entries: 2, failed: [] });
    await expect(data.perform('archive', { room: roomId, olderThanHours: 1 })).rejects.toThrow('not both');
  });
});

describe('backup', () => {
  test('writes a copy for its owner only that opens as a journal', async () => {
    const { roomId } = await data.room();
    const { file } = await data.perform('backup', {}, 'http');
    expect(file).toMatch(/backups\/\d{8}-\d{6}-\d{3}\.sqlite$/);
    expect(statSync(file as string).mode & 0o077).toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'restored-'));
    await data.perform('backup', { file: join(folder, 'journal.sqlite') });
    const copy = await OperatedFolder.open(folder);
    expect(copy.context.rooms.codeOf(roomId)).toBeDefined();
    await copy.remove();
  });

  test('never replaces a file', async () => {
    await data.perform('backup', { file: 'one.sqlite' }, 'http');
    const again = await refusal('backup', { file: 'one.sqlite' }, 'http');
    expect(again).toMatchObject({ name: 'OperationRefused' });
    expect(again.message).toContain('is there already and is not replaced');
  });

  test.each([
    '../admin.token',
    '../x.sqlite',
    '/tmp/x.sqlite',
    'a/b.sqlite',
    'a\\b.sqlite',
    '..',
    '.x.sqlite',
    'x',
    'x.sqlite.partial',
    'x.sqlite\n',
    'x\0.sqlite',
    '%2e%2e%2fx.sqlite',
  ])('over HTTP %j is no name for one', async (file) => {
    const { name, message } = await refusal('backup', { file }, 'http');
    expect([name, message]).toEqual([
      'OperationRefused',
      expect.stringContaining('The file must be the plain name of one'),
    ]);
  });
});

describe('import', () => {
  async function exported(): Promise<{ readonly roomId: string; readonly file: string; readonly folder: string }> {
    const other = await OperatedFolder.open();
    const { roomId } = await other.room();
    await other.free(roomId, 1);
    const folder = mkdtempSync(join(tmpdir(), 'exported-'));
    const file = join(folder, 'room.jsonl.gz');
    await writeRoomFile(other.engine, roomId, file, Date.now() - 60_000);
    await other.remove();
    return { roomId, file, folder };
  }

  test('brings a running room, paused since its export; resumed it goes on', async () => {
    const { roomId, file, folder } = await exported();
    const told: unknown[] = [];
    data.context.rooms.subscribe((notice) => told.push(notice.kind === 'restored' && [notice.roomId, notice.seq]));
    expect(await data.perform('import', { file })).toEqual({ room: roomId, entries: 2, paused: true });
    expect(told).toEqual([[roomId, 2]]);
    expect(data.context.rooms.holdOf(roomId)).toMatchObject({ kind: 'paused', why: 'it was imported' });
    await data.perform('resume', { room: roomId });
    expect(await data.free(roomId, 2)).toBe('applied');
    const entries = await data.engine.read(roomId, 3, 4);
    const resumed = JSON.parse(entries[0]!.message) as { type: string; outageMs: number };
    expect(resumed.type).toBe('resumed');
    expect(resumed.outageMs).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  });

  test('of a room that is here already is refused, and does not hold that room', async () => {
    const { roomId } = await data.room();
    const file = join(data.folder, 'room.jsonl');
    await writeRoomFile(data.engine, roomId, file, Date.now());
    expect((await refusal('import', { file })).message).toContain('is in the journal already');
    expect((await data.engine.select('holds', {})).items).toEqual([]);
  });

  test('of a damaged file is refused with the line, and leaves nothing', async () => {
    const { file, folder } = await exported();
    const damaged = join(folder, 'damaged.jsonl');
    writeFileSync(damaged, '{"kind":"header"}\n');
    expect((await refusal('import', { file: damaged })).message).toContain('damaged.jsonl, line 1');
    expect((await refusal('import', { file: `${file}.none` })).message).toBe(`There is no file ${file}.none`);
    expect((await data.engine.select('holds', {})).items).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('over HTTP takes files of the folder imports only', async () => {
    mkdirSync(join(data.folder, 'imports'));
    for (const file of ['../journal.sqlite', '/etc/passwd', '../imports/x.jsonl', 'admin.token']) {
      expect((await refusal('import', { file }, 'http')).message).toContain('The file must be the plain name of one');
    }
    expect((await refusal('import', { file: 'none.jsonl' }, 'http')).message).toMatch(/^There is no file .*imports/);
  });
});

test('dead letters that are not there are refused', async () => {
  for (const name of ['dead-letter-retry', 'dead-letter-drop'] as const) {
    expect((await refusal(name, { id: 'none' })).message).toBe('There is no dead letter none');
  }
});

test('repair of a sound journal finds nothing to do', async () => {
  const { roomId } = await data.room();
  expect(await data.perform('repair', { room: roomId })).toMatchObject({
    verdict: 'sound',
    repaired: [],
    findings: [],
  });
  expect(await data.perform('repair')).toMatchObject({ sound: true, repaired: 0 });
});

test('repair makes the row of a room anew that was changed', async () => {
  const { roomId } = await data.room();
  await writeRows(data.context.writer, roomId, [
    { kind: 'put', table: 'rooms', key: roomId, values: { freeSeats: 3 } },
  ]);
  expect(await data.perform('repair', { room: roomId })).toMatchObject({ verdict: 'repaired' });
  expect(await data.freeSeats(roomId)).toBe(0);
});

test('rebuild-statistics says how many sums were wrong', async () => {
  expect(await data.perform('rebuild-statistics')).toEqual({ corrected: 0 });
});

describe('the configuration', () => {
  const live = new LiveConfig({});
  const configure = (params: unknown) => perform({ ...data.context, config: live }, 'configure', params, 'http');

  test('changes for what can change, and the audit has the values', async () => {
    expect(await configure({ set: { LOG_LEVEL: 'debug' } })).toEqual({ changed: ['LOG_LEVEL'], afterRestart: [] });
    expect(live.current.logLevel).toBe('debug');
    const [row] = await audit();
    expect(JSON.parse(row!.detail)).toMatchObject({ outcome: 'done', params: { set: { LOG_LEVEL: 'debug' } } });
  });

  test('refuses what can not be, with the sentence of a start', async () => {
    const wrong = configure({ set: { RATE_LIMITS: '0' } });
    await expect(wrong).rejects.toThrow(/^RATE_LIMITS is "0", but must be/);
    await expect(wrong).rejects.toMatchObject({ name: 'OperationInvalid' });
    await expect(configure({ set: { PORT: 1 } })).rejects.toThrow("PORT can't change while the server runs");
    await expect(configure({ set: { ADMIN_TOKEN: 'hunter2' } })).rejects.toThrow('ADMIN_TOKEN');
    const [row] = await audit();
    expect(row!.detail).not.toContain('hunter2');
  });

  test('takes numbers and yes or no as a file does, and null takes a value back', async () => {
    await configure({ set: { SOCKETS_MAX: 10, LIMIT_LOOPBACK: true } });
    expect(live.current).toMatchObject({ socketsMax: 10, limitLoopback: true });
    await configure({ set: { SOCKETS_MAX: null, LIMIT_LOOPBACK: null } });
    expect(live.current).toMatchObject({ socketsMax: 20_000, limitLoopback: false });
  });

  test('read anew names what an operator’s value stays above', async () => {
    const reload = () => perform({ ...data.context, config: live }, 'reload-config', {}, 'http');
    await configure({ set: { LOG_LEVEL: 'debug' } });
    expect(await reload()).toEqual({ changed: [], afterRestart: [], overruled: ['LOG_LEVEL'] });
    await configure({ set: { LOG_LEVEL: null } });
    expect(await reload()).toMatchObject({ overruled: [] });
  });

  test('is nothing that a folder without a server has', async () => {
    expect((await refusal('reload-config', {})).message).toContain('No server runs here');
  });
});
