import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../actors/clock.js';
import { FakeGameServer, type FakeGameServerOptions } from '../client/fake-game-server.js';
import { main } from './client.js';

let stop: () => void = () => undefined;
afterEach(() => stop());

/** The fake server of the client's tests on a real port, in real time without pauses. */
async function serve(options: Partial<FakeGameServerOptions> = {}): Promise<string> {
  const fake = new FakeGameServer({
    clock: systemClock,
    seed: 11,
    totals: 44,
    pauseMs: 0,
    handshakeLatencyMs: 0,
    ...options,
  });
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let sessions = 0;
  server.on('headers', (headers, request) => {
    if (request.headers.cookie !== undefined) return;
    request.headers.cookie = `room_session=real${++sessions}`;
    headers.push(`Set-Cookie: ${request.headers.cookie}; Path=/; HttpOnly`);
  });
  server.on('connection', (socket, request) => {
    const inner = fake.sockets.connect(request.url ?? '', { cookie: request.headers.cookie ?? '' });
    const early: string[] = [];
    let send = (text: string): void => void early.push(text);
    inner.onOpen = () => {
      send = (text) => inner.send(text);
      for (const text of early) send(text);
    };
    inner.onMessage = (text) => socket.send(text);
    inner.onClose = (code) => (code === 1006 ? socket.terminate() : socket.close(code));
    socket.on('message', (bytes: Buffer) => send(bytes.toString()));
    socket.on('close', () => inner.close());
  });
  stop = () => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  await new Promise((resolve) => server.once('listening', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

interface Summary {
  readonly completed: number;
  readonly moves: number;
  readonly violations: number;
  readonly seed: number;
  readonly latency_us: { readonly p50: number };
  readonly games: { readonly room_id: string; readonly winners: string[] }[];
}

function summaryOf(lines: readonly string[]): Summary {
  return JSON.parse(lines.at(-1)!) as Summary;
}

test('tells a game line by line and ends with a summary in words', async () => {
  const { code, out, err } = await run('--url', await serve(), '--think', '0', '--seed', '3');
  expect(err).toEqual([]);
  expect(code).toBe(0);
  expect(out[0]).toBe('Room AAAAA1, seed 3');
  expect(out[1]).toBe('Round 1: Hana, Bot 2, Bot 3, Bot 4');
  expect(out.at(-1)).toMatch(
    /^1 of 1 game played in [\d.]+ s: \d+ rounds, \d+ moves acknowledged .* 0 violations of the protocol\.$/,
  );
});

test('plays several games with several people, and prints one JSON object as its last line', async () => {
  const url = await serve();
  const { code, out } = await run(
    '--url',
    url,
    '--rooms',
    '3',
    '--humans',
    '2',
    '--think',
    '0',
    '--games-at-once',
    '2',
    '--json',
    '--seed',
    '9',
    '--quiet',
  );
  expect(code).toBe(0);
  expect(out).toHaveLength(1);
  const summary = summaryOf(out);
  expect(summary).toMatchObject({ completed: 3, violations: 0, seed: 9 });
  expect(summary.games.map(({ room_id }) => room_id).sort()).toEqual(['AAAAA1', 'AAAAA2', 'AAAAA3']);
  expect(summary.latency_us.p50).toBeGreaterThan(0);
  expect(summary.moves).toBeGreaterThan(10);
});

test('plays as the browser does', async () => {
  const { code, out, err } = await run(
    '--url',
    await serve(),
    '--as-browser',
    '--quiet',
    '--think',
    '0',
    '--humans',
    '2',
    '--json',
  );
  expect(err).toEqual([]);
  expect(code).toBe(0);
  expect(summaryOf(out)).toMatchObject({ completed: 1, violations: 0 });
});

test('says in one sentence that no server answers, and where it looked', async () => {
  const url = await serve();
  stop();
  const { code, out, err } = await run('--url', url);
  expect(code).toBe(1);
  expect(out).toEqual([]);
  expect(err).toEqual([expect.stringContaining(`No server answers at ${url} (connect ECONNREFUSED`)]);
});

test('tells the status of a server that refuses the handshake, and does not say that none answers', async () => {
  const server = createServer().on('upgrade', (_, socket) => {
    socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nConnection: close\r\n\r\n');
  });
  stop = () => server.close();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sentence = `The server at ${url} refuses the connection with 429; it says to wait 3 s.`;
  expect(await run('--url', url)).toEqual({ code: 1, out: [], err: [sentence] });
});

test('exits with 1 and one sentence for each game that fails', async () => {
  const refuse: FakeGameServerOptions['refuse'] = ({ event }) =>
    event === 'start_game' ? { message: 'Not today', type: 'permission_denied' } : undefined;
  const { code, out, err } = await run('--url', await serve({ refuse }), '--rooms', '2', '--quiet', '--json');
  expect(code).toBe(1);
  expect(err).toEqual(Array.from({ length: 2 }, () => 'Hana: start_game failed, permission_denied: Not today'));
  expect(summaryOf(out)).toMatchObject({ completed: 0, failed: 2 });
});

test.each([
  [['--humans', '5'], "error: option '--humans <n>' argument '5' is invalid. It must be a whole number from 1 to 4."],
  [
    ['--rooms', '0'],
    "error: option '--rooms <n>' argument '0' is invalid. It must be a whole number from 1 to 100000.",
  ],
  [['--think', 'x'], "error: option '--think <ms>' argument 'x' is invalid. It must be a number from 0 to 3600000."],
  [
    ['--speed', '0'],
    "error: option '--speed <factor>' argument '0' is invalid. It must be a number from 0.001 to 1000000.",
  ],
  [
    ['--url', 'localhost'],
    "error: option '--url <url>' argument 'localhost' is invalid. It must look like ws://127.0.0.1:5050 or wss://example.org.",
  ],
  [
    ['--strategy', 'x'],
    "error: option '--strategy <name>' argument 'x' is invalid. Allowed choices are careful, bot, random.",
  ],
  [['--nonsense'], "error: unknown option '--nonsense'"],
  [['more'], 'error: too many arguments. Expected 0 arguments but got 1.'],
])('refuses %j with exit code 2 and one sentence', async (args, sentence) => {
  expect(await run(...args)).toEqual({ code: 2, out: [], err: [sentence] });
});

test('shows its options with examples', async () => {
  const { code, out } = await run('--help');
  expect(code).toBe(0);
  expect(out.join('\n')).toMatch(/--games-at-once <n>[^]*Examples:[^]*npm run client -- --humans 4 --speed 10/);
});
