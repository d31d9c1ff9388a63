import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import type { JournalEngine } from '../../persistence/journal.js';
import { simulatedGame } from '../../test/support/simulated-game.js';
import { SimulatedServer } from '../../test/support/simulated-server.js';
import { WireClient } from '../../test/support/wire-client.js';
import type { GameNotice } from '../gateway/game-notice.js';
import { addServerMetrics } from './metrics.js';
import { measuredEngine } from './measured-engine.js';
import { phaseEntered } from './room-metrics.js';

const WORD = /^[A-Za-z0-9_:./* -]{1,40}$/;

function measured(sim: SimulatedServer) {
  const registry = new Registry();
  const http = addServerMetrics(registry, sim.server, {
    storeWatch: { status: null, findings: [] },
    monitor: { latest: { ...sim.server.health() } },
    alerts: { counters: { raised: 1, repeated: 0, delivered: 1, failed: 0, dropped: 0 } },
    replays: { reads: { records: { hits: 2, misses: 1 }, fairness: { hits: 0, misses: 0 } } },
  });
  const value = async (name: string, labels: Record<string, string> = {}): Promise<number | undefined> => {
    const text = await registry.metrics();
    const wanted = Object.entries(labels).map(([label, of]) => `${label}="${of}"`);
    const line = text
      .split('\n')
      .find((one) => new RegExp(`^${name}[{ ]`).test(one) && wanted.every((label) => one.includes(label)));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  return { registry, http, value };
}

describe('after a game', () => {
  test('it is counted: messages, their way, phases, rounds, who won, and the sockets', async () => {
    const sim = await SimulatedServer.start({ seed: 'metrics' });
    const { value } = measured(sim);
    const seen: GameNotice[] = [];
    sim.server.rooms.subscribe((notice) => seen.push(notice));
    const { rounds } = await simulatedGame(sim);
    const applied = seen.filter((notice) => notice.kind === 'applied');
    const events = applied.flatMap((notice) => notice.events);
    const count = (type: string): number => events.filter((event) => event.type === type).length;

    expect(await value('games_started_total')).toBe(1);
    expect(await value('game_rounds_total')).toBe(rounds);
    expect(await value('game_rounds_sum')).toBe(rounds);
    expect(await value('game_duration_seconds_count')).toBe(1);
    expect(await value('room_events_total', { type: 'turnWon' })).toBe(count('turnWon'));
    const plays = applied.filter(({ message }) => message.type === 'play').length;
    expect(plays).toBeGreaterThan(10);
    expect(await value('room_messages_total', { type: 'play', outcome: 'applied' })).toBe(plays);
    for (const stage of ['wait', 'step', 'commit', 'broadcast']) {
      expect(await value('room_stage_seconds_count', { stage })).toBe(applied.length);
    }
    expect(await value('game_phase_seconds_count', { phase: 'turn' })).toBe(count('turnStarted'));
    const ended = events.find((event) => event.type === 'gameEnded')!;
    const won = (await value('game_seats_total', { kind: 'person', result: 'won' })) ?? 0;
    const botsWon = (await value('game_seats_total', { kind: 'bot', result: 'won' })) ?? 0;
    expect(won + botsWon).toBe(ended.winners.length);
    expect(await value('websocket_opened_total')).toBeGreaterThan(2);
    expect(await value('websocket_messages_total', { event: 'declare' })).toBeGreaterThan(0);
    expect(await value('websocket_frames_total', { direction: 'out' })).toBeGreaterThan(100);
    expect(await value('journal_batch_appends_sum')).toBeGreaterThanOrEqual(applied.length);
    expect(await value('journal_available')).toBe(1);
    expect(await value('health_check_ok', { check: 'journal' })).toBe(1);

    // The phase that is measured is the one that players see.
    for (const notice of applied) {
      const entered = phaseEntered(notice.events);
      if (entered !== null) expect(notice.view('spectator').phase).toBe(entered);
    }
    expect(new Set(applied.map((notice) => notice.view('spectator').phase)).size).toBeGreaterThan(6);
  });

  test('no label is an id, a name or an address, and there are few of them', async () => {
    const sim = await SimulatedServer.start({ seed: 'labels' });
    const { registry, http } = measured(sim);
    const said: string[] = [];
    sim.server.rooms.subscribe(({ roomId, cause }) => said.push(roomId, cause.correlationId, cause.session ?? roomId));
    let code = '';
    await simulatedGame(sim, { observer: { room: (room) => (code = room) } });
    const stranger = new WireClient(sim, 'NOROOM');
    stranger.send('no_such_event', { player_name: 'Zoe' });
    await sim.clock.advance(1_000);
    http.onAnswer({ method: 'BREW', route: '/api/replay/:room', status: 404, tookMs: 3 });
    http.onLimited('health');

    const secrets = new Set([...said, code, 'Zoe', 'BREW', 'no_such_event']);
    let combinations = 0;
    for (const metric of await registry.getMetricsAsJSON()) {
      for (const { labels } of metric.values as { labels: Record<string, string | number> }[]) {
        combinations++;
        for (const [label, of] of Object.entries(labels)) {
          if (label === 'le') continue;
          expect(String(of)).toMatch(WORD);
          expect(secrets.has(String(of))).toBe(false);
        }
      }
    }
    expect(said.length).toBeGreaterThan(100);
    expect(combinations).toBeGreaterThan(100);
    expect(combinations).toBeLessThan(1_000);
  });
});

test('refusals, dead letters, restarts and quarantines are counted', async () => {
  const sim = await SimulatedServer.start({ seed: 'faults' });
  const { value } = measured(sim);
  const { rooms } = sim.server;
  const cause = { correlationId: 'c', session: 's', messageId: null };
  const create = { type: 'create', session: 's', hostName: 'Hana', timeScale: 1 } as const;
  await sim.until(rooms.create((code, seed) => ({ ...create, code, seed }), cause));
  const [roomId] = [...rooms.openIds];
  rooms.tell(roomId!, { type: 'declare', session: 's', seat: 0, value: 1 }, { ...cause, correlationId: 'd' });
  await sim.clock.advance(100);
  expect(await value('room_refusals_total', { reason: 'wrongPhase' })).toBe(1);
  expect(await value('room_messages_total', { type: 'declare', outcome: 'refused' })).toBe(1);
  sim.stepsToFail = 2;
  rooms.tell(roomId!, { type: 'connect', session: 's', seat: 0 }, { ...cause, correlationId: 'e' });
  await sim.clock.advance(10_000);
  expect(await value('room_unavailable_total', { why: 'failed' })).toBe(1);
  expect(await value('room_restarts_total')).toBe(2);
  expect(await value('room_rebuilds_total')).toBe(2);
  sim.stepsToFail = 1_000;
  for (let tries = 0; tries < 20; tries++) {
    rooms.tell(roomId!, { type: 'connect', session: 's', seat: 0 }, { ...cause, correlationId: `f${tries}` });
    await sim.clock.advance(3_000);
  }
  expect(await value('room_quarantines_total')).toBe(1);
  expect(await value('rooms', { state: 'quarantined' })).toBe(1);
});

test('a room that is wanted is a hit while it is in memory, and a miss once it has left', async () => {
  const sim = await SimulatedServer.start({ seed: 'cache' });
  const { value } = measured(sim);
  const { rooms } = sim.server;
  const cause = { correlationId: 'c', session: 's', messageId: null };
  const create = { type: 'create', session: 's', hostName: 'Hana', timeScale: 1 } as const;
  await sim.until(rooms.create((code, seed) => ({ ...create, code, seed }), cause));
  const roomId = [...rooms.openIds][0]!;
  rooms.tell(roomId, { type: 'connect', session: 's', seat: 0 }, cause);
  await sim.until(rooms.query(roomId, 'spectator'));
  expect(await value('cache_hits_total', { cache: 'rooms' })).toBe(2);
  expect(await value('cache_misses_total', { cache: 'rooms' })).toBe(0);
  await sim.clock.advance(180_000); // nobody came: it is closed by its alarm, then leaves memory
  const [hits, misses] = [await value('cache_hits_total'), await value('cache_misses_total')];
  await sim.until(rooms.query(roomId, 'spectator'));
  expect(await value('cache_hits_total')).toBe(hits);
  expect(await value('cache_misses_total')).toBe(misses! + 1);
  expect(await value('cache_hits_total', { cache: 'replays' })).toBe(2);
});

test('calls to the store are measured by method, and the engine behind stays what it was', async () => {
  const sim = await SimulatedServer.start();
  const registry = new Registry();
  const failing = new Registry();
  let now = 0;
  const engine = measuredEngine(sim.engine, registry, () => (now += 250));
  await sim.until(engine.markAlive(5));
  await sim.until(engine.marks());
  const broken = { outages: () => Promise.reject(new Error('no disk')) } as unknown as JournalEngine;
  await expect(measuredEngine(broken, failing, () => 0).outages()).rejects.toThrow('no disk');
  const text = await registry.metrics();
  expect(text).toContain('store_call_seconds_sum{call="markAlive"} 0.25');
  expect(text).toContain('store_call_seconds_count{call="marks"} 1');
  expect(await failing.metrics()).toContain('store_call_failures_total{call="outages"} 1');
});
