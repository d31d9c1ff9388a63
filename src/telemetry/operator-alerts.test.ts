import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SimulatedClock } from '../../actors/simulated-clock.js';
import { createLog } from './log.js';
import { type OperatorAlert, OperatorAlerts, type OperatorAlertsOptions } from './operator-alerts.js';

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
  const bodies: { key: string; state: string; text: string }[] = [];
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
  const alerts = new OperatorAlerts({ url, log, clock, pauseMs: 1, ...options });
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

  test('that goes on is told once, and again after an hour; what was never told needs no all-clear', async () => {
    const { alerts, bodies, clock } = await received([]);
    alerts.raise(BACK);
    for (let times = 0; times < 5; times++) alerts.raise(AWAY);
    await clock.advance(3_600_000);
    alerts.raise(AWAY);
    await alerts.stop();
    expect(bodies.map(({ state }) => state)).toEqual(['firing', 'firing']);
    expect(alerts.counters).toMatchObject({ raised: 7, repeated: 5, delivered: 2 });
  });

  test('is tried again where the receiver fails or says nothing, and the next one waits for it', async () => {
    const { alerts, bodies } = await received([503, null, 429], { timeoutMs: 300 });
    alerts.raise(room(1));
    alerts.raise(room(2));
    await alerts.stop();
    expect(bodies.map(({ key }) => key)).toEqual(['room/1', 'room/1', 'room/1', 'room/1', 'room/2']);
    expect(alerts.counters).toMatchObject({ delivered: 2, failed: 0 });
  });

  test('that is taken after one that was not ends the sign that one is undelivered', async () => {
    const { alerts } = await received([404]);
    expect(alerts.isUndelivered).toBe(false);
    alerts.raise(room(1));
    await vi.waitFor(() => expect(alerts.isUndelivered).toBe(true));
    alerts.raise(room(2));
    await alerts.stop();
    expect(alerts.isUndelivered).toBe(false);
  });

  test('that the receiver does not want is given up at once, another after its last attempt; the log names no URL', async () => {
    const { alerts, bodies, lines } = await received([404, 500, 500, 500], { attemptsMax: 3 });
    alerts.raise(room(1));
    alerts.raise(room(2));
    await alerts.stop();
    expect(bodies.map(({ key }) => key)).toEqual(['room/1', 'room/2', 'room/2', 'room/2']);
    expect(alerts.counters).toMatchObject({ delivered: 0, failed: 2 });
    expect(alerts.isUndelivered).toBe(true);
    expect(lines.join('')).toContain('the webhook answered 404');
    expect(lines.join('')).not.toContain('hunter2');
  });
});

test('alerts that nobody takes are kept up to a limit, the newest ones', async () => {
  const { alerts, bodies } = await received([500], { queueMax: 3, pauseMs: 20 });
  for (let of = 0; of < 10; of++) alerts.raise(room(of));
  await alerts.stop();
  expect(bodies.map(({ key }) => key)).toEqual(['room/0', 'room/0', 'room/7', 'room/8', 'room/9']);
  expect(alerts.counters).toMatchObject({ raised: 10, delivered: 4, dropped: 6 });
});

test('without a webhook an alert is a line of the log', async () => {
  const { alerts, bodies, lines } = await received([], { url: undefined });
  alerts.raise(AWAY);
  await alerts.stop();
  expect([bodies.length, lines.length]).toEqual([0, 1]);
});
