import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { createLog } from './log.js';
import { happened, type OperatorAlert, OperatorAlerts, type OperatorAlertsOptions } from './operator-alerts.js';

const AWAY: OperatorAlert = { key: 'store', state: 'firing', severity: 'critical', summary: 'The store is away.' };
const BACK: OperatorAlert = { ...AWAY, state: 'resolved', summary: 'The store is back.' };
const room = (of: number): OperatorAlert => ({ ...AWAY, key: `room/${of}` });

let receiver: Server | undefined;
afterEach(() => {
  receiver?.closeAllConnections();
  receiver?.close();
});

/** Answers with each of the statuses in turn, then with 204; null: never. */
async function received(statuses: (number | null)[], options: Partial<OperatorAlertsOptions> = {}) {
  const bodies: { key: string; state: string; severity: string; text: string; at: string; began: string }[] = [];
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(JSON.parse(body) as (typeof bodies)[number]);
      const status = statuses.length === 0 ? 204 : (statuses.shift() ?? null);
      if (status !== null) response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?key=hunter2`;
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line) });
  const clock = new SimulatedClock();
  const alerts = new OperatorAlerts({ url, log, clock, random: () => 1, pauseMs: 1, ...options });
  return { alerts, bodies, lines, clock };
}

describe('an alert', () => {
  test('is a line of the log and reaches the webhook, in order', async () => {
    const { alerts, bodies, lines } = await received([]);
    alerts.raise(AWAY);
    alerts.raise(BACK);
    await alerts.stop();
    expect(bodies).toMatchObject([
      { key: 'store', state: 'firing', severity: 'critical', text: '[firing] store: The store is away.' },
      { key: 'store', state: 'resolved' },
    ]);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['error', 'info']);
    expect(alerts.counters).toEqual({ raised: 2, repeated: 0, delivered: 2, failed: 0, dropped: 0 });
  });

  test('is told once; what was never told needs no all-clear', async () => {
    const { alerts, bodies } = await received([]);
    alerts.raise(BACK);
    for (let times = 0; times < 5; times++) alerts.raise(AWAY);
    await alerts.stop();
    expect(bodies.map(({ state }) => state)).toEqual(['firing']);
    expect(alerts.counters).toMatchObject({ raised: 6, repeated: 5, delivered: 1 });
  });

  test('that says something else, or is worse, is news; its all-clear is of its severity', async () => {
    const { alerts, bodies } = await received([]);
    alerts.raise({ ...room(1), severity: 'warning' });
    await vi.waitFor(() => expect(alerts.counters.delivered).toBe(1));
    alerts.raise(room(1));
    await vi.waitFor(() => expect(alerts.counters.delivered).toBe(2));
    alerts.raise({ ...room(1), summary: 'Another sentence.' });
    alerts.raise({ ...room(1), severity: 'warning', state: 'resolved' });
    await alerts.stop();
    expect(bodies.map(({ state, severity }) => `${state} ${severity}`)).toEqual([
      'firing warning',
      'firing critical',
      'firing critical',
      'resolved critical',
    ]);
  });

  test('is tried again where the receiver fails or says nothing, and the next one waits for it', async () => {
    const { alerts, bodies } = await received([503, null, 429], { timeoutMs: 300 });
    alerts.raise(room(1));
    alerts.raise(room(2));
    await alerts.stop();
    expect(bodies.map(({ key }) => key)).toEqual(['room/1', 'room/1', 'room/1', 'room/1', 'room/2']);
    expect(alerts.counters).toMatchObject({ delivered: 2, failed: 0 });
  });

  test('that the receiver does not want is put off at once, another after its last attempt; the log names both, and no URL', async () => {
    const { alerts, bodies, lines } = await received([404, 500, 500, 500], { attemptsMax: 3 });
    alerts.raise(room(1));
    alerts.raise(room(2));
    await alerts.stop();
    expect(bodies.map(({ key }) => key)).toEqual(['room/1', 'room/2', 'room/2', 'room/2']);
    expect(alerts.counters).toMatchObject({ delivered: 0, failed: 2 });
    expect(alerts.isUndelivered).toBe(true);
    expect(undelivered(lines)).toEqual(['room/1 the webhook answered 404', 'room/2 the webhook answered 500']);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 'error', alerts: ['room/1', 'room/2'] });
    expect(lines.join('')).not.toContain('hunter2');
  });

  test('for which nobody listens is put off too: the log has the code of the system, and no URL', async () => {
    const { alerts, lines } = await received([], { attemptsMax: 2 });
    receiver!.close();
    await once(receiver!, 'close');
    alerts.raise(AWAY);
    await alerts.stop();
    expect(undelivered(lines)).toEqual(['store ECONNREFUSED']);
    expect(lines.join('')).not.toMatch(/hunter2|127\.0\.0\.1/);
  });
});

/** The lines that say which alert was not delivered, and why. */
const undelivered = (lines: readonly string[]): string[] =>
  lines
    .map((line) => JSON.parse(line) as { msg: string; alert: string; why: string })
    .flatMap(({ msg, alert, why }) => (msg === 'operator alert not delivered' ? [`${alert} ${why}`] : []));

describe('an alert that was not delivered', () => {
  test('is told when the receiver is well again, with the time when it was raised', async () => {
    const { alerts, bodies, clock, lines } = await received([500, 500, 500], { attemptsMax: 1 });
    expect(alerts.isUndelivered).toBe(false);
    const at = new Date(clock.nowMs()).toISOString();
    alerts.raise(AWAY);
    for (const failed of [1, 2, 3]) {
      await vi.waitFor(() => expect(alerts.counters.failed).toBe(failed));
      expect(alerts.isUndelivered).toBe(true);
      await clock.advance(59_999);
      expect(bodies).toHaveLength(failed);
      await clock.advance(1);
    }
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(false));
    expect(bodies.at(-1)).toMatchObject({ at, began: at, text: `[firing] store: The store is away. (began ${at})` });
    expect(undelivered(lines)).toEqual(['store the webhook answered 500']); // once, not each minute
    await clock.advance(600_000);
    expect(bodies).toHaveLength(4);
    await alerts.stop();
  });

  test('and is over meanwhile is told as over, once, with the time when it began', async () => {
    const { alerts, bodies, clock } = await received([500], { attemptsMax: 1 });
    const began = new Date(clock.nowMs()).toISOString();
    alerts.raise(AWAY);
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(true));
    await clock.advance(30_000);
    const at = new Date(clock.nowMs()).toISOString();
    alerts.raise(BACK);
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(false));
    const text = `[resolved] store: The store is back. (began ${began})`;
    expect(bodies.slice(1)).toMatchObject([{ state: 'resolved', at, began, text }]);
    expect(clock.scheduledCount).toBe(0);
    await alerts.stop();
  });

  test('holds up no other: the next time it comes last', async () => {
    const { alerts, bodies, clock } = await received([500, 500], { attemptsMax: 1 });
    alerts.raise({ ...room(1), goesOn: happened });
    alerts.raise({ ...room(2), goesOn: happened });
    await vi.waitFor(() => expect(alerts.counters.failed).toBe(1));
    await clock.advance(60_000);
    await vi.waitFor(() => expect(alerts.counters.failed).toBe(2));
    await clock.advance(60_000);
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(false));
    expect(bodies.map(({ key }) => key)).toEqual(['room/1', 'room/2', 'room/1', 'room/2']);
    expect(clock.scheduledCount).toBe(0);
    await alerts.stop();
  });

  test('is tried once more at a stop, and is named in the log where that fails', async () => {
    const { alerts, bodies, lines } = await received([500, 500], { attemptsMax: 1 });
    alerts.raise(AWAY);
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(true));
    await alerts.stop();
    expect(bodies).toHaveLength(2);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      alerts: ['store'],
      msg: 'operator alerts are lost: the server stops',
    });
  });
});

describe('what goes on', () => {
  test('is told again each hour until it is over, though nobody raises it again; then no timer is left', async () => {
    const { alerts, bodies, clock } = await received([]);
    const began = new Date(clock.nowMs()).toISOString();
    alerts.raise(AWAY);
    await clock.advance(3_599_999);
    await vi.waitFor(() => expect(alerts.counters.delivered).toBe(1));
    await clock.advance(1);
    await vi.waitFor(() => expect(alerts.counters.delivered).toBe(2));
    await clock.advance(3_600_000);
    await vi.waitFor(() => expect(alerts.counters.delivered).toBe(3));
    const at = new Date(clock.nowMs()).toISOString();
    expect(bodies[2]).toMatchObject({ at, began, text: `[firing] store: The store is away. (began ${began})` });
    alerts.raise(BACK);
    expect(clock.scheduledCount).toBe(0);
    await clock.advance(7_200_000);
    await alerts.stop();
    expect(bodies.map(({ state }) => state)).toEqual(['firing', 'firing', 'firing', 'resolved']);
  });

  test('as long as its alert says so is told as over within a minute', async () => {
    const { alerts, bodies, clock } = await received([]);
    let goesOn = true;
    alerts.raise({ ...AWAY, goesOn: () => goesOn });
    await clock.advance(1_800_000);
    goesOn = false;
    await clock.advance(60_000);
    await alerts.stop();
    expect(bodies).toMatchObject([{ state: 'firing' }, { state: 'resolved', summary: 'Over: The store is away.' }]);
    expect(clock.scheduledCount).toBe(0);
  });

  test('is looked at after half a minute to a minute, as it was drawn', async () => {
    const { alerts, bodies, clock } = await received([], { random: () => 0 });
    let goesOn = true;
    alerts.raise({ ...AWAY, goesOn: () => goesOn });
    goesOn = false;
    await clock.advance(30_000);
    await alerts.stop();
    expect(bodies).toHaveLength(2);
  });

  test('is not what happened: that is told once and needs neither a timer nor an all-clear', async () => {
    const { alerts, bodies, clock } = await received([]);
    alerts.raise({ ...AWAY, goesOn: happened });
    expect(clock.scheduledCount).toBe(0);
    await clock.advance(7_200_000);
    alerts.raise({ ...AWAY, goesOn: happened }); // it happened again
    await alerts.stop();
    expect(bodies.map(({ state }) => state)).toEqual(['firing', 'firing']);
  });

  test('has no timer after a stop', async () => {
    const { alerts, clock } = await received([]);
    alerts.raise(AWAY);
    expect(clock.scheduledCount).toBe(1);
    await alerts.stop();
    expect(clock.scheduledCount).toBe(0);
  });
});

test('alerts that nobody takes are kept up to a limit, the newest ones', async () => {
  const { alerts, bodies } = await received([500], { queueMax: 3, pauseMs: 20 });
  for (let of = 0; of < 10; of++) alerts.raise(room(of));
  await alerts.stop();
  expect(bodies.map(({ key }) => key)).toEqual(['room/0', 'room/0', 'room/7', 'room/8', 'room/9']);
  expect(alerts.counters).toMatchObject({ raised: 10, delivered: 4, dropped: 6 });
});

test('without a webhook an alert is a line of the log, again each hour while it goes on', async () => {
  const { alerts, bodies, lines, clock } = await received([], { url: undefined });
  alerts.raise(AWAY);
  await clock.advance(3_600_000);
  await alerts.stop();
  expect([bodies.length, lines.length]).toEqual([0, 2]);
});
