import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../bench/load/main.js';
import { ServerProcess } from '../support/server-process.js';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start({ env: { LOG_LEVEL: 'error' } });
});
afterAll(() => server.dispose());

async function load(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

interface Summary {
  readonly moves_per_s: number;
  readonly frames_per_move: number;
  readonly latency_us: { readonly count: number; readonly p50: number; readonly p99: number };
}

test('the load tool makes moves at the rate it was given, each shown to four, and ends by itself', async () => {
  const { code, out } = await load(
    ...['--url', server.socketUrl, '--rooms', '5', '--rate', '100', '--seconds', '1', '--warm-up', '1', '--json'],
  );
  const summary = JSON.parse(out.at(-1)!) as Summary;
  expect(summary).toMatchObject({
    ok: true,
    unsent: 0,
    errors: { refused: {}, unanswered: 0, sockets_lost_by_tables: 0 },
  });
  expect(Math.abs(summary.latency_us.count - 100)).toBeLessThanOrEqual(1);
  expect(summary.latency_us.p99).toBeGreaterThanOrEqual(summary.latency_us.p50);
  expect(summary.frames_per_move).toBeGreaterThanOrEqual(4);
  expect(code).toBe(0);
});

test('more moves than the rooms can make are counted, and are no success', async () => {
  const { code, out } = await load(
    ...['--url', server.socketUrl, '--rooms', '1', '--rate', '20000', '--seconds', '1', '--warm-up', '0'],
  );
  expect(code).toBe(1);
  expect(out.at(-1)).toMatch(/^\d+ moves found no room that waited for one/);
});

test('without a server the load tool says so, and an argument it does not know ends it with 2', async () => {
  const { code, err } = await load('--url', 'ws://127.0.0.1:1');
  expect(code).toBe(1);
  expect(err.at(-1)).toContain('They could not be seated');
  expect((await load('--rate', 'fast')).code).toBe(2);
});
