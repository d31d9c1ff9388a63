import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { serve, type ServerType } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOKEN, VisualizedFolder } from '../../test/support/visualized-folder.js';
import { watch } from '../cli/watch.js';
import type { AdminEnv } from './admin-access.js';
import { ADMIN_COOKIE } from './admin-cookie.js';
import { addVisualizerStreams } from './visualizer-streams.js';
import { EventParser, type SentEvent } from '../cli/watch/event-lines.js';

/* Goal: watchers hear what happened, in order, once, and go on where they left; over a real port, since a stream is a
 * connection and not an answer. */

let folder: VisualizedFolder;
let server: ServerType;
let url: string;

beforeAll(async () => {
  folder = await VisualizedFolder.open();
  await new Promise<void>((resolve) => {
    server = serve({ fetch: folder.app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve());
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await folder.remove(); // its streams end, or the server would wait for them
  await new Promise((resolve) => server.close(resolve));
});

interface Told extends Record<string, unknown> {
  readonly event: string;
  readonly id: string | null;
}

/** A stream that is read as far as it is asked for. */
class Watching {
  readonly #reader: AsyncIterator<SentEvent[]>;
  readonly #abort: AbortController;
  #waiting: SentEvent[] = [];
  lastId: string | null = null;

  private constructor(response: Response, abort: AbortController) {
    this.#reader = eventsOf(response);
    this.#abort = abort;
  }

  static async open(path: string, lastId?: string | null): Promise<Watching> {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${TOKEN}`, ...(lastId != null && { 'last-event-id': lastId }) };
    const response = await fetch(`${url}/api/visualizer${path}`, { headers, signal: abort.signal });
    expect([path, response.status, response.headers.get('content-type')]).toEqual([
      path,
      200,
      'text/event-stream; charset=utf-8',
    ]);
    return new Watching(response, abort);
  }

  /** The next event of these names; others are passed over. */
  async next(...names: string[]): Promise<Told> {
    for (;;) {
      const sent = this.#waiting.shift();
      if (sent === undefined) {
        const { done, value } = await this.#reader.next();
        if (done === true) throw new Error('the stream ended');
        this.#waiting = value;
        continue;
      }
      this.lastId = sent.id ?? this.lastId;
      if (names.includes(sent.event)) return { ...(JSON.parse(sent.data) as object), event: sent.event, id: sent.id };
    }
  }

  close(): void {
    this.#abort.abort();
  }
}

async function* eventsOf({ body }: Response): AsyncGenerator<SentEvent[]> {
  const parser = new EventParser();
  for await (const text of body!.pipeThrough(new TextDecoderStream())) yield parser.take(text);
}

describe('a room’s stream', () => {
  test('begins with the state, tells entries and refusals, and the state after them', async () => {
    const { code, roomId } = await folder.data.room(0);
    const watching = await Watching.open(`/rooms/${code}/stream`);
    expect(await watching.next('hello')).toMatchObject({ version: 1, process: 'a1b2c3d4' });
    expect(await watching.next('state')).toMatchObject({ seq: 1, leaf: 'waiting', waitingFor: { what: 'host' } });
    await folder.data.tell(roomId, { type: 'connect', session: 'session-of-ann', seat: 0 });
    await folder.data.tell(roomId, { type: 'play', session: 'session-of-ann', seat: 0, indices: [1] });
    const entry = await watching.next('entry');
    expect(entry).toMatchObject({
      ...{ id: '2', version: 1, roomId, code, seq: 2, type: 'connect', who: 'Ann', from: 'waiting', to: 'waiting' },
      transitions: ['waiting on connect #1 [judgeArrival]'],
      times: { commitMs: expect.any(Number) },
    });
    expect(JSON.stringify(entry)).not.toContain('session-of-ann');
    expect(await watching.next('refused')).toMatchObject({ id: null, seq: 2, rule: 'refuseUnknown', who: 'Ann' });
    expect(await watching.next('state')).toMatchObject({ seq: 2, refusals: 1, waitingFor: { what: 'start' } });
    await folder.data.perform('pause', { room: code });
    expect(await watching.next('state')).toMatchObject({ hold: { kind: 'paused' }, waitingFor: { what: 'operator' } });
    watching.close();
  });

  test('goes on behind the last entry that its watcher had, none twice and none left out', async () => {
    const { code, roomId } = await folder.data.room(0);
    const first = await Watching.open(`/rooms/${code}/stream?from=1`);
    expect(await first.next('entry')).toMatchObject({ seq: 1 });
    await folder.data.free(roomId, 1);
    expect(await first.next('entry')).toMatchObject({ seq: 2 });
    first.close();
    await folder.data.free(roomId, 2);
    await folder.data.free(roomId, 3);
    const again = await Watching.open(`/rooms/${code}/stream`, first.lastId);
    for (const seq of [3, 4]) expect(await again.next('entry')).toMatchObject({ seq });
    await folder.data.perform('restore', { room: code, to: 2 });
    expect(await again.next('restored', 'entry')).toMatchObject({ event: 'restored', seq: 5, id: '5' });
    again.close();
  });

  test('tells two watchers of one room the same', async () => {
    const { code, roomId } = await folder.data.room(0);
    const both = [await Watching.open(`/rooms/${code}/stream`), await Watching.open(`/rooms/${code}/stream`)];
    for (const watching of both) await watching.next('state');
    await folder.data.free(roomId, 1);
    const [a, b] = await Promise.all(both.map((watching) => watching.next('entry')));
    expect(a).toEqual(b);
    for (const watching of both) watching.close();
  });

  test('is for rooms that there are, and for askers who have the token', async () => {
    const status = async (path: string, headers = {}): Promise<number> =>
      (await fetch(`${url}/api/visualizer${path}`, { headers })).status;
    expect(await status('/rooms/FFFFFF/stream', { authorization: `Bearer ${TOKEN}` })).toBe(404);
    expect(await status('/stream?types=1&unknown=2', { authorization: `Bearer ${TOKEN}` })).toBe(400);
    expect(await status('/stream')).toBe(401);
  });
});

describe('the stream of all rooms', () => {
  test('is filtered by type, room and player', async () => {
    const [one, other] = [await folder.data.room(0), await folder.data.room(0)];
    const ofOne = await Watching.open(`/stream?room=${one.code}`);
    const created = await Watching.open('/stream?types=create,refused');
    const nobody = await Watching.open('/stream?player=Nobody');
    for (const watching of [ofOne, created, nobody]) await watching.next('hello');
    await folder.data.free(other.roomId, 1);
    await folder.data.free(one.roomId, 1);
    await folder.data.tell(one.roomId, { type: 'declare', session: 'session-of-ann', seat: 0, value: 1 });
    const third = await folder.data.room(0);
    expect(await ofOne.next('entry')).toMatchObject({ roomId: one.roomId, type: 'removePlayer', who: 'Ann' });
    expect(await created.next('entry', 'refused')).toMatchObject({ event: 'refused', type: 'declare' });
    expect(await created.next('entry', 'refused')).toMatchObject({ roomId: third.roomId, type: 'create' });
    for (const watching of [ofOne, created, nobody]) watching.close();
  });

  test('goes on from memory where it can, and from the journal after a restart', async () => {
    const { roomId, code } = await folder.data.room(0);
    const first = await Watching.open(`/stream?room=${code}`);
    await first.next('hello');
    await folder.data.free(roomId, 1);
    expect(await first.next('entry')).toMatchObject({ seq: 2 });
    first.close();
    await folder.data.free(roomId, 2);
    const again = await Watching.open(`/stream?room=${code}`, first.lastId);
    expect(await again.next('entry')).toMatchObject({ seq: 3 });
    again.close();
    // As a client of the process before would ask: by time, and what is repeated can be told by its number.
    const before = first.lastId!.replace('a1b2c3d4', 'ffffffff');
    const restarted = await Watching.open(`/stream?room=${code}`, before);
    const told: number[] = [];
    while (told.at(-1) !== 3) told.push(Number((await restarted.next('entry'))['seq']));
    expect(told).toEqual([1, 2, 3].slice(-told.length));
    expect(told.length).toBeGreaterThanOrEqual(2);
    restarted.close();
  });

  test('is open to so many', async () => {
    const many: Watching[] = [];
    while (folder.visualizer.watchers < 64) {
      const watching = await Watching.open('/stream');
      await watching.next('hello');
      many.push(watching);
    }
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await fetch(`${url}/api/visualizer/stream`, { headers })).status).toBe(429);
    for (const watching of many) watching.close();
    await expect.poll(() => folder.visualizer.watchers).toBe(0);
  });
});

test('a list on a screen hears of its own rooms, of counts, and of new rooms', async () => {
  const [shown, other] = [await folder.data.room(0), await folder.data.room(0)];
  const watching = await Watching.open(`/rooms/stream?rooms=${shown.code}`);
  expect(await watching.next('rooms')).toMatchObject({ items: [{ roomId: shown.roomId, code: shown.code }], gone: [] });
  const { counts, known } = (await watching.next('counts')) as never as { counts: object; known: number };
  expect(counts).toMatchObject({ health: { paused: expect.any(Number) } });
  await folder.data.free(other.roomId, 1);
  await folder.data.free(shown.roomId, 1);
  expect(await watching.next('rooms')).toMatchObject({ items: [{ roomId: shown.roomId, seq: 2 }] });
  const third = await folder.data.room(0);
  expect(await watching.next('counts')).toMatchObject({ known: known + 1, newest: third.roomId });
  watching.close();
});

test('a stream that was opened by a cookie ends when cookies are revoked, and one by the token goes on', async () => {
  const byToken = await Watching.open('/stream');
  const headers = { cookie: `${ADMIN_COOKIE}=${folder.access.cookies.issue('operator')}` };
  const response = await fetch(`${url}/api/visualizer/stream`, { headers });
  const told = eventsOf(response);
  expect((await told.next()).value).toMatchObject([{ event: 'hello' }]);
  folder.access.cookies.revoke();
  await expect(told.next()).rejects.toThrow('terminated');
  const { roomId } = await folder.data.room(0);
  expect(await byToken.next('entry')).toMatchObject({ roomId });
  byToken.close();
});

test('sixty-four streams are open or about to be, and the next one is refused, however long rooms are looked for', async () => {
  const api = new Hono<AdminEnv>();
  const lookups: ((failure: Error) => void)[] = [];
  const roomByCode = (): Promise<never> => new Promise((_, reject) => void lookups.push(reject));
  const ports = { engine: { roomByCode }, rooms: { resolve: () => undefined } };
  addVisualizerStreams(api, { ports } as never, folder.access);
  const ask = async () => (await api.request('/rooms/AAAAAA/stream')).status;
  const opening = Array.from({ length: 64 }, ask);
  expect(await ask()).toBe(429);
  await new Promise(setImmediate);
  for (const reject of lookups) reject(new HTTPException(404));
  expect(new Set(await Promise.all(opening))).toEqual(new Set([404]));
  const again = ask();
  await new Promise(setImmediate);
  lookups.at(-1)!(new HTTPException(404)); // its place was given back
  expect(await again).toBe(404);
});

describe('npm run watch', () => {
  const run = async (...args: string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const exit = await watch(args, {
      ...{ out: (line) => out.push(line), err: (line) => err.push(line), colours: false, environment: {} },
      ...{ fetch, wait: () => Promise.resolve(), stopping: new AbortController().signal },
    });
    return { exit, out, err };
  };

  test('prints a room line by line, or as JSON', async () => {
    const { code, roomId } = await folder.data.room(0);
    await folder.data.free(roomId, 1);
    const given = ['--url', url, '--token', TOKEN, '--from', '1', '--count', '2'];
    const { exit, out } = await run(code, ...given);
    expect(exit).toBe(0);
    expect(out).toEqual([
      expect.stringContaining('Waits for the host Ann to open the room.'),
      expect.stringMatching(/^[\d:.]{12} {6}1 {2}Ann: create code=.* → roomCreated {2}waiting$/),
      expect.stringMatching(/ 2 {2}Ann: removePlayer seat=0 target=1 → seatFreed$/),
    ]);
    const json = (await run(code, ...given, '--json')).out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(json.map(({ event }) => event)).toEqual(['hello', 'state', 'entry', 'entry', undefined]);
    expect(json.at(-1)).toEqual({ ok: true, printed: 2 });
  });

  test('says what is wrong with its arguments, its token, its room', async () => {
    expect((await run()).exit).toBe(2);
    expect((await run('A', '--all')).exit).toBe(2);
    expect((await run('--help')).out.join()).toContain('npm run watch -- --all --types play,refused');
    expect(await run('--all', '--url', url, '--token', 'wrong')).toMatchObject({
      exit: 3,
      err: [expect.stringMatching(/admin token/)],
    });
    expect(await run('FFFFFF', '--url', url, '--token', TOKEN)).toMatchObject({
      exit: 3,
      err: [expect.stringMatching(/no room FFFFFF/)],
    });
    expect(await run('--all', '--url', url, '--data', '/nowhere')).toMatchObject({
      exit: 3,
      err: [expect.stringMatching(/admin.token/)],
    });
  });
});
