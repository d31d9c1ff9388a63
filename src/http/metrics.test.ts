import { Hono } from 'hono';
import { Counter, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Config } from '../config.js';
import { createTokenGuard } from './admin-token.js';
import { addMetrics } from './metrics.js';

const TOKEN = 'a-token-for-tests';
const LOCAL = '127.0.0.1';
const FAR = '203.0.113.7';

async function scrape(
  access: Config['metricsAccess'],
  { from = FAR, trustProxy = false, headers = {} }: { from?: string; trustProxy?: boolean; headers?: object } = {},
) {
  const registry = new Registry();
  new Counter({ name: 'moves_total', help: 'x', registers: [registry] }).inc(3);
  const app = new Hono();
  const guard = createTokenGuard({ tokens: [['operator', TOKEN]], limits: { rateLimitFactor: 1 }, elapsedMs: () => 0 });
  addMetrics(app, { registry, access, guard, trustProxy });
  const incoming = { socket: { remoteAddress: from } };
  return app.request('/metrics', { headers: { ...headers } }, { incoming });
}

const BEARER = { Authorization: `Bearer ${TOKEN}` };

test.each([
  ['this machine', 'loopback', { from: LOCAL }, 200],
  ['this machine over IPv6', 'loopback', { from: '::1' }, 200],
  ['another machine', 'loopback', {}, 401],
  ['another machine with the token', 'loopback', { headers: BEARER }, 200],
  ['another machine with a wrong token', 'loopback', { headers: { Authorization: 'Bearer wrong' } }, 401],
  // A proxy on this machine asks for somebody else: whether it is believed or not, that is not this machine.
  ['a proxy here that is not believed', 'loopback', { from: LOCAL, headers: { 'X-Forwarded-For': FAR } }, 401],
  ['one that claims to be here', 'loopback', { from: LOCAL, headers: { 'X-Forwarded-For': LOCAL } }, 401],
  ['a proxy that is believed', 'loopback', { from: LOCAL, trustProxy: true, headers: { 'X-Forwarded-For': FAR } }, 401],
  [
    'one that claims to be here through a proxy',
    'loopback',
    { from: LOCAL, trustProxy: true, headers: { 'X-Forwarded-For': LOCAL } },
    401,
  ],
  ['this machine where a token is wanted', 'token', { from: LOCAL }, 401],
  ['the token where it is wanted', 'token', { headers: BEARER }, 200],
  ['anybody where all is public', 'public', {}, 200],
] as const)('%s, with METRICS_ACCESS=%s', async (_, access, request, status) => {
  const answer = await scrape(access, request);
  expect(answer.status).toBe(status);
  const body = await answer.text();
  expect(body.includes('moves_total 3')).toBe(status === 200);
  expect(answer.headers.get('Cache-Control')).toBe('no-store');
  if (status === 401) expect(body).toContain('METRICS_TOKEN');
  if (status === 200) expect(answer.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});
