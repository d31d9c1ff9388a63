import { expect, test } from 'vitest';
import { createSessions } from '../../src/gateway/sessions.js';
import { createApp } from '../../src/http/app.js';
import { MemoryRateLimiter } from '../../src/limits/memory-rate-limiter.js';
import { createLog } from '../../src/telemetry/log.js';
import { SimulatedServer } from '../support/simulated-server.js';

/* Goal: the two faults of protocol.md 7.2 that are HTTP's. Files and policies are proved in src/http/app.test.ts. */

async function app() {
  const { server, clock } = await SimulatedServer.start();
  const sessions = createSessions({ secret: 'a key for tests' });
  return createApp({
    staticDir: undefined,
    trustProxy: false,
    sessions,
    health: server.health,
    circuits: () => [],
    healthChanges: () => [],
    limiter: new MemoryRateLimiter(clock.elapsedMs),
    limits: { rateLimitFactor: 1, limitLoopback: true },
    clock,
    log: createLog('silent'),
  });
}

test('protocol 7.2.18: much traffic on one path neither fails with 500 nor locks out the start page', async () => {
  const pages = await app();
  const from = { incoming: { socket: { remoteAddress: '192.0.2.1' }, rawHeaders: [] } };
  const ask = async (path: string) => (await pages.request(path, {}, from)).status;
  const statuses = new Set<number>();
  for (let count = 0; count < 300; count++) statuses.add(await ask('/api/health'));
  expect([...statuses]).toEqual([200, 429]);
  expect(await ask('/play')).toBe(200);
});

test('protocol 7.2.19: a deep link leads to a page', async () => {
  const pages = await app();
  for (const path of ['/lobby', '/tutorial', '/room/A442EC', '/game/A442EC']) {
    expect((await pages.request(path)).status).toBeLessThan(400);
  }
});
