import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FuzzFailure } from '../../fuzz/fuzz-room.js';
import { type Regression, regressionOf } from '../../fuzz/regression-file.js';
import { dealsOf, replayRegression } from '../../fuzz/replay-regression.js';
import type { Deed } from '../../fuzz/script.js';
import { type Answer, VisualizedFolder } from '../../test/support/visualized-folder.js';
import { projectRoot } from './project-root.js';

/* Goal: a sandbox goes on as its room would, is bounded, and touches no room; what is exported comes back the same. */

interface Shown {
  readonly id: string;
  readonly seq: number;
  readonly clock: number;
}

let folder: VisualizedFolder;
let room: { readonly roomId: string; readonly code: string };

beforeAll(async () => {
  folder = await VisualizedFolder.open();
  room = await folder.playing();
});
afterAll(() => folder.remove());
afterEach(async () => {
  for (const { id } of (await folder.ask('/sandboxes')).body.items as never as Shown[]) {
    await folder.ask(`/sandboxes/${id}`, { method: 'DELETE' });
  }
});

async function fork(seq?: number): Promise<Shown> {
  const { status, body } = await folder.post('/sandboxes', {
    room: room.code,
    reveal: true,
    ...(seq !== undefined && { seq }),
  });
  expect([status, body.detail]).toEqual([201, undefined]);
  return body['sandbox'] as Shown;
}

const load = (name: string, text: string | Uint8Array) =>
  folder.ask(`/sandboxes/files?name=${name}`, { method: 'POST', body: text as string });

describe('a flood of files', () => {
  test('is taken four at a time, whose bodies are all that waits in memory', async () => {
    const ends: (() => void)[] = [];
    const slow = (): Promise<Answer> => {
      const body = new ReadableStream({ start: (controller) => void ends.push(() => controller.close()) });
      return folder.ask('/sandboxes/files', { method: 'POST', body, duplex: 'half' });
    };
    const taken = [slow(), slow(), slow(), slow()];
    const refused = await load('fifth', '{}');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    for (const end of ends) end();
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect((await load('sixth', '{}')).status).toBe(400);
  });
});

describe('a fork', () => {
  test('goes on from an entry by messages and by its clock, and the room itself stays as it is', async () => {
    const { id, seq, clock } = await fork(2);
    expect(seq).toBe(2);
    const started = (
      await folder.post(`/sandboxes/${id}/messages`, { message: { type: 'startGame', seat: 0 }, afterMs: 500 })
    ).body;
    expect(started).toMatchObject({
      version: 1,
      result: { kind: 'applied', seq: 3 },
      entries: [
        {
          seq: 3,
          type: 'startGame',
          who: 'Ann',
          at: clock + 500,
          transitions: [expect.stringContaining('judgeStart')],
        },
      ],
      clock: clock + 500,
      state: { seq: 3, as: 'operator', leaf: 'playing.preparation.dealing' },
    });
    expect((started as never as { entries: { changes: unknown[] }[] }).entries[0]!.changes).toContainEqual({
      path: '/leaf',
      before: 'waiting',
      after: 'playing.preparation.dealing',
    });
    const { body } = await folder.post(`/sandboxes/${id}/advance`, { ms: 60_000 });
    expect(body).toMatchObject({ more: false, clock: clock + 60_500, state: { view: { game: { round: 1 } } } });
    expect(body['entries']).not.toEqual([]);
    expect((await folder.ask(`/rooms/${room.code}`)).body['seq']).toBe(4);
    expect(await folder.data.engine.read(room.roomId, 1, 100)).toHaveLength(4);
  });

  test('deals the hands that the room was dealt', async () => {
    const { id } = await fork(3);
    await folder.post(`/sandboxes/${id}/advance`, { next: true });
    const hands = async (base: string) =>
      ((await folder.ask(`${base}/state?seq=4&as=operator&reveal=true`)).body as never as { view: { game: object } })
        .view.game;
    const [forked, real] = [await hands(`/sandboxes/${id}`), await hands(`/rooms/${room.code}`)];
    expect((forked as { hands: unknown }).hands).toEqual((real as { hands: unknown }).hands);
  });

  test('is refused as the room would be, with the rule, and remembers it', async () => {
    const { id } = await fork(2);
    const { body } = await folder.post(`/sandboxes/${id}/messages`, {
      message: { type: 'declare', seat: 0, value: 3 },
    });
    expect(body).toMatchObject({
      result: {
        kind: 'refused',
        reason: 'wrongPhase',
        sentence: 'declare is not possible now.',
        rule: 'refuseUnknown',
      },
      entries: [],
      state: { seq: 2 },
    });
    expect((await folder.ask(`/sandboxes/${id}/refusals`)).body).toMatchObject({ total: 1, items: [{ who: 'Ann' }] });
    expect((await folder.ask(`/sandboxes/${id}/marks`)).body.items).toMatchObject([{ kind: 'refused' }]);
    expect((await folder.ask(`/sandboxes/${id}/chart`)).body).toMatchObject({
      current: 'waiting',
      counts: { refusals: [{ event: 'declare', count: 1 }] },
    });
  });

  test.each([
    ['of no type', {}, 400, 'type'],
    ['of an unknown type', { type: 'cheat' }, 400, 'type'],
    ['of another shape', { type: 'play', seat: 0, indices: 'all' }, 400, 'message.indices'],
    [
      'that makes a room',
      { type: 'create', code: 'A', seed: 'x'.repeat(64), hostName: 'A', timeScale: 1 },
      400,
      'create',
    ],
    ['of somebody who joins without a session', { type: 'join', name: 'Bob' }, 400, 'message.session'],
    ['of a bot’s seat', { type: 'declare', seat: 1, value: 1 }, 409, 'No person sits in seat 1'],
  ])('takes no message %s', async (_, message, status, sentence) => {
    const { id } = await fork(2);
    const answer = await folder.post(`/sandboxes/${id}/messages`, { message });
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(sentence)]);
    expect((await folder.ask(`/sandboxes/${id}`)).body).toMatchObject({
      seq: 2,
      kind: 'fork',
      sandbox: { forkedAt: 2 },
    });
  });

  test('can be forked again, and shows the same past', async () => {
    const first = await fork();
    const { body } = await folder.post('/sandboxes', { sandbox: first.id, seq: 3 });
    const { id } = body['sandbox'] as Shown;
    const timeline = (await folder.ask(`/sandboxes/${id}/timeline`)).body;
    expect(timeline).toMatchObject({ last: 3, revealed: true });
    const real = (await folder.ask(`/rooms/${room.code}/timeline?limit=3&reveal=true`)).body;
    expect(timeline.items!.map(({ times: _, ...item }) => item)).toEqual(
      real.items!.map(({ times: _, ...item }) => item),
    );
    expect((await folder.ask(`/sandboxes/${id}/frames?seq=3&as=0`)).body['frames']).not.toEqual([]);
  });

  test('shows a running game to those alone who ask for it', async () => {
    const { status, body } = await folder.post('/sandboxes', { room: room.code });
    expect([status, body.detail]).toEqual([403, expect.stringMatching(/^Hidden/)]);
    expect((await folder.post('/sandboxes', { room: 'FFFFFF', reveal: true })).status).toBe(404);
    expect((await folder.post('/sandboxes', { room: room.code, reveal: true, seq: 99 })).status).toBe(404);
    expect((await folder.post('/sandboxes', { room: room.code, more: 1 })).status).toBe(400);
    expect((await folder.ask('/sandboxes/s1')).status).toBe(404);
  });

  test('is one of sixteen, each for half an hour after its last use', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 16; made++) ids.push((await fork(1)).id);
    expect(await folder.post('/sandboxes', { room: room.code, reveal: true })).toMatchObject({ status: 409 });
    folder.aheadMs += 29 * 60_000;
    expect((await folder.ask(`/sandboxes/${ids[3]!}`)).status).toBe(200);
    folder.aheadMs += 2 * 60_000;
    expect((await folder.ask('/sandboxes')).body.items).toMatchObject([{ id: ids[3] }]);
    expect((await folder.ask(`/sandboxes/${ids[0]!}`)).status).toBe(404);
  });

  test('takes messages as its forms say', async () => {
    const { messages } = (await folder.ask('/messages')).body as never as {
      messages: { type: string; by: string; schema: { required: string[]; properties: Record<string, object> } }[];
    };
    const play = messages.find(({ type }) => type === 'play')!;
    expect(play).toEqual({
      type: 'play',
      by: 'player',
      schema: {
        type: 'object',
        properties: {
          type: { type: 'string', const: 'play' },
          seat: { type: 'integer', minimum: 0, maximum: 3 },
          indices: { type: 'array', items: { type: 'number' }, readOnly: true },
        },
        required: ['type', 'seat', 'indices'],
      },
    });
    expect(messages.map(({ type }) => type)).not.toContain('create');
    for (const { schema } of messages) expect(Object.keys(schema.properties)).not.toContain('at');
  });
});

describe('a file', () => {
  test('of a room’s journal is shown as the room is, plain or folded', async () => {
    const exported = await folder.ask(`/rooms/${room.code}/export?as=journal&reveal=true`);
    expect(exported.headers.get('content-disposition')).toBe(
      `attachment; filename="room-${room.code.toLowerCase()}.jsonl"`,
    );
    for (const bytes of [exported.text, gzipSync(exported.text)]) {
      const { status, body } = await load('room.jsonl', bytes);
      const { id } = body['sandbox'] as Shown;
      expect([status, body['sandbox']]).toEqual([201, expect.objectContaining({ kind: 'journal', seq: 4 })]);
      const state = (await folder.ask(`/sandboxes/${id}/state?as=operator`)).body;
      const real = (await folder.ask(`/rooms/${room.code}/state?as=operator&reveal=true`)).body;
      expect(state['view']).toEqual(real['view']);
    }
  });

  test('of a sandbox is what it did', async () => {
    const { id } = await fork();
    await folder.post(`/sandboxes/${id}/advance`, { ms: 30_000 });
    const { seq } = (await folder.ask(`/sandboxes/${id}`)).body as never as Shown;
    const again = await load('sandbox.jsonl', (await folder.ask(`/sandboxes/${id}/export?as=journal`)).text);
    expect(again.body['sandbox']).toMatchObject({ seq });
  });

  test('in which an entry was changed is refused, with the line', async () => {
    const { text } = await folder.ask(`/rooms/${room.code}/export?as=journal&reveal=true`);
    const { status, body } = await load(
      'room.jsonl',
      text.replace('"outcome":"applied","events":"[{', '"outcome":"applied","events":"[ {'),
    );
    expect([status, body.detail]).toEqual([
      400,
      'room.jsonl, line 2: the hash of entry 1 does not follow from the one before',
    ]);
  });

  test.each([
    ['empty', '', 'neither a script'],
    ['no JSON', 'room?', 'neither a script'],
    ['of another kind', '{"format":"mailbox-fuzz/1"}', 'format'],
    ['cut off', '{"kind":"header"', 'line 1'],
    ['folded badly', new Uint8Array([0x1f, 0x8b, 1, 2]), "can't be unfolded"],
  ])('that is %s is refused', async (_, content, sentence) => {
    const { status, body } = await load('x', content);
    expect([status, body.detail]).toEqual([400, expect.stringContaining(sentence)]);
  });

  test('that is too long is refused before it is read', async () => {
    expect((await load('x', new Uint8Array(16 * 1024 * 1024 + 1))).status).toBe(413);
  });

  test.each([1, 2])(
    'of the fuzzer is played from version %i, refusals included, by the deals that it brings',
    async (version) => {
      const ann = { session: 'ann', seat: 0, at: 1_000_000_000_000 };
      const said = [
        {
          type: 'create',
          session: 'ann',
          key: 'first',
          code: 'ABCDEF',
          seed: 'f'.repeat(64),
          hostName: 'Ann',
          timeScale: 0,
          at: ann.at,
        },
        { type: 'connect', ...ann },
        { type: 'play', ...ann, indices: [0] },
        { type: 'startGame', ...ann },
        { type: 'timer', timer: 'pause', at: ann.at + 1 },
      ];
      const deeds: Deed[] = [
        ...said.map((message) => ({ do: 'message', message }) as const),
        { do: 'restore' },
        { do: 'upgrade' },
        { do: 'message', message: { type: 'timer', timer: 'pause', at: ann.at + 2 } },
      ];
      const script = { seed: 1, version, acts: [] };
      const failure = { promise: 'a promise', message: 'what was wrong', version, deeds, script, told: [] };
      const saved = regressionOf('liap-tui', 1, failure as unknown as FuzzFailure, dealsOf({ version, deeds }));
      expect(saved.deals).toHaveLength(1);
      expect(await replayRegression(saved)).toBeNull();
      const { body } = await load('found.json', JSON.stringify(saved));
      const { id, seq } = body['sandbox'] as Shown;
      expect(body['sandbox']).toMatchObject({
        kind: 'script',
        stop: null,
        script: { promise: 'a promise', deeds: 8, refused: 2 },
      });
      const { items, stop } = (await folder.ask(`/sandboxes/${id}/timeline`)).body;
      expect(stop).toBeNull();
      const types = items!.map(({ type }) => type);
      expect(types).toEqual(['create', 'connect', 'startGame', 'timer', ...(version === 1 ? ['upgraded'] : [])]);
      // Deals of this seed are weak by the fuzzer alone: nobody would be asked by the product's own.
      expect(items![3]).toMatchObject({ to: 'playing.preparation.weakHands', machineVersion: version });
      expect((await folder.ask(`/sandboxes/${id}/refusals`)).body).toMatchObject({
        total: 2,
        items: [{ reason: 'notDue' }, {}],
      });
      expect((await folder.post(`/sandboxes/${id}/advance`, { ms: 60_000 })).body['state']).not.toMatchObject({ seq });
      const exported = JSON.parse((await folder.ask(`/sandboxes/${id}/export?as=script`)).text) as Regression;
      expect(await replayRegression(exported)).toBeNull();
    },
  );
});

describe('an export', () => {
  test('as a script keeps all promises of the fuzzer, deals included', async () => {
    const { text } = await folder.ask(`/rooms/${room.code}/export?as=script&reveal=true&seq=4`);
    const script = JSON.parse(text) as { deeds: object[]; deals: object[] };
    expect([script.deeds.length, script.deals.length]).toEqual([4, 1]);
    expect(await replayRegression(script as never)).toBeNull();
  });

  test('of a room that was set back can end in front of that, and else is refused', async () => {
    const other = await folder.playing();
    await folder.data.perform('restore', { room: other.code, to: 2 });
    const { status, body } = await folder.ask(`/rooms/${other.code}/export?as=script&reveal=true`);
    expect([status, body.detail]).toEqual([409, expect.stringContaining('Entry 5 set the room back')]);
    expect((await folder.ask(`/rooms/${other.code}/export?as=script&reveal=true&seq=4`)).status).toBe(200);
    expect((await folder.ask(`/rooms/${other.code}/export?as=script&reveal=true&seq=9`)).status).toBe(404);
    expect((await folder.ask(`/rooms/${other.code}/export?as=journal&reveal=true&seq=4`)).status).toBe(400);
    expect((await folder.ask(`/rooms/${other.code}/export?as=movie&reveal=true`)).status).toBe(400);
  });
});

/* The exported test is run as what it is: its file is imported while this one is collected. */
const written = mkdtempSync(join(tmpdir(), 'exported-'));
const exporting = await VisualizedFolder.open();
const played = await exporting.playing();
const exportedTest = (await exporting.ask(`/rooms/${played.code}/export?as=test&reveal=true`)).text;
const file = join(written, `room-${randomBytes(3).toString('hex')}.test.ts`);
writeFileSync(file, exportedTest.replaceAll("'../../", `'${projectRoot()}/`));
describe('an exported test', () => {
  afterAll(async () => {
    rmSync(written, { recursive: true });
    await exporting.remove();
  });
  test('says where it belongs, and fails where the room goes another way', () => {
    expect(readFileSync(file, 'utf8')).toContain(`test/sim/room-${played.code.toLowerCase()}.test.ts`);
    expect(exportedTest).toMatch(/const EVENTS: unknown = \[\[\{"type":"roomCreated"/);
  });
});
await import(/* @vite-ignore */ file);
