import { describe, expect, test } from 'vitest';
import { simulatedGame } from '../../test/support/simulated-game.js';
import { SimulatedServer } from '../../test/support/simulated-server.js';
import type { LogLevel } from '../config.js';
import type { GameNotice } from '../gateway/game-notice.js';
import { createLog } from './log.js';
import { messageLog } from './message-log.js';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly correlationId?: string;
  readonly type?: string;
  readonly why?: string;
}

async function logged(level: LogLevel, slowOperationMs = 1_000) {
  const written: string[] = [];
  const log = createLog(level, { write: (line) => written.push(line) });
  const sim = await SimulatedServer.start({ seed: 'log', log });
  sim.server.visualizer.onTold(messageLog(log, { slowOperationMs }, sim.clock.elapsedMs));
  const lines = (): Line[] => written.map((line) => JSON.parse(line) as Line);
  return { sim, written, lines };
}

const PIECE = /(?:GENERAL|ADVISOR|ELEPHANT|CHARIOT|HORSE|CANNON|SOLDIER)_(?:RED|BLACK)/;

describe("a whole game's log", () => {
  test.each([1, 2, 3])('at trace shows no hand, session, token or seed (game %i)', async (seed) => {
    const { sim, written, lines } = await logged('trace');
    const secrets = new Set<string>();
    const causes: string[] = [];
    sim.server.rooms.subscribe((notice) => {
      if (notice.cause.session !== null) secrets.add(notice.cause.session);
      if (notice.kind === 'applied') causes.push(notice.cause.correlationId);
    });
    let code = '';
    await simulatedGame(sim, { seed, roundsMax: 3, observer: { room: (room) => (code = room) } });
    const roomId = sim.server.rooms.resolve(code)!;
    const first = JSON.parse(sim.engine.durableEntries(roomId)[0]!.message) as { seed: string };
    secrets.add(first.seed);
    const text = written.join('');
    expect(text.match(PIECE)).toBeNull();
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    // What was searched was worth searching: every entry is there, with its correlation id and the message's members.
    const applied = lines().filter(({ msg }) => msg === 'message applied');
    expect(applied.map(({ correlationId }) => correlationId)).toEqual(causes);
    expect([secrets.size > 2, causes.length > 60]).toEqual([true, true]);
    expect(text).toContain('"session":"[masked]"');
    expect(text).toContain('"indices":[');
  });

  test('at info holds no line of a message that went its way', async () => {
    const { sim, lines } = await logged('info');
    await simulatedGame(sim, { roundsMax: 1 });
    expect(lines()).toEqual([]);
  });
});

test('a message that is slow is a warning that says where the time went', async () => {
  const { sim, lines } = await logged('info', 0.5); // the simulated disk takes 1 ms
  await simulatedGame(sim, { roundsMax: 1 });
  const plays = lines().filter(({ type }) => type === 'play');
  expect(plays.length).toBeGreaterThan(5);
  expect(plays[0]).toMatchObject({ level: 'warn', msg: 'slow message', waitMs: 0, stepMs: 0, commitMs: 1 });
});

test('where all messages are slow, some are logged, and the next line counts those that were not', () => {
  const lines: { readonly unlogged?: number; readonly seq: number }[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  let atMs = 0;
  const tell = messageLog(log, { slowOperationMs: 100 }, () => atMs);
  const times = { waitMs: 900, stepMs: 0, commitMs: 1, broadcastMs: 0 };
  const slow = (seq: number): void =>
    tell({ kind: 'applied', roomId: 'r', seq, message: { type: 'play' }, cause: {} } as unknown as GameNotice, times);
  for (let seq = 1; seq <= 10_000; seq++) slow(seq);
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  atMs = 1_000;
  slow(10_001);
  slow(10_002);
  expect(lines.slice(50)).toMatchObject([{ seq: 10_001, unlogged: 9_950 }, { seq: 10_002 }]);
  expect(lines.at(-1)).not.toHaveProperty('unlogged');
});

test('a message at which a room crashes leaves its correlation id on every line about it', async () => {
  const { sim, lines } = await logged('debug');
  const { rooms } = sim.server;
  const heard: GameNotice['kind'][] = [];
  rooms.subscribe(({ kind, cause }) => cause.correlationId === 'poison' && heard.push(kind));
  const cause = { correlationId: 'c', session: 's', messageId: null };
  const create = { type: 'create', session: 's', hostName: 'Hana', timeScale: 1 } as const;
  await sim.until(rooms.create((code, seed) => ({ ...create, code, seed }), cause));
  const [roomId] = [...rooms.openIds];
  sim.stepsToFail = 2;
  rooms.tell(roomId!, { type: 'connect', session: 's', seat: 0 }, { ...cause, correlationId: 'poison' });
  await sim.clock.advance(5_000);
  expect(heard).toEqual(['unavailable']);
  const about = lines().filter(({ correlationId }) => correlationId === 'poison');
  expect(about.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    'error room failed',
    'error room failed',
    'warn message became a dead letter',
  ]);
});
